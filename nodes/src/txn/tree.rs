//! Lists or registers in the service `lin-kv`, strict serializable. (Workloads
//! txn-list-append and txn-rw-register; a register is a list of its last value.)
//!
//! The whole state is a tree of pages that never change (see `page`); each page has a
//! key of its own in `lin-kv`, and one key, `root`, names the root of the newest
//! version. A transaction reads in one version, which is a snapshot, writes the pages
//! that are new in its own, and then moves `root` by compare-and-set. If somebody else
//! was faster, it begins again with the newest version. So all transactions that write
//! have one order, that of the roots, and each takes effect at the moment of its
//! compare-and-set; one that only reads takes effect when it reads `root`.
//!
//! Nodes help each other, or the quickest would win every time: the transactions of a node
//! wait in a queue, and those that are next stand as a numbered batch in its `inbox`. Who
//! moves `root` does so for the batches of all inboxes. `root` also says which batch of
//! each node was done last, and in which version, whose `answers` its node looks up. So a
//! batch is done once, and at the latest by whoever wins after the one that wins next. And a
//! node whose compare-and-set was refused, or not answered, sees in `root` whether its batch
//! was done all the same.
//!
//! Pages are cached, as they cannot change. Nodes never talk to each other, so this
//! survives partitions, loss between nodes, pauses and kills. What stood in an inbox may be
//! done by others at any time, so what is not answered is answered with an error that leaves
//! that open.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{MicroOperation, Txn, TxnOk};
use glomers_node::{Context, ErrorCode, Node, NodeId, RpcError, Time, Value};
use serde::{Deserialize, Serialize};

use super::later::{Later, later};
use super::page::{Missing, Page, PageId, Pages, Version};
use crate::once::insist;

/// The key of the root's name.
const ROOT: &str = "root";
/// For how long a transaction is tried: a little less than a client waits.
const PATIENCE: Duration = Duration::from_millis(4500);
/// How many transactions are committed at once at most.
const BATCH: usize = 64;
/// How many pages are remembered at most.
const PAGES: usize = 10_000;

/// What the key `root` holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Root {
    /// The root of the newest version; none if nothing was written yet.
    root: Option<PageId>,
    /// The last batch of each node that was done.
    done: BTreeMap<String, DoneBatch>,
}

/// A batch that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DoneBatch {
    life: Life,
    number: u64,
    /// The root of its version.
    root: PageId,
}

/// An incarnation of a node: how often it was started before, and what no other has, for
/// where nobody says the former.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Life {
    incarnation: u32,
    bits: u64,
}

/// Transactions that a node wants done, as they stand in its inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Batch {
    node: String,
    life: Life,
    /// Counts from 1.
    number: u64,
    txns: Vec<Transaction>,
}

type Transaction = Vec<MicroOperation>;
/// By their nodes, what the transactions of batches saw.
type Answers = BTreeMap<String, Vec<Transaction>>;

impl Root {
    /// In which version a batch was done, if it is known to be.
    fn version_of(&self, batch: &Batch) -> Option<&PageId> {
        let done = self.done.get(&batch.node)?;
        (done.life == batch.life && done.number >= batch.number).then_some(&done.root)
    }

    /// Whether a batch may still be done: none was of its node that is newer, nor itself.
    fn is_open(&self, batch: &Batch) -> bool {
        let is_older = |done: &DoneBatch| done.life.incarnation > batch.life.incarnation;
        self.version_of(batch).is_none() && !self.done.get(&batch.node).is_some_and(is_older)
    }

    /// What it is after a version with these batches.
    fn with(&self, root: &PageId, batches: &[&Batch]) -> Root {
        let mut done = self.done.clone();
        done.extend(batches.iter().map(|batch| {
            let (life, number, root) = (batch.life, batch.number, root.clone());
            (batch.node.clone(), DoneBatch { life, number, root })
        }));
        Root { root: Some(root.clone()), done }
    }
}

