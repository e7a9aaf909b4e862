//! The checkers of transactions: against the definitions, in words, and on junk.

mod brute_force;
mod chapter;
#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod define;
mod define_sessions;
mod differential;
#[path = "../common/entry.rs"]
mod entry;
mod generate;
mod junk;
#[path = "../common/junk_values.rs"]
mod junk_values;
mod marks;
#[path = "../common/random.rs"]
mod random;
mod readings;
mod small;
#[path = "../common/soak.rs"]
mod soak;
#[path = "../common/text.rs"]
mod text;
mod words;
