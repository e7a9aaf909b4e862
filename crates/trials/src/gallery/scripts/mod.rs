//! Faults and operations by hand, where chance would take too long.

pub(super) mod raft;
pub(super) mod raft_disk;
