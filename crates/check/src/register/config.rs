//! Configurations: what may have happened so far.

use super::operation::{Action, Operation};
use super::plan::{Field, Plan, Step};

/// A set of small numbers, or several counts side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bits<const N: usize>(pub(super) [u64; N]);

impl<const N: usize> Bits<N> {
    pub(super) const EMPTY: Bits<N> = Bits([0; N]);

    #[inline]
    pub(super) fn has(&self, slot: u16) -> bool {
        self.0[usize::from(slot) / 64] >> (slot % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn insert(&mut self, slot: u16) {
        self.0[usize::from(slot) / 64] |= 1 << (slot % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u16) {
        self.0[usize::from(slot) / 64] &= !(1 << (slot % 64));
    }

    /// Whether all of `other` is in this.
    #[inline]
    pub(super) fn contains(&self, other: &Bits<N>) -> bool {
        (0..N).all(|word| other.0[word] & !self.0[word] == 0)
    }

    /// What is not in `other`.
    #[inline]
    pub(super) fn without(&self, other: &Bits<N>) -> Bits<N> {
        Bits(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }
}

/// What may have happened up to a step: which of the operations under way took
/// effect, how many of each kind of the indeterminate ones, and what the
/// register holds then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Config<const N: usize> {
    pub(super) infos: Bits<N>,
    pub(super) done: Bits<N>,
    pub(super) value: u32,
    /// How many indeterminate operations took effect.
    pub(super) used: u32,
    /// What took effect last, as [`Trail`] has it.
    pub(super) trace: u32,
}

/// No operation.
pub(super) const NOTHING: u32 = u32::MAX;

impl<const N: usize> Config<N> {
    pub(super) const FIRST: Config<N> = Config {
        infos: Bits::EMPTY,
        done: Bits::EMPTY,
        value: super::operation::NIL,
        used: 0,
        trace: NOTHING,
    };
}

/// How many operations a trail records: 128 MiB.
const TRAIL: usize = 16 << 20;

/// In which order operations took effect. Without a record a trace is just the
/// last operation.
#[derive(Debug, Default)]
pub(super) struct Trail {
    record: Option<Vec<(u32, u32)>>,
    full: bool,
}

impl Trail {
    pub(super) fn new(record: bool) -> Trail {
        Trail { record: record.then(Vec::new), full: false }
    }

    #[inline]
    pub(super) fn push(&mut self, trace: u32, op: u32) -> u32 {
        let Some(record) = &mut self.record else {
            return op;
        };
        if record.len() == TRAIL {
            self.full = true;
            return trace;
        }
        record.push((trace, op));
        record.len() as u32 - 1
    }

    /// What took effect last, if anything did.
    pub(super) fn last(&self, trace: u32) -> Option<u32> {
        let place = Some(trace).filter(|&trace| trace != NOTHING)?;
        match &self.record {
            Some(record) => record.get(place as usize).map(|&(_, op)| op),
            None => Some(place),
        }
    }

    /// All that took effect, in order; nothing if it was not recorded.
    pub(super) fn path(&self, mut trace: u32) -> Vec<u32> {
        let Some(record) = self.record.as_ref().filter(|_| !self.full) else {
            return Vec::new();
        };
        let mut path = Vec::new();
        while let Some(&(parent, op)) = record.get(trace as usize) {
            path.push(op);
            trace = parent;
        }
        path.reverse();
        path
    }
}

/// An operation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) op: u32,
    pub(super) slot: u16,
    pub(super) action: Action,
}

/// What is under way between two steps of a plan.
pub(super) struct Pending<'a, const N: usize> {
    plan: &'a Plan,
    ops: &'a [Operation],
    pub(super) guards: Bits<N>,
    pub(super) updates: Vec<Waiting>,
    pub(super) assertions: Vec<Waiting>,
    /// The slots of `assertions`.
    pub(super) asserting: Bits<N>,
    /// The groups some of whose operations may take effect.
    offers: Vec<u32>,
    /// How many have begun, by group.
    available: Vec<u32>,
}

impl<'a, const N: usize> Pending<'a, N> {
    pub(super) fn new(plan: &'a Plan, ops: &'a [Operation]) -> Pending<'a, N> {
        Pending {
            plan,
            ops,
            guards: Bits(std::array::from_fn(|word| plan.guards[word])),
            updates: Vec::new(),
            assertions: Vec::new(),
            asserting: Bits::EMPTY,
            offers: Vec::new(),
            available: vec![0; plan.groups.len()],
        }
    }

    /// The operation as it waits.
    pub(super) fn waiting(&self, op: u32) -> Waiting {
        let action = self.ops[op as usize].action;
        Waiting { op, slot: self.plan.slots[op as usize], action }
    }

