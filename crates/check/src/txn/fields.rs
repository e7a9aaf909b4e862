//! Results as Elle has them.

use glomers_history::{Op, Process, Value};

use super::analysis::Analysis;
use super::cases::{Case, Expected};
use super::cycles::Cycle;
use super::graph::Label;
use super::graph::Order;
use super::models::{self, Names};
use super::parse::{Kind, NONE};
use super::search::Proof;
use crate::Validity;

/// How many cases of an anomaly are listed.
const LISTED: usize = 32;

/// Elle's map but for `valid?`, then what only we find.
pub(super) fn all(analysis: &Analysis<'_>, strict: Validity) -> Vec<(&'static str, Value)> {
    let names = analysis.reportable();
    let mut fields = Vec::new();
    if !names.is_empty() {
        fields.push(("anomaly-types", Value::list(names.iter().map(Value::keyword))));
        let entries = names.iter().map(|name| (*name, entry(analysis, name)));
        fields.push(("anomalies", Value::record(entries)));
        let (not, also_not) = boundary(analysis.anomalies.names());
        fields.push(("not", not));
        fields.push(("also-not", also_not));
    } else if analysis.parsed.kind == Kind::Register {
        fields.push(("anomaly-types", Value::list([])));
        fields.push(("anomalies", Value::Null));
    }
    let more = analysis.strict();
    if !more.is_empty() {
        let known = analysis.anomalies.names();
        let (not, also_not) =
            boundary(known.chain(more.iter().map(|name| analysis.more.elle(name))));
        let cases = more.iter().filter_map(|name| Some((*name, analysis.more.get(name)?)));
        let entries = cases.map(|(name, cases)| (name, listed(analysis, &cases.kept)));
        let ours = [
            ("valid?", strict.to_value()),
            ("anomaly-types", Value::list(more.iter().map(Value::keyword))),
            ("anomalies", Value::record(entries)),
            ("not", not),
            ("also-not", also_not),
        ];
        fields.push(("beyond-elle", Value::record(ours)));
    }
    fields
}

/// The weakest models that anomalies refute, and all others that they refute.
fn boundary(names: impl Iterator<Item = &'static str>) -> (Value, Value) {
    let refuted = models::refuted(names);
    let weakest = models::weakest(&refuted);
    let rest: Names = refuted.difference(&weakest).copied().collect();
    let set = |names: Names| {
        Value::set(names.into_iter().map(|model| Value::keyword(models::friendly(model))))
    };
    (set(weakest), set(rest))
}

fn entry(analysis: &Analysis<'_>, name: &str) -> Value {
    match analysis.anomalies.get(name) {
        Some(cases) if !cases.kept.is_empty() => listed(analysis, &cases.kept),
        _ => Value::Bool(true),
    }
}

fn listed(analysis: &Analysis<'_>, cases: &[Case]) -> Value {
    Value::list(cases.iter().take(LISTED).map(|case| Shown { analysis }.case(case)))
}

struct Shown<'a, 'h> {
    analysis: &'a Analysis<'h>,
}

impl Shown<'_, '_> {
    fn case(&self, case: &Case) -> Value {
        let parsed = &self.analysis.parsed;
        match case {
            Case::Internal { mop, expected } => {
                let expected = match expected {
                    Expected::Exactly(value) => value.clone(),
                    Expected::Ending(values) => {
                        let rest = values.iter().cloned();
                        Value::list(std::iter::once(Value::string("...")).chain(rest))
                    }
                };
                self.read(*mop, [("expected", expected)])
            }
            Case::FutureRead { mop, version } => {
                self.read(*mop, [("element", parsed.version_value(*version))])
            }
            Case::Aborted { mop, version } | Case::Intermediate { mop, version } => {
                let writer = self.op(parsed.writer(*version));
                match parsed.kind {
                    Kind::List => {
                        let element = parsed.version_value(*version);
                        self.read(*mop, [("writer", writer), ("element", element)])
                    }
                    Kind::Register => self.read(*mop, [("writer", writer)]),
                }
            }
            Case::Doubles { mop, doubles } => {
                let doubles = doubles
                    .iter()
                    .map(|(value, count)| (value.clone(), Value::from(*count as u64)));
                self.read(*mop, [("duplicates", Value::map(doubles))])
            }
            Case::IncompatibleOrder { key, shorter, longer, .. } => Value::record([
                ("key", parsed.keys.value(*key).clone()),
                ("values", Value::list([shorter.clone(), longer.clone()])),
            ]),
            Case::DirtyUpdate { key, versions, txns } => {
                let values = versions.iter().map(|&version| parsed.version_value(version));
                let [failed, kept] = txns.map(|txn| self.op(txn));
                Value::record([
                    ("key", parsed.keys.value(*key).clone()),
                    ("values", Value::list(values)),
                    ("txns", Value::list([failed, Value::string("..."), kept])),
                ])
            }
            Case::LostUpdate { key, mop, txns } => Value::record([
                ("key", parsed.keys.value(*key).clone()),
                ("value", parsed.mop_value(*mop)),
                ("txns", Value::list(txns.iter().map(|&txn| self.op(txn)))),
            ]),
            Case::CyclicVersions { key, versions } => {
                let values = versions.iter().map(|&version| match version {
                    NONE => Value::Null,
                    version => parsed.version_value(version),
                });
                let sources = ["initial-state", "wfr-keys"].map(Value::keyword);
                Value::record([
                    ("key", parsed.keys.value(*key).clone()),
                    ("scc", Value::set(values)),
                    ("sources", Value::list(sources)),
                ])
            }
            Case::Garbage { mop, value } => self.read(*mop, [("element", value.clone())]),
            Case::Cycle(cycle) => self.cycle(cycle),
            Case::Reordered { txn, first, second } => Value::record([
                ("op", self.op(*txn)),
                ("elements", Value::list([*first, *second].map(|v| parsed.version_value(v)))),
            ]),
            Case::Axiom(steps) | Case::Guess(steps) | Case::Together(steps, _) => {
                Value::record([("txns", Value::list(steps.iter().map(|step| self.op(step.from))))])
            }
            Case::NoOrder { proof: Proof { txns, .. }, model } => Value::record([
                ("model", Value::keyword(models::friendly(model))),
                ("txns", Value::list(txns.iter().map(|&txn| self.op(txn)))),
            ]),
        }
    }

