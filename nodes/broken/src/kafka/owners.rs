//! Logs in the memory of the first node, which all others ask.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Messages,
    Offsets, Poll, PollOk, Send, SendOk,
};
use glomers_node::{Context, Node, NodeId, Retry, Value};

/// What the first node knows.
#[derive(Debug, Default)]
pub struct State {
    logs: BTreeMap<String, Vec<Value>>,
    committed: Offsets,
}

/// The node that has the logs; `None`: this one.
fn owner(cx: &Context<State>) -> Option<&NodeId> {
    cx.peers().first().filter(|first| *first != cx.id())
}

/// Repeats what is not answered.
pub fn retries_send() -> Node<State> {
    let timeout = Duration::from_millis(200);
    Node::<State>::new()
        .on(async move |cx, Send { key, msg }| {
            if let Some(owner) = owner(&cx) {
                // Wrong: that no answer came does not say that it was not stored.
                let rpc = cx.rpc(owner, Send { key, msg });
                return rpc.timeout(timeout).retry(Retry::forever()).await;
            }
            let offset = cx.with(|state| {
                let log = state.logs.entry(key).or_default();
                log.push(msg);
                log.len() as i64 - 1
            });
            Ok(SendOk { offset })
        })
        .on(async move |cx, Poll { offsets }| {
            if let Some(owner) = owner(&cx) {
                let rpc = cx.rpc(owner, Poll { offsets });
                return rpc.timeout(timeout).retry(Retry::forever()).await;
            }
            let msgs = cx.with(|state| {
                let log = |(key, from): (String, i64)| {
                    let log = state.logs.get(&key)?.iter().cloned();
                    let messages: Messages = (0..).zip(log).filter(|(at, _)| *at >= from).collect();
                    Some((key, messages))
                };
                offsets.into_iter().filter_map(log).collect()
            });
            Ok(PollOk { msgs })
        })
        .on(async move |cx, CommitOffsets { offsets }| {
            if let Some(owner) = owner(&cx) {
                let rpc = cx.rpc(owner, CommitOffsets { offsets });
                return rpc.timeout(timeout).retry(Retry::forever()).await;
            }
            cx.with(|state| {
                for (key, offset) in offsets {
                    let known = state.committed.entry(key).or_insert(offset);
                    *known = offset.max(*known);
                }
            });
            Ok(CommitOffsetsOk {})
        })
        .on(async move |cx, ListCommittedOffsets { keys }| {
            if let Some(owner) = owner(&cx) {
                let rpc = cx.rpc(owner, ListCommittedOffsets { keys });
                return rpc.timeout(timeout).retry(Retry::forever()).await;
            }
            let offsets = cx.with(|state| {
                let offset = |key: String| Some((key.clone(), *state.committed.get(&key)?));
                keys.into_iter().filter_map(offset).collect()
            });
            Ok(ListCommittedOffsetsOk { offsets })
        })
}
