//! What a run amounts to, as the map that is stored.

use glomers_history::{Time, Value};

use crate::job::Traced;
use crate::judge::RunReport;

/// The map of results, with what the run itself knows added.
pub fn results(report: &RunReport, traced: Option<&Traced>) -> Value {
    let Value::Map(pairs) = &report.verdict.results else {
        return report.verdict.results.clone();
    };
    let seconds = |time: Time| Value::Float(time.as_secs_f64());
    let faults = report.outcome.faults.iter().map(|fault| {
        Value::record([
            ("kind", Value::keyword(fault.kind)),
            ("description", Value::string(&fault.description)),
            ("from", seconds(fault.from)),
            ("until", fault.until.map_or(Value::Null, seconds)),
            ("messages-cut", Value::from(fault.messages_cut)),
            ("messages-lost", Value::from(fault.messages_lost)),
            ("messages-delayed", Value::from(fault.messages_delayed)),
            ("messages-doubled", Value::from(fault.messages_doubled)),
            ("messages-slowed", Value::from(fault.messages_slowed)),
            ("clock-reads", Value::from(fault.clock_reads)),
            ("nodes-hit", Value::from(fault.nodes_hit)),
            ("nodes-restarted", Value::from(fault.nodes_restarted)),
            ("writes-lost", Value::from(fault.writes_lost)),
            ("disk-trouble", Value::from(fault.disk_trouble)),
            ("leaders-hit", Value::from(fault.leaders_hit)),
            ("operations-in-flight", Value::from(fault.operations_in_flight)),
            ("cut-short?", Value::Bool(fault.cut_short)),
            ("touched-nothing?", Value::Bool(fault.touched_nothing())),
        ])
    });
    let traced = traced.map(|traced| {
        let notes = traced.notes.iter().map(Value::string);
        let record = Value::record([
            ("guarantee", Value::keyword(if traced.is_exact { "exact" } else { "virtual" })),
            ("notes", Value::list(notes)),
        ]);
        (Value::keyword("virtual-time"), record)
    });
    let ours = [
        (Value::keyword("faults"), Value::list(faults)),
        (Value::keyword("exposure"), report.exposure.to_value()),
        (Value::keyword("warnings"), Value::list(report.warnings.iter().map(Value::string))),
        (Value::keyword("ended"), Value::keyword(report.outcome.ended.name())),
    ]
    .into_iter()
    .chain(traced);
    // Jepsen's keys, then ours, and the verdict last, as Jepsen prints it.
    let verdict = Value::keyword("valid?");
    let (last, first): (Vec<_>, Vec<_>) =
        pairs.iter().cloned().partition(|(key, _)| *key == verdict);
    Value::map(first.into_iter().chain(ours).chain(last))
}
