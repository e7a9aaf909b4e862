//! The workloads g-set, g-counter, pn-counter, lin-kv and kafka: their reference
//! nodes are accepted under all faults that they claim to survive, and nodes that
//! are wrong in an obvious way are not. `GLOMERS_SEEDS=1000` runs that many seeds
//! instead of a few.

mod counters;
mod g_set;
mod kafka;
mod lin_kv;
mod raft;
mod strangers;
mod trial;
