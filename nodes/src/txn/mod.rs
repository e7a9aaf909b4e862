//! Transactions over keys. (Challenge 6.)

pub mod list_append;
mod page;
pub mod rw_causal;
pub mod rw_register;
mod stamp;
