//! Reads that do not show what is there.

use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Context, List, Message, Node, Retry, RpcError, Value, join_all};
use serde::{Deserialize, Serialize};

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

/// How often values are sent to the others.
const PERIOD: Duration = Duration::from_millis(200);

/// All that a node knows.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(reply = SpreadOk)]
struct Spread {
    values: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct SpreadOk {}

/// What a node of [`hides`] knows.
#[derive(Debug, Default)]
pub struct Shelf {
    values: Vec<Value>,
    /// Whether clients have said something since it was last sent.
    is_new: bool,
}

impl Shelf {
    fn put(&mut self, values: Vec<Value>) {
        for value in values {
            if !self.values.contains(&value) {
                self.values.push(value);
            }
        }
    }
}

/// Sends all that it knows, and takes it off the shelf for that.
pub fn hides() -> Node<Shelf> {
    Node::<Shelf>::new()
        .on_start(async |cx| cx.every(PERIOD, async |cx| spread(&cx).await))
        .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
        .on(async |cx, Broadcast { message }| {
            cx.with(|shelf| {
                shelf.put(vec![message]);
                shelf.is_new = true;
            });
            Ok(BroadcastOk {})
        })
        .on(async |cx, Spread { values }| {
            cx.with(|shelf| shelf.put(values));
            Ok(SpreadOk {})
        })
        .on(async |cx, Read {}| {
            Ok(ReadOk { messages: List::from_values(cx.with(|shelf| shelf.values.clone())) })
        })
}

async fn spread(cx: &Context<Shelf>) -> Result<(), RpcError> {
    if !cx.with(|shelf| std::mem::take(&mut shelf.is_new)) {
        return Ok(());
    }
    // Wrong: who reads until all have answered does not see them.
    let values = cx.with(|shelf| std::mem::take(&mut shelf.values));
    let sent = cx.others().map(|peer| {
        let spread = Spread { values: values.clone() };
        cx.rpc(peer, spread).timeout(Duration::from_millis(500)).retry(Retry::forever())
    });
    let answers = join_all(sent).await;
    cx.with(|shelf| shelf.put(values));
    answers.into_iter().try_for_each(|answer| answer.map(|_| ()))
}
