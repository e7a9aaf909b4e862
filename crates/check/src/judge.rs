//! What a whole run amounts to.

use glomers_history::{History, Value};

use crate::as_maelstrom::{ignored, would_crash};
use crate::{
    Answered, Availability, AvailabilityCheck, CheckResult, Checker, Context, Finding, Measured,
    Stats, Validity, retyped, services,
};

/// Whose verdict `:valid?` tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standard {
    /// Ours.
    #[default]
    Strict,
    /// Jepsen's.
    JepsenCompat,
}

impl Standard {
    fn of(self, result: &CheckResult) -> Validity {
        match self {
            Standard::Strict => result.verdict(),
            Standard::JepsenCompat => result.compat,
        }
    }
}

/// How to judge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JudgeOptions {
    /// How many operations must succeed.
    pub availability: Availability,
    /// What is needed to tell how many were answered while all was well; `None`:
    /// that is not told.
    pub answered: Option<Answered>,
    /// Kinds of operations that need not succeed.
    pub exempt_from_stats: Vec<String>,
    /// Whether clients were to ask nothing: then a workload without anything to judge
    /// by is valid, not unknown.
    pub asks_nothing: bool,
    /// What Maelstrom would have recorded, if that is not the history; Jepsen's
    /// verdict is on this.
    pub maelstroms: Option<History>,
    /// What is odd about the run and yet allowed.
    pub notes: Vec<String>,
    /// Whose verdict the results show first.
    pub standard: Standard,
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// What Jepsen would say.
    pub compat: Validity,
    /// What we say.
    pub strict: Validity,
    /// Figures that others compute with.
    pub measured: Measured,
    /// The map of results, as Jepsen has it, then ours.
    pub results: Value,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What helps to read a verdict.
    pub notes: Vec<String>,
}

/// Judges a history by the checker of its workload and those that all workloads
/// share. `net` is the map of message counts that the results show; the findings
/// of the run itself come first.
pub fn judge(
    history: &History,
    context: &Context,
    workload: &dyn Checker,
    options: JudgeOptions,
    net: Value,
    run_findings: Vec<Finding>,
) -> Verdict {
    let answered = options.answered;
    let stats = Stats { exempt: options.exempt_from_stats, answered: answered.clone() };
    let availability = AvailabilityCheck { required: options.availability, answered };
    let crash = would_crash(context, &run_findings);
    let mut run = CheckResult {
        strict: Validity::from_bool(run_findings.is_empty()),
        findings: run_findings,
        notes: options.notes,
        ..CheckResult::default()
    };
    let strict = run.verdict();
    if options.standard == Standard::JepsenCompat {
        run.findings.extend(crash.clone());
    }
    let of = |checker: &dyn Checker| {
        let ours = checker.check(history, context);
        let strict = ours.verdict();
        let Some(maelstroms) = &options.maelstroms else { return (ours, strict) };
        let theirs = checker.check(maelstroms, context);
        match options.standard {
            Standard::Strict => (CheckResult { compat: theirs.compat, ..ours }, strict),
            // What is told is what Jepsen would find; our verdict is on the whole history.
            Standard::JepsenCompat => (CheckResult { strict: ours.strict, ..theirs }, strict),
        }
    };
    let (mut result, mut of_workload) = of(&Mending(workload));
    services::explain(&mut result.findings, context);
    if options.asks_nothing && of_workload == Validity::Unknown && result.findings.is_empty() {
        (result.strict, of_workload) = (Validity::Valid, Validity::Valid);
        result.notes =
            vec!["clients asked nothing (rate 0), so only the nodes themselves could fail".into()];
    }
    let (stats, of_stats) = of(&stats);
    let (availability, of_availability) = of(&availability);
    let parts = vec![
        (Part::Hidden, run, strict),
        (Part::Named("stats"), stats, of_stats),
        (Part::Named("availability"), availability, of_availability),
        (Part::Map("net", net), CheckResult::default(), Validity::Valid),
        (Part::Named("workload"), result, of_workload),
    ];
    let mut verdict = finish(parts, options.standard, crash.is_some());
    let is_compat = options.standard == Standard::JepsenCompat;
    if crash.is_none() && (is_compat || verdict.compat != verdict.strict) {
        verdict.notes.extend(ignored(context));
    }
    verdict
}

/// A checker that says once that numbers came back as something else.
struct Mending<'a>(&'a dyn Checker);

impl Checker for Mending<'_> {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        retyped::check(self.0, history, context)
    }
}

