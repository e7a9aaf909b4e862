//! Sets that drop, double or take away elements.
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `g-set-doubles` | a list, which holds twice what is added twice | `duplicated` | nothing | one node, one element added twice |
//! | `g-set-tells-once` | each element is told to each node once | `missing-at-end` | loss | two nodes, one element, its message lost |
//! | `g-set-larger-wins` | of two sets the larger replaces the other | `missing-at-end` | latency | two nodes, two elements on one, then one on the other |
//! | `g-set-moves-readded` | what is added again moves to the end of a log that others copy by position | `missing-at-end` | nothing | two nodes, three elements, the first added again before the third is copied |
//! | `g-set-lww` | the set is a value in lww-kv, which keeps the last write | `lost` | latency | two nodes, two elements at once |
//! | `g-set-stale` | the set is a value in seq-kv, read without any write before | `missing-at-end` | nothing | two nodes, one element |

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::g_set::{Add, AddOk, Read, ReadOk};
use glomers_node::{Context, List, Message, Node, NodeId, RpcError, Value};
use serde::{Deserialize, Serialize};

/// How often a node talks to another.
const PERIOD: Duration = Duration::from_millis(200);

fn random_other<S: 'static>(cx: &Context<S>) -> Option<&NodeId> {
    let others: Vec<&NodeId> = cx.others().collect();
    match others.len() as u64 {
        0 => None,
        count => others.get(cx.random_below(count) as usize).copied(),
    }
}

/// Keeps a list, which all nodes are told to extend.
pub fn doubles() -> Node<Vec<Value>> {
    Node::<Vec<Value>>::new()
        .on(async |cx, Add { element }| {
            // Wrong: who adds an element again wants to be sure that it is there.
            cx.with(|list| list.push(element.clone()));
            if cx.src().is_client() {
                cx.send_all(cx.others(), Add { element });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: List::from_values(cx.with(|l| l.clone())) }))
}

/// Keeps a set, and tells every other node of an element when it comes.
pub fn tells_once() -> Node<Vec<Value>> {
    Node::<Vec<Value>>::new()
        .on(async |cx, Add { element }| {
            let is_new = cx.with(|list| {
                let is_new = !list.contains(&element);
                if is_new {
                    list.push(element.clone());
                }
                is_new
            });
            if is_new && cx.src().is_client() {
                // Wrong: nobody asks whether it arrived.
                cx.send_all(cx.others(), Add { element });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: List::from_values(cx.with(|l| l.clone())) }))
}

/// All elements of a node.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Whole {
    elements: Vec<Value>,
}

/// Sends the whole set to a random other every so often.
pub fn larger_wins() -> Node<Vec<Value>> {
    Node::<Vec<Value>>::new()
        .on_start(async |cx| {
            cx.every(PERIOD, async |cx| {
                if let Some(peer) = random_other(&cx) {
                    cx.send(peer, Whole { elements: cx.with(|list| list.clone()) });
                }
            });
        })
        .on(async |cx, Add { element }| {
            cx.with(|list| {
                if !list.contains(&element) {
                    list.push(element);
                }
            });
            Ok(AddOk {})
        })
        .on_message(async |cx, Whole { elements }| {
            cx.with(|list| {
                // Wrong: more elements are not all elements.
                if elements.len() > list.len() {
                    *list = elements;
                }
            });
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: List::from_values(cx.with(|l| l.clone())) }))
}

/// What a node has of each node's log.
type Logs = BTreeMap<String, Vec<Value>>;

/// "So much I have of your log."
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Have {
    count: usize,
}

/// What follows.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct More {
    from: usize,
    elements: Vec<Value>,
}

/// A log for each node, which the others copy by position, the newest at the end.
pub fn moves_readded() -> Node<Logs> {
    Node::<Logs>::new()
        .on_start(async |cx| {
            cx.every(PERIOD, async |cx| {
                for peer in cx.others() {
                    let count = cx.with(|logs| logs.get(peer.as_str()).map_or(0, Vec::len));
                    cx.send(peer, Have { count });
                }
            });
        })
        .on(async |cx, Add { element }| {
            cx.with(|logs| {
                let log = logs.entry(cx.id().to_string()).or_default();
                // Wrong: all that came after it has another position now, and who
                // has copied up to there misses one.
                log.retain(|held| *held != element);
                log.push(element);
            });
            Ok(AddOk {})
        })
        .on_message(async |cx, Have { count }| {
            let elements = cx.with(|logs| {
                let log = logs.get(cx.id().as_str())?;
                log.get(count..).map(<[Value]>::to_vec).filter(|more| !more.is_empty())
            });
            if let Some(elements) = elements {
                cx.send(cx.src(), More { from: count, elements });
            }
        })
        .on_message(async |cx, More { from, elements }| {
            cx.with(|logs| {
                let log = logs.entry(cx.src().to_string()).or_default();
                let known = log.len().saturating_sub(from);
                log.extend(elements.into_iter().skip(known));
            });
        })
        .on(async |cx, Read {}| {
            let mut all: Vec<Value> = cx.with(|logs| logs.values().flatten().cloned().collect());
            all.sort_unstable();
            all.dedup();
            Ok(ReadOk { value: List::from_values(all) })
        })
}

fn with(element: Value) -> impl FnMut(Option<Vec<Value>>) -> Vec<Value> {
    move |set| {
        let mut set = set.unwrap_or_default();
        if !set.contains(&element) {
            set.push(element.clone());
        }
        set
    }
}

/// Keeps the set in the service lww-kv.
pub fn lww() -> Node<()> {
    Node::new()
        .on(async |cx, Add { element }| {
            // Wrong: of two compare-and-sets on two replicas the later one wins,
            // and the other's element is gone.
            cx.lww_kv().update("set", with(element)).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| {
            let set: Option<Vec<Value>> = cx.lww_kv().get("set").await?;
            Ok::<_, RpcError>(ReadOk { value: List::from_values(set.unwrap_or_default()) })
        })
}

/// Keeps the set in the service seq-kv.
pub fn stale() -> Node<()> {
    Node::new()
        .on(async |cx, Add { element }| {
            cx.seq_kv().update("set", with(element)).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| {
            // Wrong: seq-kv may show a node that writes nothing an old state.
            let set: Option<Vec<Value>> = cx.seq_kv().get("set").await?;
            Ok::<_, RpcError>(ReadOk { value: List::from_values(set.unwrap_or_default()) })
        })
}
