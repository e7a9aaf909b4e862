//! The standard workloads: one file each, and a registry.
//!
//! A workload is a [`Workload`](glomers_sim::Workload): operations, a client, a
//! generator and a checker. Knows neither processes nor files.

mod broadcast;
mod counter;
mod echo;
mod facts;
mod g_set;
mod kafka;
mod keys;
mod lin_kv;
mod registry;
mod reply;
mod topology;
mod txn;
mod unique_ids;

pub use broadcast::Broadcast;
pub use counter::{GCounter, PnCounter};
pub use echo::Echo;
pub use facts::{OperationFacts, OptionFacts, Takes, Word};
pub use g_set::GSet;
pub use glomers_check::nearest;
pub use kafka::Kafka;
pub use lin_kv::LinKv;
pub use registry::{Entry, MONOTONIC_READS, NAMES, UnknownName, entry, make};
pub use topology::{TOPOLOGIES, Topology};
pub use txn::{TxnListAppend, TxnOptions, TxnRwRegister, TxnStyle};
pub use unique_ids::UniqueIds;
