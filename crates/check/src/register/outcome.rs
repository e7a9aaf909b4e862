//! What a search came to.

use super::budget::Limit;
use super::config::Config;
use super::pending::Pending;
use super::trail::Trail;

/// How many configurations are shown, as in Knossos.
pub(super) const SHOWN: usize = 10;

/// A configuration to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) value: u32,
    /// What took effect last.
    pub(super) last: Option<u32>,
    /// What is under way and has not taken effect.
    pub(super) pending: Vec<u32>,
}

impl Shown {
    pub(super) fn of<'a, const N: usize>(
        configs: impl Iterator<Item = &'a Config<N>>,
        pending: &Pending<'_, N>,
        trail: &Trail,
    ) -> Vec<Shown> {
        let updates = || pending.updates.iter().map(|update| &update.waiting);
        let waiting = || updates().chain(&pending.assertions);
        let shown = configs.take(SHOWN).map(|config| {
            let mut pending: Vec<u32> = waiting()
                .filter(|waiting| !config.done.has(waiting.slot))
                .map(|waiting| waiting.op)
                .collect();
            pending.sort_unstable();
            Shown { value: config.value, last: trail.last(config.trace), pending }
        });
        shown.collect()
    }
}

/// Where every way ends.
#[derive(Debug)]
pub(super) struct Stuck {
    /// The operation that fits none.
    pub(super) op: u32,
    /// What the register could hold there.
    pub(super) states: Vec<u32>,
    pub(super) configs: Vec<Shown>,
    /// An order that explains everything before, if it was recorded.
    pub(super) prefix: Vec<u32>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// There is an order; some of the ends.
    Linearizable(Vec<Shown>),
    /// There is none.
    Stuck(Stuck),
    /// It cannot be said.
    Exhausted(Limit),
}