/// Merges the results of several checkers under their names into one map with
/// the worst verdict of all, as [`judge`] does.
pub fn compose(
    parts: impl IntoIterator<Item = (&'static str, CheckResult)>,
    standard: Standard,
) -> Verdict {
    let parts = parts.into_iter().map(|(name, result)| {
        let strict = result.verdict();
        (Part::Named(name), result, strict)
    });
    finish(parts.collect(), standard, false)
}

/// How a part shows in the results.
enum Part {
    /// Not at all.
    Hidden,
    /// As the map of the checker's fields.
    Named(&'static str),
    /// As this map.
    Map(&'static str, Value),
}

/// Puts parts together, each with its strict verdict.
fn finish(
    parts: Vec<(Part, CheckResult, Validity)>,
    standard: Standard,
    would_crash: bool,
) -> Verdict {
    let valid = || ("valid?", Value::Bool(true));
    let graph = || Value::record([valid()]);
    let perf = [("latency-graph", graph()), ("rate-graph", graph()), valid()];
    // These draw, in Jepsen, and are always content.
    let mut entries =
        vec![("perf", Value::record(perf)), ("timeline", graph()), ("exceptions", graph())];
    let (mut compat, mut strict) = (Validity::Valid, Validity::Valid);
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    let mut measured = Measured::default();
    for (part, result, of_part) in parts {
        compat = compat.max(result.compat);
        strict = strict.max(of_part);
        measured.add(result.measured);
        let validity = standard.of(&result).to_value();
        match part {
            Part::Hidden => {}
            Part::Named(name) => {
                let fields = [("valid?", validity)].into_iter().chain(result.fields);
                entries.push((name, Value::record(fields)));
            }
            Part::Map(name, map) => entries.push((name, with_validity(map, validity))),
        }
        findings.extend(result.findings);
        notes.extend(result.notes);
    }
    if would_crash {
        compat = Validity::Unknown;
    }
    let shown = match standard {
        Standard::Strict => strict,
        Standard::JepsenCompat => compat,
    };
    let verdict = |validity: Validity| Value::record([("valid?", validity.to_value())]);
    let jepsens = if would_crash {
        Value::record([("valid?", compat.to_value()), ("reason", Value::keyword("would-crash"))])
    } else {
        verdict(compat)
    };
    entries.extend([
        ("findings", Value::list(findings.iter().map(finding_map))),
        ("jepsen-compat", jepsens),
        ("strict", verdict(strict)),
        ("valid?", shown.to_value()),
    ]);
    Verdict { compat, strict, measured, results: Value::record(entries), findings, notes }
}

/// The map with `valid?` at its end, if it has none.
fn with_validity(map: Value, validity: Value) -> Value {
    if map.get("valid?").is_some() {
        return map;
    }
    let pairs = match &map {
        Value::Map(pairs) => pairs.to_vec(),
        _ => Vec::new(),
    };
    let valid = (Value::keyword("valid?"), validity);
    Value::map(pairs.into_iter().chain([valid]))
}

fn finding_map(finding: &Finding) -> Value {
    let texts = finding.evidence.iter().map(Value::string);
    let operations = finding.operations.iter().map(|&index| Value::from(index));
    Value::record([
        ("name", Value::keyword(&finding.name)),
        ("summary", Value::string(&finding.summary)),
        ("evidence", Value::list(texts)),
        ("operations", Value::list(operations)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user's checker might return that forgets its verdict.
    struct Forgetful;

    impl Checker for Forgetful {
        fn check(&self, _history: &History, _context: &Context) -> CheckResult {
            let findings = vec![Finding::new("lost", "A value was lost.")];
            CheckResult { findings, ..CheckResult::default() }
        }
    }

    #[test]
    fn a_finding_counts_whatever_the_verdict_beside_it_says() {
        let (history, context) = (History::new(), Context::default());
        let options = JudgeOptions::default;
        let verdict = judge(&history, &context, &Forgetful, options(), Value::Null, Vec::new());
        assert_eq!((verdict.compat, verdict.strict), (Validity::Valid, Validity::Invalid));
        let shown = |results: &Value| {
            let workload = results.get("workload").and_then(|map| map.get("valid?")).cloned();
            (workload, results.get("valid?").cloned())
        };
        let no = Some(Value::Bool(false));
        assert_eq!(shown(&verdict.results), (no.clone(), no.clone()));
        let parts = [("workload", Forgetful.check(&history, &context))];
        let composed = compose(parts, Standard::Strict);
        assert_eq!(composed.strict, Validity::Invalid);
        assert_eq!(shown(&composed.results), (no.clone(), no));
        let unknown = CheckResult { strict: Validity::Unknown, ..CheckResult::default() };
        assert_eq!(unknown.verdict(), Validity::Unknown);
        let found = CheckResult::of_findings([Finding::new("lost", "")]);
        assert_eq!((found.strict, found.verdict()), (Validity::Invalid, Validity::Invalid));
        assert_eq!(CheckResult::of_findings([]), CheckResult::default());
    }
}
