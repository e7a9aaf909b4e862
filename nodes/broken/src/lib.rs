//! The gallery: nodes that are wrong on purpose.
//!
//! Each is a mistake that people make, as small a difference to a right node as
//! it is in life. The registry says of each what is wrong, by which finding it
//! must be found out, under which faults, and which node is right where it is
//! wrong; `glomers gallery` tries them all. A checker that accepts one of them
//! has a hole.

mod bases;
pub mod broadcast;
pub mod counter;
pub mod echo;
mod entry;
pub mod g_set;
pub mod kafka;
pub mod lin_kv;
pub mod raft;
pub mod raft_disk;
mod registry;
pub mod txn;
mod txn_entries;
pub mod unique_ids;

pub use entry::{Asked, Conditions, Entry, Faults, Step, Turn};
pub use registry::{ENTRIES, entry};
