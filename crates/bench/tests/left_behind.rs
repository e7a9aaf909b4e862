//! However a run ends, no process is left.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use glomers_bench::Interrupt;
use glomers_history::{SECOND, Value};
use glomers_sim::Ended;
use support::{FIXTURE, options, processes, run_with, script, tag, wait_until};

/// Starts a process that runs a cluster, and waits until all nodes are up.
fn cluster(arguments: &[&str], mark: &str) -> Child {
    let mut child = Command::new(FIXTURE)
        .arg("cluster")
        .args(arguments)
        .env("GLOMERS_TEST_MARK", mark)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "running\n");
    child
}

fn is_gone_after_sigkill(arguments: &[&str]) {
    let mark = format!("GLOMERS_TEST_MARK={}", tag());
    let mut child = cluster(arguments, mark.split_once('=').unwrap().1);
    // Three nodes, the watchdog and their parent at least.
    assert!(processes("environ", &mark).len() >= 5);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("nothing is left", || processes("environ", &mark).is_empty());
}

#[test]
fn after_sigkill_of_glomers() {
    is_gone_after_sigkill(&[FIXTURE, "echo"]);
}

#[test]
fn after_sigkill_at_any_moment_of_the_start() {
    for delay in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        let mark = tag();
        let mut child = Command::new(FIXTURE)
            .args(["cluster", FIXTURE, "setsid-child"])
            .env("GLOMERS_TEST_MARK", &mark)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        support::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let mark = format!("GLOMERS_TEST_MARK={mark}");
        wait_until("nothing is left", || processes("environ", &mark).is_empty());
        // Nor does anything appear that was only about to begin.
        support::sleep(std::time::Duration::from_millis(100));
        assert_eq!(processes("environ", &mark), [] as [i32; 0]);
    }
}

#[test]
fn after_sigkill_with_wrapper_scripts() {
    is_gone_after_sigkill(&[&script("wrapper.sh"), FIXTURE, "echo"]);
}

#[test]
fn after_sigkill_with_grandchildren_in_their_own_sessions() {
    is_gone_after_sigkill(&[&script("background.sh"), FIXTURE, "setsid-child", "x"]);
}

#[test]
fn after_sigkill_with_nodes_that_ignore_sigterm() {
    is_gone_after_sigkill(&[FIXTURE, "ignore-term"]);
}

#[test]
fn after_a_run() {
    let tag = tag();
    let arguments = [FIXTURE, "setsid-child", &tag];
    let mut plan = support::workload::plan(3, &script("background.sh"), &arguments);
    plan.time_limit = SECOND / 2;
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Completed);
    assert_eq!(processes("cmdline", &tag), [] as [i32; 0]);
}

#[test]
fn after_sigint_the_run_is_checked_and_nothing_is_left() {
    for signal in ["INT", "TERM"] {
        let mark = format!("GLOMERS_TEST_MARK={}", tag());
        let mut child = cluster(&[FIXTURE, "ignore-term"], mark.split_once('=').unwrap().1);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        wait_until("nothing is left", || processes("environ", &mark).is_empty());
    }
}

/// As when the code of an embedded node never returns.
#[test]
fn one_signal_is_enough_though_nobody_asks_for_it() {
    for signal in ["INT", "TERM"] {
        let mut child =
            Command::new(FIXTURE).arg("never-asks").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
}

#[test]
fn after_a_wish_from_within() {
    let tag = tag();
    let mut plan = support::workload::plan(2, FIXTURE, &["echo", &tag]);
    plan.time_limit = 600 * SECOND;
    let interrupt = Interrupt::new().unwrap();
    let mut options = options();
    options.interrupt = Some(interrupt.clone());
    let mut wishes = interrupt.clone();
    options.progress = Some(Box::new(move |engine| {
        if !engine.progress().0.is_zero() {
            wishes = wishes.clone();
            wishes.trigger();
        }
    }));
    let ran = run_with(&plan, Value::Int(1), options).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Interrupted);
    assert!(interrupt.is_requested());
    assert_eq!(processes("cmdline", &tag), [] as [i32; 0]);
}

#[test]
fn a_program_that_is_no_watchdog_is_noticed() {
    let mut plan = support::workload::plan(1, FIXTURE, &["echo"]);
    plan.time_limit = SECOND;
    for program in ["/bin/true", "/no/such/program"] {
        let mut options = options();
        options.watchdog = glomers_bench::WatchdogProgram::Program(program.into());
        let ran = run_with(&plan, Value::Int(1), options).unwrap();
        assert_eq!(ran.outcome.ended, Ended::Completed);
        assert_eq!(ran.notes.len(), 1, "{:?}", ran.notes);
        assert!(ran.notes[0].contains("there is no watchdog"));
    }
}