/// What an incarnation remembers.
#[derive(Debug, Default)]
pub struct State {
    pages: Pages,
    incarnation_bits: u64,
    names: u64,
    /// How many batches there were.
    batches: u64,
    /// Transactions that wait to be committed.
    waiting: VecDeque<Waiting>,
    /// Whether somebody commits what waits.
    is_writing: bool,
}

/// A transaction that writes.
#[derive(Debug)]
struct Waiting {
    txn: Transaction,
    /// When it has waited too long.
    until: Time,
    answer: Later<Result<Transaction, RpcError>>,
}

/// What keys hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// Lists, which `append` makes longer.
    Lists,
    /// Registers, which `w` sets.
    Registers,
}

impl Objects {
    /// What a read shows.
    fn shown(self, list: Vec<Value>) -> Value {
        match (self, list.last()) {
            (_, None) => Value::Null,
            (Objects::Lists, _) => Value::list(list),
            (Objects::Registers, Some(value)) => value.clone(),
        }
    }

    /// What a write leaves.
    fn written(self, mut list: Vec<Value>, value: Value) -> Vec<Value> {
        match self {
            Objects::Lists => {
                list.push(value);
                list
            }
            Objects::Registers => vec![value],
        }
    }
}

/// The node.
pub fn node(objects: Objects) -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            let bits = cx.with_rng(|rng| rng.bits());
            cx.with(|state| state.incarnation_bits = bits);
        })
        .on(async move |cx, Txn { txn }| Ok(TxnOk { txn: transact(&cx, objects, txn).await? }))
}

async fn transact(
    cx: &Context<State>,
    objects: Objects,
    txn: Transaction,
) -> Result<Transaction, RpcError> {
    let until = cx.now() + PATIENCE;
    if txn.iter().all(|(f, ..)| f == "r") {
        // It must see the newest version.
        let root = newest_root(cx, until).await.map_err(nothing_happened)?.unwrap_or_default();
        let mut lists = BTreeMap::new();
        return run(cx, objects, root.root.as_ref(), &txn, &mut lists, until).await;
    }
    let (answer, answered) = later();
    let is_first = cx.with(|state| {
        state.waiting.push_back(Waiting { txn, until, answer });
        !std::mem::replace(&mut state.is_writing, true)
    });
    if is_first {
        let cx = cx.clone();
        cx.clone().spawn(async move { commit_all(&cx, objects).await });
    }
    answered.await
}

/// Commits what waits, batch by batch, until nothing does.
async fn commit_all(cx: &Context<State>, objects: Objects) {
    loop {
        let now = cx.now();
        let batch: Vec<Waiting> = cx.with(|state| {
            let count = state.waiting.len().min(BATCH);
            state.is_writing = count > 0;
            state.waiting.drain(..count).collect()
        });
        if batch.is_empty() {
            return;
        }
        // Who asked has given up.
        let (batch, late): (Vec<Waiting>, Vec<Waiting>) =
            batch.into_iter().partition(|one| one.until > now);
        for one in late {
            let text = "other transactions kept this node busy for too long";
            one.answer.give(Err(RpcError::new(ErrorCode::TXN_CONFLICT, text)));
        }
        let Some(until) = batch.iter().map(|one| one.until).max() else { continue };
        let txns = batch.iter().map(|one| one.txn.clone()).collect();
        match commit(cx, objects, txns, until).await {
            Ok(answers) => {
                for (one, answer) in batch.into_iter().zip(answers) {
                    one.answer.give(Ok(answer));
                }
            }
            Err(error) => {
                // Others may do it.
                let error = RpcError::new(ErrorCode::TIMEOUT, error.text);
                for one in batch {
                    one.answer.give(Err(error.clone()));
                }
            }
        }
    }
}

