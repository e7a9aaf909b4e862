//! Why one transaction comes before another.

/// The micro-operations of two transactions that put one before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) key: u32,
    /// What the first of them did.
    pub(super) first: u32,
    /// What the second did.
    pub(super) second: u32,
}
