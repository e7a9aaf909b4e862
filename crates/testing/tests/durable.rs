//! Nodes with disks under kills: the right ones lose nothing, their wrong twins
//! are caught.
//!
//! `GLOMERS_SEEDS=1000` runs that many seeds; figures are printed (`--nocapture`).

use std::ops::Range;
use std::time::Duration;

use glomers_nodes::raft::{self, Flaw, Options};
use glomers_sim::nemesis::{Kind, Schedule};
use glomers_sim::{
    Cut, Distribution, Fault, FaultEvent, InProcessHost, Latency, ListedOperation, NodeProgram,
    Operations, PartitionKind, Rate, ServiceTime, run_virtual,
};
use glomers_testing::*;
use glomers_workload::LinKv;

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

struct Nobody;
impl Observer for Nobody {}

fn raft_plan(seed: u64, kinds: &[Kind], interval: Duration) -> Plan {
    let program = NodeProgram::Embedded { name: "raft".into(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, "lin-kv");
    plan.latency = Latency { mean_ms: 10, distribution: Distribution::Exponential };
    plan.concurrency = 10;
    plan.rate = Rate::PerSecond(20.0);
    let interval = interval.as_nanos() as u64;
    plan.faults = Schedule::new(seed, kinds, 5, interval, plan.time_limit).draw();
    plan
}

fn run_raft(plan: &Plan, flaw: Flaw) -> RunReport {
    let options = Options { patience: 5 * S, ..Options::default() };
    let factory = Box::new(move |_| Ok(raft::node_with(flaw, options).into_process()));
    let mut host = InProcessHost::new(plan, factory);
    let mut workload = LinKv::default().check_refusals(true);
    let outcome = run_virtual(plan, &mut workload, &mut host, &mut Nobody, None).unwrap();
    judge_outcome(outcome, &workload, &RunOptions::default())
}

#[test]
fn raft_is_linearizable_under_kills_with_loss_of_unsynced_writes() {
    let (mut answerable, mut answered, mut lost) = (0, 0, 0);
    for seed in seeds(10) {
        let kinds = [Kind::Partition, Kind::OneWay, Kind::Kill, Kind::Pause, Kind::Disk];
        let plan = raft_plan(seed, &kinds, 10 * S);
        let report = run_raft(&plan, Flaw::None);
        assert_nothing_wrong(seed, &report);
        let availability = report.verdict.results.get("availability");
        let count = |name| availability.and_then(|found| found.get(name)?.as_int()).unwrap_or(0);
        answerable += count("answerable-count");
        answered += count("answered-count");
        let marks = report.outcome.context.marks.iter();
        lost += marks.filter(|mark| &*mark.label == "lost-writes").count();
    }
    println!("{answered} of {answerable} answered when all was well; {lost} kills lost writes");
    assert!(answered * 100 >= answerable * 95 && answerable > 0 && lost > 0);
}

/// Writes that all nodes are killed after, and reads of them.
fn killed_after_writes(seed: u64, sync_time_ms: u64, killed_after_ms: u64) -> Plan {
    let mut plan = raft_plan(seed, &[], 5 * S);
    plan.sync_time = ServiceTime::Exponential { mean: sync_time_ms * MILLISECOND };
    let all: Vec<u32> = (0..5).collect();
    plan.rpc_timeout = Some(5 * SECOND);
    let (mut operations, mut faults) = (Vec::new(), Vec::new());
    // Before the first kill there is a value to be read.
    let first = [(0, 9, "write"), (5_000, 4, "read")].map(|(ms, worker, f)| ListedOperation {
        at: ms * MILLISECOND,
        worker,
        node: None,
        f: f.to_owned(),
        value: Value::list([
            Value::from(0_u64),
            if f == "read" { Value::Null } else { Value::from(4_u64) },
        ]),
    });
    operations.extend(first);
    for turn in 0..8_u64 {
        let from = (7_000 + turn * 6_000) * MILLISECOND;
        let asked = |worker, f: &str, after: u64, value| ListedOperation {
            at: from + after * MILLISECOND,
            worker,
            node: None,
            f: f.to_owned(),
            value: Value::list([Value::from(0_u64), value]),
        };
        operations.push(asked(5 + turn as u32 % 5, "write", 0, Value::from(turn % 5)));
        operations.push(asked(turn as u32 % 5, "read", 4_000, Value::Null));
        let at = from + killed_after_ms * MILLISECOND;
        let start = Fault::Start { nodes: all.clone().into() };
        faults.push(FaultEvent { at, fault: Fault::Kill { nodes: all.clone().into() } });
        faults.push(FaultEvent { at: at + 50 * MILLISECOND, fault: start });
    }
    plan.operations = Operations::Listed(operations);
    plan.faults = faults;
    plan
}

/// In each turn n0 leads, is cut off, and the others are killed and elect another
/// leader; then n0 is back, and still believes that it leads.
fn leader_cut_off_and_others_killed(seed: u64) -> Plan {
    let mut plan = raft_plan(seed, &[], 5 * S);
    plan.latency = Latency { mean_ms: 10, distribution: Distribution::Constant };
    plan.rpc_timeout = Some(5 * SECOND);
    let (mut operations, mut faults) = (Vec::new(), Vec::new());
    let cut = |links: Vec<(u32, u32)>| Fault::StartPartition {
        kind: PartitionKind::ByHand,
        cut: Cut::links(links.into_iter().flat_map(|(a, b)| [(a, b), (b, a)])),
    };
    let others: Vec<u32> = (1..5).collect();
    // Only n0 can reach a majority.
    let star = || (1..5).flat_map(|a| (1..5).map(move |b| (a, b))).filter(|(a, b)| a < b).collect();
    for turn in 0..7_u64 {
        let from = turn * 8_000;
        let mut fault = |after: u64, fault| {
            faults.push(FaultEvent { at: (from + after) * MILLISECOND, fault });
        };
        fault(0, cut(star()));
        fault(3_000, cut((1..5).map(|node| (0, node)).collect()));
        fault(3_000, Fault::Kill { nodes: others.clone().into() });
        fault(3_050, Fault::Start { nodes: others.clone().into() });
        fault(6_500, Fault::StopPartition);
        let mut asked = |after: u64, worker, f: &str, key: u64, value| {
            operations.push(ListedOperation {
                at: (from + after) * MILLISECOND,
                worker,
                node: None,
                f: f.to_owned(),
                value: Value::list([Value::from(key), value]),
            });
        };
        asked(2_800, 5, "write", 0, Value::from(2 * turn % 5));
        asked(5_500, 6, "write", 0, Value::from((2 * turn + 1) % 5));
        asked(6_510, 5, "write", 1, Value::from(turn % 5));
        // Two may lead in one term now: each is asked for what the other took.
        for (worker, key) in [(0, 0), (1, 1), (2, 0), (3, 1)] {
            asked(7_500, worker, "read", key, Value::Null);
        }
    }
    (plan.faults, plan.operations) = (faults, Operations::Listed(operations));
    plan
}

#[test]
fn raft_that_does_not_sync_is_caught() {
    let mut caught_all = true;
    let mut case = |flaw, plan: &dyn Fn(u64) -> Plan| {
        let mut wrong = 0;
        for seed in seeds(10) {
            let names = ["not-linearizable", "wrong-refusal"];
            let is_refuted = |report: &RunReport| {
                report.verdict.findings.iter().any(|finding| names.contains(&&*finding.name))
            };
            assert!(!is_refuted(&run_raft(&plan(seed), Flaw::None)), "seed {seed}");
            wrong += u64::from(is_refuted(&run_raft(&plan(seed), flaw)));
        }
        let all = seeds(10).end;
        println!("{flaw:?}: caught in {wrong} of {all}");
        caught_all &= wrong * 100 >= all * 95;
    };
    case(Flaw::NoSyncOfLog, &|seed| killed_after_writes(seed, 1, 500));
    case(Flaw::AnswersBeforeSync, &|seed| killed_after_writes(seed, 300, 100));
    case(Flaw::NoSyncOfVote, &leader_cut_off_and_others_killed);
    assert!(caught_all);
}

const DURABLE: [&str; 4] = ["--period", "450", "--durable", "on"];

fn broadcast_plan(seed: u64, arguments: &[&str], kinds: &[Kind]) -> Plan {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let program = NodeProgram::Embedded { name: "hub-ft".into(), arguments };
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
    let plan = broadcast_plan(seed, arguments, kinds);
    run_plan(&plan, &RunOptions::default(), &mut Nobody).unwrap()
}

#[test]
fn hub_ft_with_a_disk_loses_nothing_that_was_acknowledged() {
    let kinds = [Kind::Partition, Kind::OneWay, Kind::Kill, Kind::Pause, Kind::Disk];
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
    for seed in 0..4 {
        let (in_memory, durable) = (run(seed, &DURABLE[..2], &[]), run(seed, &DURABLE, &[]));
        memory += mean_wait_ms(&in_memory) / 4.0;
        disk += mean_wait_ms(&durable) / 4.0;
        let messages = |report: &RunReport| report.outcome.net.servers.sent as f64;
        let ratio = messages(&durable) / messages(&in_memory);
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
    println!("clients wait {memory:.2} ms without a disk, {disk:.2} ms with one");
    // A sync takes 1 ms in the mean; a few wait behind another.
    assert!((0.7..1.5).contains(&(disk - memory)), "{memory} {disk}");
}
