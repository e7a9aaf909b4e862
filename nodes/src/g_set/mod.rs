//! A set that only grows, kept by gossip: every so often each node compares what
//! it has with a random other, and both send what the other lacks.
//!
//! A node keeps its elements in one log for each *origin*: the incarnation of
//! the node that took them from a client. Logs are passed on from their
//! beginning, without gaps, so how many elements somebody has of each log says
//! exactly which; two nodes learn what they lack from a few numbers.
//!
//! Survives partitions, loss and pauses: nothing is forgotten, comparisons go on
//! for ever, and a lost message only costs time. Not kills: what a node
//! acknowledged in its last moments is in its memory alone.

mod logs;

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::g_set::{Add, AddOk, Read, ReadOk};
use glomers_node::{Context, Message, Node, NodeId};
use serde::{Deserialize, Serialize};

use logs::{Logs, Run};

/// How often a node asks another. Within ten times this all have everything,
/// nearly certainly, however many they are.
const PERIOD: Duration = Duration::from_millis(200);

/// How many elements of each log somebody has.
type Counts = BTreeMap<String, u64>;

/// "This is what I have. What do I lack?"
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "g_set_compare")]
struct Compare {
    have: Counts,
}

/// "You lack this." And, if the sender lacks something too: "This I have."
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "g_set_supply")]
struct Supply {
    runs: Vec<Run>,
    have: Option<Counts>,
}

/// The node.
pub fn node() -> Node<Logs> {
    Node::<Logs>::new()
        .on_start(async |cx| {
            // A restarted node has forgotten its log and begins another.
            let origin = format!("{}-{:016x}", cx.id(), cx.with_rng(|rng| rng.bits()));
            cx.with(|logs| logs.me = origin);
            cx.every(PERIOD, async |cx| compare(&cx));
        })
        .on(async |cx, Add { element }| {
            cx.with(|logs| logs.add(element));
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|logs| logs.elements()) }))
        .on_message(async |cx, Compare { have }| {
            supply(&cx, &have, true);
        })
        .on_message(async |cx, Supply { runs, have }| {
            cx.with(|logs| runs.into_iter().for_each(|run| logs.merge(run)));
            if let Some(have) = have {
                supply(&cx, &have, false);
            }
        })
}

fn compare(cx: &Context<Logs>) {
    let others: Vec<&NodeId> = cx.others().collect();
    if others.is_empty() {
        return;
    }
    let peer = others[cx.random_below(others.len() as u64) as usize];
    cx.send(peer, Compare { have: cx.with(|logs| logs.counts()) });
}

/// Sends to the sender of a message what it lacks, and asks back if it has what
/// this node lacks.
fn supply(cx: &Context<Logs>, have: &Counts, ask: bool) {
    let (runs, lacks) = cx.with(|logs| (logs.beyond(have), logs.lacks(have)));
    let have = (ask && lacks).then(|| cx.with(|logs| logs.counts()));
    if !runs.is_empty() || have.is_some() {
        cx.send(cx.src(), Supply { runs, have });
    }
}
