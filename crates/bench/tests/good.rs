//! Nodes that do what they should.

mod support;

use glomers_history::{OpKind, SECOND, Value};
use glomers_sim::{Ended, FaultList, Kill, Pause, Rate};
use support::{FIXTURE, LONG, options, processes, run_with, tag};

fn oks(ran: &support::Ran) -> usize {
    ran.outcome.history.ops().iter().filter(|op| op.kind == OpKind::Ok).count()
}

#[test]
fn echoes_and_leaves_nothing() {
    let tag = tag();
    let mut plan = support::workload::plan(3, FIXTURE, &["echo", &tag]);
    plan.time_limit = SECOND;
    plan.rate = Rate::Max;
    let ran = run_with(&plan, Value::Int(5), options()).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Completed);
    assert!(ran.outcome.findings.is_empty(), "{:?}", ran.outcome.findings);
    assert!(oks(&ran) > 100, "{}", oks(&ran));
    assert_eq!(ran.seen.sent as u64, ran.outcome.net.clients.sent);
    assert!(ran.notes.is_empty(), "{:?}", ran.notes);
    assert!(ran.seen.ticks >= 1);
    assert_eq!(processes("cmdline", &tag), [] as [i32; 0]);
}

#[test]
fn a_wrapper_script_is_as_good_as_a_node() {
    let tag = tag();
    let script = support::script("wrapper.sh");
    let mut plan = support::workload::plan(2, &script, &[FIXTURE, "echo", &tag]);
    plan.time_limit = SECOND / 2;
    let ran = run_with(&plan, Value::Int(5), options()).unwrap();
    assert!(ran.outcome.findings.is_empty() && oks(&ran) > 0);
    assert_eq!(processes("cmdline", &tag), [] as [i32; 0]);
}

#[test]
fn messages_of_ten_megabytes_pass() {
    let mut plan = support::workload::plan(2, FIXTURE, &["echo"]);
    plan.time_limit = 2 * SECOND;
    plan.rate = Rate::PerSecond(5.0);
    plan.rpc_timeout = Some(LONG.as_nanos() as u64);
    let long = Value::string(&*"x".repeat(10_000_000));
    let ran = run_with(&plan, long, options()).unwrap();
    assert!(ran.outcome.findings.is_empty(), "{:?}", ran.outcome.findings);
    assert!(oks(&ran) > 0);
}

#[test]
fn a_long_log_neither_blocks_nor_is_lost() {
    let mut plan = support::workload::plan(1, FIXTURE, &["log", "100"]);
    plan.time_limit = SECOND / 2;
    plan.init_timeout = LONG.as_nanos() as u64;
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert!(ran.outcome.findings.is_empty(), "{:?}", ran.outcome.findings);
    assert_eq!(ran.seen.log_bytes, 100_000_000);
}

#[test]
fn nodes_know_who_they_are() {
    let data = tempfile::tempdir().unwrap();
    let mut plan = support::workload::plan(2, FIXTURE, &["say-who"]);
    plan.time_limit = SECOND / 10;
    let mut options = options();
    options.data_dir = Some(data.path().to_owned());
    let ran = run_with(&plan, Value::Int(1), options).unwrap();
    let said = |node: &str, word: &str| {
        let mut lines = ran.seen.logged.iter().filter(|(_, name, _)| name == node);
        lines.find_map(|(_, _, line)| line.strip_prefix(word)).unwrap_or("").trim().to_owned()
    };
    assert_eq!(said("n0", "incarnation"), "0");
    let seed = |node| glomers_sim::draws::node_seed(plan.seed, node, 0).to_string();
    assert_eq!((said("n0", "seed"), said("n1", "seed")), (seed("n0"), seed("n1")));
    assert_eq!(said("n1", "data"), format!("{} true", data.path().join("n1").display()));
    let temporary = std::env::temp_dir().canonicalize().unwrap();
    assert_eq!(said("n0", "folder"), temporary.display().to_string());
}

#[test]
fn nodes_are_killed_paused_and_started_again() {
    let mut plan = support::workload::plan(2, FIXTURE, &["say-who"]);
    plan.time_limit = 3 * SECOND;
    plan.rpc_timeout = Some(SECOND / 2);
    let tenth = SECOND / 10;
    let mut list = FaultList::default();
    list.during(2 * tenth, 4 * tenth, Pause::nodes(vec![0]));
    // Down and up at one moment: the new process waits for the old one's end.
    list.during(5 * tenth, 5 * tenth, Kill::nodes(vec![0, 1]));
    list.begin(10 * tenth, Pause::nodes(vec![1]));
    // Also a process that stands still can be killed.
    list.during(12 * tenth, 14 * tenth, Kill::nodes(vec![1]));
    plan.faults = list.into_events();
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert!(ran.outcome.findings.is_empty(), "{:?}", ran.outcome.findings);
    assert_eq!(ran.outcome.ended, Ended::Completed);
    let lives = |node: &str| {
        let lines = ran.seen.logged.iter().filter(|(_, name, _)| name == node);
        let lines = lines.filter_map(|(_, _, line)| line.strip_prefix("incarnation "));
        lines.collect::<Vec<&str>>().join(" ")
    };
    assert_eq!((lives("n0"), lives("n1")), ("0 1".to_owned(), "0 1 2".to_owned()));
}
