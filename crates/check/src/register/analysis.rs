//! Which way to decide.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use glomers_history::Stop;

use super::budget::{Budget, Limit};
use super::operation::{Action, Layer, NIL, OPEN, Operation, Renumber, START, Subject};
use super::outcome::{Outcome, Shown, Stuck};
use super::plan::Plan;
use super::{Method, frontier, plain, search, zones};

/// How many possibilities are followed at a time, in one attempt after the other.
const WIDTHS: [usize; 4] = [4, 64, 1024, usize::MAX];

/// How many steps for each operation the search takes before that: of histories as
/// the benchmarks have them nearly all that are right are then decided.
const FIRST_LOOK: u64 = 120;

/// What was found, and how.
pub(super) struct Analysis {
    pub(super) subject: Subject,
    pub(super) outcome: Outcome,
    /// The name of the method.
    pub(super) analyzer: &'static str,
}

/// Decides whether the operations on one register that count in a layer are
/// linearizable; `record` keeps the order up to where they stop to be.
pub(super) fn analyse(
    ops: &[Operation],
    layer: Layer,
    renumber: &mut Renumber,
    method: Method,
    (mut budget, stop): (Budget, &Stop),
    record: bool,
) -> Analysis {
    let subject = renumber.subject(ops, layer);
    if method == Method::Auto && zones::applies(&subject) {
        let outcome = by_zones(&subject, record);
        return Analysis { subject, outcome, analyzer: "zones" };
    }
    let steps = budget.steps;
    if method == Method::Plain {
        return by_plain_search(subject, (&mut budget, stop), record);
    }
    let plan = match Plan::new(&subject) {
        Ok(plan) => plan,
        // Too many at once for the sets of the other searches.
        Err(_) => return by_plain_search(subject, (&mut budget, stop), record),
    };
    if method == Method::Auto {
        // Most histories are right, and the first order that is tried is nearly so; of
        // those that are wrong many are soon refuted.
        let few = (FIRST_LOOK * subject.ops.len() as u64).min(steps);
        let mut few = Budget { steps: few, ..budget };
        let outcome = by_search(&subject, &plan, (&mut few, stop), record);
        if !matches!(outcome, Outcome::Exhausted(Limit::Steps(_) | Limit::Memory(_))) {
            return Analysis { subject, outcome, analyzer: "search" };
        }
    }
    if method != Method::Search {
        // Following a few possibilities is often enough where all are many, and
        // often they are few.
        let widths = if method == Method::Auto { &WIDTHS } else { &WIDTHS[WIDTHS.len() - 1..] };
        for &width in widths {
            // A part remains for the search.
            let part = if method == Method::Auto { budget.steps / 4 * 3 } else { budget.steps };
            let mut left = Budget { steps: part, ..budget };
            let outcome = by_frontier(&subject, &plan, (&mut left, stop), width, record);
            budget.steps -= part - left.steps;
            match outcome {
                None => {}
                Some(Outcome::Exhausted(limit))
                    if method == Method::Auto && limit != Limit::Stopped =>
                {
                    break;
                }
                Some(outcome) => return Analysis { subject, outcome, analyzer: "frontier" },
            }
        }
    }
    match by_search(&subject, &plan, (&mut budget, stop), record) {
        // What was tried before counts, too.
        Outcome::Exhausted(Limit::Steps(_)) => gave_up(subject, Limit::Steps(steps), "search"),
        Outcome::Exhausted(limit) => gave_up(subject, limit, "search"),
        outcome => Analysis { subject, outcome, analyzer: "search" },
    }
}

/// What a search may take, of which it takes its part, and when it is to stop.
type Allowed<'a> = (&'a mut Budget, &'a Stop);

fn by_plain_search(subject: Subject, allowed: Allowed<'_>, record: bool) -> Analysis {
    match plain::search(&subject, allowed, record) {
        Outcome::Exhausted(limit) => gave_up(subject, limit, "plain-search"),
        outcome => Analysis { subject, outcome, analyzer: "plain-search" },
    }
}

/// What is left to say where the search has to stop: there is no order if a value
/// shows before anything can have made it.
fn gave_up(subject: Subject, limit: Limit, analyzer: &'static str) -> Analysis {
    match subject.out_of_nothing() {
        Some(op) => {
            let stuck = Stuck { op, states: Vec::new(), configs: Vec::new(), prefix: Vec::new() };
            Analysis { subject, outcome: Outcome::Stuck(stuck), analyzer: "sources" }
        }
        None => Analysis { subject, outcome: Outcome::Exhausted(limit), analyzer },
    }
}

