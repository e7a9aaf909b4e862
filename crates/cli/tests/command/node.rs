//! `glomers node`: a node of this program as a process.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const INIT: &str = r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1"]}}"#;

/// Starts the first of two nodes and ends its input.
fn start(arguments: &[&str], max_latency: &str) -> Output {
    let mut child = Command::new(crate::support::GLOMERS)
        .args(["node", "hub-ft"])
        .args(arguments)
        .env(glomers_nodes::broadcast::hub_ft::VARIABLE, max_latency)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Who is refused is gone before it reads.
    let _ = writeln!(child.stdin.take().expect("is piped"), "{INIT}");
    child.wait_with_output().expect("the program ends")
}

#[test]
fn the_wanted_latency_may_come_from_the_environment() {
    // The hub's first question to a leaf tells its plan: a tenth of it is waited.
    let said = String::from_utf8(start(&[], "900").stdout).unwrap();
    assert!(said.contains("\"period\":90000,"), "{said}");
    // Arguments come first.
    let said = String::from_utf8(start(&["--max-latency", "500"], "900").stdout).unwrap();
    assert!(said.contains("\"period\":50000,"), "{said}");
    let said = String::from_utf8(start(&["--period", "450"], "900").stdout).unwrap();
    assert!(said.contains("init_ok") && !said.contains("plan"), "{said}");
}

/// What a node answers to a line.
fn answer(name: &str, line: &str) -> String {
    let mut child = Command::new(crate::support::GLOMERS)
        .args(["node", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("is piped");
    writeln!(input, "{INIT}\n{line}").expect("the node reads");
    drop(input);
    String::from_utf8(child.wait_with_output().expect("the program ends").stdout).unwrap()
}

#[test]
fn every_node_is_a_process_broken_ones_too() {
    let echo = r#"{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":2,"echo":"twenty characters!!!"}}"#;
    let right = answer("echo", echo);
    assert!(right.contains("init_ok") && right.contains("twenty characters!!!"), "{right}");
    let wrong = answer("broken/echo-short-buffer", echo);
    assert!(wrong.contains("echo_ok") && !wrong.contains("twenty characters!!!"), "{wrong}");
}

#[test]
fn a_name_that_no_node_has_is_answered_with_the_nearest() {
    let output = Command::new(crate::support::GLOMERS).args(["node", "rafft"]).output().unwrap();
    assert_eq!(output.status.code(), Some(254));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("did you mean \"raft\"?"), "{said}");
}

#[test]
fn nonsense_in_the_environment_is_refused() {
    let output = start(&[], "soon");
    assert_eq!(output.status.code(), Some(254));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--max-latency takes a whole number"), "{said}");
}
