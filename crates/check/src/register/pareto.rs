//! Sets of configurations without those that others make superfluous.

use super::config::{Bits, Config};
use super::plan::Field;

/// Up to how many entries looking at all of them is faster than hashing.
const FEW: usize = 12;

/// The value of entries that were made superfluous.
const DEAD: u32 = u32::MAX;

/// No entry.
const NONE: u32 = u32::MAX;

/// Of how many values at most `cas` are taken for writes in one comparison.
const TARGETS: usize = 4;

/// Configurations of which none makes another superfluous. One does if it agrees
/// in the value and in the `cas` that took effect, is asked for no other operation
/// more, has spent no write more, and has at least as much left of the
/// indeterminate operations, where a write may be left instead of a `cas` to the
/// same value: whatever can follow the other can follow it.
pub(super) struct Pareto<const N: usize> {
    pub(super) entries: Vec<Config<N>>,
    /// The next entry with the same hash, by entry.
    next: Vec<u32>,
    /// The first entry by hash; empty while there are few.
    heads: Vec<u32>,
    loose: Bits<N>,
    guards: Bits<N>,
    /// See [`super::pending::Pending::substitutes`].
    pub(super) substitutes: Vec<Option<Field>>,
    /// How many comparisons were made.
    pub(super) steps: u64,
}

impl<const N: usize> Pareto<N> {
    pub(super) fn new(guards: Bits<N>) -> Pareto<N> {
        Pareto {
            entries: Vec::new(),
            next: Vec::new(),
            heads: Vec::new(),
            loose: Bits::EMPTY,
            guards,
            substitutes: vec![None; 64 * N],
            steps: 0,
        }
    }

    /// Empties the set; `loose` are the slots of all but `cas` from now on.
    pub(super) fn reset(&mut self, loose: Bits<N>) {
        self.entries.clear();
        self.next.clear();
        self.heads.clear();
        self.loose = loose;
    }

    /// The configurations.
    pub(super) fn alive(&self) -> impl Iterator<Item = &Config<N>> {
        self.entries.iter().filter(|entry| entry.value != DEAD)
    }

    /// The entry at a place, unless it has been made superfluous.
    pub(super) fn get(&self, place: u32) -> Option<Config<N>> {
        let entry = self.entries[place as usize];
        (entry.value != DEAD).then_some(entry)
    }

