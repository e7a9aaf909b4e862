//! What a search need not try again: where a configuration can do no more than one
//! that was tried at the same step. What can follow it can follow that one in as few
//! steps, so of the orders there are a shortest is never left out.

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::config::{Bits, Config};
use super::plan::FEW;

/// No entry.
const NONE: u32 = u32::MAX;

/// Configurations from which all ways on are on the stack, or led nowhere.
pub(super) struct Tried<const N: usize> {
    /// The last entry by what must be the same: the step, the value and the `cas`
    /// that took effect.
    last: FxHashMap<(u32, u32, Bits<N>), u32>,
    /// Configurations, each with the one before it that has the same.
    entries: Vec<(Config<N>, u32)>,
    guards: Bits<N>,
}

impl<const N: usize> Tried<N> {
    pub(super) fn new(guards: Bits<N>) -> Tried<N> {
        Tried {
            last: FxHashMap::with_capacity_and_hasher(3 * FEW, FxBuildHasher),
            entries: Vec::with_capacity(2 * FEW),
            guards,
        }
    }

    pub(super) fn insert(&mut self, at: u32, config: &Config<N>, loose: &Bits<N>) {
        let place = self.entries.len() as u32;
        let key = (at, config.value, config.done.without(loose));
        let before = self.last.insert(key, place).unwrap_or(NONE);
        self.entries.push((*config, before));
    }

    /// Whether one of those at a step can do all that a configuration can.
    pub(super) fn covers(
        &self,
        at: u32,
        config: &Config<N>,
        loose: &Bits<N>,
        steps: &mut u64,
    ) -> bool {
        let key = (at, config.value, config.done.without(loose));
        let mut place = self.last.get(&key).copied().unwrap_or(NONE);
        while let Some((entry, before)) = self.entries.get(place as usize) {
            *steps += 1;
            if entry.is_ahead_of(config) && entry.excess(config, &self.guards).next().is_none() {
                return true;
            }
            place = *before;
        }
        false
    }

    /// How many bytes this takes.
    pub(super) fn bytes(&self) -> usize {
        let entry = size_of::<((u32, u32, Bits<N>), u32)>() + 1;
        self.last.capacity() * entry + self.entries.capacity() * size_of::<(Config<N>, u32)>()
    }
}