/// Commits transactions: what each saw.
async fn commit(
    cx: &Context<State>,
    objects: Objects,
    txns: Vec<Transaction>,
    until: Time,
) -> Result<Vec<Transaction>, RpcError> {
    let id = cx.id().clone();
    let own = cx.with(|state| {
        state.batches += 1;
        let life = Life {
            incarnation: cx.incarnation().unwrap_or_default(),
            bits: state.incarnation_bits,
        };
        Batch { node: id.to_string(), life, number: state.batches, txns }
    });
    let write = |limit| {
        let (kv, key, own) = (cx.lin_kv().timeout(limit), inbox_key(&id), own.clone());
        async move { kv.write(key, own).await }
    };
    insist(cx, until, write).await?;
    // What it saw in the versions of this node, of which one may be the newest, though nobody
    // has said so.
    let mut tried: BTreeMap<PageId, Vec<Transaction>> = BTreeMap::new();
    loop {
        // First the inboxes: what of them was done before `root` is read is seen there.
        let others = inboxes(cx, until).await?;
        let old = newest_root(cx, until).await?;
        let known = old.clone().unwrap_or_default();
        if let Some(root) = known.version_of(&own) {
            return match tried.remove(root) {
                Some(seen) => Ok(seen),
                None => answers_of(cx, &own, root, until).await,
            };
        }
        let open = others.iter().filter(|batch| known.is_open(batch));
        let batches: Vec<&Batch> = std::iter::once(&own).chain(open).collect();
        let mut lists = BTreeMap::new();
        let mut answers = Answers::new();
        for batch in &batches {
            let mut seen = Vec::new();
            for txn in &batch.txns {
                seen.push(run(cx, objects, known.root.as_ref(), txn, &mut lists, until).await?);
            }
            answers.insert(batch.node.clone(), seen);
        }
        let version = new_version(cx, known.root.as_ref(), lists, &answers, until).await?;
        let new = known.with(&version.root, &batches);
        let root = version.root.clone();
        let seen = answers.remove(&own.node).unwrap_or_default();
        if publish(cx, old, new, version, until).await? {
            return Ok(seen);
        }
        tried.insert(root, seen);
    }
}

/// The batches in the inboxes of the other nodes.
async fn inboxes(cx: &Context<State>, until: Time) -> Result<Vec<Batch>, RpcError> {
    let reads = cx.others().map(async |node| {
        let read = |limit| {
            let (kv, key) = (cx.lin_kv().timeout(limit), inbox_key(node));
            async move { kv.get::<Batch>(key).await }
        };
        insist(cx, until, read).await
    });
    let all: Result<Vec<Option<Batch>>, RpcError> =
        glomers_node::join_all(reads).await.into_iter().collect();
    Ok(all?.into_iter().flatten().collect())
}

/// What the transactions of a batch saw that another node has done.
async fn answers_of(
    cx: &Context<State>,
    batch: &Batch,
    root: &PageId,
    until: Time,
) -> Result<Vec<Transaction>, RpcError> {
    let read = |limit| {
        let (kv, key) = (cx.lin_kv().timeout(limit), answers_key(root));
        async move { kv.read::<Answers>(key).await }
    };
    let mut answers = insist(cx, until, read).await?;
    Ok(answers.remove(&batch.node).unwrap_or_default())
}

/// Before anything is written a failure is definite.
fn nothing_happened(error: RpcError) -> RpcError {
    match error.code.is_definite() {
        true => error,
        false => RpcError::new(
            ErrorCode::TEMPORARILY_UNAVAILABLE,
            format!("lin-kv did not answer, and nothing was written: {}", error.text),
        ),
    }
}

async fn newest_root(cx: &Context<State>, until: Time) -> Result<Option<Root>, RpcError> {
    let read = |limit| {
        let kv = cx.lin_kv().timeout(limit);
        async move { kv.get::<Root>(ROOT).await }
    };
    insist(cx, until, read).await
}

/// Runs a transaction in the version of a root, page by page, after those that left
/// `lists`; it leaves its own there.
async fn run(
    cx: &Context<State>,
    objects: Objects,
    root: Option<&PageId>,
    txn: &Transaction,
    lists: &mut BTreeMap<String, Vec<Value>>,
    until: Time,
) -> Result<Transaction, RpcError> {
    loop {
        let mut after = lists.clone();
        match cx.with(|state| attempt(&state.pages, objects, root, txn, &mut after)) {
            Ok(answer) => {
                *lists = after;
                return Ok(answer);
            }
            Err(Missing(id)) => fetch(cx, id, until).await?,
        }
    }
}

