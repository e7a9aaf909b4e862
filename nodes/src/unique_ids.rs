//! Ids that no node ever gave before, without asking anybody. (Challenge 2.)
//!
//! An id has three parts, `n2-1c9d5a0f7be34d21-17`:
//!
//! - the node's id: two nodes never give the same;
//! - 64 random bits that the node draws when it starts: two incarnations of a
//!   node give the same with probability 2⁻⁶⁴, though nothing is stored;
//! - a counter: an incarnation never gives the same twice.

use glomers_node::Node;
use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};

/// What an incarnation remembers.
#[derive(Debug, Default)]
pub struct State {
    incarnation_bits: u64,
    count: u64,
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            let bits = cx.with_rng(|rng| rng.bits());
            cx.with(|state| state.incarnation_bits = bits);
        })
        .on(async |cx, Generate {}| {
            let (bits, count) = cx.with(|state| {
                state.count += 1;
                (state.incarnation_bits, state.count)
            });
            Ok(GenerateOk { id: format!("{}-{bits:016x}-{count}", cx.id()).into() })
        })
}
