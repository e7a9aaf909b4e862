//! Values are told once, and what was missed is asked for by number.

use std::collections::BTreeSet;
use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{List, Message, Node, NodeId};
use serde::{Deserialize, Serialize};

/// How often a node asks another.
const PERIOD: Duration = Duration::from_millis(200);

/// "What is above this?"
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Above {
    highest: Option<i64>,
}

/// Values.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Supply {
    values: Vec<i64>,
}

/// Asks for what is new.
pub fn node() -> Node<BTreeSet<i64>> {
    Node::<BTreeSet<i64>>::new()
        .on_start(async |cx| {
            cx.every(PERIOD, async |cx| {
                let others: Vec<&NodeId> = cx.others().collect();
                if !others.is_empty() {
                    let peer = others[cx.random_below(others.len() as u64) as usize];
                    // Wrong: there may be gaps below the highest.
                    let highest = cx.with(|values| values.last().copied());
                    cx.send(peer, Above { highest });
                }
            });
        })
        .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
        .on(async |cx, Broadcast { message }| {
            if let Some(value) = message.as_int()
                && cx.with(|values| values.insert(value))
            {
                cx.send_all(cx.others(), Supply { values: vec![value] });
            }
            Ok(BroadcastOk {})
        })
        .on_message(async |cx, Above { highest }| {
            let is_above = |value: &&i64| Some(**value) > highest;
            let values: Vec<i64> =
                cx.with(|values| values.iter().filter(is_above).copied().collect());
            if !values.is_empty() {
                cx.send(cx.src(), Supply { values });
            }
        })
        .on_message(async |cx, Supply { values }| cx.with(|known| known.extend(values)))
        .on(async |cx, Read {}| {
            let values: Vec<i64> = cx.with(|values| values.iter().copied().collect());
            Ok(ReadOk { messages: List::from_integers(&values) })
        })
}
