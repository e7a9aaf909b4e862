//! What a search goes through, step by step, worked out before it begins.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::budget::Limit;
use super::operation::{Action, Subject};

/// How many words a set of operations or the counts of indeterminate ones may
/// take.
pub(super) const MOST_WORDS: usize = 16;

/// One step, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An operation that must take effect begins.
    Begin(u32),
    /// An operation must have taken effect.
    End(u32),
    /// One more of the indeterminate operations of a group may take effect.
    Offer(u32),
    /// Those of a group cannot be of use any more.
    Retire(u32),
}

/// Where in a configuration the count of a group stands: `width` bits of one
/// word, and one more that is always 0, so that counts can be compared all at
/// once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) word: usize,
    pub(super) shift: u32,
    pub(super) width: u32,
}

impl Field {
    pub(super) fn mask(self) -> u64 {
        ((1 << self.width) - 1) << self.shift
    }

    fn guard(self) -> u64 {
        1 << (self.shift + self.width)
    }

    /// The place of the bit beside the count, among those of all words.
    pub(super) fn guard_place(self) -> usize {
        self.word * 64 + (self.shift + self.width) as usize
    }
}

/// Indeterminate operations that do the same. Which of them took effect does not
/// matter, only how many.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) action: Action,
    pub(super) field: Field,
    /// In the order in which they began.
    pub(super) members: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// For each operation that must take effect its place in sets.
    pub(super) slots: Vec<u16>,
    pub(super) groups: Vec<Group>,
    /// The bits beside the counts.
    pub(super) guards: [u64; MOST_WORDS],
    /// For each value the last moment at which anything needs it.
    pub(super) needs: Vec<u32>,
    /// How many words sets and counts take.
    pub(super) words: usize,
}

impl Plan {
    pub(super) fn new(subject: &Subject) -> Result<Plan, Limit> {
        let needs = needs(subject);
        let need = |action: Action| match action {
            Action::Write(value) | Action::Cas(_, value) => needs[value as usize],
            Action::Is(_) | Action::IsNot(_) => 0,
        };
        let mut events: Vec<u64> = Vec::with_capacity(2 * subject.ops.len());
        for (at, op) in (0u64..).zip(&subject.ops) {
            let event = |time: u32, end: u64| u64::from(time) << 32 | at << 1 | end;
            if !op.is_optional() {
                events.extend([event(op.begin, 0), event(op.end, 1)]);
            } else if op.begin < need(op.action) {
                events.push(event(op.begin, 0));
            }
        }
        events.sort_unstable();
        let mut groups = Groups::gather(subject, &events);
        let mut retirements: Vec<(u32, u32)> =
            (0u32..).zip(&groups.actions).map(|(group, &action)| (need(action), group)).collect();
        retirements.sort_unstable_by(|a, b| b.cmp(a));
        let mut plan = Plan { slots: vec![0; subject.ops.len()], ..Plan::default() };
        let mut slots = Slots::default();
        for event in events {
            let time = (event >> 32) as u32;
            let at = (event as u32) >> 1;
            while let Some(&(until, group)) = retirements.last().filter(|next| next.0 < time) {
                let _ = until;
                retirements.pop();
                groups.retire(group);
                plan.steps.push(Step::Retire(group));
            }
            let is_end = event & 1 == 1;
            if is_end {
                slots.free.push(plan.slots[at as usize]);
                plan.steps.push(Step::End(at));
            } else if subject.ops[at as usize].is_optional() {
                let group = groups.of[&at];
                groups.place(group)?;
                plan.steps.push(Step::Offer(group));
            } else {
                plan.slots[at as usize] = slots.take()?;
                plan.steps.push(Step::Begin(at));
            }
        }
        let words = usize::from(slots.used).div_ceil(64).max(groups.words()).max(1);
        plan.words = words;
        plan.needs = needs;
        plan.guards = groups.guards;
        plan.groups = groups
            .actions
            .into_iter()
            .zip(groups.members)
            .zip(groups.fields)
            .filter_map(|((action, members), field)| Some(Group { action, field: field?, members }))
            .collect();
        Ok(plan)
    }
}