    fn read<const N: usize>(&self, mop: u32, more: [(&'static str, Value); N]) -> Value {
        let parsed = &self.analysis.parsed;
        let txn = parsed.txn_of_mop(mop);
        let first = [("op", self.op(txn)), ("mop", self.mop(mop))];
        Value::record(first.into_iter().chain(more))
    }

    /// A micro-operation as the history has it.
    fn mop(&self, mop: u32) -> Value {
        let parsed = &self.analysis.parsed;
        let txn = &parsed.txns[parsed.txn_of_mop(mop) as usize];
        let value = parsed.ops[txn.source as usize].value.as_list();
        value.and_then(|parts| parts.get((mop - txn.mops.0) as usize)).unwrap_or(Value::Null)
    }

    fn op(&self, txn: u32) -> Value {
        operation(self.analysis.parsed.op(txn))
    }

    fn cycle(&self, cycle: &Cycle) -> Value {
        let steps = &cycle.steps;
        let ops = steps.iter().chain(steps.first()).map(|&(txn, _)| self.op(txn));
        let next = |at: usize| steps[(at + 1) % steps.len()].0;
        let told = steps.iter().enumerate();
        let told = told.map(|(at, &(txn, label))| self.step(txn, next(at), label));
        Value::record([
            ("cycle", Value::list(ops)),
            ("steps", Value::list(told)),
            ("type", Value::keyword(cycle.name)),
        ])
    }

    fn step(&self, a: u32, b: u32, label: Label) -> Value {
        let parsed = &self.analysis.parsed;
        let name = match (label, self.analysis.order) {
            (Label::Ww, _) => "ww",
            (Label::Wr, _) => "wr",
            (Label::Rw | Label::Pass, _) => "rw",
            (Label::Order, Order::Session) => "process",
            (Label::Order, _) => "realtime",
        };
        let kind = ("type", Value::keyword(name));
        if label == Label::Order {
            if self.analysis.order == Order::Session {
                return Value::record([kind, ("process", process(parsed.op(a)))]);
            }
            let begin = parsed.ops.get(parsed.txns[b as usize].begin as usize);
            let begin = begin.map_or(Value::Null, operation);
            return Value::record([kind, ("a'", self.op(a)), ("b", begin)]);
        }
        let Some(why) = self.analysis.why((a, b), label) else {
            return Value::record([kind]);
        };
        let place =
            |txn: u32, mop: u32| Value::from(u64::from(mop - parsed.txns[txn as usize].mops.0));
        let mut entries = vec![kind, ("key", parsed.keys.value(why.key).clone())];
        let value = |mop: u32| self.shown(mop);
        match label {
            Label::Wr => entries.push(("value", value(why.first))),
            _ => entries.extend([("value", value(why.first)), ("value'", value(why.second))]),
        }
        entries
            .extend([("a-mop-index", place(a, why.first)), ("b-mop-index", place(b, why.second))]);
        Value::record(entries)
    }

    /// The version that a micro-operation made or saw last.
    fn shown(&self, mop: u32) -> Value {
        let parsed = &self.analysis.parsed;
        let value = parsed.mop_value(mop);
        if parsed.kind == Kind::Register || parsed.mops[mop as usize].is_write {
            return value;
        }
        let last = value.as_list().and_then(|list| list.get(list.len().checked_sub(1)?));
        last.unwrap_or_else(|| Value::keyword("elle.list-append/init"))
    }
}

fn process(op: &Op) -> Value {
    match op.process {
        Process::Client(number) => Value::from(u64::from(number)),
        Process::Nemesis => Value::keyword("nemesis"),
    }
}

/// An operation as the history has it.
fn operation(op: &Op) -> Value {
    let mut entries = vec![
        ("index", Value::from(op.index)),
        ("time", Value::from(op.time.nanos())),
        ("type", Value::keyword(op.kind.name())),
        ("process", process(op)),
        ("f", Value::keyword(&*op.f)),
        ("value", op.value.clone()),
    ];
    entries.extend(op.error.as_ref().map(|error| ("error", error.clone())));
    Value::record(entries)
}
