//! What the program `hub-ft` takes from its environment.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const INIT: &str = r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1"]}}"#;

/// Starts the first of two nodes and ends its input.
fn start(arguments: &[&str], max_latency: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hub-ft"))
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

#[test]
fn nonsense_in_the_environment_is_refused() {
    let output = start(&[], "soon");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--max-latency takes a whole number"), "{said}");
}
