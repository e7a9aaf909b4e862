//! Nodes with disks under kills lose nothing. (Their twins that sync too little are
//! in the gallery.)
//!
//! `GLOMERS_SEEDS=1000` runs that many seeds; figures are printed (`--nocapture`).

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use glomers_sim::nemesis::{KINDS, Kind, Schedule};
use glomers_sim::{Distribution, FaultEvent, Latency, NodeProgram, Rate, ServiceTime};
use glomers_testing::*;
use glomers_trials::run_plan;

fn seeds(default: u64) -> Range<u64> {
    let number = std::env::var("GLOMERS_SEEDS");
    0..number.map_or(default, |text| text.parse().expect("GLOMERS_SEEDS is a number"))
}

/// While most nodes are down or cannot write nothing may be answered, and that may
/// be all the time.
fn assert_nothing_wrong(seed: u64, report: &RunReport) {
    let findings = report.verdict.findings.iter();
    let wrong: Vec<_> = findings.filter(|finding| finding.name != "never-ok").collect();
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
}

fn raft_plan(seed: u64, kinds: &[Kind], interval: Duration) -> Plan {
    let program = NodeProgram::Embedded { name: "raft".into(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, "lin-kv");
    plan.latency = Latency { mean_ms: 10, distribution: Distribution::Exponential };
    plan.concurrency = 10;
    plan.workload.options.insert("check-refusals".into(), "true".into());
    plan.rate = Rate::PerSecond(20.0);
    // Slow enough that kills often come before a sync is done.
    plan.sync_time = ServiceTime::Exponential { mean: 10 * MILLISECOND };
    let interval = interval.as_nanos() as u64;
    let until = plan.time_limit * 2 / 3;
    plan.faults = Schedule::new(seed, kinds, 5, interval, until).draw();
    // For the last third all is well.
    let mut on = BTreeSet::new();
    for event in &plan.faults {
        match event.fault() {
            Some(_) => on.insert(event.id()),
            None => on.remove(&event.id()),
        };
    }
    plan.faults.extend(on.into_iter().map(|id| FaultEvent::end(until, id)));
    plan
}

#[test]
fn raft_is_linearizable_under_all_faults_at_once_and_answers_when_they_are_over() {
    let (mut answerable, mut answered, mut lost) = (0, 0, 0);
    for seed in seeds(10) {
        let plan = raft_plan(seed, &KINDS.map(|entry| entry.kind), 10 * S);
        let report =
            run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap();
        assert_nothing_wrong(seed, &report);
        let count = report.verdict.measured.answered.expect("lin-kv tells");
        answerable += count.answerable;
        answered += count.answered;
        let marks = report.outcome.context.marks.iter();
        lost += marks.filter(|mark| &*mark.label == "lost-writes").count();
    }
    println!("{answered} of {answerable} answered when all was well; {lost} kills lost writes");
    assert!(answered * 100 >= answerable * 95 && answerable > 0);
    // About one kill in a hundred runs comes at such a moment.
    assert!(lost > 0 || seeds(10).end < 100);
}

const DURABLE: [&str; 4] = ["--period", "450", "--durable", "on"];

fn broadcast_plan(seed: u64, node: &str, arguments: &[&str], kinds: &[Kind]) -> Plan {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let program = NodeProgram::Embedded { name: node.into(), arguments };
    let mut plan = Plan::new(seed, program, "broadcast");
    plan.set_node_count([3, 5, 9][(seed % 3) as usize]);
    plan.concurrency = plan.nodes.len() as u32;
    plan.latency = Latency { mean_ms: 20, distribution: Distribution::Exponential };
    plan.rate = Rate::PerSecond(50.0);
    plan.time_limit = 20 * SECOND;
    plan.recovery = 20 * SECOND;
    plan.loss = [0.0, 0.1][(seed / 3 % 2) as usize];
    plan.faults =
        Schedule::new(seed, kinds, plan.nodes.len() as u32, 3 * SECOND, plan.time_limit).draw();
    plan
}

/// A number of the workload's results.
fn result(report: &RunReport, name: &str) -> i64 {
    let workload = report.verdict.results.get("workload");
    let number = workload.and_then(|found| found.get(name));
    number.and_then(|number| number.as_int()).unwrap_or_default()
}

fn run(seed: u64, arguments: &[&str], kinds: &[Kind]) -> RunReport {
    let plan = broadcast_plan(seed, "hub-ft", arguments, kinds);
    run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap()
}

#[test]
fn hub_ft_with_a_disk_loses_nothing_that_was_acknowledged() {
    let kinds = KINDS.map(|entry| entry.kind);
    let (mut lost, mut unsynced) = (0, 0);
    for seed in seeds(12) {
        // In memory what only killed nodes had is lost, and nothing else.
        let in_memory = run(seed, &DURABLE[..2], &kinds);
        assert_eq!(
            result(&in_memory, "lost-count"),
            result(&in_memory, "lost-with-killed-nodes-count"),
            "seed {seed}"
        );
        lost += result(&in_memory, "lost-count");
        let durable = run(seed, &DURABLE, &kinds);
        assert_nothing_wrong(seed, &durable);
        let marks = &durable.outcome.context.marks;
        unsynced += marks.iter().filter(|mark| &*mark.label == "lost-writes").count();
    }
    println!("{lost} values lost in memory, none on disks; {unsynced} kills lost writes");
    assert!(lost > 0);
}

#[test]
fn flood_retry_with_a_disk_loses_nothing_that_was_acknowledged() {
    let kinds = KINDS.map(|entry| entry.kind);
    let mut unsynced = 0;
    for seed in seeds(12) {
        let plan = broadcast_plan(seed, "flood-retry", &["--durable", "on"], &kinds);
        let report =
            run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap();
        assert_nothing_wrong(seed, &report);
        let marks = report.outcome.context.marks.iter();
        unsynced += marks.filter(|mark| &*mark.label == "lost-writes").count();
    }
    println!("nothing lost; {unsynced} kills lost writes");
}

/// The mean time that clients wait for `broadcast_ok`, in ms.
fn mean_wait_ms(report: &RunReport) -> f64 {
    let history = &report.outcome.history;
    let waits: Vec<f64> = (history.ops().iter().zip(history.pairs()))
        .filter(|(op, _)| op.kind == OpKind::Invoke && &*op.f == "broadcast")
        .filter_map(|(op, end)| Some(history.ops()[end?].time.since(op.time).as_secs_f64() * 1e3))
        .collect();
    waits.iter().sum::<f64>() / waits.len() as f64
}

#[test]
fn durability_costs_a_sync_and_no_message() {
    let (mut memory, mut disk) = (0.0, 0.0);
    let mut messages = [0; 2];
    for seed in 0..4 {
        let (in_memory, durable) = (run(seed, &DURABLE[..2], &[]), run(seed, &DURABLE, &[]));
        memory += mean_wait_ms(&in_memory) / 4.0;
        disk += mean_wait_ms(&durable) / 4.0;
        messages[0] += in_memory.outcome.net.servers.sent;
        messages[1] += durable.outcome.net.servers.sent;
    }
    let ratio = messages[1] as f64 / messages[0] as f64;
    assert!((0.9..1.1).contains(&ratio), "{ratio}");
    println!("clients wait {memory:.2} ms without a disk, {disk:.2} ms with one");
    // A sync takes 1 ms in the mean; a few wait behind another.
    assert!((0.7..1.5).contains(&(disk - memory)), "{memory} {disk}");
}

/// A disk that does fewer syncs a second than there are messages makes nodes slow,
/// not silent: what is written while a sync is under way shares the next one.
#[test]
fn writes_that_come_faster_than_syncs_share_them() {
    for seed in seeds(4) {
        let mut plan = raft_plan(seed, &[], 10 * S);
        plan.rate = Rate::PerSecond(50.0);
        plan.sync_time = ServiceTime::Exponential { mean: 100 * MILLISECOND };
        let report =
            run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap();
        assert_nothing_wrong(seed, &report);
        let fraction = report.verdict.measured.answered.and_then(|count| count.fraction()).unwrap();
        assert!(fraction > 0.7, "seed {seed}: raft answered {fraction:.3}");
        let mut plan = broadcast_plan(seed, "hub-ft", &DURABLE, &[]);
        plan.loss = 0.0;
        plan.rate = Rate::PerSecond(50.0 * plan.nodes.len() as f64);
        plan.concurrency *= 20;
        plan.sync_time = ServiceTime::Exponential { mean: 100 * MILLISECOND };
        let report =
            run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap();
        assert_nothing_wrong(seed, &report);
        let wait = mean_wait_ms(&report);
        assert!(wait < 500.0, "seed {seed}: hub-ft made clients wait {wait:.0} ms");
    }
}
