//! Broadcast, from naive flooding on. (Challenge 3.)

pub mod arguments;
pub mod clients;
pub mod direct;
pub mod durable;
pub mod flood;
pub mod flood_retry;
pub mod hub_ft;
pub mod hub_sync;
pub mod hub_timer;
mod kept;
pub mod latency;
pub mod plumtree;
pub mod push_pull;
pub mod repair;
pub mod schedule;
mod spread;
pub mod storage;
pub mod tree_sync;
mod values;

pub use values::Values;
