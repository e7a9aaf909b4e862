//! Flooding with acknowledgements: each message to a neighbour is repeated, with
//! growing pauses, until the neighbour has answered.
//!
//! Cost: twice that of [`flood`](super::flood), as each message has an answer,
//! and the repetitions. Nothing that a living node has is lost, however long
//! links are cut: what was missed arrives within the longest pause, a time-out
//! and a latency after the last cut is mended.

use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Context, Node, NodeId, Retry, Value};

use super::Values;

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long to wait for an answer. Shorter than a round trip, every message
    /// is sent twice or more.
    pub timeout: Duration,
    /// Neighbours in a tree in which every node has so many children; `None`:
    /// those that the topology suggests.
    pub tree: Option<usize>,
}

impl Default for Options {
    fn default() -> Options {
        Options { timeout: Duration::from_millis(500), tree: None }
    }
}

impl Options {
    /// Reads `--timeout MS` and `--tree CHILDREN`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match (argument.as_str(), rest.next().map(|value| value.parse::<u64>())) {
                ("--timeout", Some(Ok(ms))) if ms > 0 => {
                    options.timeout = Duration::from_millis(ms);
                }
                ("--timeout", _) => {
                    return Err("--timeout takes a number of milliseconds above 0".to_owned());
                }
                ("--tree", Some(Ok(children @ 1..=1_000_000))) => {
                    options.tree = Some(children as usize);
                }
                ("--tree", _) => {
                    return Err("--tree takes a number of children from 1".to_owned());
                }
                (other, _) => {
                    return Err(format!(
                        "unknown argument {other:?}; known: --timeout MS, --tree CHILDREN"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// What the node knows.
#[derive(Debug, Default)]
pub struct State {
    neighbours: Vec<NodeId>,
    values: Values,
}

/// The node.
pub fn node(options: Options) -> Node<State> {
    Node::<State>::new()
        .on(async move |cx, Topology { topology }| {
            let neighbours = match options.tree {
                Some(children) => tree_neighbours(cx.id(), cx.peers(), children),
                None => topology.get(cx.id()).cloned().unwrap_or_default(),
            };
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async move |cx, Broadcast { message }| {
            if cx.with(|state| state.values.insert(&message)) {
                cx.mark("holds", message.clone());
                pass_on(&cx, &message, options);
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}

/// Parent and children in the tree of all nodes in the order of their list.
fn tree_neighbours(id: &NodeId, peers: &[NodeId], children: usize) -> Vec<NodeId> {
    let Some(place) = peers.iter().position(|peer| peer == id) else {
        return Vec::new();
    };
    let parent = place.checked_sub(1).map(|before| before / children);
    let first = place * children + 1;
    let places = parent.into_iter().chain(first..first + children);
    places.filter_map(|place| peers.get(place).cloned()).collect()
}

/// Starts to send a value to every neighbour but the one it came from. The
/// answer to the sender does not wait for that.
fn pass_on(cx: &Context<State>, message: &Value, options: Options) {
    let retry = Retry::forever().backoff(Duration::from_millis(100), Duration::from_secs(2));
    let neighbours = cx.with(|state| state.neighbours.clone());
    for peer in neighbours.iter().filter(|peer| *peer != cx.src()) {
        let rpc = cx.rpc(peer, Broadcast { message: message.clone() });
        let call = rpc.timeout(options.timeout).retry(retry);
        cx.spawn(async { call.await.map(|_| ()) });
    }
}
