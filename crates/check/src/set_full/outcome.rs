//! What became of each element, by Jepsen's definitions.

use glomers_history::{History, MILLISECOND, Op, Process, Value};

use super::SetFull;
use super::scan::{Element, Scan};
use crate::intern::NONE;
use crate::{Measured, Quantiles, Validity};

/// How many of the stalest elements are shown in full.
const WORST: usize = 8;

/// An element and its latency in ms.
#[derive(Clone, Copy)]
struct Latency {
    id: u32,
    ms: u64,
}

/// What became of the elements that were added, by value in order.
pub(super) struct Outcomes {
    attempts: usize,
    stable: Vec<Latency>,
    lost: Vec<Latency>,
    never_read: Vec<u32>,
    worst_stale: Vec<(u64, Value, u32, u32)>,
    lists: Lists,
}

/// Elements as lists of values.
struct Lists {
    lost: Value,
    never_read: Value,
    stale: Value,
}

/// Jepsen's comparisons of places, where none is before all.
fn before(a: u32, b: u32) -> bool {
    b != NONE && (a == NONE || a < b)
}

/// From when an element was known to just after `until`, in ms, rounded down.
fn latency(ops: &[Op], known: u32, until: u32) -> u64 {
    let time = |at: u32| ops.get(at as usize).map(|op| op.time.nanos());
    let until = time(until).map_or(0, |time| time.saturating_add(1));
    until.saturating_sub(time(known).unwrap_or(0)) / MILLISECOND
}

impl Outcomes {
    pub(super) fn new(history: &History, scan: &Scan) -> Outcomes {
        let ops = history.ops();
        let mut ids: Vec<u32> = (0..scan.interner.len() as u32)
            .filter(|&id| scan.elements[id as usize].added != NONE)
            .collect();
        ids.sort_unstable_by(|&a, &b| scan.interner.value(a).cmp(scan.interner.value(b)));
        let (mut stable, mut lost, mut never_read) = (Vec::new(), Vec::new(), Vec::new());
        for &id in &ids {
            let element = &scan.elements[id as usize];
            if is_stable(element) {
                let ms = latency(ops, element.known, element.last_absent);
                stable.push(Latency { id, ms });
            } else if is_lost(element) {
                let ms = latency(ops, element.known, element.last_present);
                lost.push(Latency { id, ms });
            } else {
                never_read.push(id);
            }
        }
        let value = |id: u32| scan.interner.value(id).clone();
        let mut stale: Vec<Latency> = stable.iter().copied().filter(|s| s.ms > 0).collect();
        let lists = Lists {
            lost: Value::list(lost.iter().map(|l| value(l.id))),
            never_read: Value::list(never_read.iter().map(|&id| value(id))),
            stale: Value::list(stale.iter().map(|s| value(s.id))),
        };
        // Stable, so that of equal latencies the lower element comes first.
        stale.sort_by_key(|s| std::cmp::Reverse(s.ms));
        let worst_stale = stale
            .iter()
            .take(WORST)
            .map(|s| {
                let element = &scan.elements[s.id as usize];
                (s.ms, value(s.id), element.known, element.last_absent)
            })
            .collect();
        Outcomes { attempts: ids.len(), stable, lost, never_read, worst_stale, lists }
    }

    /// What Jepsen says.
    pub(super) fn validity(&self) -> Validity {
        if !self.lost.is_empty() {
            Validity::Invalid
        } else if self.stable.is_empty() {
            Validity::Unknown
        } else {
            Validity::Valid
        }
    }

    /// The elements that were lost, in order of value.
    pub(super) fn lost(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.lost.iter().map(|latency| latency.id)
    }

    /// The figures that others compute with.
    pub(super) fn measured(&self) -> Measured {
        Measured {
            observed: quantiles(&self.stable),
            lost: self.lost.len() as u64,
            ..Measured::default()
        }
    }

    /// Jepsen's fields.
    pub(super) fn fields(&self, history: &History, spec: &SetFull) -> Vec<(&'static str, Value)> {
        let count = |number: usize| Value::from(number as u64);
        let stale_count = self.stable.iter().filter(|s| s.ms > 0).count();
        let worst = self.worst_stale.iter().map(|(ms, value, known, absent)| {
            Value::record([
                ("element", value.clone()),
                ("outcome", Value::keyword("stable")),
                ("stable-latency", Value::from(*ms)),
                ("lost-latency", Value::Null),
                ("known", op_map(history, *known, spec)),
                ("last-absent", op_map(history, *absent, spec)),
            ])
        });
        let mut fields = vec![
            ("attempt-count", count(self.attempts)),
            ("stable-count", count(self.stable.len())),
            ("lost-count", count(self.lost.len())),
            ("lost", self.lists.lost.clone()),
            ("never-read-count", count(self.never_read.len())),
            ("never-read", self.lists.never_read.clone()),
            ("stale-count", count(stale_count)),
            ("stale", self.lists.stale.clone()),
            ("worst-stale", Value::list(worst)),
        ];
        for (name, of) in [("stable-latencies", &self.stable), ("lost-latencies", &self.lost)] {
            fields.extend(quantiles(of).map(|found| (name, found.to_value())));
        }
        // Jepsen means to count elements read twice but compares with < 1, so
        // never finds any.
        fields.push(("duplicated-count", Value::Int(0)));
        fields.push(("duplicated", Value::map([])));
        fields
    }
}

fn quantiles(latencies: &[Latency]) -> Option<Quantiles> {
    Quantiles::of(latencies.iter().map(|latency| latency.ms).collect())
}

fn is_stable(element: &Element) -> bool {
    before(element.last_absent, element.last_present)
}

fn is_lost(element: &Element) -> bool {
    element.known != NONE
        && before(element.last_present, element.last_absent)
        && before(element.known, element.last_absent)
}

/// An operation as results show it; adds are called `add`, as in Jepsen.
fn op_map(history: &History, at: u32, spec: &SetFull) -> Value {
    let Some(op) = history.ops().get(at as usize) else {
        return Value::Null;
    };
    let f = if *op.f == *spec.add { "add" } else { &*op.f };
    let process = match op.process {
        Process::Client(number) => Value::Int(i64::from(number)),
        Process::Nemesis => Value::keyword("nemesis"),
    };
    let mut pairs = vec![
        ("index", Value::from(op.index)),
        ("time", Value::from(op.time.nanos())),
        ("type", Value::keyword(op.kind.name())),
        ("process", process),
        ("f", Value::keyword(f)),
        ("value", op.value.clone()),
    ];
    pairs.extend(op.error.clone().map(|error| ("error", error)));
    pairs.extend(op.is_final.then_some(("final?", Value::Bool(true))));
    Value::record(pairs)
}
