//! The checkers of transactions: against the definitions, in words, and on junk.

mod brute_force;
mod define;
mod generate;
#[path = "../common/random.rs"]
mod random;
mod small;
#[path = "../common/soak.rs"]
mod soak;
