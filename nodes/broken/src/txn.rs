//! Transactions.
//!
//! | name | what is wrong | under | the smallest run that shows it |
//! |---|---|---|---|
//! | `lists-keep-refused` | one transaction in eight is refused although it happened (`G1a`) | nothing | one node, an append that is refused, a read |
//! | `lists-step-by-step` | other transactions run between the steps of one (`G1b`) | nothing | one node, two appends to one key and a read at once |
//! | `lists-lose-updates` | a transaction writes back the lists that it read at its beginning (`lost-update`) | nothing | one node, two appends to one key at once |
//! | `lists-make-up` | one read in sixteen has an element that nobody appended (`garbage-read`) | nothing | one node, one read |
//! | `lists-turn-reads` | one transaction in sixteen has its reads answered as appends (`node-error`) | nothing | one node, one read |
//! | `lists-write-skew` | a transaction is refused only if another wrote what it writes (`G2-item`) | nothing | one node, two transactions that read what the other writes |
//! | `registers-dirty` | writes can be seen before their transaction is over (`G1c`) | nothing | one node, two transactions that write and then read what the other wrote |
//! | `registers-keep-refused` | one transaction in eight is refused although it happened (`G1a`) | nothing | one node, a write that is refused, a read |
//! | `registers-apart` | nodes never tell each other anything (`G-single-item-realtime`) | nothing | two nodes, a write at one, then a read at the other |

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{MicroOperation, Txn, TxnOk};
use glomers_node::{ErrorCode, Node, RpcError, Value};

/// What keys hold, by their JSON text: lists, or values of registers.
type Store = BTreeMap<String, Value>;

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    store: Store,
    count: u64,
}

impl State {
    /// How many transactions there were.
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

/// Does one step: what it shows.
fn step(store: &mut Store, (f, key, value): &MicroOperation) -> MicroOperation {
    let name = key.to_json();
    let shown = match &**f {
        "r" => store.get(&name).cloned().unwrap_or(Value::Null),
        "w" => {
            store.insert(name, value.clone());
            value.clone()
        }
        _ => {
            let old = store.get(&name).and_then(Value::as_list);
            let list = old.into_iter().flat_map(|list| list.iter().collect::<Vec<Value>>());
            let longer = Value::list(list.chain([value.clone()]).collect::<Vec<Value>>());
            store.insert(name, longer);
            value.clone()
        }
    };
    (f.clone(), key.clone(), shown)
}

fn steps(store: &mut Store, txn: &[MicroOperation]) -> Vec<MicroOperation> {
    txn.iter().map(|one| step(store, one)).collect()
}

fn writes(txn: &[MicroOperation]) -> bool {
    txn.iter().any(|(f, ..)| f != "r")
}

fn conflict() -> RpcError {
    RpcError::new(ErrorCode::TXN_CONFLICT, "another transaction was faster")
}

/// Between two steps a node waits so long: as if it had to ask for a page.
const STEP: Duration = Duration::from_millis(5);

/// Refuses what it has done.
pub fn keep_refused() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let (answer, count) = cx.with(|state| {
            let count = if writes(&txn) { state.next() } else { 1 };
            (steps(&mut state.store, &txn), count)
        });
        // Wrong: it has happened.
        if count % 8 == 0 { Err(conflict()) } else { Ok(TxnOk { txn: answer }) }
    })
}

/// Is not isolated at all.
pub fn step_by_step() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let mut answer = Vec::new();
        for (at, one) in txn.iter().enumerate() {
            if at > 0 {
                // Wrong: others run meanwhile.
                cx.sleep(STEP).await;
            }
            answer.push(cx.with(|state| step(&mut state.store, one)));
        }
        Ok(TxnOk { txn: answer })
    })
}

/// Works on a copy, and puts the copy back.
pub fn lose_updates() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let mut copy = cx.with(|state| state.store.clone());
        let answer = steps(&mut copy, &txn);
        cx.sleep(STEP).await;
        let keys = txn.iter().filter(|(f, ..)| f != "r").map(|(_, key, _)| key.to_json());
        cx.with(|state| {
            for key in keys {
                // Wrong: others may have appended meanwhile.
                if let Some(value) = copy.get(&key) {
                    state.store.insert(key, value.clone());
                }
            }
        });
        Ok(TxnOk { txn: answer })
    })
}

/// Shows an element that nobody appended.
pub fn make_up() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let mut answer = cx.with(|state| steps(&mut state.store, &txn));
        let is_wrong = cx.with(|state| state.next() % 16 == 0);
        if let Some((.., shown)) = answer.iter_mut().find(|(f, ..)| f == "r" && is_wrong) {
            let list: Vec<Value> =
                shown.as_list().map(|list| list.iter().collect()).unwrap_or_default();
            *shown = Value::list(list.into_iter().chain([Value::Int(1_000_000)]));
        }
        Ok(TxnOk { txn: answer })
    })
}

/// Answers reads as if they had been appends.
pub fn turn_reads() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let mut answer = cx.with(|state| steps(&mut state.store, &txn));
        if cx.with(|state| state.next() % 16 == 0) {
            for (f, _, shown) in answer.iter_mut().filter(|(f, ..)| f == "r") {
                (*f, *shown) = ("append".to_owned(), Value::Int(1));
            }
        }
        Ok(TxnOk { txn: answer })
    })
}

/// Snapshot isolation: two transactions may each write what the other has read.
pub fn write_skew() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let mut copy = cx.with(|state| state.store.clone());
        let before = copy.clone();
        let answer = steps(&mut copy, &txn);
        cx.sleep(STEP).await;
        let written = || txn.iter().filter(|(f, ..)| f != "r").map(|(_, key, _)| key.to_json());
        let done = cx.with(|state| {
            // Wrong for serializability: what it read may have changed, too.
            let is_free = written().all(|key| state.store.get(&key) == before.get(&key));
            if is_free {
                for key in written() {
                    if let Some(value) = copy.get(&key) {
                        state.store.insert(key, value.clone());
                    }
                }
            }
            is_free
        });
        if done { Ok(TxnOk { txn: answer }) } else { Err(conflict()) }
    })
}

/// Answers for itself alone.
pub fn apart() -> Node<State> {
    Node::<State>::new()
        .on(async |cx, Txn { txn }| Ok(TxnOk { txn: cx.with(|s| steps(&mut s.store, &txn)) }))
}
