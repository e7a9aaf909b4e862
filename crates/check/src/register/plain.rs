//! The search of last resort: one possibility after the other over sets of any size,
//! where there are more operations at once, or more kinds of indeterminate ones,
//! than the configurations of the other searches have room for.
//!
//! Wing & Gong (1993) with the memory of Lowe (2017): of two ways that let the same
//! operations take effect and leave the same value only the first is followed.

use glomers_history::Stop;
use rustc_hash::FxHashSet;

use super::budget::{Budget, Limits};
use super::operation::{NIL, Operation, Subject};
use super::outcome::{Outcome, SHOWN, Shown, Stuck};
use super::plan::needs;

/// Searches; `record` keeps the order up to where it ended.
pub(super) fn search(
    subject: &Subject,
    (budget, stop): (&mut Budget, &Stop),
    record: bool,
) -> Outcome {
    let mut search = Search::new(subject);
    let outcome = search.run(Limits::new(*budget, stop), record);
    budget.steps = budget.steps.saturating_sub(search.steps);
    outcome
}

/// What took effect, and what the register holds then.
type State = (Box<[u64]>, u32);

struct Search<'a> {
    ops: &'a [Operation],
    needs: Vec<u32>,
    /// The operations that must take effect, by their ends.
    by_end: Vec<u32>,
    /// The same by their beginnings.
    by_begin: Vec<u32>,
    /// Those that need not, by their beginnings.
    optional: Vec<u32>,
    done: Box<[u64]>,
    value: u32,
    passed: Passed,
    /// What took effect, in order, each with the value before it.
    path: Vec<(u32, u32)>,
    tried: FxHashSet<State>,
    steps: u64,
    furthest: Option<Furthest>,
}

/// The furthest end that could not be passed.
struct Furthest {
    op: u32,
    /// What the register could hold there, and what took effect last.
    states: Vec<(u32, Option<u32>)>,
    pending: Vec<u32>,
    prefix: Vec<u32>,
}

/// How many operations of a list took effect, from the first on without a gap.
#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    by_end: usize,
    by_begin: usize,
}

/// A place on the way.
struct Frame {
    /// What can still be tried there, the best at the end.
    choices: Vec<u32>,
    /// How long the path was.
    length: usize,
    passed: Passed,
}

impl<'a> Search<'a> {
    fn new(subject: &'a Subject) -> Search<'a> {
        let ops = &subject.ops[..];
        let all = 0..ops.len() as u32;
        let (mut optional, mut by_begin): (Vec<u32>, Vec<u32>) =
            all.partition(|&op| ops[op as usize].is_optional());
        optional.sort_by_key(|&op| ops[op as usize].begin);
        by_begin.sort_by_key(|&op| ops[op as usize].begin);
        let mut by_end = by_begin.clone();
        by_end.sort_by_key(|&op| ops[op as usize].end);
        Search {
            ops,
            needs: needs(subject),
            by_end,
            by_begin,
            optional,
            done: vec![0; ops.len().div_ceil(64)].into(),
            value: NIL,
            passed: Passed::default(),
            path: Vec::new(),
            tried: FxHashSet::default(),
            steps: 0,
            furthest: None,
        }
    }

    fn is_done(&self, op: u32) -> bool {
        self.done[op as usize / 64] >> (op % 64) & 1 == 1
    }

    fn apply(&mut self, op: u32) {
        let Some(value) = self.ops[op as usize].action.apply(self.value) else { return };
        self.path.push((op, self.value));
        self.value = value;
        self.done[op as usize / 64] |= 1 << (op % 64);
    }

    /// Goes back to a place.
    fn undo(&mut self, length: usize, passed: Passed) {
        for (op, value) in self.path.drain(length..).rev() {
            self.value = value;
            self.done[op as usize / 64] &= !(1 << (op % 64));
        }
        self.passed = passed;
    }

    /// The operation that must take effect next at the latest.
    fn next_end(&mut self) -> Option<u32> {
        while self.by_begin.get(self.passed.by_begin).is_some_and(|&op| self.is_done(op)) {
            self.passed.by_begin += 1;
        }
        while self.by_end.get(self.passed.by_end).is_some_and(|&op| self.is_done(op)) {
            self.passed.by_end += 1;
        }
        self.by_end.get(self.passed.by_end).copied()
    }

    fn run(&mut self, mut limits: Limits<'_>, record: bool) -> Outcome {
        let mut stack: Vec<Frame> = Vec::new();
        let entry = self.done.len() * 8 + size_of::<State>() + 8;
        let mut is_new = true;
        loop {
            if is_new {
                let Some(ending) = self.settle() else {
                    let last = self.path.last().map(|&(op, _)| op);
                    let shown = Shown { value: self.value, last, pending: Vec::new() };
                    return Outcome::Linearizable(vec![shown]);
                };
                self.arrive(ending, record);
                self.steps += 4;
                if self.tried.insert((self.done.clone(), self.value)) {
                    let choices = self.choices(ending);
                    stack.push(Frame { choices, length: self.path.len(), passed: self.passed });
                }
            }
            let bytes = || (self.tried.len() * entry) as u64;
            if let Err(limit) = limits.check(self.steps, bytes) {
                return Outcome::Exhausted(limit);
            }
            let Some(Frame { choices, length, passed }) = stack.last_mut() else { break };
            let choice = choices.pop();
            is_new = choice.is_some();
            match choice {
                Some(op) => {
                    let (length, passed) = (*length, *passed);
                    self.undo(length, passed);
                    self.apply(op);
                }
                None => drop(stack.pop()),
            }
        }
        match self.furthest.take() {
            None => Outcome::Linearizable(Vec::new()),
            Some(Furthest { op, states, pending, prefix }) => {
                let configs = states.iter().take(SHOWN).map(|&(value, last)| Shown {
                    value,
                    last,
                    pending: pending.clone(),
                });
                Outcome::Stuck(Stuck {
                    op,
                    configs: configs.collect(),
                    states: states.iter().map(|&(value, _)| value).collect(),
                    prefix,
                })
            }
        }
    }

    /// Those of some operations, in the order of their beginnings, that are under way
    /// before another ends.
    fn under_way<'b>(&'b self, ops: &'b [u32], ending: u32) -> impl Iterator<Item = u32> + 'b {
        let end = self.ops[ending as usize].end;
        ops.iter()
            .copied()
            .take_while(move |&op| self.ops[op as usize].begin < end)
            .filter(|&op| !self.is_done(op))
    }

    fn musts(&self, ending: u32) -> impl Iterator<Item = u32> + '_ {
        self.under_way(&self.by_begin[self.passed.by_begin..], ending)
    }

