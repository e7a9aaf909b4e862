//! Flooding, wrong in several ways.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Context, ErrorCode, List, Node, NodeId, Retry, RpcError, Value, join_all};
use glomers_nodes::broadcast::Values;

/// How many values may be on their way to a neighbour.
const QUEUE: u32 = 8;

/// How long a neighbour may take to answer.
const TIMEOUT: Duration = Duration::from_millis(500);

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    neighbours: Vec<NodeId>,
    values: Values,
    /// How many values are on their way to each neighbour.
    queued: BTreeMap<NodeId, u32>,
}

/// What all nodes of this file do alike: they know their neighbours and are read.
fn base() -> Node<State> {
    Node::<State>::new()
        .on(async |cx, Topology { topology }| {
            let neighbours = topology.get(cx.id()).cloned().unwrap_or_default();
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}

/// All neighbours but the one that a value came from.
fn targets(cx: &Context<State>) -> Vec<NodeId> {
    let others = |state: &mut State| state.neighbours.clone();
    cx.with(others).into_iter().filter(|peer| peer != cx.src()).collect()
}

/// Sends a value until it is acknowledged.
async fn deliver(cx: Context<State>, peer: NodeId, message: Value) {
    let retry = Retry::forever().backoff(Duration::from_millis(100), Duration::from_secs(2));
    let rpc = cx.rpc(&peer, Broadcast { message }).timeout(TIMEOUT).retry(retry);
    if let Err(error) = rpc.await {
        cx.log(format!("{peer} refuses a value: {error}"));
    }
    cx.with(|state| *state.queued.entry(peer).or_default() -= 1);
}

/// Whether there is room in the queue to a neighbour, which is then taken.
fn takes_room(cx: &Context<State>, peer: &NodeId) -> bool {
    cx.with(|state| {
        let queued = state.queued.entry(peer.clone()).or_default();
        let has_room = *queued < QUEUE;
        *queued += u32::from(has_room);
        has_room
    })
}

/// Passes on what clients say, and to nobody what neighbours say.
pub fn one_hop() -> Node<State> {
    base().on(async |cx, Broadcast { message }| {
        let is_new = cx.with(|state| state.values.insert(&message));
        // Wrong: the neighbours' neighbours are not this node's.
        if is_new && cx.src().is_client() {
            for peer in targets(&cx) {
                cx.with(|state| *state.queued.entry(peer.clone()).or_default() += 1);
                cx.spawn(deliver(cx.clone(), peer, message.clone()));
            }
        }
        Ok(BroadcastOk {})
    })
}

/// Retries, with a queue of limited length for each neighbour.
pub fn full_queue() -> Node<State> {
    base().on(async |cx, Broadcast { message }| {
        if cx.with(|state| state.values.insert(&message)) {
            for peer in targets(&cx) {
                // Wrong: what finds no room now is forgotten.
                if takes_room(&cx, &peer) {
                    cx.spawn(deliver(cx.clone(), peer, message.clone()));
                }
            }
        }
        Ok(BroadcastOk {})
    })
}

/// Protects itself against too much work.
pub fn acks_and_drops() -> Node<State> {
    base().on(async |cx, Broadcast { message }| {
        let is_busy = cx.with(|state| state.queued.values().any(|&queued| queued >= QUEUE));
        // Wrong: to shed load is right, but not with an answer that says it is done.
        if !is_busy && cx.with(|state| state.values.insert(&message)) {
            for peer in targets(&cx) {
                cx.with(|state| *state.queued.entry(peer.clone()).or_default() += 1);
                cx.spawn(deliver(cx.clone(), peer, message.clone()));
            }
        }
        Ok(BroadcastOk {})
    })
}

/// Answers a client when all neighbours have answered.
pub fn refuses_and_keeps() -> Node<State> {
    base().on(async |cx, Broadcast { message }| {
        if !cx.with(|state| state.values.insert(&message)) {
            return Ok(BroadcastOk {});
        }
        let peers = targets(&cx);
        for peer in &peers {
            cx.with(|state| *state.queued.entry(peer.clone()).or_default() += 1);
            cx.spawn(deliver(cx.clone(), peer.clone(), message.clone()));
        }
        if cx.src().is_client() {
            let confirm = |peer: NodeId| {
                let broadcast = Broadcast { message: message.clone() };
                cx.rpc(&peer, broadcast).timeout(TIMEOUT).into_future()
            };
            let answers = join_all(peers.into_iter().map(confirm)).await;
            if answers.iter().any(Result::is_err) {
                // Wrong: this error says that it did not happen, but the value is
                // here, and on its way.
                let text = "not all neighbours have confirmed it";
                return Err(RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, text));
            }
        }
        Ok(BroadcastOk {})
    })
}

/// What a node with a list knows.
#[derive(Debug, Default)]
pub struct Listed {
    neighbours: Vec<NodeId>,
    values: Vec<Value>,
}

/// Writes each value to a log before it takes it.
pub fn doubles() -> Node<Listed> {
    Node::<Listed>::new()
        .on(async |cx, Topology { topology }| {
            let neighbours = topology.get(cx.id()).cloned().unwrap_or_default();
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async |cx, Broadcast { message }| {
            if cx.with(|state| state.values.contains(&message)) {
                return Ok(BroadcastOk {});
            }
            cx.sleep(Duration::from_millis(5)).await;
            // Wrong: the same value may have come from another neighbour meanwhile.
            cx.with(|state| state.values.push(message.clone()));
            let neighbours = cx.with(|state| state.neighbours.clone());
            for peer in neighbours.into_iter().filter(|peer| peer != cx.src()) {
                let rpc = cx.rpc(&peer, Broadcast { message: message.clone() });
                let call = rpc.timeout(TIMEOUT).retry(Retry::forever());
                cx.spawn(async { call.await.map(|_| ()) });
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| {
            Ok(ReadOk { messages: List::from_values(cx.with(|state| state.values.clone())) })
        })
}
