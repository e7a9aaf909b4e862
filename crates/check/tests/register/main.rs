//! Registers: against the definition, on histories as text, on junk.

#[path = "../common/mod.rs"]
mod common;

mod brute_force;
mod fixtures;
mod hard;
mod junk;
mod naive;
#[path = "../common/random.rs"]
mod random;
mod simulate;
#[path = "../common/soak.rs"]
mod soak;
#[path = "../common/text.rs"]
mod text;
