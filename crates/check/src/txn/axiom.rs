//! Axioms of weak models, and steps of proofs that they do not hold.

use super::graph::Order;

/// An axiom: what a transaction saw if it read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axiom {
    /// Nothing: only writes have an order.
    Writes,
    /// Nothing: writes and reads of what was written have an order.
    Flow,
    /// All of whom it read from before.
    MonotonicAtomicView,
    /// All of whom it reads from.
    ReadAtomic,
    /// All that these saw, too.
    Causal,
}

impl Axiom {
    /// Our name of what breaks it, Elle's, and the model, where an order counts.
    pub(super) fn names(self, order: Order) -> (&'static str, &'static str, &'static str) {
        match (self, order) {
            (Axiom::Writes, Order::Free) => ("PL-1-violation", "PL-1-cycle-exists", "PL-1"),
            (Axiom::Writes, Order::Session) => (
                "strong-session-PL-1-violation",
                "strong-session-PL-1-cycle-exists",
                "strong-session-PL-1",
            ),
            (Axiom::Writes, Order::RealTime) => {
                ("strong-PL-1-violation", "strong-PL-1-cycle-exists", "strong-PL-1")
            }
            (Axiom::Flow, Order::Free) => ("PL-2-violation", "PL-2-cycle-exists", "PL-2"),
            (Axiom::Flow, Order::Session) => (
                "strong-session-PL-2-violation",
                "strong-session-PL-2-cycle-exists",
                "strong-session-PL-2",
            ),
            (Axiom::Flow, Order::RealTime) => {
                ("strong-PL-2-violation", "strong-PL-2-cycle-exists", "strong-PL-2")
            }
            (Axiom::MonotonicAtomicView, _) => (
                "monotonic-atomic-view-violation",
                "monotonic-atomic-view-cycle-exists",
                "monotonic-atomic-view",
            ),
            (Axiom::ReadAtomic, _) => {
                ("read-atomic-violation", "read-atomic-cycle-exists", "read-atomic")
            }
            (Axiom::Causal, Order::Free) => {
                ("causal-cerone-violation", "causal-cerone-cycle-exists", "causal-cerone")
            }
            (Axiom::Causal, _) => ("causal-violation", "causal-cycle-exists", "causal"),
        }
    }
}

/// Why one transaction comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The second read what the first wrote.
    Read { key: u32 },
    /// Their session did one after the other.
    Session,
    /// The first was over before the second began.
    RealTime,
    /// The second appended to a list behind the first.
    Replaced { key: u32 },
    /// The session of the second had seen the first before; both wrote a key.
    Follows { key: u32 },
    /// Somebody saw the first, and read the second's value of a key that both wrote.
    Saw { reader: u32, key: u32 },
}

/// A step of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) reason: Reason,
}
