//! Logs as strangers write them: what the protocol leaves open is right, whichever
//! way it is done, and what it does not is found.

use std::collections::BTreeMap;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Offsets, Poll,
    PollOk, Send, SendOk,
};
use glomers_testing::*;
use glomers_workload::Kafka;

use super::trial::found;

/// One node that keeps logs in its memory, in one way of many.
#[derive(Clone, Copy)]
struct Way {
    /// The offset of the nth message of a log.
    offset: fn(i64) -> i64,
    /// The most messages of a log in one poll.
    most: usize,
    /// Whether a poll names keys of which it has nothing.
    names_empty: bool,
    /// What is answered for a key of which nothing was committed.
    uncommitted: Option<i64>,
    /// What is answered for one of which this was.
    committed: fn(i64) -> i64,
    /// Whether the answer tells of all keys, not only of those asked for.
    tells_all: bool,
    /// What a send is told of the offset of its message.
    told: fn(i64) -> i64,
    /// From which offset on a poll begins that is asked for one.
    from: fn(i64) -> i64,
}

const PLAIN: Way = Way {
    offset: |n| n,
    most: usize::MAX,
    names_empty: true,
    uncommitted: None,
    committed: |offset| offset,
    tells_all: false,
    told: |offset| offset,
    from: |offset| offset,
};

#[derive(Default)]
struct State {
    logs: BTreeMap<String, Vec<(i64, Value)>>,
    committed: Offsets,
}

fn node(way: Way) -> Node<State> {
    Node::<State>::new()
        .on(async move |cx, Send { key, msg }| {
            let offset = cx.with(|state| {
                let log = state.logs.entry(key).or_default();
                let offset = (way.offset)(log.len() as i64);
                log.push((offset, msg));
                offset
            });
            Ok(SendOk { offset: (way.told)(offset) })
        })
        .on(async move |cx, Poll { offsets }| {
            let msgs = cx.with(|state| {
                let polled = |(key, from): (String, i64)| {
                    let log = state.logs.get(&key).map(Vec::as_slice).unwrap_or_default();
                    let rest = log.iter().filter(|(offset, _)| *offset >= (way.from)(from));
                    let some: Vec<_> = rest.take(way.most).cloned().collect();
                    (way.names_empty || !some.is_empty()).then_some((key, some))
                };
                offsets.into_iter().filter_map(polled).collect()
            });
            Ok(PollOk { msgs })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            cx.with(|state| {
                for (key, offset) in offsets {
                    let known = state.committed.entry(key).or_insert(offset);
                    *known = offset.max(*known);
                }
            });
            Ok(CommitOffsetsOk {})
        })
        .on(async move |cx, ListCommittedOffsets { keys }| {
            let offsets = cx.with(|state| {
                let all = state.committed.keys().filter(|_| way.tells_all).cloned();
                let keys: Vec<String> = keys.into_iter().chain(all).collect();
                let of_key = |key: String| {
                    let known = state.committed.get(&key).map(|offset| (way.committed)(*offset));
                    Some((key, known.or(way.uncommitted)?))
                };
                keys.into_iter().filter_map(of_key).collect()
            });
            Ok(ListCommittedOffsetsOk { offsets })
        })
}

fn run(seed: u64, way: Way) -> TestRun {
    Simulation::seed(seed)
        .nodes(1, move || node(way))
        .clients_per_node(4)
        .workload(Load::new(Kafka::new(3, 100), 200.0))
        .run_for(10 * S)
}

#[track_caller]
fn is_right(way: Way) {
    for seed in 0..5 {
        run(seed, way).assert_valid();
    }
}

#[test]
fn offsets_may_begin_anywhere_and_leave_some_out() {
    is_right(PLAIN);
    is_right(Way { offset: |n| n + 1, ..PLAIN });
    is_right(Way { offset: |n| 1000 + 10 * n, ..PLAIN });
    // Times in ns, and squares.
    is_right(Way { offset: |n| 1_764_258_011_123_456_789 + 7919 * n, ..PLAIN });
    is_right(Way { offset: |n| n * n, ..PLAIN });
}

#[test]
fn polls_may_give_a_little_at_a_time_and_leave_out_empty_keys() {
    is_right(Way { most: 1, ..PLAIN });
    is_right(Way { most: 3, names_empty: false, ..PLAIN });
}

#[test]
fn what_was_committed_may_be_told_in_any_form() {
    for uncommitted in [None, Some(0), Some(-1)] {
        for tells_all in [false, true] {
            is_right(Way { uncommitted, tells_all, ..PLAIN });
            is_right(Way { uncommitted, tells_all, offset: |n| n + 5, ..PLAIN });
        }
    }
    // A node that has heard less, or nothing.
    is_right(Way { committed: |offset| offset - 1, ..PLAIN });
    is_right(Way { committed: |_| 0, ..PLAIN });
}

#[test]
fn who_takes_more_for_committed_than_was_is_found_out() {
    let more = Way { committed: |offset| offset + 1, ..PLAIN };
    assert_eq!(found(10, "commit-too-far", |seed| run(seed, more)), 10);
    let some = Way { uncommitted: Some(1), ..PLAIN };
    assert_eq!(found(10, "commit-too-far", |seed| run(seed, some)), 10);
}

#[test]
fn who_tells_senders_another_offset_is_found_out_by_that() {
    for told in [|offset| offset + 1, |offset| offset - 1] {
        for seed in 0..5 {
            let run = run(seed, Way { told, ..PLAIN });
            let names: Vec<&str> = run.verdict.findings.iter().map(|found| &*found.name).collect();
            assert_eq!(names, ["shifted-offsets"], "{}", run.verdict.findings[0]);
        }
    }
}

#[test]
fn who_begins_behind_what_is_asked_for_is_found_out() {
    let behind = Way { from: |offset| if offset > 0 { offset + 1 } else { 0 }, ..PLAIN };
    assert_eq!(found(10, "poll-skip", |seed| run(seed, behind)), 10);
}
