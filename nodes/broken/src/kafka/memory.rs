//! Logs in the memory of a node.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Messages,
    Offsets, Poll, PollOk, Send, SendOk,
};
use glomers_node::{Node, Value};

/// What a node knows.
#[derive(Debug, Default)]
pub struct State {
    logs: BTreeMap<String, Messages>,
    committed: Offsets,
    /// Sends since the buffer was empty.
    buffered: u32,
}

impl State {
    /// The next offset of a log.
    fn next(&self, key: &str) -> i64 {
        let last = self.logs.get(key).and_then(|log| log.last());
        last.map_or(0, |(offset, _)| offset + 1)
    }

    fn store(&mut self, key: String, message: Value) -> i64 {
        let offset = self.next(&key);
        self.logs.entry(key).or_default().push((offset, message));
        offset
    }

    /// What a log has from an offset on.
    fn poll(&self, key: &str, from: i64) -> Messages {
        let log = self.logs.get(key).map(Vec::as_slice).unwrap_or_default();
        log.iter().filter(|(offset, _)| *offset >= from).cloned().collect()
    }
}

fn commits(node: Node<State>) -> Node<State> {
    node.on(async |cx, CommitOffsets { offsets }| {
        cx.with(|state| {
            for (key, offset) in offsets {
                let known = state.committed.entry(key).or_insert(offset);
                *known = offset.max(*known);
            }
        });
        Ok(CommitOffsetsOk {})
    })
}

fn committed(node: Node<State>) -> Node<State> {
    node.on(async |cx, ListCommittedOffsets { keys }| {
        let offsets = cx.with(|state| {
            let offset = |key: String| Some((key.clone(), *state.committed.get(&key)?));
            keys.into_iter().filter_map(offset).collect()
        });
        Ok(ListCommittedOffsetsOk { offsets })
    })
}

fn sends(node: Node<State>) -> Node<State> {
    node.on(async |cx, Send { key, msg }| {
        Ok(SendOk { offset: cx.with(|state| state.store(key, msg)) })
    })
}

/// Polls, from an offset that depends on the one that is asked for.
fn polls(node: Node<State>, from: fn(i64) -> i64) -> Node<State> {
    node.on(async move |cx, Poll { offsets }| {
        let msgs = cx.with(|state| {
            let log = |(key, offset): (String, i64)| {
                let log = state.poll(&key, from(offset));
                (key, log)
            };
            offsets.into_iter().map(log).collect()
        });
        Ok(PollOk { msgs })
    })
}

/// Has never heard of other nodes.
pub fn local_offsets() -> Node<State> {
    // Wrong only in a cluster of several: nobody shares a log.
    sends(polls(committed(commits(Node::new())), |from| from))
}

/// Takes an offset, writes the message to a disk, and then shows it.
pub fn reuses_offset() -> Node<State> {
    polls(committed(commits(Node::new())), |from| from).on(async |cx, Send { key, msg }| {
        let offset = cx.with(|state| state.next(&key));
        cx.sleep(Duration::from_millis(5)).await;
        // Wrong: another message may have the offset by now.
        cx.with(|state| state.logs.entry(key).or_default().push((offset, msg)));
        Ok(SendOk { offset })
    })
}

/// Takes the offset for the last one that the consumer has.
pub fn skips() -> Node<State> {
    // Wrong: it is the next one that it wants.
    let from = |offset| if offset > 0 { offset + 1 } else { 0 };
    sends(polls(committed(commits(Node::new())), from))
}

/// Begins with what the consumer has, in order to be sure.
pub fn goes_back() -> Node<State> {
    // Wrong: who has seen a message does not want to see it again.
    sends(polls(committed(commits(Node::new())), |from| from - 1))
}

/// How many messages the buffer holds.
const BUFFER: u32 = 32;

/// Counts what it has not written to its disk.
pub fn drops() -> Node<State> {
    polls(committed(commits(Node::new())), |from| from).on(async |cx, Send { key, msg }| {
        let offset = cx.with(|state| {
            if state.buffered < BUFFER {
                state.buffered += 1;
                return state.store(key, msg);
            }
            // Wrong: the buffer is written and empty again, but this message is
            // neither in the old one nor in the new one.
            state.buffered = 0;
            state.next(&key)
        });
        Ok(SendOk { offset })
    })
}

/// Takes a commit for one of all there is.
pub fn commits_too_far() -> Node<State> {
    sends(polls(committed(Node::new()), |from| from)).on(async |cx, CommitOffsets { offsets }| {
        cx.with(|state| {
            for key in offsets.into_keys() {
                // Wrong: what came since the poll is not the consumer's to commit.
                let end = state.next(&key) - 1;
                state.committed.insert(key, end);
            }
        });
        Ok(CommitOffsetsOk {})
    })
}
