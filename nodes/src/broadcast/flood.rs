//! Flooding: who gets a new value passes it on to all neighbours but the one it
//! came from.
//!
//! Cost: on a graph with n nodes and e links each value takes 2e − (n − 1)
//! messages: one over each link of the tree by which it spreads, two over every
//! other, where both ends send it to each other. Time: the longest shortest path.
//! Nothing is repeated, so a lost message may mean a lost value.

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Node, NodeId};

use super::Values;

/// What the node knows.
#[derive(Debug, Default)]
pub struct State {
    neighbours: Vec<NodeId>,
    values: Values,
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on(async |cx, Topology { topology }| {
            let neighbours = topology.get(cx.id()).cloned().unwrap_or_default();
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async |cx, Broadcast { message }| {
            if cx.with(|state| state.values.insert(&message)) {
                cx.mark("holds", message.clone());
                // Without a msg_id, so nobody answers.
                cx.with(|state| {
                    let others = state.neighbours.iter().filter(|peer| *peer != cx.src());
                    cx.send_all(others, Broadcast { message });
                });
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}