    fn add(&mut self, op: u32) {
        let waiting = self.waiting(op);
        if waiting.action.is_assertion() {
            self.asserting.insert(waiting.slot);
            self.assertions.push(waiting);
        } else {
            self.updates.push(waiting);
        }
    }

    fn remove(&mut self, op: u32) {
        let waiting = self.waiting(op);
        let list = if waiting.action.is_assertion() {
            self.asserting.remove(waiting.slot);
            &mut self.assertions
        } else {
            &mut self.updates
        };
        if let Some(place) = list.iter().position(|other| other.op == op) {
            list.swap_remove(place);
        }
    }

    /// Goes over a step.
    pub(super) fn forward(&mut self, step: Step) {
        match step {
            Step::Begin(op) => self.add(op),
            Step::End(op) => self.remove(op),
            Step::Offer(group) => {
                let available = &mut self.available[group as usize];
                *available += 1;
                if *available == 1 {
                    self.offers.push(group);
                }
            }
            Step::Retire(group) => self.offers.retain(|&other| other != group),
        }
    }

    /// Goes back over a step.
    pub(super) fn backward(&mut self, step: Step) {
        match step {
            Step::Begin(op) => self.remove(op),
            Step::End(op) => self.add(op),
            Step::Offer(group) => {
                let available = &mut self.available[group as usize];
                *available -= 1;
                if *available == 0 {
                    self.offers.retain(|&other| other != group);
                }
            }
            Step::Retire(group) => self.offers.push(group),
        }
    }

    /// Lets all assertions take effect that hold. They change nothing, so what
    /// can follow without them can follow with them.
    #[inline]
    pub(super) fn settle(&self, config: &mut Config<N>, trail: &mut Trail) {
        for waiting in &self.assertions {
            self.settle_one(waiting, config, trail);
        }
    }

    #[inline]
    pub(super) fn settle_one(&self, waiting: &Waiting, config: &mut Config<N>, trail: &mut Trail) {
        if waiting.action.apply(config.value).is_some() && !config.done.has(waiting.slot) {
            config.done.insert(waiting.slot);
            config.trace = trail.push(config.trace, waiting.op);
        }
    }

    /// Lets an update take effect, if it can.
    #[inline]
    pub(super) fn update(
        &self,
        config: &Config<N>,
        waiting: &Waiting,
        trail: &mut Trail,
    ) -> Option<Config<N>> {
        if config.done.has(waiting.slot) {
            return None;
        }
        let mut next = *config;
        next.value = waiting.action.apply(config.value)?;
        next.done.insert(waiting.slot);
        next.trace = trail.push(config.trace, waiting.op);
        if next.value != config.value {
            self.settle(&mut next, trail);
        }
        Some(next)
    }

    /// Lets one indeterminate operation of each kind take effect, where that is
    /// possible and changes the register.
    #[inline]
    pub(super) fn offers(
        &self,
        config: &Config<N>,
        trail: &mut Trail,
        mut emit: impl FnMut(Config<N>),
    ) {
        for &group in &self.offers {
            let members = &self.plan.groups[group as usize];
            let value = match members.action.apply(config.value) {
                Some(value) if value != config.value => value,
                _ => continue,
            };
            let field = members.field;
            let used = (config.infos.0[field.word] & field.mask()) >> field.shift;
            if used >= u64::from(self.available[group as usize]) {
                continue;
            }
            let mut next = *config;
            next.value = value;
            next.infos.0[field.word] += 1 << field.shift;
            next.used += 1;
            next.trace = trail.push(config.trace, members.members[used as usize]);
            self.settle(&mut next, trail);
            emit(next);
        }
    }

    /// Who can stand in for whom among the groups at hand: by the place of its
    /// guard the field of the group that writes what a group of `cas` changes to.
    pub(super) fn substitutes(&self) -> Vec<Option<Field>> {
        let mut substitutes = vec![None; 64 * N];
        for &group in &self.offers {
            let group = &self.plan.groups[group as usize];
            let Action::Cas(_, to) = group.action else { continue };
            let write = self.offers.iter().map(|&other| &self.plan.groups[other as usize]);
            let write = write.filter(|other| other.action == Action::Write(to)).next_back();
            substitutes[group.field.guard_place()] = write.map(|write| write.field);
        }
        substitutes
    }

    /// Whether a group is new: the first of it has just begun.
    pub(super) fn is_new(&self, group: u32) -> bool {
        self.available[group as usize] == 1
    }

    /// Forgets how many of a group took effect.
    pub(super) fn forget(&self, config: &mut Config<N>, group: u32) {
        let field = self.plan.groups[group as usize].field;
        let word = &mut config.infos.0[field.word];
        config.used -= ((*word & field.mask()) >> field.shift) as u32;
        *word &= !field.mask();
    }
}
