//! Axioms of weak models, and steps of proofs that they do not hold.

/// An axiom: what a transaction saw if it read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axiom {
    /// All of whom it read from before.
    MonotonicAtomicView,
    /// All of whom it reads from.
    ReadAtomic,
    /// All that these saw, too.
    Causal,
}

impl Axiom {
    /// Our name of what breaks it, Elle's, and the model. Sessions count in `causal`.
    pub(super) fn names(self, has_sessions: bool) -> (&'static str, &'static str, &'static str) {
        match (self, has_sessions) {
            (Axiom::MonotonicAtomicView, _) => (
                "monotonic-atomic-view-violation",
                "monotonic-atomic-view-cycle-exists",
                "monotonic-atomic-view",
            ),
            (Axiom::ReadAtomic, _) => {
                ("read-atomic-violation", "read-atomic-cycle-exists", "read-atomic")
            }
            (Axiom::Causal, false) => {
                ("causal-cerone-violation", "causal-cerone-cycle-exists", "causal-cerone")
            }
            (Axiom::Causal, true) => ("causal-violation", "causal-cycle-exists", "causal"),
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
    /// The second appended to a list behind the first.
    Replaced { key: u32 },
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
