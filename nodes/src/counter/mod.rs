//! Counters.

pub mod crdt;
pub mod seq_kv;
