//! Keyed randomness.
//!
//! Each draw is a function of the seed, of what it is for, and of what led to the thing
//! it is about, never of how many draws came before. So taking one operation, node or
//! fault out of a Plan leaves the draws in place of all that does not follow from it,
//! and most of what does.
//!
//! What led to a thing is a *key*: an operation's comes from its worker and number, an
//! `init`'s from the node and its incarnation, a message's from the step that sent it,
//! its receiver's name and how many the step sent there before, a timer's from the step
//! that set it. A step has the key of the message, timer or sync that it handles.

use glomers_node::Rng;
use glomers_node::key::{mix, of_name, spread};

/// What there is at the beginning of a chain of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Origin {
    /// An operation of a worker's list or generator (worker, number).
    Operation = 1,
    /// A final operation, or one that sees whether a worker is served (worker, number).
    Final = 2,
    /// The start of a node (name, incarnation).
    Init = 3,
    /// A question of the set-up (node, number).
    Setup = 4,
    /// What a process wrote when it was woken (name, moment).
    Wake = 5,
    /// A reply of a live process (its name, the id that it replies to).
    Reply = 6,
    /// Anything else that a live process sent (its name, how many on that link before).
    Line = 7,
    /// A sync that a step has asked for (the step, number).
    Sync = 8,
    /// The copy that a fault makes of a message (the message, 0).
    Copy = 9,
}

impl Origin {
    /// The key of one of these.
    pub(crate) fn key(self, a: u64, b: u64) -> u64 {
        mix(mix(self as u64, a), b)
    }
}

/// The key of a message from a step to a receiver, by its name's key, to whom the step
/// sent so many before.
pub(crate) fn message_key(cause: u64, receiver: u64, before: u64) -> u64 {
    mix(cause, receiver.wrapping_add(before))
}

/// The seed of the randomness of an incarnation of a node.
pub fn node_seed(seed: u64, node: &str, incarnation: u32) -> u64 {
    keyed_seed(seed, Purpose::Node, of_name(node), incarnation.into(), 0)
}

/// What a draw decides. The numbers are part of what a seed means: never change
/// one, never use one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Latency of a message (its key).
    Latency = 1,
    /// Loss of a message (its key).
    Loss = 2,
    /// Service time of a delivery, and what a service chooses (the message's key).
    Service = 3,
    /// The gap after the k-th operation (k, 0, 0).
    Gap = 4,
    /// A worker's operations (worker, 1 if they are final, 0).
    Worker = 5,
    /// The seed of a node's randomness (the key of its name, incarnation, 0).
    Node = 6,
    /// The schedule of one kind of fault (kind of fault, 0, 0).
    Nemesis = 7,
    /// The choices of a random chooser.
    Choice = 8,
    /// The order of turns in a round (round, 0, 0).
    Turns = 9,
    /// Whether a fault loses a message (its key).
    FaultLoss = 10,
    /// Whether, and when, a message comes twice (its key).
    Duplicate = 11,
    /// Whether, and how long, a message is held up (its key).
    Reorder = 12,
    /// Whether a link turns bad or good (the link's key, slot, 0).
    Burst = 13,
    /// Whether a link in a burst loses a message (its key).
    BurstLoss = 15,
    /// What the latencies of a link have in common (the link's key, window, 0).
    Correlation = 14,
    /// How long a sync takes (its key).
    Sync = 20,
    /// What a kill leaves on a node's disk (the key of its name, the moment, 0).
    Crash = 21,
    /// Whether a call to a failing disk fails (the step's key, how many before, 0).
    DiskError = 22,
    /// Which Plan of a family a seed stands for (the knob's name, what for, 0).
    Family = 30,
    /// Random bytes of a traced process (the key of its name, incarnation, 0).
    TracedBytes = 40,
    /// Whose turn it is in a traced process (the key of its name, incarnation, 0).
    TracedTurns = 41,
}

/// A stream of random numbers that belongs to one key.
#[derive(Debug, Clone)]
pub struct Draws(Rng);

/// A seed of 64 bits that belongs to one key.
pub fn keyed_seed(seed: u64, purpose: Purpose, a: u64, b: u64, c: u64) -> u64 {
    [purpose as u64, a, b, c].into_iter().fold(spread(seed), |hash, part| spread(hash ^ part))
}

impl Draws {
    /// The stream of a key.
    #[inline]
    pub fn keyed(seed: u64, purpose: Purpose, a: u64, b: u64, c: u64) -> Draws {
        Draws(Rng::from_seed(keyed_seed(seed, purpose, a, b, c)))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number from 0 (included) to 1 (not included), in steps of 2⁻⁵³.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    /// An integer from 0 up to, but not including, `end`.
    ///
    /// # Panics
    /// If `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    /// A number with the exponential distribution of this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        // 1 − u is never 0. `libm` gives the same bits on every machine.
        -libm::log(1.0 - self.unit()) * mean
    }

    /// Puts the elements into random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            elements.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_seed_never_change() {
        let mut draws = Draws::keyed(42, Purpose::Latency, 1, 2, 3);
        assert_eq!(
            (draws.bits(), draws.below(1000), draws.exponential(100.0).to_bits()),
            GOLDEN,
            "stores of earlier versions could no longer be repeated"
        );
    }

    const GOLDEN: (u64, u64, u64) = (15_966_920_482_993_298_509, 352, 4_624_826_978_949_720_291);

    #[test]
    fn draws_have_the_distribution_they_claim() {
        let mut draws = Draws::keyed(7, Purpose::Service, 0, 0, 0);
        let count = 100_000;
        let mean = (0..count).map(|_| draws.exponential(5.0)).sum::<f64>() / f64::from(count);
        assert!((mean - 5.0).abs() < 0.1, "{mean}");
        let mut seen = [0u32; 7];
        for _ in 0..count {
            seen[draws.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n.abs_diff(count as u32 / 7) < 600), "{seen:?}");
    }

    #[test]
    fn each_part_of_the_key_counts() {
        let base = keyed_seed(1, Purpose::Latency, 2, 3, 4);
        for other in [
            keyed_seed(2, Purpose::Latency, 2, 3, 4),
            keyed_seed(1, Purpose::Loss, 2, 3, 4),
            keyed_seed(1, Purpose::Latency, 3, 2, 4),
            keyed_seed(1, Purpose::Latency, 2, 4, 3),
            keyed_seed(1, Purpose::Latency, 2, 3, 5),
        ] {
            assert_ne!(base, other);
        }
    }
}
