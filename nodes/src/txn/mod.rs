//! Transactions over keys. (Challenge 6.)

mod later;
mod page;
pub mod rw_available;
pub mod rw_causal;
mod stamp;
pub mod tree;
