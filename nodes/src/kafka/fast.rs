//! Logs that have owners, with few messages. (Challenge 5c.)
//!
//! Each key belongs to one node, by a hash of the key, which alone appends to its
//! log: so there is nobody to race with, and neither a compare-and-set nor a lock
//! is needed. A node that gets a send for another's key passes it on: two
//! messages, none if the key is its own.
//!
//! Every node answers polls from its own memory. It has copies of the others'
//! logs, and fetches what was appended since the last time when somebody polls
//! and the copies are older than `FRESH`. However many polls there are, that
//! is two messages for each owner in that time; and none if nobody polls. What a
//! poll shows may thus be a little old, as Kafka allows; but it never has a gap,
//! as owners keep all their messages in one journal, and copies grow along it.
//!
//! Committed offsets stay at the node that was told; who asks how far a key is
//! gets the furthest of all nodes, for which that node asks all others. Commits
//! are many and such questions few: a consumer asks when it gets new keys.
//!
//! `lin-kv` is not used at all: memory is enough as long as no node is killed.
//! Survives partitions, loss and pauses. Polls are always answered; a send for a
//! node that cannot be reached is answered with an error that leaves open whether
//! it happened, and is not repeated, as the message could then be there twice. What
//! is passed on has a number by which the owner knows it again if the network brings
//! it twice.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Offsets, Poll,
    PollOk, Send, SendOk,
};
use glomers_node::{Context, ErrorCode, Message, Node, NodeId, RpcError, Time, Value, join_all};
use serde::{Deserialize, Serialize};

use super::log::Log;
use super::{commit, only};

/// How old copies may be before a poll has them renewed.
const FRESH: Duration = Duration::from_millis(50);

/// How long a poll waits for an owner: longer than any round trip that a client
/// would be content with, and much shorter than the client's patience.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many messages are fetched at a time.
const FETCHED: usize = 10_000;

/// A message of a journal: key and content. Its offset is its place among those
/// of its key.
type Entry = (String, Value);

/// How many sends that were passed on an owner knows again.
const REMEMBERED: usize = 10_000;

/// A send that is passed on to the owner of its key.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "kafka_append", reply = SendOk)]
struct Append {
    key: String,
    msg: Value,
    /// Random: no other has it.
    number: u64,
}

/// Asks for an owner's journal from an entry on.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "kafka_fetch", reply = FetchOk)]
struct Fetch {
    from: usize,
}

/// A piece of the journal.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "kafka_fetch_ok")]
struct FetchOk {
    entries: Vec<Entry>,
}

/// What the node knows.
#[derive(Debug, Default)]
pub struct State {
    /// All logs: its own, and copies.
    logs: BTreeMap<String, Log>,
    /// What was appended to its own logs, in order.
    journal: Vec<Entry>,
    /// The offsets of sends that others passed on, by number, and the order in
    /// which they came.
    appended: BTreeMap<u64, i64>,
    numbers: VecDeque<u64>,
    copied: BTreeMap<NodeId, Copied>,
    /// What was committed here.
    committed: Offsets,
}

/// How far the copy of another's journal is.
#[derive(Debug, Default)]
struct Copied {
    entries: usize,
    /// When it was last asked for, at the node's own clock.
    asked_at: Option<Time>,
}

impl State {
    /// Appends to a log that is this node's own.
    fn append(&mut self, key: String, message: Value) -> i64 {
        self.journal.push((key.clone(), message.clone()));
        self.logs.entry(key).or_default().append(message)
    }

    /// Appends what was passed on, unless that came before.
    fn append_once(&mut self, number: u64, key: String, message: Value) -> i64 {
        if let Some(&offset) = self.appended.get(&number) {
            return offset;
        }
        let offset = self.append(key, message);
        self.appended.insert(number, offset);
        self.numbers.push_back(number);
        if self.numbers.len() > REMEMBERED
            && let Some(oldest) = self.numbers.pop_front()
        {
            self.appended.remove(&oldest);
        }
        offset
    }

