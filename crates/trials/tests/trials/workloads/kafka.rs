//! Nodes of logs.

use std::collections::BTreeMap;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Offsets, Poll,
    PollOk, Send, SendOk,
};
use glomers_sim::nemesis::Kind;
use glomers_testing::*;
use glomers_workload::Kafka;

use super::trial::{Trial, found, seeds};

const BASE: Trial = Trial { workers_per_node: 2, rate: 300.0, ..Trial::new("kafka", "") };

#[test]
fn one_node_is_accepted() {
    let trial = Trial { node: "kafka-single", nodes: 1, ..BASE };
    trial.is_accepted();
    Trial { faults: &[Kind::Pause], ..trial }.is_accepted();
}

#[test]
fn logs_on_lin_kv_are_accepted() {
    let trial = Trial { node: "kafka-lin-kv", nodes: 2, ..BASE };
    trial.is_accepted();
    let faults = &[Kind::Partition, Kind::Kill, Kind::Pause];
    Trial { nodes: 3, faults, mean_ms: 20, ..trial }.is_accepted();
}

#[test]
fn logs_with_owners_are_accepted() {
    let trial = Trial { node: "kafka-fast", nodes: 2, seconds: 10, ..BASE };
    trial.is_accepted();
    let faults = &[Kind::Partition, Kind::Pause];
    Trial { nodes: 5, faults, mean_ms: 20, ..trial.clone() }.is_accepted();
    Trial { nodes: 3, faults: &[Kind::OneWay], loss: 0.1, ..trial }.is_accepted();
}

/// Once a send that was passed on and came twice was appended twice.
#[test]
fn logs_with_owners_know_repeated_sends_again() {
    let faults = &[Kind::Duplicate, Kind::Reorder, Kind::Slow];
    Trial { node: "kafka-fast", nodes: 3, faults, mean_ms: 20, ..BASE }.is_accepted();
}

/// Challenges 5b and 5c.
#[test]
fn logs_with_owners_need_at_most_half_of_the_messages() {
    let messages = |node, seed| {
        let trial = Trial { node, nodes: 2, rate: 1000.0, ..BASE };
        let report = trial.run(seed);
        assert_eq!(report.verdict.strict, Validity::Valid, "{:#?}", report.verdict.findings);
        report.outcome.net.servers_per_operation()
    };
    for seed in seeds() {
        let (plain, fast) = (messages("kafka-lin-kv", seed), messages("kafka-fast", seed));
        println!("seed {seed}: 5b {plain:.2}, 5c {fast:.2} messages between servers an operation");
        assert!(fast * 2.0 <= plain, "seed {seed}: {fast} and {plain}");
    }
}

#[derive(Default)]
struct Logs {
    logs: BTreeMap<String, Vec<Value>>,
    sends: u32,
}

/// One node that is right but for how it appends and where polls begin.
fn twin(append: fn(&mut Logs, String, Value) -> i64, skipped: i64) -> Node<Logs> {
    Node::<Logs>::new()
        .on(async move |cx, Send { key, msg }| {
            Ok(SendOk { offset: cx.with(|state| append(state, key, msg)) })
        })
        .on(async move |cx, Poll { offsets }| {
            let polled = |state: &mut Logs, (key, from): (String, i64)| {
                let log = state.logs.entry(key.clone()).or_default();
                let start = if from > 0 { from + skipped } else { from };
                let all = (0..).zip(log.iter().cloned());
                (key, all.filter(|(offset, _)| *offset >= start).collect())
            };
            let msgs =
                cx.with(|state| offsets.into_iter().map(|pair| polled(state, pair)).collect());
            Ok(PollOk { msgs })
        })
        .on(async |_cx, CommitOffsets { .. }| Ok(CommitOffsetsOk {}))
        .on(async |_cx, ListCommittedOffsets { .. }| {
            Ok(ListCommittedOffsetsOk { offsets: Offsets::new() })
        })
}

fn right(state: &mut Logs, key: String, message: Value) -> i64 {
    let log = state.logs.entry(key).or_default();
    log.push(message);
    log.len() as i64 - 1
}

fn run<N: IntoProcess>(seed: u64, nodes: u32, node: impl Fn() -> N + 'static) -> TestRun {
    Simulation::seed(seed)
        .nodes(nodes, node)
        .clients_per_node(2)
        .workload(Load::new(Kafka::default(), 300.0))
        .run_for(10 * S)
}

#[test]
fn logs_that_are_not_shared_are_found_out() {
    run(1, 1, || twin(right, 0)).assert_valid();
    let found = found(10, "inconsistent-offsets", |seed| run(seed, 2, || twin(right, 0)));
    assert_eq!(found, 10);
}

#[test]
fn a_node_that_drops_what_it_acknowledged_is_found_out() {
    fn drops(state: &mut Logs, key: String, message: Value) -> i64 {
        state.sends += 1;
        match state.sends % 100 {
            0 => state.logs.entry(key).or_default().len() as i64,
            _ => right(state, key, message),
        }
    }
    let run = |seed| run(seed, 1, || twin(drops, 0));
    assert_eq!(found(10, "unseen", run), 10);
}

#[test]
fn a_node_that_writes_a_message_twice_is_found_out() {
    fn doubles(state: &mut Logs, key: String, message: Value) -> i64 {
        state.sends += 1;
        if state.sends.is_multiple_of(100) {
            right(state, key.clone(), message.clone());
        }
        right(state, key, message)
    }
    assert_eq!(found(10, "duplicate", |seed| run(seed, 1, || twin(doubles, 0))), 10);
}

#[test]
fn a_poll_that_begins_one_too_far_is_found_out() {
    assert_eq!(found(10, "poll-skip", |seed| run(seed, 1, || twin(right, 1))), 10);
}

/// Logs in `lin-kv`, read and written without compare-and-set.
fn without_cas() -> Node<()> {
    Node::new()
        .on(async |cx, Send { key, msg }| {
            let log: Option<Vec<Value>> = cx.lin_kv().get(key.as_str()).await?;
            let mut log = log.unwrap_or_default();
            log.push(msg);
            cx.lin_kv().write(key, &log).await?;
            Ok(SendOk { offset: log.len() as i64 - 1 })
        })
        .on(async |cx, Poll { offsets }| {
            let mut msgs = BTreeMap::new();
            for (key, from) in offsets {
                let log: Option<Vec<Value>> = cx.lin_kv().get(key.as_str()).await?;
                let all = (0..).zip(log.unwrap_or_default());
                msgs.insert(key, all.filter(|(offset, _)| *offset >= from).collect());
            }
            Ok(PollOk { msgs })
        })
        .on(async |_cx, CommitOffsets { .. }| Ok(CommitOffsetsOk {}))
        .on(async |_cx, ListCommittedOffsets { .. }| {
            Ok(ListCommittedOffsetsOk { offsets: Offsets::new() })
        })
}

#[test]
fn appending_without_cas_is_found_out() {
    let found = found(10, "inconsistent-offsets", |seed| run(seed, 2, without_cas));
    assert_eq!(found, 10);
}
