//! Configurations: what may have happened so far.

use super::operation::Action;

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
    /// What took effect last, as [`super::trail::Trail`] has it.
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

    /// The places of operations that can take effect no more, if they do this.
    #[inline]
    pub(super) fn over(&self, action: Action) -> &Bits<N> {
        if let Action::Write(_) = action { &self.spent } else { &self.done }
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
    /// another; `guards` as in [`super::plan::Plan::guards`].
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
