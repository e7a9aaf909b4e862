//! Configurations: what may have happened so far.

use super::operation::{Action, Operation};
use super::plan::{FEW, Field, Group, Plan, Step};

/// Through how many values at most it is found out that an operation cannot take
/// effect.
const CHAIN: usize = 16;

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

    /// Adds all of `other`.
    #[inline]
    pub(super) fn extend(&mut self, other: &Bits<N>) {
        (0..N).for_each(|word| self.0[word] |= other.0[word]);
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
///
/// A write can always take effect unseen, just before another write. So with any
/// write all that are under way are `done`: nothing more is asked of them. But
/// as long as they are not `spent`, they may take effect later instead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Config<const N: usize> {
    pub(super) infos: Bits<N>,
    /// The operations under way of which nothing more is asked.
    pub(super) done: Bits<N>,
    /// The writes under way that took effect where it could be seen.
    pub(super) spent: Bits<N>,
    pub(super) value: u32,
    /// How many indeterminate operations took effect.
    pub(super) used: u32,
    /// What took effect last, as [`Trail`] has it.
    pub(super) trace: u32,
}

/// No operation.
pub(super) const NOTHING: u32 = u32::MAX;

impl<const N: usize> Config<N> {
    /// Forgets an operation that ends.
    #[inline]
    pub(super) fn end(&mut self, slot: u16) {
        self.done.remove(slot);
        self.spent.remove(slot);
    }

    /// Whether an update can take effect no more.
    #[inline]
    fn is_over(&self, update: &Waiting) -> bool {
        match update.action {
            Action::Write(_) => self.spent.has(update.slot),
            _ => self.done.has(update.slot),
        }
    }

    /// Whether it is asked for no operation and has spent no write that another is not
    /// asked for or has not spent, and used no more indeterminate operations.
    #[inline]
    pub(super) fn is_ahead_of(&self, other: &Config<N>) -> bool {
        self.used <= other.used
            && self.done.contains(&other.done)
            && other.spent.contains(&self.spent)
    }

    /// The words in which it used more of some kind of indeterminate operations than
    /// another; `guards` as in [`Plan::guards`].
    #[inline]
    pub(super) fn excess(
        &self,
        other: &Config<N>,
        guards: &Bits<N>,
    ) -> impl Iterator<Item = usize> {
        (0..N).filter(move |&word| {
            let guard = guards.0[word];
            // Where it used more the difference takes the guard away.
            let kept = (other.infos.0[word] | guard).wrapping_sub(self.infos.0[word]) & guard;
            kept != guard
        })
    }

    pub(super) const FIRST: Config<N> = Config {
        infos: Bits::EMPTY,
        done: Bits::EMPTY,
        spent: Bits::EMPTY,
        value: super::operation::NIL,
        used: 0,
        trace: NOTHING,
    };
}

/// How many operations a trail records: 192 MiB.
const TRAIL: usize = 16 << 20;

/// An operation that took effect.
#[derive(Debug, Clone, Copy)]
struct Footprint {
    /// What took effect before it.
    before: u32,
    op: u32,
    /// The moment at which the search let it.
    now: u32,
}

/// In which order operations took effect. Without a record a trace is just the
/// last operation.
#[derive(Debug, Default)]
pub(super) struct Trail {
    record: Option<Vec<Footprint>>,
    full: bool,
    /// Where the search is.
    pub(super) now: u32,
}

impl Trail {
    pub(super) fn new(record: bool) -> Trail {
        Trail { record: record.then(Vec::new), ..Trail::default() }
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
        record.push(Footprint { before: trace, op, now: self.now });
        record.len() as u32 - 1
    }

    /// What took effect last, if anything did.
    pub(super) fn last(&self, trace: u32) -> Option<u32> {
        let place = Some(trace).filter(|&trace| trace != NOTHING)?;
        match &self.record {
            Some(record) => record.get(place as usize).map(|print| print.op),
            None => Some(place),
        }
    }

    /// All that took effect and ended before a moment, in order, with the writes
    /// that took effect unseen; nothing if it was not recorded.
    pub(super) fn path(&self, mut trace: u32, ops: &[Operation], end: u32) -> Vec<u32> {
        let Some(record) = self.record.as_ref().filter(|_| !self.full) else {
            return Vec::new();
        };
        let mut path: Vec<Footprint> = Vec::new();
        let mut seen = vec![false; ops.len()];
        while let Some(print) = record.get(trace as usize) {
            path.push(*print);
            seen[print.op as usize] = true;
            trace = print.before;
        }
        path.reverse();
        let is_write = |op: u32| matches!(ops[op as usize].action, Action::Write(_));
        let mut unseen: Vec<(usize, u32)> = Vec::new();
        for (at, op) in (0u32..).zip(ops) {
            if seen[at as usize] || op.end >= end || !is_write(at) {
                continue;
            }
            // A write that took effect while this one was under way.
            let from = path.partition_point(|print| print.now <= op.begin);
            let cover = path[from..].iter().position(|print| is_write(print.op));
            unseen.extend(cover.map(|place| (from + place, at)));
        }
        unseen.sort_unstable();
        let mut unseen = unseen.into_iter().peekable();
        let mut order = Vec::new();
        for (at, print) in path.iter().enumerate() {
            while let Some((_, op)) = unseen.next_if(|&(place, _)| place == at) {
                order.push(op);
            }
            order.push(print.op);
        }
        order
    }
}