/// Runs a transaction with the pages that are known.
fn attempt(
    pages: &Pages,
    objects: Objects,
    root: Option<&PageId>,
    txn: &Transaction,
    lists: &mut BTreeMap<String, Vec<Value>>,
) -> Result<Transaction, Missing> {
    let mut answer = Vec::with_capacity(txn.len());
    for (f, key, value) in txn {
        let name = key.to_json();
        let seen = match lists.get(&name) {
            Some(list) => list.clone(),
            None => pages.get(root, &name)?.to_vec(),
        };
        let shown = match &**f {
            "r" => objects.shown(seen),
            _ => {
                lists.insert(name, objects.written(seen, value.clone()));
                value.clone()
            }
        };
        answer.push((f.clone(), key.clone(), shown));
    }
    Ok(answer)
}

async fn fetch(cx: &Context<State>, id: PageId, until: Time) -> Result<(), RpcError> {
    let read = |limit| {
        let (kv, key) = (cx.lin_kv().timeout(limit), page_key(&id));
        async move { kv.read::<Page>(key).await }
    };
    let page = insist(cx, until, read).await.map_err(nothing_happened)?;
    cx.with(|state| {
        if state.pages.len() >= PAGES {
            state.pages.clear();
        }
        state.pages.insert(id, page);
    });
    Ok(())
}

fn page_key(id: &PageId) -> String {
    format!("page/{id}")
}

fn answers_key(root: &PageId) -> String {
    format!("answers/{root}")
}

fn inbox_key(node: &NodeId) -> String {
    format!("inbox/{node}")
}

/// Writes the pages that are new with these lists, and what the batches of others saw.
async fn new_version(
    cx: &Context<State>,
    root: Option<&PageId>,
    lists: BTreeMap<String, Vec<Value>>,
    answers: &Answers,
    until: Time,
) -> Result<Version, RpcError> {
    let id = cx.id().clone();
    let version = loop {
        let made = cx.with(|state| {
            let State { pages, incarnation_bits, names, .. } = state;
            let mut name = || {
                *names += 1;
                format!("{id}-{incarnation_bits:016x}-{names}")
            };
            pages.replace(root, lists.clone(), &mut name)
        });
        match made {
            Ok(version) => break version,
            // Forgotten meanwhile.
            Err(Missing(id)) => fetch(cx, id, until).await?,
        }
    };
    let pages = version.fresh.iter().map(async |(id, page)| {
        let write = |limit| {
            let kv = cx.lin_kv().timeout(limit);
            async move { kv.write(page_key(id), page).await }
        };
        insist(cx, until, write).await
    });
    let of_others = async {
        if answers.len() == 1 {
            return Ok(());
        }
        let write = |limit| {
            let kv = cx.lin_kv().timeout(limit);
            let key = answers_key(&version.root);
            async move { kv.write(key, answers).await }
        };
        insist(cx, until, write).await
    };
    let (pages, of_others) = glomers_node::join(glomers_node::join_all(pages), of_others).await;
    for written in pages.into_iter().chain([of_others]) {
        written?;
    }
    Ok(version)
}

/// Moves the root, unless somebody else has; whether it was moved as far as is known:
/// `false` may mean that the answer was to a second request. Then `root` says it.
async fn publish(
    cx: &Context<State>,
    old: Option<Root>,
    new: Root,
    version: Version,
    until: Time,
) -> Result<bool, RpcError> {
    cx.with(|state| {
        for (id, page) in version.fresh {
            state.pages.insert(id, page);
        }
    });
    // Again and again until there is an answer. That does no harm: a root has a name of its
    // own, and if one request was done, the others are refused.
    let swap = |limit| {
        let (kv, old, new) = (cx.lin_kv().timeout(limit), old.clone(), new.clone());
        async move {
            match old {
                Some(old) => kv.cas(ROOT, old, new).await,
                None => kv.create(ROOT, new).await,
            }
        }
    };
    match insist(cx, until, swap).await {
        Ok(()) => Ok(true),
        Err(error) if error.code == ErrorCode::PRECONDITION_FAILED => Ok(false),
        Err(error) => Err(error),
    }
}
