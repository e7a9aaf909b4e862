//! Reference nodes: right, readable, and each both a program and an embedded
//! node from one source.
//!
//! They depend on `glomers-node` alone, as anybody's nodes would.

pub mod broadcast;
pub mod counter;
pub mod echo;
pub mod g_set;
pub mod kafka;
pub mod lin_kv_proxy;
pub mod once;
pub mod outbox;
pub mod raft;
pub mod records;
mod registry;
mod templates;
pub mod txn;
pub mod unique_ids;

pub use registry::{Entry, Hazard, Make, NODES, entry, no_arguments, process_arguments};
pub use templates::{EXAMPLES, Example, TEMPLATES, Template};