    fn bucket(&self, config: &Config<N>) -> usize {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hash = u64::from(config.value).wrapping_mul(FACTOR);
        for word in config.done.without(&self.loose).0 {
            hash = (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        }
        (hash >> 32) as usize & (self.heads.len() - 1)
    }

    /// Adds a configuration unless it is superfluous, drops those that it makes
    /// superfluous, and gives its place.
    pub(super) fn insert(&mut self, config: Config<N>) -> Option<u32> {
        let place = self.entries.len() as u32;
        if self.heads.is_empty() {
            for at in 0..self.entries.len() {
                if self.compare(at, &config)? {
                    self.entries[at].value = DEAD;
                }
            }
            self.entries.push(config);
            if self.entries.len() > FEW {
                self.rehash();
            }
            return Some(place);
        }
        let bucket = self.bucket(&config);
        let mut at = self.heads[bucket];
        while at != NONE {
            if self.compare(at as usize, &config)? {
                self.entries[at as usize].value = DEAD;
            }
            at = self.next[at as usize];
        }
        self.entries.push(config);
        self.next.push(self.heads[bucket]);
        self.heads[bucket] = place;
        if self.entries.len() > self.heads.len() {
            self.rehash();
        }
        Some(place)
    }

    /// Whether the new one makes the entry superfluous; `None` if it is the other
    /// way round.
    #[inline]
    fn compare(&mut self, at: usize, new: &Config<N>) -> Option<bool> {
        self.steps += 1;
        let old = &self.entries[at];
        if !self.is_alike(old, new) {
            return Some(false);
        }
        if self.covers(old, new) {
            return None;
        }
        Some(self.covers(new, old))
    }

    /// Whether they agree in what must be the same.
    #[inline]
    fn is_alike(&self, one: &Config<N>, other: &Config<N>) -> bool {
        one.value == other.value && one.done.without(&self.loose) == other.done.without(&self.loose)
    }

    /// Whether one of two that are alike can do what the other can.
    #[inline]
    fn covers(&self, one: &Config<N>, other: &Config<N>) -> bool {
        one.is_ahead_of(other) && self.has_left(one, other)
    }

    /// Whether one has as much left of the indeterminate operations as another.
    #[inline]
    fn has_left(&self, one: &Config<N>, other: &Config<N>) -> bool {
        let mut excess = one.excess(other, &self.guards);
        match (excess.next(), excess.next()) {
            (None, _) => true,
            (Some(word), None) => self.can_substitute(one, other, word),
            _ => false,
        }
    }

    /// As [`Pareto::has_left`], where one used more of something in one word.
    fn can_substitute(&self, one: &Config<N>, other: &Config<N>, word: usize) -> bool {
        let guard = self.guards.0[word];
        let kept = (other.infos.0[word] | guard).wrapping_sub(one.infos.0[word]) & guard;
        let mut lacking = guard & !kept;
        let mut needed: [(Option<Field>, u64); TARGETS] = [(None, 0); TARGETS];
        while lacking != 0 {
            let bit = lacking.trailing_zeros();
            lacking &= lacking - 1;
            let Some(write) = self.substitutes[word * 64 + bit as usize] else {
                return false;
            };
            // The count ends below its guard, and begins above the guard before.
            let below = guard & ((1 << bit) - 1);
            let from = u64::BITS - below.leading_zeros();
            let mask = ((1 << bit) - 1) & !((1 << from) - 1);
            let more = ((one.infos.0[word] & mask) - (other.infos.0[word] & mask)) >> from;
            let place = needed.iter_mut().find(|(field, _)| field.is_none_or(|it| it == write));
            let Some((field, sum)) = place else {
                return false;
            };
            *field = Some(write);
            *sum += more;
        }
        needed.iter().map_while(|&(field, sum)| Some((field?, sum))).all(|(write, sum)| {
            let count =
                |config: &Config<N>| (config.infos.0[write.word] & write.mask()) >> write.shift;
            count(one) + sum <= count(other)
        })
    }

    /// Drops the configurations that one makes superfluous, or that are the same,
    /// without adding it.
    pub(super) fn displace(&mut self, config: &Config<N>) {
        if self.heads.is_empty() {
            for at in 0..self.entries.len() {
                self.displace_one(at, config);
            }
            return;
        }
        let mut at = self.heads[self.bucket(config)];
        while at != NONE {
            self.displace_one(at as usize, config);
            at = self.next[at as usize];
        }
    }

    #[inline]
    fn displace_one(&mut self, at: usize, config: &Config<N>) {
        self.steps += 1;
        if self.is_alike(&self.entries[at], config) && self.covers(config, &self.entries[at]) {
            self.entries[at].value = DEAD;
        }
    }

    fn rehash(&mut self) {
        let size = (self.entries.len() * 4).next_power_of_two();
        self.heads.clear();
        self.heads.resize(size, NONE);
        self.next.clear();
        self.next.resize(self.entries.len(), NONE);
        for at in 0..self.entries.len() {
            if self.entries[at].value == DEAD {
                continue;
            }
            let bucket = self.bucket(&self.entries[at]);
            self.next[at] = self.heads[bucket];
            self.heads[bucket] = at as u32;
        }
    }

    /// How many bytes the set takes.
    pub(super) fn bytes(&self) -> u64 {
        let entries = self.entries.capacity() * size_of::<Config<N>>();
        (entries + 4 * (self.next.capacity() + self.heads.capacity())) as u64
    }
}
