//! Maps and sets whose order of iteration is the same in every run.
//!
//! Those of `std` draw a new hash function for each run, so a node that sends in
//! the order of its map would do something else each time. The order of these
//! depends on the keys and on how the map grew, and nothing else. Sort what you
//! take from them, or use a `BTreeMap`, where the order matters to others.

#[doc(no_inline)]
pub use rustc_hash::{FxHashMap as Map, FxHashSet as Set};