fn by_zones(subject: &Subject, record: bool) -> Outcome {
    let Some(stuck) = zones::check(subject) else {
        return Outcome::Linearizable(Vec::new());
    };
    let configs =
        stuck.states.iter().map(|&value| Shown { value, last: None, pending: vec![stuck.op] });
    let end = subject.ops[stuck.op as usize].end;
    Outcome::Stuck(Stuck {
        op: stuck.op,
        configs: configs.take(10).collect(),
        prefix: if record { zones::order(subject, end) } else { Vec::new() },
        states: stuck.states,
    })
}

fn by_frontier(
    subject: &Subject,
    plan: &Plan,
    allowed: Allowed<'_>,
    width: usize,
    record: bool,
) -> Option<Outcome> {
    match plan.words {
        0..=1 => frontier::search::<1>(subject, plan, allowed, width, record),
        2 => frontier::search::<2>(subject, plan, allowed, width, record),
        3..=4 => frontier::search::<4>(subject, plan, allowed, width, record),
        _ => frontier::search::<16>(subject, plan, allowed, width, record),
    }
}

fn by_search(subject: &Subject, plan: &Plan, allowed: Allowed<'_>, record: bool) -> Outcome {
    match plan.words {
        0..=1 => search::search::<1>(subject, plan, allowed, record),
        2 => search::search::<2>(subject, plan, allowed, record),
        3..=4 => search::search::<4>(subject, plan, allowed, record),
        _ => search::search::<16>(subject, plan, allowed, record),
    }
}

impl Subject {
    /// The last operation that was answered before another ended.
    pub(super) fn previous_ok(&self, op: u32) -> Option<u32> {
        let end = self.ops[op as usize].end;
        let earlier = (0u32..).zip(&self.ops).filter(|(_, other)| other.end < end);
        let answered = earlier.filter(|(_, other)| other.layer < Layer::Excused);
        answered.max_by_key(|(_, other)| other.end).map(|(at, _)| at)
    }

    /// The operations that were under way while another was.
    pub(super) fn concurrent(&self, op: u32) -> Vec<u32> {
        let own = self.ops[op as usize];
        let mut others: Vec<u32> = (0u32..)
            .zip(&self.ops)
            .filter(|&(at, other)| at != op && other.begin < own.end && other.end > own.begin)
            .map(|(at, _)| at)
            .collect();
        others.sort_by_key(|&at| self.ops[at as usize].begin);
        others
    }

    /// The operation that began last of those that, begun before another ended,
    /// may have given the register the value which that one needs.
    pub(super) fn writer(&self, op: u32) -> Option<u32> {
        let own = self.ops[op as usize];
        let needed = match own.action {
            Action::Is(value) | Action::Cas(value, _) => value,
            Action::IsNot(_) | Action::Write(_) | Action::Try(..) => return None,
        };
        let earlier = (0u32..).zip(&self.ops).filter(|&(at, other)| {
            let gives = match other.action {
                Action::Write(value) | Action::Cas(_, value) => value == needed,
                Action::Is(_) | Action::IsNot(_) | Action::Try(..) => false,
            };
            at != op && gives && other.begin < own.end
        });
        earlier.max_by_key(|(_, other)| other.begin).map(|(at, _)| at)
    }

    /// The operation that ends first of those that need a value which the register
    /// cannot hold by then, whatever took effect: nothing that makes it had begun,
    /// or only what itself needs such a value.
    fn out_of_nothing(&self) -> Option<u32> {
        let mut changes: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.values.len()];
        let mut reached = BinaryHeap::from([Reverse((0, NIL))]);
        for op in &self.ops {
            match op.action {
                Action::Write(value) => reached.push(Reverse((op.begin, value))),
                Action::Cas(from, to) | Action::Try(from, to) => {
                    changes[from as usize].push((op.begin, to));
                }
                Action::Is(_) | Action::IsNot(_) => {}
            }
        }
        // For each value when the register can hold it first.
        let mut earliest = vec![OPEN; self.values.len()];
        while let Some(Reverse((moment, value))) = reached.pop() {
            if earliest[value as usize] != OPEN {
                continue;
            }
            earliest[value as usize] = moment;
            let next = changes[value as usize].iter();
            reached.extend(next.map(|&(begin, to)| Reverse((moment.max(begin), to))));
        }
        let wrong = (0u32..).zip(&self.ops).filter(|(_, op)| match op.action {
            Action::Is(value) | Action::Cas(value, _) => op.end < earliest[value as usize],
            Action::IsNot(_) | Action::Write(_) | Action::Try(..) => false,
        });
        wrong.min_by_key(|(_, op)| op.end).map(|(at, _)| at)
    }

    /// The entry of the history with which an operation begins, if there is one.
    pub(super) fn invoke(&self, op: u32) -> Option<u64> {
        let begin = self.ops[op as usize].begin;
        (begin > START).then(|| u64::from(begin - super::operation::time(0)))
    }

    /// The entry of the history that tells most of an operation.
    pub(super) fn entry(&self, op: u32) -> u64 {
        u64::from(self.ops[op as usize].entry)
    }
}
