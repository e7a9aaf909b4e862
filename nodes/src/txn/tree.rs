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
//! `root` holds the last few roots, the newest first. So a transaction whose
//! compare-and-set was refused can see whether it happened all the same: on a network
//! that doubles messages, the refusal may be the answer to the copy.
//!
//! Pages are cached, as they cannot change. Nodes never talk to each other, so this
//! survives partitions, loss between nodes, pauses and kills. A compare-and-set that is
//! not answered is answered with an error that leaves open whether it happened.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::txn::{MicroOperation, Txn, TxnOk};
use glomers_node::{Context, ErrorCode, Kv, Node, Retry, RpcError, Value};

use super::page::{Missing, Page, PageId, Pages, Version};

/// The key of the root's name.
const ROOT: &str = "root";
/// How many roots are kept.
const ROOTS: usize = 16;
/// How often a transaction begins again because others were faster.
const ATTEMPTS: u32 = 20;
/// How long the service is waited for before it is asked again.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often it is asked again.
const ASKED_AGAIN: u32 = 8;
/// How many pages are remembered at most.
const PAGES: usize = 10_000;

/// The names of the last roots, the newest first; none if nothing was written yet.
type Roots = Vec<PageId>;

/// What an incarnation remembers.
#[derive(Debug, Default)]
pub struct State {
    pages: Pages,
    /// The roots that were seen last.
    roots: Option<Roots>,
    incarnation_bits: u64,
    names: u64,
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

/// What a transaction saw, and the lists that it leaves.
type Done = (Vec<MicroOperation>, BTreeMap<String, Vec<Value>>);

async fn transact(
    cx: &Context<State>,
    objects: Objects,
    txn: Vec<MicroOperation>,
) -> Result<Vec<MicroOperation>, RpcError> {
    let writes = txn.iter().any(|(f, ..)| f != "r");
    // A transaction that writes may begin with an old root: its compare-and-set would
    // fail. One that only reads must see the newest.
    let mut must_look = !writes;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            let longest = 1 << attempt.min(7);
            cx.sleep(Duration::from_millis(cx.random_below(longest))).await;
        }
        let roots = match (must_look, cx.with(|state| state.roots.clone())) {
            (false, Some(known)) => known,
            _ => newest_roots(cx).await.map_err(nothing_happened)?,
        };
        let (answer, lists) = run(cx, objects, roots.first(), &txn).await?;
        if lists.is_empty() {
            return Ok(answer);
        }
        let version = new_version(cx, roots.first(), lists).await?;
        if publish(cx, roots, version).await? {
            return Ok(answer);
        }
        must_look = true;
    }
    Err(RpcError::new(ErrorCode::TXN_CONFLICT, "other transactions were faster every time"))
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

async fn newest_roots(cx: &Context<State>) -> Result<Roots, RpcError> {
    let roots: Roots = patient(cx).get(ROOT).await?.unwrap_or_default();
    cx.with(|state| state.roots = Some(roots.clone()));
    Ok(roots)
}

/// Runs a transaction in the version of a root, page by page.
async fn run(
    cx: &Context<State>,
    objects: Objects,
    root: Option<&PageId>,
    txn: &[MicroOperation],
) -> Result<Done, RpcError> {
    loop {
        match cx.with(|state| attempt(&state.pages, objects, root, txn)) {
            Ok(done) => return Ok(done),
            Err(Missing(id)) => fetch(cx, id).await?,
        }
    }
}

/// Runs a transaction with the pages that are known.
fn attempt(
    pages: &Pages,
    objects: Objects,
    root: Option<&PageId>,
    txn: &[MicroOperation],
) -> Result<Done, Missing> {
    let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
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
    Ok((answer, lists))
}

async fn fetch(cx: &Context<State>, id: PageId) -> Result<(), RpcError> {
    let kv = patient(cx);
    let page: Page = kv.read(page_key(&id)).await.map_err(nothing_happened)?;
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

/// Writes the pages that are new with these lists.
async fn new_version(
    cx: &Context<State>,
    root: Option<&PageId>,
    lists: BTreeMap<String, Vec<Value>>,
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
            Err(Missing(id)) => fetch(cx, id).await?,
        }
    };
    let kv = patient(cx);
    let writes = version.fresh.iter().map(|(id, page)| kv.write(page_key(id), page));
    for written in glomers_node::join_all(writes).await {
        written.map_err(nothing_happened)?;
    }
    Ok(version)
}

/// The service, asked again where it does not answer. Reads, and writes of pages that
/// never change, may be done twice.
fn patient(cx: &Context<State>) -> Kv {
    cx.lin_kv().timeout(PATIENCE).retry(Retry::times(ASKED_AGAIN))
}

/// Compares and sets, again and again until there is an answer. That does no harm: a
/// root has a name of its own, and if the first request was done, those after it are
/// refused.
async fn insist(cx: &Context<State>, old: &Roots, new: &Roots) -> Result<(), RpcError> {
    let kv = cx.lin_kv().timeout(PATIENCE);
    let mut asked = 0;
    loop {
        let moved = match old.is_empty() {
            false => kv.cas(ROOT, old.clone(), new.clone()).await,
            true => kv.create(ROOT, new.clone()).await,
        };
        match moved {
            Err(error) if error.code == ErrorCode::TIMEOUT && asked < ASKED_AGAIN => asked += 1,
            other => return other,
        }
    }
}

/// Moves the root, unless somebody else has; whether it was moved.
async fn publish(cx: &Context<State>, old: Roots, version: Version) -> Result<bool, RpcError> {
    let new = version.root;
    let mut roots = vec![new.clone()];
    roots.extend(old.iter().take(ROOTS - 1).cloned());
    match insist(cx, &old, &roots).await {
        Ok(()) => {}
        Err(error) if error.code == ErrorCode::PRECONDITION_FAILED => {
            roots = newest_roots(cx).await?;
            if !roots.contains(&new) {
                // The next root after the old one is known and is another.
                let is_known = old.first().is_none_or(|old| roots.contains(old));
                let is_known = is_known && (!old.is_empty() || roots.len() < ROOTS);
                return match is_known {
                    true => Ok(false),
                    false => Err(RpcError::new(ErrorCode::TIMEOUT, "too much has happened since")),
                };
            }
        }
        Err(error) => return Err(error),
    }
    cx.with(|state| {
        for (id, page) in version.fresh {
            state.pages.insert(id, page);
        }
        state.roots = Some(roots);
    });
    Ok(true)
}
