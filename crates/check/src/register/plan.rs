//! What a search goes through, step by step, worked out before it begins.

use std::collections::{BTreeMap, BinaryHeap};

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::operation::{Action, Subject};

/// How many words a set of operations or the counts of indeterminate ones may
/// take.
pub(super) const MOST_WORDS: usize = 16;

/// For how many there is room at first where there may be few.
pub(super) const FEW: usize = 32;

/// There are too many operations at once, or too many kinds of indeterminate ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooWide;

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
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) action: Action,
    pub(super) field: Field,
    /// Where in [`Plan::members`] its operations begin.
    first: usize,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// For each operation that must take effect its place in sets.
    pub(super) slots: Vec<u16>,
    pub(super) groups: Vec<Group>,
    /// Those of each group, in the order in which they began.
    members: Vec<u32>,
    /// The bits beside the counts.
    pub(super) guards: [u64; MOST_WORDS],
    /// For each value the last moment at which anything needs it.
    pub(super) needs: Vec<u32>,
    /// How many words sets and counts take.
    pub(super) words: usize,
}

impl Plan {
    /// One of the operations of a group, by their order of time.
    #[inline]
    pub(super) fn member(&self, group: u32, number: usize) -> u32 {
        self.members[self.groups[group as usize].first + number]
    }

