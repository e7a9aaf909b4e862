//! Transactions and what they did, as sentences.

use std::collections::BTreeSet;

use glomers_history::Value;

use super::analysis::Analysis;
use super::axiom::{Reason, Step};
use super::cycles::Cycle;
use super::graph::Label;
use super::graph::Order;
use super::parse::{Kind, NONE};
use crate::{Context, words};

/// How many steps of a cycle are told.
const TOLD: usize = 9;

/// Tells of the transactions of one finding.
pub(super) struct Teller<'a, 'h> {
    analysis: &'a Analysis<'h>,
    context: &'a Context,
    /// Those that were introduced.
    known: BTreeSet<u32>,
}

impl<'a, 'h> Teller<'a, 'h> {
    pub(super) fn new(analysis: &'a Analysis<'h>, context: &'a Context) -> Teller<'a, 'h> {
        Teller { analysis, context, known: BTreeSet::new() }
    }

    /// "T12 (op 12, txn at n1, 1.200 s)" when it is first told of, then "T12".
    pub(super) fn txn(&mut self, number: u32) -> String {
        let parsed = &self.analysis.parsed;
        let op = parsed.op(number);
        let name = format!("T{}", op.index);
        if !self.known.insert(number) {
            return name;
        }
        let place = match self.context.node_of(op) {
            Some(node) => format!("at {node}"),
            None => format!("by process {}", op.process),
        };
        let end = match parsed.txns[number as usize].kind {
            glomers_history::OpKind::Ok => "",
            glomers_history::OpKind::Fail => ", failed",
            _ => ", left open",
        };
        format!("{name} (op {}, {place}, {}{end})", op.index, op.time)
    }

    pub(super) fn key(&self, key: u32) -> String {
        words::value(self.analysis.parsed.keys.value(key))
    }

    /// The value of a version, of nothing "null".
    pub(super) fn version(&self, version: u32) -> String {
        match version {
            NONE => "null".to_owned(),
            version => words::value(&self.analysis.parsed.version_value(version)),
        }
    }

    /// What a read got.
    pub(super) fn read(&self, mop: u32) -> String {
        let parsed = &self.analysis.parsed;
        let value = parsed.mop_value(mop);
        if parsed.kind == Kind::List && value == Value::Null {
            return "nothing".to_owned();
        }
        match value.as_list() {
            // Of a long list the end counts.
            Some(list) if list.len() > 6 => {
                let last = (list.len() - 5..list.len()).filter_map(|at| list.get(at));
                let last: Vec<String> = last.map(|value| words::value(&value)).collect();
                format!("[…,{}]", last.join(","))
            }
            _ => words::value(&value),
        }
    }

    /// The lines of a cycle: why each transaction comes before the next.
    pub(super) fn cycle(&mut self, cycle: &Cycle) -> Vec<String> {
        let steps = &cycle.steps;
        let next = |at: usize| steps[(at + 1) % steps.len()].0;
        let mut lines = Vec::new();
        for (at, &(txn, label)) in steps.iter().enumerate().take(TOLD) {
            lines.push(self.step(txn, next(at), label));
        }
        if steps.len() > TOLD {
            lines.push(format!("and so on, {} steps more", steps.len() - TOLD));
        }
        lines.push(format!(
            "that is a cycle: no order of these {} transactions is possible",
            steps.len()
        ));
        lines
    }

