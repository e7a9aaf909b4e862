//! Registers that answer at once, whatever the network does: read committed, totally
//! available. (Challenge 6.)
//!
//! A transaction runs on the node that it reaches, in one step, and is answered then.
//! What it wrote goes to all other nodes afterwards, with a stamp (a Lamport clock), and
//! the highest stamp of a key wins. Nodes see only what finished transactions left, each
//! of which has one stamp for all it wrote, and whoever reads it has a higher one: so all
//! that transactions write and read goes forward in the order of stamps, and there are no
//! dirty writes, no aborted or intermediate reads, no circles of information.
//!
//! It is not serializable: two nodes that cannot reach each other do not see what the
//! other wrote. What waits for a node is one value a key, and is sent again until that
//! node has answered. Survives partitions, loss and pauses, not kills.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{Txn, TxnOk};
use glomers_node::{Context, Message, Node, NodeId, Value};
use serde::{Deserialize, Serialize};

use super::stamp::{Registers, Stamp, Writes};

/// How often a node sends what waits.
const PERIOD: Duration = Duration::from_millis(50);
/// How long it waits for the answer before it sends all again.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// Values with their stamps, for another node.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "txn_values", reply = ValuesOk)]
struct Values {
    values: BTreeMap<String, (Stamp, Value)>,
}

/// They are known.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "txn_values_ok")]
struct ValuesOk {}

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    registers: Registers,
    place: u64,
    /// What waits for each other node: of each key the newest value.
    waiting: BTreeMap<NodeId, BTreeMap<String, (Stamp, Value)>>,
}

impl State {
    fn wait(&mut self, stamp: Stamp, writes: &Writes) {
        for waiting in self.waiting.values_mut() {
            for (key, value) in writes {
                waiting.insert(key.clone(), (stamp, value.clone()));
            }
        }
    }
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            let others: Vec<NodeId> = cx.others().cloned().collect();
            let place = cx.peers().iter().position(|peer| peer == cx.id()).unwrap_or(0) as u64;
            cx.with(|state| {
                state.place = place;
                state.waiting = others.iter().map(|peer| (peer.clone(), BTreeMap::new())).collect();
            });
            for peer in others {
                let context = cx.clone();
                cx.spawn(async move { tell(&context, &peer).await });
            }
        })
        .on(async |cx, Txn { txn }| {
            let txn = cx.with(|state| {
                let (answer, wrote) = state.registers.transact(state.place, txn);
                if let Some((stamp, writes)) = wrote {
                    state.wait(stamp, &writes);
                }
                answer
            });
            Ok(TxnOk { txn })
        })
        .on(async |cx, Values { values }| {
            cx.with(|state| {
                for (key, (stamp, value)) in values {
                    state.registers.apply(stamp, &Writes::from([(key, value)]));
                }
            });
            Ok(ValuesOk {})
        })
}

/// Sends a node what waits for it, for ever.
async fn tell(cx: &Context<State>, peer: &NodeId) {
    loop {
        cx.sleep(PERIOD).await;
        let values = cx.with(|state| state.waiting[peer].clone());
        if values.is_empty() {
            continue;
        }
        let sent = values.clone();
        if cx.rpc(peer, Values { values }).timeout(PATIENCE).await.is_ok() {
            cx.with(|state| {
                let waiting = state.waiting.entry(peer.clone()).or_default();
                waiting
                    .retain(|key, (stamp, _)| sent.get(key).is_none_or(|(known, _)| known < stamp));
            });
        }
    }
}
