//! The checker of logs: against a second opinion, in words, and on junk.

mod brute_force;
#[path = "../common/mod.rs"]
mod common;
mod consumers;
#[path = "../common/entry.rs"]
mod entry;
mod finals;
mod generate;
mod jepsen;
mod junk;
#[path = "../common/junk_values.rs"]
mod junk_values;
mod mistakes;
mod naive;
mod naive_starts;
#[path = "../common/random.rs"]
mod random;
#[path = "../common/soak.rs"]
mod soak;
mod words;
