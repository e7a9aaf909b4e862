//! Logs in the memory of one node. (Challenge 5a.)
//!
//! For a cluster of one. Survives pauses; a kill, of course, loses everything.

use std::collections::BTreeMap;

use glomers_node::Node;
use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Offsets, Poll,
    PollOk, Send, SendOk,
};

use super::log::Log;
use super::{commit, only};

/// What the node knows.
#[derive(Debug, Default)]
pub struct State {
    logs: BTreeMap<String, Log>,
    committed: Offsets,
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on(async |cx, Send { key, msg }| {
            Ok(SendOk { offset: cx.with(|state| state.logs.entry(key).or_default().append(msg)) })
        })
        .on(async |cx, Poll { offsets }| {
            let msgs = cx.with(|state| {
                let log = |(key, offset)| {
                    let messages = state.logs.get(&key)?.from(offset);
                    Some((key, messages))
                };
                offsets.into_iter().filter_map(log).collect()
            });
            Ok(PollOk { msgs })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            cx.with(|state| commit(&mut state.committed, offsets));
            Ok(CommitOffsetsOk {})
        })
        .on(async |cx, ListCommittedOffsets { keys }| {
            Ok(ListCommittedOffsetsOk { offsets: cx.with(|state| only(&state.committed, &keys)) })
        })
}
