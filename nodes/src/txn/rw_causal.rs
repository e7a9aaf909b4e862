//! Registers that answer at once and are causally consistent: who sees a transaction sees
//! all that it saw. (Workload txn-rw-register.)
//!
//! As `rw-available`, but transactions travel whole and in order. Each node numbers
//! its own; a *version vector* says how many of each node's transactions are known. A
//! transaction carries the vector of what its node knew when it ran, and is applied
//! elsewhere only when all of that is (Ahamad and others, *Causal memory*, 1995). Of
//! concurrent writes to a key the highest stamp wins, on all nodes the same.
//!
//! Each node sends its own transactions to each other node until that has answered.
//! Survives partitions, loss and pauses, not kills.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{Txn, TxnOk};
use glomers_node::{Context, Message, Node, NodeId};
use serde::{Deserialize, Serialize};

use super::stamp::{Registers, Stamp, Writes};

/// How often a node sends what another lacks.
const PERIOD: Duration = Duration::from_millis(50);
/// How long it waits for the answer.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// How many transactions a message holds at most.
const AT_ONCE: usize = 200;

/// How many transactions of each node are known, by the place of the node.
type Vector = BTreeMap<u64, u64>;

/// What a transaction wrote, and what it had seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    seen: Vector,
    writes: Writes,
}

/// Transactions of the sender, in order.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "txn_log", reply = LogOk)]
struct Log {
    /// The sender's place.
    origin: u64,
    /// The number of the first, counted from 0.
    first: u64,
    entries: Vec<Entry>,
}

/// How many transactions of that node are known now, applied or not.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "txn_log_ok")]
struct LogOk {
    known: u64,
}

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    registers: Registers,
    place: u64,
    applied: Vector,
    /// The transactions of each node, its own among them.
    logs: BTreeMap<u64, Vec<Entry>>,
}

impl State {
    fn log(&mut self, origin: u64) -> &mut Vec<Entry> {
        self.logs.entry(origin).or_default()
    }

    /// Takes entries that follow on what is known; how many are known then.
    fn take(&mut self, origin: u64, first: u64, entries: Vec<Entry>) -> u64 {
        let log = self.log(origin);
        let known = log.len() as u64;
        if first <= known {
            log.extend(entries.into_iter().skip((known - first) as usize));
        }
        let known = self.log(origin).len() as u64;
        self.apply();
        known
    }

    /// Applies all transactions that have all they depend on.
    fn apply(&mut self) {
        let State { registers, applied, logs, .. } = self;
        loop {
            let mut is_done = true;
            for (&origin, log) in logs.iter() {
                let at = applied.entry(origin).or_default();
                let Some(entry) = log.get(*at as usize) else { continue };
                let next = *at;
                let has_all = entry.seen.iter().all(|(node, count)| {
                    *node == origin || applied.get(node).is_some_and(|known| known >= count)
                });
                if has_all {
                    registers.apply(entry.stamp, &entry.writes);
                    applied.insert(origin, next + 1);
                    is_done = false;
                }
            }
            if is_done {
                return;
            }
        }
    }
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            let place = cx.peers().iter().position(|peer| peer == cx.id()).unwrap_or(0) as u64;
            cx.with(|state| state.place = place);
            for peer in cx.others().cloned().collect::<Vec<NodeId>>() {
                let context = cx.clone();
                cx.spawn(async move { tell(&context, &peer).await });
            }
        })
        .on(async |cx, Txn { txn }| {
            let txn = cx.with(|state| {
                let (place, seen) = (state.place, state.applied.clone());
                let (answer, wrote) = state.registers.transact(place, txn);
                if let Some((stamp, writes)) = wrote {
                    // Its own transactions a node has applied as it ran them.
                    state.log(place).push(Entry { stamp, seen, writes });
                    *state.applied.entry(place).or_default() += 1;
                }
                answer
            });
            Ok(TxnOk { txn })
        })
        .on(async |cx, Log { origin, first, entries }| {
            Ok(LogOk { known: cx.with(|state| state.take(origin, first, entries)) })
        })
}

/// Sends a node the transactions of this one, in order, for ever.
async fn tell(cx: &Context<State>, peer: &NodeId) {
    let mut known = 0;
    loop {
        cx.sleep(PERIOD).await;
        let (origin, entries) = cx.with(|state| {
            let own = state.logs.get(&state.place).map_or(&[][..], Vec::as_slice);
            let next = own.iter().skip(known as usize).take(AT_ONCE).cloned();
            (state.place, next.collect::<Vec<Entry>>())
        });
        if entries.is_empty() {
            continue;
        }
        let log = Log { origin, first: known, entries };
        if let Ok(answer) = cx.rpc(peer, log).timeout(PATIENCE).await {
            known = answer.known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_node::Value;

    fn entry(stamp: u64, seen: &[(u64, u64)], value: i64) -> Entry {
        Entry {
            stamp: Stamp(stamp, 0),
            seen: seen.iter().copied().collect(),
            writes: Writes::from([("1".to_owned(), Value::Int(value))]),
        }
    }

    #[test]
    fn what_depends_on_another_transaction_waits_for_it() {
        let mut state = State { place: 2, ..State::default() };
        let read = |state: &mut State| {
            let txn = vec![("r".to_owned(), Value::Int(1), Value::Null)];
            state.registers.transact(2, txn).0[0].2.clone()
        };
        // n1 had seen one of n0.
        assert_eq!(state.take(1, 0, vec![entry(2, &[(0, 1)], 8)]), 1);
        assert_eq!(read(&mut state), Value::Null);
        assert_eq!(state.take(0, 0, vec![entry(1, &[], 7)]), 1);
        assert_eq!(read(&mut state), Value::Int(8));
        // Twice, and with a gap.
        assert_eq!(state.take(0, 0, vec![entry(1, &[], 7)]), 1);
        assert_eq!(state.take(0, 5, vec![entry(9, &[], 9)]), 1);
        assert_eq!(state.applied, Vector::from([(0, 1), (1, 1)]));
    }
}
