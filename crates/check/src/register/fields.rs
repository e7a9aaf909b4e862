//! Results as Jepsen has them.

use glomers_history::{History, Op, Value};

use super::Register;
use super::analysis::Analysis;
use super::convert::Converted;
use super::operation::{Action, Subject};
use super::outcome::{Outcome, Shown};
use crate::Validity;

pub(super) struct Fields<'a> {
    pub(super) spec: &'a Register,
    pub(super) history: &'a History,
    pub(super) converted: &'a Converted,
}

impl Fields<'_> {
    /// The map of Knossos' analysis: its entries but for `valid?`.
    pub(super) fn analysis(&self, analysis: &Analysis) -> Vec<(&'static str, Value)> {
        let subject = &analysis.subject;
        let analyzer = ("analyzer", Value::keyword(analysis.analyzer));
        match &analysis.outcome {
            Outcome::Linearizable(configs) => vec![
                ("configs", self.configs(subject, configs)),
                ("final-paths", Value::list([])),
                analyzer,
            ],
            Outcome::Exhausted(limit) => {
                vec![("cause", Value::string(limit.to_string())), analyzer]
            }
            Outcome::Stuck(stuck) => {
                let op = |op: Option<u32>| op.map_or(Value::Null, |op| self.ended(subject, op));
                let last = stuck.configs.first().and_then(|config| config.last);
                vec![
                    ("configs", self.configs(subject, &stuck.configs)),
                    ("previous-ok", op(subject.previous_ok(stuck.op))),
                    ("last-op", op(last)),
                    ("op", op(Some(stuck.op))),
                    analyzer,
                ]
            }
        }
    }

    /// What a verdict of ours that differs from Jepsen's is based on.
    pub(super) fn strict(&self, validity: Validity, analysis: Option<&Analysis>) -> Value {
        let mut entries = vec![("valid?", validity.to_value())];
        entries.extend(analysis.into_iter().flat_map(|analysis| self.analysis(analysis)));
        Value::record(entries)
    }

    fn configs(&self, subject: &Subject, configs: &[Shown]) -> Value {
        Value::list(configs.iter().map(|config| {
            let value = self.converted.values.value(subject.values[config.value as usize]);
            let mut entries = vec![("model", Value::record([("value", value.clone())]))];
            entries.extend(config.last.map(|op| ("last-op", self.ended(subject, op))));
            let pending = config.pending.iter().map(|&op| self.begun(subject, op));
            entries.push(("pending", Value::list(pending)));
            Value::record(entries)
        }))
    }

    /// An operation as its end, if it has one.
    fn ended(&self, subject: &Subject, op: u32) -> Value {
        self.map(subject, op, subject.entry(op))
    }

    /// An operation as its beginning.
    fn begun(&self, subject: &Subject, op: u32) -> Value {
        self.map(subject, op, subject.invoke(op).unwrap_or_else(|| subject.entry(op)))
    }

    fn map(&self, subject: &Subject, op: u32, place: u64) -> Value {
        let Some(entry) = self.history.ops().get(place as usize) else {
            return Value::Null;
        };
        let number =
            |number: u32| self.converted.values.value(subject.values[number as usize]).clone();
        // What was read is known only at the end, and shown at the beginning too.
        let value = match subject.ops[op as usize].action {
            Action::Is(value) | Action::Write(value) if &*entry.f != "cas" => number(value),
            Action::Cas(from, to) => Value::list([number(from), number(to)]),
            _ => self.inner(entry),
        };
        Value::record([
            ("process", process(entry)),
            ("type", Value::keyword(entry.kind.name())),
            ("f", Value::keyword(&*entry.f)),
            ("value", value),
            ("index", Value::from(entry.index)),
            ("time", Value::from(entry.time.nanos())),
        ])
    }

    fn inner(&self, entry: &Op) -> Value {
        let inner = || entry.value.as_list().filter(|list| list.len() == 2)?.get(1);
        if self.spec.keyed { inner().unwrap_or(Value::Null) } else { entry.value.clone() }
    }
}

fn process(op: &Op) -> Value {
    match op.process {
        glomers_history::Process::Client(number) => Value::Int(i64::from(number)),
        glomers_history::Process::Nemesis => Value::keyword("nemesis"),
    }
}
