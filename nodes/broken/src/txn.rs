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
//! | `lists-write-cycle` | what transactions append is put in place one append after the other (`G0`) | nothing | one node, two transactions that append to the same two keys at once |
//! | `lists-fractured` | the same, but one transaction at a time (`G-single-item`) | nothing | one node, a transaction that appends to two keys, and at once one that reads both |
//! | `lists-long-fork` | readers see commits in one of two orders (`G-nonadjacent-item`) | nothing | one node, two appends, and two transactions that read both keys |
//! | `lists-answer-before-sync` | a transaction is answered before it is on the disk (`incompatible-order`) | a kill | one node, an append, a kill, a read |
//! | `registers-dirty` | writes can be seen before their transaction is over (`G1c`) | nothing | one node, two transactions that write and then read what the other wrote |
//! | `registers-keep-refused` | one transaction in eight is refused although it happened (`G1a`) | nothing | one node, a write that is refused, a read |
//! | `registers-apart` | nodes never tell each other anything (`G-single-item-realtime`) | nothing | two nodes, a write at one, then a read at the other |

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{MicroOperation, Txn, TxnOk};
use glomers_node::{Context, DiskError, ErrorCode, Node, RpcError, Value};
use glomers_nodes::records::{decode_all, encode};

/// What keys hold, by their JSON text: lists, or values of registers.
type Store = BTreeMap<String, Value>;

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    store: Store,
    count: u64,
    /// Whether a transaction that writes is under way.
    is_busy: bool,
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

/// Puts in place what a transaction appends, one append after the other.
async fn put(cx: &Context<State>, txn: &[MicroOperation]) {
    for (at, one) in txn.iter().filter(|(f, ..)| f != "r").enumerate() {
        if at > 0 {
            // Wrong: others run meanwhile.
            cx.sleep(STEP).await;
        }
        cx.with(|state| step(&mut state.store, one));
    }
}

/// Works out the answer at once, and writes piece by piece.
pub fn write_cycle() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let answer = cx.with(|state| steps(&mut state.store.clone(), &txn));
        put(&cx, &txn).await;
        Ok(TxnOk { txn: answer })
    })
}

/// The same, but only one transaction writes at a time.
pub fn fractured() -> Node<State> {
    Node::<State>::new().on(async |cx, Txn { txn }| {
        let is_writer = writes(&txn);
        if is_writer && cx.with(|state| std::mem::replace(&mut state.is_busy, true)) {
            return Err(conflict());
        }
        let answer = cx.with(|state| steps(&mut state.store.clone(), &txn));
        put(&cx, &txn).await;
        if is_writer {
            cx.with(|state| state.is_busy = false);
        }
        Ok(TxnOk { txn: answer })
    })
}

/// What readers are shown.
#[derive(Debug, Default)]
struct View {
    store: Store,
    /// Commits that it has not got yet, by their numbers.
    waiting: VecDeque<(u64, Vec<MicroOperation>)>,
}

impl View {
    /// Whether a commit has to wait for another, as both use a key.
    fn needs(&self, txn: &[MicroOperation]) -> bool {
        let keys = |(_, key, _): &MicroOperation| txn.iter().any(|(_, other, _)| other == key);
        self.waiting.iter().any(|(_, waits)| waits.iter().any(keys))
    }

    /// Takes all commits up to this one.
    fn catch_up(&mut self, number: u64) {
        while let Some((_, txn)) = self.waiting.pop_front_if(|(waits, _)| *waits <= number) {
            steps(&mut self.store, &txn);
        }
    }
}

/// What a node knows whose readers see one of two views.
#[derive(Debug, Default)]
pub struct Forked {
    main: State,
    views: [View; 2],
}

impl Forked {
    /// Commits a transaction; its number, and its answer.
    fn commit(&mut self, txn: &[MicroOperation]) -> (u64, Vec<MicroOperation>) {
        let number = self.main.next();
        for (view, at) in self.views.iter_mut().zip(0..) {
            // Wrong: each view is late with the half of the commits that the other has.
            if number % 2 == at || view.needs(txn) {
                view.waiting.push_back((number, txn.to_vec()));
            } else {
                steps(&mut view.store, txn);
            }
        }
        (number, steps(&mut self.main.store, txn))
    }
}

/// Parallel snapshot isolation: readers see all of a commit, and all that it has seen,
/// but not all see commits in the same order.
pub fn long_fork() -> Node<Forked> {
    Node::<Forked>::new().on(async |cx, Txn { txn }| {
        if !writes(&txn) {
            let txn = cx.with(|state| {
                let view = state.main.next() % 2;
                steps(&mut state.views[view as usize].store, &txn)
            });
            return Ok(TxnOk { txn });
        }
        let (number, txn) = cx.with(|state| state.commit(&txn));
        let context = cx.clone();
        cx.spawn(async move {
            context.sleep(STEP * 30).await;
            context.with(|state| state.views.iter_mut().for_each(|view| view.catch_up(number)));
        });
        Ok(TxnOk { txn })
    })
}

/// The file that transactions are kept in.
const LOG: &str = "log";

fn failed(error: DiskError) -> RpcError {
    RpcError::new(ErrorCode::CRASH, error.to_string())
}

/// The transactions on the disk. What was being written at a kill is taken away.
fn recover(cx: &Context<State>) -> Result<Vec<Txn>, DiskError> {
    let bytes = cx.disk(|disk| disk.get(LOG))??.unwrap_or_default();
    let (log, _) = decode_all::<Txn>(&bytes);
    let whole: Vec<u8> = log.iter().cloned().flat_map(encode).collect();
    cx.disk(|disk| disk.put(LOG, &whole))??;
    Ok(log)
}

async fn keep(cx: &Context<State>, record: &[u8]) -> Result<(), DiskError> {
    cx.disk(|disk| disk.append(LOG, record))??;
    cx.sync().await
}

/// Answers before what it wrote is on the disk.
pub fn answer_before_sync() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            for Txn { txn } in recover(&cx).map_err(failed)? {
                cx.with(|state| steps(&mut state.store, &txn));
            }
            Ok(())
        })
        .on(async |cx, Txn { txn }| {
            if writes(&txn) {
                let record = encode(Txn { txn: txn.clone() });
                let context = cx.clone();
                // Wrong: nobody waits for the disk.
                cx.spawn(async move { keep(&context, &record).await.map_err(failed) });
            }
            Ok(TxnOk { txn: cx.with(|state| steps(&mut state.store, &txn)) })
        })
}
