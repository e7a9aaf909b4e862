//! The checker of logs: against a second opinion, in words, and on junk.

mod brute_force;
#[path = "../common/mod.rs"]
mod common;
mod consumers;
mod generate;
mod junk;
mod naive;
#[path = "../common/random.rs"]
#[expect(dead_code, reason = "the histories of sets are not of use here")]
mod random;
#[path = "../common/soak.rs"]
mod soak;
mod words;
