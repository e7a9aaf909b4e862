//! Registers: against the definition, on histories as text, on junk.

mod brute_force;
mod fixtures;
mod junk;
mod naive;
mod random;
mod simulate;
