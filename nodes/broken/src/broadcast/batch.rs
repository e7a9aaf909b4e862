//! Values are sent in batches, to all nodes.

use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Context, Message, Node, NodeId, Retry, RpcError, Value, join_all};
use glomers_nodes::broadcast::Values;
use serde::{Deserialize, Serialize};

/// How often batches are sent.
const PERIOD: Duration = Duration::from_millis(100);

/// Values, all at once.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(reply = BatchOk)]
struct Batch {
    messages: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct BatchOk {}

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    values: Values,
    /// What clients have said since the last batch.
    batch: Vec<Value>,
}

/// Sends a batch, and then begins the next one.
pub fn clears_batch() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| cx.every(PERIOD, async |cx| flush(&cx).await))
        .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
        .on(async |cx, Broadcast { message }| {
            cx.with(|state| {
                if state.values.insert(&message) {
                    state.batch.push(message);
                }
            });
            Ok(BroadcastOk {})
        })
        .on(async |cx, Batch { messages }| {
            cx.with(|state| {
                for message in &messages {
                    state.values.insert(message);
                }
            });
            Ok(BatchOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}

async fn flush(cx: &Context<State>) -> Result<(), RpcError> {
    let messages = cx.with(|state| state.batch.clone());
    if messages.is_empty() {
        return Ok(());
    }
    let send = |peer: &NodeId| {
        let batch = Batch { messages: messages.clone() };
        cx.rpc(peer, batch).timeout(Duration::from_millis(500)).retry(Retry::forever())
    };
    let sent = join_all(cx.others().map(send)).await;
    // Wrong: what came while this waited was in no batch yet.
    cx.with(|state| state.batch.clear());
    sent.into_iter().try_for_each(|answer| answer.map(|_| ()))
}