    /// Lets assertions take effect that hold: they change nothing. Gives what must
    /// take effect next.
    fn settle(&mut self) -> Option<u32> {
        loop {
            let ending = self.next_end()?;
            let holds = |op: &u32| {
                let action = self.ops[*op as usize].action;
                action.is_assertion() && action.apply(self.value).is_some()
            };
            let all: Vec<u32> = self.musts(ending).filter(holds).collect();
            self.steps += 1 + all.len() as u64;
            if all.is_empty() {
                return Some(ending);
            }
            all.into_iter().for_each(|op| self.apply(op));
        }
    }

    /// What can take effect next, the best at the end: the operation that must, the
    /// others that must sooner or later, those that need not.
    fn choices(&mut self, ending: u32) -> Vec<u32> {
        let own = self.ops[ending as usize];
        let value_after = |op: &u32| self.ops[*op as usize].action.apply(self.value);
        let mut musts: Vec<u32> =
            self.musts(ending).filter(|op| value_after(op).is_some()).collect();
        let mut kinds = FxHashSet::default();
        let is_of_use = |op: &u32| {
            let changed = value_after(op).filter(|&value| value != self.value);
            let needed = changed.is_some_and(|value| self.needs[value as usize] >= own.end);
            // Those that do the same are all alike.
            needed && kinds.insert(self.ops[*op as usize].action)
        };
        let mut choices: Vec<u32> =
            self.under_way(&self.optional, ending).filter(is_of_use).collect();
        // What gives the operation at hand its value comes before what does not.
        let leads = |op: &u32| {
            let given = value_after(op);
            *op == ending || given.is_some_and(|value| own.action.apply(value).is_some())
        };
        musts.sort_by_key(|op| (*op == ending, leads(op)));
        choices.reverse();
        choices.sort_by_key(leads);
        // A way that needs nothing optional leaves more for later.
        choices.extend(musts);
        self.steps += (choices.len() + self.optional.len() / 8) as u64;
        choices
    }

    /// Takes down what has happened where an operation must take effect next.
    fn arrive(&mut self, ending: u32, record: bool) {
        let end = self.ops[ending as usize].end;
        let last = self.path.last().map(|&(op, _)| op);
        match &mut self.furthest {
            Some(furthest) if self.ops[furthest.op as usize].end > end => {}
            Some(furthest) if furthest.op == ending => {
                if furthest.states.iter().all(|&(value, _)| value != self.value) {
                    furthest.states.push((self.value, last));
                }
            }
            _ => {
                let pending = self.musts(ending).collect();
                let prefix = match record {
                    true => self.path.iter().map(|&(op, _)| op).collect(),
                    false => Vec::new(),
                };
                let states = vec![(self.value, last)];
                self.furthest = Some(Furthest { op: ending, states, pending, prefix });
            }
        }
    }
}