    /// # Errors
    /// If sets or counts would take more than [`MOST_WORDS`].
    pub(super) fn new(subject: &Subject) -> Result<Plan, TooWide> {
        let needs = needs(subject);
        let need = |action: Action| match action {
            Action::Write(value) | Action::Cas(_, value) => needs[value as usize],
            Action::Is(_) | Action::IsNot(_) | Action::Try(..) => 0,
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
        let mut retirements: Vec<(u32, u32)> = (0u32..)
            .zip(&groups.drafts)
            .map(|(group, draft)| (need(draft.action), group))
            .collect();
        retirements.sort_unstable_by(|a, b| b.cmp(a));
        let mut plan = Plan {
            steps: Vec::with_capacity(events.len() + groups.drafts.len()),
            slots: vec![0; subject.ops.len()],
            ..Plan::default()
        };
        let mut slots = Slots::default();
        for event in events {
            let time = (event >> 32) as u32;
            let at = (event as u32) >> 1;
            while let Some((_, group)) = retirements.pop_if(|next| next.0 < time) {
                groups.retire(group);
                plan.steps.push(Step::Retire(group));
            }
            let is_end = event & 1 == 1;
            if is_end {
                slots.free.push(plan.slots[at as usize]);
                plan.steps.push(Step::End(at));
            } else if subject.ops[at as usize].is_optional() {
                let group = groups.of[at as usize];
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
        plan.members = groups.members;
        let mut first = 0;
        let all = groups.drafts.into_iter().filter_map(|Draft { action, size, field }| {
            first += size;
            Some(Group { action, field: field?, first: first - size })
        });
        plan.groups = all.collect();
        Ok(plan)
    }
}

/// For each value until when it matters whether the register takes it on: the
/// last end of an operation that needs it, or of one that needs what an
/// indeterminate `cas` can make of it.
pub(super) fn needs(subject: &Subject) -> Vec<u32> {
    let mut needs = vec![0; subject.values.len()];
    let mut any = 0;
    for op in subject.ops.iter().filter(|op| !op.is_optional()) {
        match op.action {
            Action::Is(value) | Action::Cas(value, _) => {
                let need = &mut needs[value as usize];
                *need = op.end.max(*need);
            }
            // Needs any value but one, or does another thing with that.
            Action::IsNot(_) | Action::Try(..) => any = op.end.max(any),
            Action::Write(_) => {}
        }
    }
    needs.iter_mut().for_each(|need| *need = any.max(*need));
    let mut chains: Vec<(u32, u32)> = subject
        .ops
        .iter()
        .filter_map(|op| match op.action {
            Action::Cas(from, to) if op.is_optional() => Some((to, from)),
            Action::Try(from, to) => Some((to, from)),
            _ => None,
        })
        .collect();
    chains.sort_unstable();
    chains.dedup();
    // The latest need first: what it reaches needs no second look.
    let mut latest: BinaryHeap<(u32, u32)> = chains
        .chunk_by(|one, other| one.0 == other.0)
        .map(|chunk| (needs[chunk[0].0 as usize], chunk[0].0))
        .collect();
    while let Some((need, to)) = latest.pop() {
        if need < needs[to as usize] {
            continue;
        }
        let first = chains.partition_point(|chain| chain.0 < to);
        for &(_, from) in chains[first..].iter().take_while(|chain| chain.0 == to) {
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
    fn take(&mut self) -> Result<u16, TooWide> {
        if let Some(slot) = self.free.pop() {
            return Ok(slot);
        }
        if usize::from(self.used) == MOST_WORDS * 64 {
            return Err(TooWide);
        }
        self.used += 1;
        Ok(self.used - 1)
    }
}

/// Groups on their way into a plan.
struct Groups {
    /// For each operation its group, if it has one.
    of: Vec<u32>,
    drafts: Vec<Draft>,
    /// The operations of one group after the other.
    members: Vec<u32>,
    /// Fields of groups that are of no use any more, by width.
    free: BTreeMap<u32, Vec<Field>>,
    word: usize,
    bit: u32,
    guards: [u64; MOST_WORDS],
}

/// A group that may not have its field yet.
#[derive(Clone, Copy)]
struct Draft {
    action: Action,
    /// How many operations.
    size: usize,
    field: Option<Field>,
}

impl Groups {
    fn gather(subject: &Subject, events: &[u64]) -> Groups {
        let mut of = vec![0; subject.ops.len()];
        let mut drafts: Vec<Draft> = Vec::with_capacity(FEW);
        let mut optional: Vec<u32> = Vec::with_capacity(FEW);
        let mut by_action: FxHashMap<Action, u32> =
            FxHashMap::with_capacity_and_hasher(FEW, FxBuildHasher);
        for &event in events {
            let at = (event as u32) >> 1;
            let op = &subject.ops[at as usize];
            if !op.is_optional() {
                continue;
            }
            let group = *by_action.entry(op.action).or_insert_with(|| {
                drafts.push(Draft { action: op.action, size: 0, field: None });
                drafts.len() as u32 - 1
            });
            drafts[group as usize].size += 1;
            of[at as usize] = group;
            optional.push(at);
        }
        // One group after the other, each in the order of time.
        optional.sort_by_key(|&at| of[at as usize]);
        Groups {
            of,
            drafts,
            members: optional,
            free: BTreeMap::new(),
            word: 0,
            bit: 0,
            guards: [0; MOST_WORDS],
        }
    }

    /// Gives a group a field, if it has none.
    fn place(&mut self, group: u32) -> Result<(), TooWide> {
        let Draft { size, field, .. } = self.drafts[group as usize];
        if field.is_some() {
            return Ok(());
        }
        let width = (size as u64 + 1).next_power_of_two().trailing_zeros();
        let field = match self.free.get_mut(&width).and_then(Vec::pop) {
            Some(field) => field,
            None => {
                if self.bit + width + 1 > 64 {
                    self.word += 1;
                    self.bit = 0;
                }
                if self.word == MOST_WORDS {
                    return Err(TooWide);
                }
                let field = Field { word: self.word, shift: self.bit, width };
                self.bit += width + 1;
                self.guards[field.word] |= field.guard();
                field
            }
        };
        self.drafts[group as usize].field = Some(field);
        Ok(())
    }

    fn retire(&mut self, group: u32) {
        if let Some(field) = self.drafts[group as usize].field {
            self.free.entry(field.width).or_default().push(field);
        }
    }

    fn words(&self) -> usize {
        self.word + usize::from(self.bit > 0)
    }
}
