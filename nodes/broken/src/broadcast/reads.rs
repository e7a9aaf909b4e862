//! Reads that do not show what is there.

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{List, Node, Retry, Value};

/// A new copy for readers is made once in so many values.
const COPY: usize = 100;

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    values: Vec<Value>,
    /// What readers see.
    copy: Vec<Value>,
}

/// Makes reads cheap.
pub fn snapshot() -> Node<State> {
    Node::<State>::new()
        .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
        .on(async |cx, Broadcast { message }| {
            let is_new = cx.with(|state| {
                if state.values.contains(&message) {
                    return false;
                }
                state.values.push(message.clone());
                // Wrong: the last few values wait for others to come.
                if state.values.len().is_multiple_of(COPY) {
                    state.copy = state.values.clone();
                }
                true
            });
            if is_new && cx.src().is_client() {
                for peer in cx.others() {
                    let rpc = cx.rpc(peer, Broadcast { message: message.clone() });
                    cx.spawn(async { rpc.retry(Retry::forever()).await.map(|_| ()) });
                }
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| {
            Ok(ReadOk { messages: List::from_values(cx.with(|state| state.copy.clone())) })
        })
}
