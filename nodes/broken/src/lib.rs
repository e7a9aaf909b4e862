//! The gallery: nodes that are wrong on purpose.
//!
//! Each is a mistake that people make, as small a difference to a right node as
//! it is in life. The registry says of each what is wrong and what it takes to show it.
//! Where they are tried (`glomers gallery`) stand the conditions, the finding by which
//! each must be found out, and the node that is right where it is wrong. A checker that
//! accepts one of them has a hole.

mod bases;
pub mod broadcast;
pub mod counter;
pub mod echo;
mod entry;
pub mod g_set;
pub mod kafka;
pub mod lin_kv;
pub mod raft;
mod registry;
pub mod txn;
pub mod unique_ids;

pub use entry::Entry;
pub use registry::{entries, entry};
