//! A counter without coordination, for additions of either sign (a PN-counter:
//! Shapiro, Preguiça, Baquero and Zawirski 2011).
//!
//! Each *origin*, an incarnation of a node, counts what it took from its own
//! clients: all that was added, and all that was taken away. Both only grow, so
//! of two views of an origin the larger is the newer, and merging views is
//! taking the maximum: in any order, as often as one likes. The value is the sum
//! over all origins. Every so often each node exchanges its view with a random
//! other.
//!
//! Survives partitions, loss and pauses. Not kills: what a node acknowledged in
//! its last moments is in its memory alone.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::counter::{Add, AddOk, Read, ReadOk};
use glomers_node::{Context, Message, Node, NodeId};
use serde::{Deserialize, Serialize};

/// How often a node talks to another.
const PERIOD: Duration = Duration::from_millis(200);

/// What an origin has counted: added, taken away.
type Counted = (u64, u64);

/// A node's view of all origins.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "counter_view")]
struct View {
    counted: BTreeMap<String, Counted>,
    /// Whether the receiver is to answer with its own.
    exchange: bool,
}

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    /// This node's own origin.
    me: String,
    counted: BTreeMap<String, Counted>,
}

impl State {
    fn add(&mut self, delta: i64) {
        let (added, taken) = self.counted.entry(self.me.clone()).or_default();
        let counted = if delta >= 0 { added } else { taken };
        *counted = counted.saturating_add(delta.unsigned_abs());
    }

    fn value(&self) -> i64 {
        let one = |(added, taken): &Counted| i128::from(*added) - i128::from(*taken);
        let sum: i128 = self.counted.values().map(one).sum();
        sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    fn merge(&mut self, counted: BTreeMap<String, Counted>) {
        for (origin, theirs) in counted {
            let ours = self.counted.entry(origin).or_default();
            *ours = (ours.0.max(theirs.0), ours.1.max(theirs.1));
        }
    }
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            // A restarted node has forgotten what it counted and counts anew.
            let origin = format!("{}-{:016x}", cx.id(), cx.with_rng(|rng| rng.bits()));
            cx.with(|state| state.me = origin);
            cx.every(PERIOD, async |cx| {
                let others: Vec<&NodeId> = cx.others().collect();
                if !others.is_empty() {
                    let peer = others[cx.random_below(others.len() as u64) as usize];
                    tell(&cx, peer, true);
                }
            });
        })
        .on(async |cx, Add { delta }| {
            cx.with(|state| state.add(delta));
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|state| state.value()) }))
        .on_message(async |cx, View { counted, exchange }| {
            let is_same = cx.with(|state| {
                let is_same = state.counted == counted;
                state.merge(counted);
                is_same
            });
            if exchange && !is_same {
                tell(&cx, cx.src(), false);
            }
        })
}

fn tell(cx: &Context<State>, peer: &NodeId, exchange: bool) {
    let counted = cx.with(|state| state.counted.clone());
    cx.send(peer, View { counted, exchange });
}
