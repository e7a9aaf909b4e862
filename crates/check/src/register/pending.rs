//! What may happen next.

use super::config::{Bits, Config};
use super::operation::{Action, Operation};
use super::plan::{FEW, Field, Group, Plan, Step};
use super::trail::Trail;

/// Through how many values at most it is found out that an operation cannot take
/// effect.
const CHAIN: usize = 16;

/// An operation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) op: u32,
    pub(super) slot: u16,
    pub(super) action: Action,
}

/// An update under way that must take effect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update<const N: usize> {
    pub(super) waiting: Waiting,
    /// The places of those that do the same and end sooner. They go first: who is
    /// left can do later what they could have done, and no less.
    sooner: Bits<N>,
}

impl<const N: usize> Update<N> {
    /// Whether it may take effect yet.
    #[inline]
    fn is_open(&self, config: &Config<N>) -> bool {
        let over = config.over(self.waiting.action);
        !over.has(self.waiting.slot) && over.contains(&self.sooner)
    }
}

/// A group some of whose operations may take effect.
#[derive(Debug, Clone, Copy)]
struct Offer<const N: usize> {
    group: u32,
    action: Action,
    field: Field,
    /// How many have begun.
    available: u32,
    /// The places of those that do the same and must take effect: they go first.
    sooner: Bits<N>,
}

impl<const N: usize> Offer<N> {
    /// How many took effect.
    #[inline]
    fn used(&self, config: &Config<N>) -> u32 {
        ((config.infos.0[self.field.word] & self.field.mask()) >> self.field.shift) as u32
    }

    /// Whether another may take effect yet.
    #[inline]
    fn is_open(&self, config: &Config<N>) -> bool {
        self.used(config) < self.available && config.over(self.action).contains(&self.sooner)
    }
}

/// What is under way between two steps of a plan.
pub(super) struct Pending<'a, const N: usize> {
    plan: &'a Plan,
    ops: &'a [Operation],
    pub(super) guards: Bits<N>,
    pub(super) updates: Vec<Update<N>>,
    pub(super) assertions: Vec<Waiting>,
    /// The slots of assertions and writes: of these a configuration in which more
    /// is done can do as much.
    pub(super) loose: Bits<N>,
    /// The slots of writes.
    writing: Bits<N>,
    offers: Vec<Offer<N>>,
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
        if !matches!(waiting.action, Action::Cas(..) | Action::Try(..)) {
            self.loose.insert(waiting.slot);
        }
        if waiting.action.is_assertion() {
            self.assertions.push(waiting);
            return;
        }
        let end = |op: u32| self.ops[op as usize].end;
        let mut sooner = Bits::EMPTY;
        for other in self.updates.iter_mut().filter(|other| other.waiting.action == waiting.action)
        {
            if end(other.waiting.op) < end(op) {
                sooner.insert(other.waiting.slot);
            } else {
                other.sooner.insert(waiting.slot);
            }
        }
        for offer in self.offers.iter_mut().filter(|offer| offer.action == waiting.action) {
            offer.sooner.insert(waiting.slot);
        }
        self.updates.push(Update { waiting, sooner });
    }

    fn remove(&mut self, op: u32) {
        let waiting = self.waiting(op);
        self.loose.remove(waiting.slot);
        self.writing.remove(waiting.slot);
        if waiting.action.is_assertion() {
            if let Some(place) = self.assertions.iter().position(|other| other.op == op) {
                self.assertions.swap_remove(place);
            }
            return;
        }
        if let Some(place) = self.updates.iter().position(|other| other.waiting.op == op) {
            self.updates.swap_remove(place);
        }
        self.updates.iter_mut().for_each(|other| other.sooner.remove(waiting.slot));
        self.offers.iter_mut().for_each(|offer| offer.sooner.remove(waiting.slot));
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
                let mut sooner = Bits::EMPTY;
                let alike = |other: &&Update<N>| other.waiting.action == action;
                self.updates
                    .iter()
                    .filter(alike)
                    .for_each(|other| sooner.insert(other.waiting.slot));
                self.offers.push(Offer { group, action, field, available, sooner });
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

    /// Lets each of the wanted updates take effect that must, where that is possible
    /// and not just what another can do as well.
    #[inline]
    pub(super) fn updates(
        &self,
        config: &Config<N>,
        trail: &mut Trail,
        wanted: impl Fn(&Waiting) -> bool,
        mut emit: impl FnMut(Config<N>),
    ) {
        for update in &self.updates {
            if update.is_open(config) && wanted(&update.waiting) {
                self.update(config, &update.waiting, trail).map(&mut emit);
            }
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
        if config.over(waiting.action).has(waiting.slot) {
            return None;
        }
        let mut next = *config;
        next.value = waiting.action.apply(config.value)?;
        if let Action::Write(_) = waiting.action {
            next.done.extend(&self.writing);
            next.spent.insert(waiting.slot);
        } else {
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
            let &Offer { group, action, field, .. } = offer;
            let value = match action.apply(config.value) {
                Some(value) if value != config.value && wanted(action) => value,
                _ => continue,
            };
            if !offer.is_open(config) {
                continue;
            }
            let used = offer.used(config);
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
            let updates = self.updates.iter().filter(|update| update.is_open(config));
            let offers = self.offers.iter().filter(|offer| offer.is_open(config));
            let actions =
                updates.map(|update| update.waiting.action).chain(offers.map(|offer| offer.action));
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
            Action::IsNot(_) | Action::Write(_) | Action::Try(..) => return true,
        };
        // From what is wanted back to what holds: mostly there is a write of it, and to
        // go through all that can be reached takes several times as long.
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
                Action::Cas(from, to) | Action::Try(from, to)
                    if to == value && !chain[..length].contains(&from) =>
                {
                    if length == CHAIN {
                        return true;
                    }
                    chain[length] = from;
                    length += 1;
                    false
                }
                _ => false,
            };
            let update = |update: &Update<N>| {
                let is_other = update.waiting.op != waiting.op;
                is_other && update.is_open(config) && leads(update.waiting.action)
            };
            if self.updates.iter().any(update) {
                return true;
            }
            let offer = |offer: &Offer<N>| offer.is_open(config) && leads(offer.action);
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