    /// The lines of steps that break an axiom.
    pub(super) fn axiom(&mut self, steps: &[Step]) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for step in steps.iter().take(TOLD) {
            lines.push(self.axiom_step(step));
        }
        if steps.len() > TOLD {
            lines.push(format!("and so on, {} steps more", steps.len() - TOLD));
        }
        if steps.len() > 1 {
            let count = steps.len();
            lines.push(format!(
                "that is a cycle: no order of these {count} transactions is possible"
            ));
        }
        lines
    }

    fn axiom_step(&mut self, step: &Step) -> String {
        let (from, to) = (self.txn(step.from), self.txn(step.to));
        match step.reason {
            Reason::Read { key } => {
                let key = self.key(key);
                format!("{to} read key {key} as {from} wrote it: {}", self.so(step))
            }
            Reason::Session => {
                let process = self.analysis.parsed.op(step.from).process;
                format!("process {process} did {from} and then {to}: {}", self.so(step))
            }
            Reason::Follows { key } => {
                let key = self.key(key);
                format!(
                    "the session of {to} had seen {from}, and both wrote key {key}: {}",
                    self.so(step)
                )
            }
            Reason::RealTime => {
                format!("{from} was over before {to} began: {}", self.so(step))
            }
            Reason::Replaced { key } => {
                let key = self.key(key);
                format!("{to} appended to key {key} behind what {from} did: {}", self.so(step))
            }
            Reason::Saw { reader, key } if self.analysis.parsed.kind == Kind::List => {
                let parsed = &self.analysis.parsed;
                let mut mops = parsed.mops_of(reader).iter();
                // Of several reads the last one shows it.
                let place = mops.rposition(|mop| !mop.is_write && mop.key == key);
                let mop = parsed.txns[reader as usize].mops.0 + place.unwrap_or(0) as u32;
                let appends = parsed.mops_of(step.from).iter();
                let appends = appends.filter(|mop| mop.is_write && mop.key == key);
                let appended: Vec<String> =
                    appends.take(TOLD).map(|mop| self.version(mop.value)).collect();
                let (appended, read, key) = (appended.join(", "), self.read(mop), self.key(key));
                format!(
                    "{to} saw {from}, which appended {appended} to key {key}, and yet read {read} \
                     there"
                )
            }
            Reason::Saw { reader, key } => {
                let key = self.key(key);
                if reader == step.to {
                    return format!(
                        "{to} saw {from}, which wrote key {key}, and yet read null there"
                    );
                }
                let reader = self.txn(reader);
                format!(
                    "{reader} saw {from}, which wrote key {key}, and yet read what {to} wrote \
                     there: {}",
                    self.so(step)
                )
            }
        }
    }

    fn so(&mut self, step: &Step) -> String {
        format!("so {} is before {}", self.txn(step.from), self.txn(step.to))
    }

    fn step(&mut self, a: u32, b: u32, label: Label) -> String {
        let reason = match label {
            Label::Order => self.in_order(a, b),
            label => self.because(a, b, label),
        };
        let (first, second) = (self.txn(a), self.txn(b));
        format!("{reason}: so {first} is before {second}")
    }

    fn in_order(&mut self, a: u32, b: u32) -> String {
        let (first, second) = (self.txn(a), self.txn(b));
        match self.analysis.order {
            Order::Session => {
                let process = self.analysis.parsed.op(a).process;
                format!("process {process} did {first} and then {second}")
            }
            _ => format!("{first} was over before {second} began"),
        }
    }

    fn because(&mut self, a: u32, b: u32, label: Label) -> String {
        let (first, second) = (self.txn(a), self.txn(b));
        let parsed = &self.analysis.parsed;
        let Some(why) = self.analysis.why((a, b), label) else {
            return format!("{second} depends on {first}");
        };
        let key = self.key(why.key);
        let version = |mop: u32| self.version(parsed.mops[mop as usize].value);
        match (label, parsed.kind) {
            (Label::Wr, Kind::List) => {
                let (read, written) = (self.read(why.second), version(why.first));
                format!(
                    "{second} read {read} of key {key}, whose last element {written} {first} appended"
                )
            }
            (Label::Wr, Kind::Register) => {
                format!("{second} read {} of key {key}, which {first} wrote", version(why.second))
            }
            (Label::Ww, Kind::List) => {
                let (before, after) = (version(why.first), version(why.second));
                format!(
                    "{second} appended {after} to key {key} behind {before}, which {first} appended"
                )
            }
            (Label::Ww, Kind::Register) => {
                let (before, after) = (version(why.first), version(why.second));
                format!(
                    "{second} wrote {after} to key {key}, which replaced {before}, which {first} wrote"
                )
            }
            (_, Kind::List) => {
                let (read, after) = (self.read(why.first), version(why.second));
                format!(
                    "{first} read {read} of key {key}, without {after}, which {second} appended"
                )
            }
            (_, Kind::Register) => {
                let (read, after) = (version(why.first), version(why.second));
                format!("{first} read {read} of key {key}, which {second} replaced by {after}")
            }
        }
    }
}
