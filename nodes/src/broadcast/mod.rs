//! Broadcast, from naive flooding on. (Challenge 3.)

pub mod flood;
pub mod flood_retry;
mod values;

pub use values::Values;