    /// Takes a piece of another's journal that begins at an entry. Two fetches at
    /// once may bring the same.
    fn copy(&mut self, owner: &NodeId, from: usize, entries: Vec<Entry>) {
        let copied = self.copied.entry(owner.clone()).or_default();
        let known = copied.entries.saturating_sub(from);
        copied.entries = copied.entries.max(from + entries.len());
        for (key, message) in entries.into_iter().skip(known) {
            self.logs.entry(key).or_default().append(message);
        }
    }
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on(async |cx, Send { key, msg }| {
            let owner = owner(&key, cx.peers());
            if owner != cx.id() {
                let number = cx.random_below(u64::MAX);
                return cx.rpc(owner, Append { key, msg, number }).await;
            }
            Ok(SendOk { offset: cx.with(|state| state.append(key, msg)) })
        })
        .on(async |cx, Append { key, msg, number }| {
            Ok(SendOk { offset: cx.with(|state| state.append_once(number, key, msg)) })
        })
        .on(async |cx, Poll { offsets }| {
            renew(&cx, offsets.keys()).await;
            let msgs = cx.with(|state| {
                let log = |(key, offset)| {
                    let messages = state.logs.get(&key)?.from(offset);
                    Some((key, messages))
                };
                offsets.into_iter().filter_map(log).collect()
            });
            Ok(PollOk { msgs })
        })
        .on(async |cx, Fetch { from }| {
            let entries =
                cx.with(|state| state.journal.iter().skip(from).take(FETCHED).cloned().collect());
            Ok(FetchOk { entries })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            cx.with(|state| commit(&mut state.committed, offsets));
            Ok(CommitOffsetsOk {})
        })
        .on(async |cx, ListCommittedOffsets { keys }| {
            let mut offsets = cx.with(|state| only(&state.committed, &keys));
            if cx.src().is_client() {
                let ask = |peer| {
                    cx.rpc(peer, ListCommittedOffsets { keys: keys.clone() }).timeout(PATIENCE)
                };
                for answer in join_all(cx.others().map(ask)).await {
                    commit(&mut offsets, answer.map_err(|error| unavailable(&error))?.offsets);
                }
            }
            Ok(ListCommittedOffsetsOk { offsets })
        })
}

/// Nothing has been done, and the client may ask again.
fn unavailable(error: &RpcError) -> RpcError {
    RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, error.to_string())
}

/// Fetches what the owners of these keys have appended, where the copies are old.
async fn renew(cx: &Context<State>, keys: impl Iterator<Item = &String>) {
    let peers = cx.peers().clone();
    let mut owners: Vec<&NodeId> = keys.map(|key| owner(key, &peers)).collect();
    owners.sort();
    owners.dedup();
    owners.retain(|owner| *owner != cx.id() && is_old(cx, owner));
    let fetches = owners.into_iter().map(|owner| fetch(cx, owner));
    join_all(fetches).await;
}

/// Whether nobody has asked this owner of late. Notes that somebody does now.
fn is_old(cx: &Context<State>, owner: &NodeId) -> bool {
    let now = cx.now();
    cx.with(|state| {
        let copied = state.copied.entry(owner.clone()).or_default();
        let is_old = copied.asked_at.is_none_or(|asked| now.since(asked) >= FRESH);
        if is_old {
            copied.asked_at = Some(now);
        }
        is_old
    })
}

/// Fetches what an owner has appended. If it does not answer, the copy stays as
/// it is, and the next poll tries again.
async fn fetch(cx: &Context<State>, owner: &NodeId) {
    let from = cx.with(|state| state.copied.get(owner).map_or(0, |copied| copied.entries));
    if let Ok(fetched) = cx.rpc(owner, Fetch { from }).timeout(PATIENCE).await {
        cx.with(|state| state.copy(owner, from, fetched.entries));
    }
}

/// Whose a key is: the same for all nodes, and for all time. (By the hash FNV-1a,
/// which spreads short keys well.)
fn owner<'a>(key: &str, peers: &'a [NodeId]) -> &'a NodeId {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    &peers[(hash % peers.len() as u64) as usize]
}