/// For each value until when it matters whether the register takes it on: the
/// last end of an operation that needs it, or of one that needs what an
/// indeterminate `cas` can make of it.
fn needs(subject: &Subject) -> Vec<u32> {
    let mut needs = vec![0; subject.values.len()];
    let mut any = 0;
    for op in subject.ops.iter().filter(|op| !op.is_optional()) {
        match op.action {
            Action::Is(value) | Action::Cas(value, _) => {
                let need = &mut needs[value as usize];
                *need = op.end.max(*need);
            }
            // Needs any value but one.
            Action::IsNot(_) => any = op.end.max(any),
            Action::Write(_) => {}
        }
    }
    needs.iter_mut().for_each(|need| *need = any.max(*need));
    let mut chains: Vec<(u32, u32)> = subject
        .ops
        .iter()
        .filter(|op| op.is_optional())
        .filter_map(|op| match op.action {
            Action::Cas(from, to) => Some((from, to)),
            _ => None,
        })
        .collect();
    chains.sort_unstable();
    chains.dedup();
    // The latest need first: what it reaches needs no second look.
    let mut into: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for &(from, to) in &chains {
        into.entry(to).or_default().push(from);
    }
    let mut latest: std::collections::BinaryHeap<(u32, u32)> =
        into.keys().map(|&to| (needs[to as usize], to)).collect();
    while let Some((need, to)) = latest.pop() {
        if need < needs[to as usize] {
            continue;
        }
        for &from in into.get(&to).into_iter().flatten() {
            if needs[from as usize] < need {
                needs[from as usize] = need;
                latest.push((need, from));
            }
        }
    }
    needs
}

/// Hands out places in sets.
#[derive(Default)]
struct Slots {
    free: Vec<u16>,
    used: u16,
}

impl Slots {
    fn take(&mut self) -> Result<u16, Limit> {
        if let Some(slot) = self.free.pop() {
            return Ok(slot);
        }
        if usize::from(self.used) == MOST_WORDS * 64 {
            return Err(Limit::Concurrency(MOST_WORDS * 64));
        }
        self.used += 1;
        Ok(self.used - 1)
    }
}

/// Groups on their way into a plan.
struct Groups {
    of: FxHashMap<u32, u32>,
    actions: Vec<Action>,
    members: Vec<Vec<u32>>,
    fields: Vec<Option<Field>>,
    /// Fields of groups that are of no use any more, by width.
    free: BTreeMap<u32, Vec<Field>>,
    word: usize,
    bit: u32,
    guards: [u64; MOST_WORDS],
}

impl Groups {
    fn gather(subject: &Subject, events: &[u64]) -> Groups {
        let mut groups = Groups {
            of: FxHashMap::default(),
            actions: Vec::new(),
            members: Vec::new(),
            fields: Vec::new(),
            free: BTreeMap::new(),
            word: 0,
            bit: 0,
            guards: [0; MOST_WORDS],
        };
        let mut by_action: FxHashMap<Action, u32> = FxHashMap::default();
        for &event in events {
            let at = (event as u32) >> 1;
            let op = &subject.ops[at as usize];
            if !op.is_optional() {
                continue;
            }
            let group = *by_action.entry(op.action).or_insert_with(|| {
                groups.actions.push(op.action);
                groups.members.push(Vec::new());
                groups.fields.push(None);
                groups.actions.len() as u32 - 1
            });
            groups.members[group as usize].push(at);
            groups.of.insert(at, group);
        }
        groups
    }

    /// Gives a group a field, if it has none.
    fn place(&mut self, group: u32) -> Result<(), Limit> {
        if self.fields[group as usize].is_some() {
            return Ok(());
        }
        let width = (self.members[group as usize].len() as u64 + 1).next_power_of_two();
        let width = width.trailing_zeros();
        let field = match self.free.get_mut(&width).and_then(Vec::pop) {
            Some(field) => field,
            None => {
                if self.bit + width + 1 > 64 {
                    self.word += 1;
                    self.bit = 0;
                }
                if self.word == MOST_WORDS {
                    return Err(Limit::Indeterminate(self.actions.len()));
                }
                let field = Field { word: self.word, shift: self.bit, width };
                self.bit += width + 1;
                self.guards[field.word] |= field.guard();
                field
            }
        };
        self.fields[group as usize] = Some(field);
        Ok(())
    }

    fn retire(&mut self, group: u32) {
        if let Some(field) = self.fields[group as usize] {
            self.free.entry(field.width).or_default().push(field);
        }
    }

    fn words(&self) -> usize {
        self.word + usize::from(self.bit > 0)
    }
}