/// An operation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) op: u32,
    pub(super) slot: u16,
    pub(super) action: Action,
}

/// A group some of whose operations may take effect.
#[derive(Debug, Clone, Copy)]
struct Offer {
    group: u32,
    action: Action,
    field: Field,
    /// How many have begun.
    available: u32,
}

impl Offer {
    /// How many took effect.
    #[inline]
    fn used<const N: usize>(&self, config: &Config<N>) -> u32 {
        ((config.infos.0[self.field.word] & self.field.mask()) >> self.field.shift) as u32
    }
}

/// What is under way between two steps of a plan.
pub(super) struct Pending<'a, const N: usize> {
    plan: &'a Plan,
    ops: &'a [Operation],
    pub(super) guards: Bits<N>,
    pub(super) updates: Vec<Waiting>,
    pub(super) assertions: Vec<Waiting>,
    /// The slots of assertions and writes: of these a configuration in which more
    /// is done can do as much.
    pub(super) loose: Bits<N>,
    /// The slots of writes.
    writing: Bits<N>,
    offers: Vec<Offer>,
    /// How many have begun, by group.
    available: Vec<u32>,
}

impl<'a, const N: usize> Pending<'a, N> {
    pub(super) fn new(plan: &'a Plan, ops: &'a [Operation]) -> Pending<'a, N> {
        Pending {
            plan,
            ops,
            guards: Bits(std::array::from_fn(|word| plan.guards[word])),
            updates: Vec::with_capacity(FEW),
            assertions: Vec::with_capacity(FEW),
            loose: Bits::EMPTY,
            writing: Bits::EMPTY,
            offers: Vec::with_capacity(plan.groups.len()),
            available: vec![0; plan.groups.len()],
        }
    }

    /// The operation as it waits.
    pub(super) fn waiting(&self, op: u32) -> Waiting {
        let action = self.ops[op as usize].action;
        Waiting { op, slot: self.plan.slots[op as usize], action }
    }

    /// When a step is, if it is about one operation.
    pub(super) fn time(&self, step: Step) -> Option<u32> {
        match step {
            Step::Begin(op) => Some(self.ops[op as usize].begin),
            Step::End(op) => Some(self.ops[op as usize].end),
            Step::Offer(_) | Step::Retire(_) => None,
        }
    }

    fn add(&mut self, op: u32) {
        let waiting = self.waiting(op);
        if let Action::Write(_) = waiting.action {
            self.writing.insert(waiting.slot);
        }
        if !matches!(waiting.action, Action::Cas(..)) {
            self.loose.insert(waiting.slot);
        }
        if waiting.action.is_assertion() {
            self.assertions.push(waiting);
        } else {
            self.updates.push(waiting);
        }
    }

    fn remove(&mut self, op: u32) {
        let waiting = self.waiting(op);
        self.loose.remove(waiting.slot);
        self.writing.remove(waiting.slot);
        let list =
            if waiting.action.is_assertion() { &mut self.assertions } else { &mut self.updates };
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
                self.available[group as usize] += 1;
                self.offer(group);
            }
            Step::Retire(group) => self.offers.retain(|other| other.group != group),
        }
    }

    /// Goes back over a step.
    pub(super) fn backward(&mut self, step: Step) {
        match step {
            Step::Begin(op) => self.remove(op),
            Step::End(op) => self.add(op),
            Step::Offer(group) => {
                self.available[group as usize] -= 1;
                self.offer(group);
            }
            Step::Retire(group) => self.offer(group),
        }
    }

    /// Makes the offer of a group what it is now.
    fn offer(&mut self, group: u32) {
        let available = self.available[group as usize];
        match self.offers.iter().position(|other| other.group == group) {
            Some(place) if available == 0 => {
                self.offers.remove(place);
            }
            Some(place) => self.offers[place].available = available,
            None => {
                let Group { action, field, .. } = self.plan.groups[group as usize];
                self.offers.push(Offer { group, action, field, available });
            }
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
        if config.is_over(waiting) {
            return None;
        }
        let mut next = *config;
        if let Action::Write(value) = waiting.action {
            next.value = value;
            next.done.extend(&self.writing);
            next.spent.insert(waiting.slot);
        } else {
            next.value = waiting.action.apply(config.value)?;
            next.done.insert(waiting.slot);
        }
        next.trace = trail.push(config.trace, waiting.op);
        if next.value != config.value {
            self.settle(&mut next, trail);
        }
        Some(next)
    }

    /// Lets one indeterminate operation of each kind take effect, where that is
    /// possible, wanted and changes the register.
    #[inline]
    pub(super) fn offers(
        &self,
        config: &Config<N>,
        trail: &mut Trail,
        wanted: impl Fn(Action) -> bool,
        mut emit: impl FnMut(Config<N>),
    ) {
        for offer in &self.offers {
            let &Offer { group, action, field, available } = offer;
            let value = match action.apply(config.value) {
                Some(value) if value != config.value && wanted(action) => value,
                _ => continue,
            };
            let used = offer.used(config);
            if used >= available {
                continue;
            }
            let mut next = *config;
            next.value = value;
            next.infos.0[field.word] += 1 << field.shift;
            next.used += 1;
            if let Action::Write(_) = action {
                next.done.extend(&self.writing);
            }
            next.trace = trail.push(config.trace, self.plan.member(group, used as usize));
            self.settle(&mut next, trail);
            emit(next);
        }
    }

    /// The values that the register can come to hold by what is under way.
    pub(super) fn reach(&self, config: &Config<N>, values: &mut Vec<u32>) {
        let mut found = vec![config.value];
        let mut at = 0;
        while let Some(&value) = found.get(at) {
            at += 1;
            let updates = self.updates.iter().filter(|update| !config.is_over(update));
            let offers = self.offers.iter().filter(|offer| offer.used(config) < offer.available);
            let actions =
                updates.map(|update| update.action).chain(offers.map(|offer| offer.action));
            for next in actions.filter_map(|action| action.apply(value)) {
                if !found.contains(&next) {
                    found.push(next);
                }
            }
        }
        found.retain(|value| !values.contains(value));
        values.append(&mut found);
    }

    /// Whether an operation may take effect after others that are under way: whether
    /// the register can come to hold the value that it needs.
    pub(super) fn can_follow(&self, config: &Config<N>, waiting: &Waiting) -> bool {
        let wanted = match waiting.action {
            Action::Is(value) | Action::Cas(value, _) => value,
            Action::IsNot(_) | Action::Write(_) => return true,
        };
        // From what is wanted back to what holds.
        let mut chain = [wanted; CHAIN];
        let mut length = 1;
        let mut at = 0;
        while at < length {
            let value = chain[at];
            at += 1;
            if value == config.value {
                return true;
            }
            let mut leads = |action: Action| match action {
                Action::Write(to) => to == value,
                Action::Cas(from, to) if to == value && !chain[..length].contains(&from) => {
                    if length == CHAIN {
                        return true;
                    }
                    chain[length] = from;
                    length += 1;
                    false
                }
                _ => false,
            };
            let update = |update: &Waiting| {
                update.op != waiting.op && !config.is_over(update) && leads(update.action)
            };
            if self.updates.iter().any(update) {
                return true;
            }
            let offer = |offer: &Offer| offer.used(config) < offer.available && leads(offer.action);
            if self.offers.iter().any(offer) {
                return true;
            }
        }
        false
    }

    /// Who can stand in for whom among the groups at hand: by the place of its
    /// guard the field of the group that writes what a group of `cas` changes to.
    pub(super) fn substitutes(&self) -> Vec<Option<Field>> {
        let mut substitutes = vec![None; 64 * N];
        for offer in &self.offers {
            let Action::Cas(_, to) = offer.action else { continue };
            let write = self.offers.iter().find(|other| other.action == Action::Write(to));
            substitutes[offer.field.guard_place()] = write.map(|write| write.field);
        }
        substitutes
    }

    /// Whether a group is new: the first of it has just begun.
    pub(super) fn is_new(&self, group: u32) -> bool {
        self.available[group as usize] == 1
    }

    /// Whether it matters that an operation that ends, of which nothing more is
    /// asked, has not taken effect where it can be seen.
    #[inline]
    pub(super) fn may_show(&self, config: &Config<N>, ending: &Waiting) -> bool {
        let Action::Write(value) = ending.action else {
            return false;
        };
        let end = self.ops[ending.op as usize].end;
        !config.spent.has(ending.slot) && self.plan.needs[value as usize] > end
    }

    /// What took effect before an operation ended.
    pub(super) fn path(&self, trail: &Trail, trace: u32, ending: u32) -> Vec<u32> {
        trail.path(trace, self.ops, self.ops[ending as usize].end)
    }

    /// Forgets how many of a group took effect.
    pub(super) fn forget(&self, config: &mut Config<N>, group: u32) {
        let field = self.plan.groups[group as usize].field;
        let word = &mut config.infos.0[field.word];
        config.used -= ((*word & field.mask()) >> field.shift) as u32;
        *word &= !field.mask();
    }
}
