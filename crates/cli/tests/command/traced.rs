//! Executables in virtual time, through the command: each runtime that this machine
//! has, under faults, twice the same; and what is refused.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::PathBuf;
use std::process::Command;

use crate::support::{GLOMERS, Place, can_trace, can_trace_with, python};

/// The nodes that `cargo xtask runtimes` runs, too.
const RUNTIMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/runtimes");

fn built(place: &Place, name: &str, compiler: &str, arguments: &[&str]) -> PathBuf {
    let program = place.path(name);
    let output = Command::new(compiler)
        .args(arguments)
        .current_dir(place.folder.path())
        .env("HOME", place.folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Runs a node twice under faults: the same bytes, and all pins hold. Then without
/// what makes nodes forget: right.
fn is_repeated(place: &Place, workload: &str, program: &std::path::Path, arguments: &[&str]) {
    let program = program.to_str().unwrap();
    let load = [
        "test",
        "-w",
        workload,
        "--bin",
        program,
        "--time",
        "virtual",
        "--seed",
        "7",
        "--rate",
        "10",
        "--time-limit",
        "3",
        "--recovery",
        "3",
        "--latency",
        "20",
        "--node-count",
        "3",
        "--nemesis-interval",
        "1",
    ];
    let node = [&["--"][..], arguments].concat();
    let faults = ["--nemesis", "partition,kill,pause,clock,loss", "--check-determinism"];
    let said = place.run(&[&load[..], &faults, &node].concat());
    assert!(said.out.contains("Deterministic: two runs"), "{said:?}");
    assert!(said.out.contains("guarantee    exact"), "{said:?}");
    let said = place.run(&[&load[..], &["--nemesis", "partition"], &node].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    let results = place.read_latest("results.json");
    assert!(results.contains("\"guarantee\""), "{results}");
    let said = place.run(&["replay", "--trust"]);
    assert!(said.out.contains("The same run, byte for byte"), "{said:?}");
}

#[test]
fn python_with_threads() {
    if can_trace_with("python3") {
        let script = format!("{RUNTIMES}/threads.py");
        is_repeated(&Place::new(), "broadcast", &python(), &[&script]);
    }
}

#[test]
fn python_with_asyncio() {
    if can_trace_with("python3") {
        let script = format!("{RUNTIMES}/asyncio_node.py");
        is_repeated(&Place::new(), "broadcast", &python(), &[&script]);
    }
}

#[test]
fn node_js() {
    if can_trace_with("node") {
        is_repeated(&Place::new(), "broadcast", &PathBuf::from(RUNTIMES).join("node.js"), &[]);
    }
}

#[test]
fn java() {
    if can_trace_with("javac") && can_trace_with("java") {
        let place = Place::new();
        let source = format!("{RUNTIMES}/Broadcast.java");
        let classes = place.path("classes");
        built(&place, "classes", "javac", &["-d", classes.to_str().unwrap(), &source]);
        let run = format!("#!/bin/sh\nexec java -cp {} Broadcast\n", classes.display());
        is_repeated(&place, "broadcast", &place.write("java-node", &run), &[]);
    }
}

#[test]
fn c_with_threads() {
    if can_trace_with("cc") {
        let place = Place::new();
        let source = format!("{RUNTIMES}/broadcast.c");
        let program = built(&place, "c-node", "cc", &["-O1", "-pthread", "-o", "c-node", &source]);
        is_repeated(&place, "broadcast", &program, &[]);
    }
}

#[test]
fn posix_shell() {
    if can_trace() {
        is_repeated(&Place::new(), "echo", &PathBuf::from(RUNTIMES).join("echo.sh"), &[]);
    }
}

#[test]
fn rust_with_threads() {
    if can_trace_with("rustc") {
        let place = Place::new();
        let source = format!("{RUNTIMES}/echo.rs");
        let program = place.path("rust-node");
        let output = Command::new("rustc")
            .args(["--edition", "2024", "-o", program.to_str().unwrap(), &source])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        is_repeated(&place, "echo", &program, &[]);
    }
}

#[test]
fn ruby() {
    if can_trace_with("ruby") {
        is_repeated(&Place::new(), "broadcast", &PathBuf::from(RUNTIMES).join("broadcast.rb"), &[]);
    }
}

#[test]
fn go() {
    if can_trace_with("go") {
        let place = Place::new();
        let source = format!("{RUNTIMES}/broadcast.go");
        let program = built(&place, "go-node", "go", &["build", "-o", "go-node", &source]);
        is_repeated(&place, "broadcast", &program, &[]);
    }
}

#[test]
fn erlang() {
    if can_trace_with("escript") {
        is_repeated(&Place::new(), "echo", &PathBuf::from(RUNTIMES).join("echo.escript"), &[]);
    }
}

/// What a run found out, without its store.
fn figures(said: &str) -> Vec<&str> {
    let wanted = ["verdict", "operations", "messages", "observed"];
    said.lines().filter(|line| wanted.iter().any(|word| line.trim().starts_with(word))).collect()
}

#[test]
fn an_embedded_node_does_the_same_as_a_traced_process() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let load = [
        "test",
        "-w",
        "broadcast",
        "--time",
        "virtual",
        "--rate",
        "10",
        "--time-limit",
        "3",
        "--recovery",
        "3",
        "--latency",
        "50",
        "--nemesis",
        "partition",
        "--store",
        "none",
    ];
    for (node, seed) in [("flood", "1"), ("flood-retry", "2"), ("hub-ft", "3")] {
        let seed = ["--seed", seed];
        let embedded = place.run(&[&load[..], &seed, &["--node", node]].concat());
        let program = ["--bin", GLOMERS, "--", "node", node];
        let traced = place.run(&[&load[..], &seed, &program].concat());
        let expected = figures(&embedded.out);
        assert!(!expected.is_empty(), "{embedded:?}");
        assert_eq!(expected, figures(&traced.out), "{node}");
    }
}

#[test]
fn a_replay_refuses_another_program_and_stops_at_a_moment() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let text = std::fs::read_to_string(format!("{RUNTIMES}/echo.sh")).unwrap();
    let program = place.write("node.sh", &text);
    let run = ["test", "-w", "echo", "--time", "virtual", "--time-limit", "2", "--node-count", "1"];
    let said = place.run(&[&run[..], &["--bin", program.to_str().unwrap()]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = place.run(&["replay", "--trust", "--until", "1s"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = place.run(&["trace"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let shell = place.read_latest("run.json");
    assert!(shell.contains("\"files\"") && shell.contains("\"stops\""), "{shell}");
}

#[test]
fn faults_that_need_the_disk_or_marks_are_refused_in_words() {
    let place = Place::new();
    let run = ["test", "-w", "echo", "--time", "virtual", "--bin", "/bin/sh"];
    let said = place.run(&[&run[..], &["--nemesis", "disk"]].concat());
    assert_eq!(said.code, Some(254), "{said:?}");
    assert!(said.err.contains("disks of processes"), "{said:?}");
    let said =
        place.run(&[&run[..], &["--nemesis", "kill", "--nemesis-target", "leader"]].concat());
    assert_eq!(said.code, Some(254), "{said:?}");
}

#[test]
fn executables_are_measured_beside_embedded_nodes() {
    if !can_trace_with("python3") {
        return;
    }
    let place = Place::new();
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/broadcast.py");
    let load = ["--node-count", "2", "--rate", "5", "--time-limit", "1", "--seeds", "1"];
    let program = ["--time", "virtual", "--bin", node];
    let frontier = [&["frontier", "--algorithms", "flood"][..], &load, &program].concat();
    place.run(&frontier).shows(0, &["flood", "broadcast.py", "has no true latency"]);
    let compare = [&["compare", "flood-retry"][..], &load, &program].concat();
    let said = place.run(&compare).shows(0, &["B: broadcast.py\n", "observed max, ms"]);
    // Only one side notes what it holds.
    assert!(!said.out.contains("true max, ms"), "{}", said.out);
}

/// What the machine lacks is no fault of a node.
#[test]
fn too_few_open_files_are_told_before_anything_runs() {
    if !can_trace() {
        return;
    }
    let place = Place::new();
    let echo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/echo.sh");
    for (time, need) in [("virtual", "30 nodes in virtual time need "), ("real", "30 nodes need ")]
    {
        let line = format!(
            "ulimit -n 64; exec {GLOMERS} test -w echo --bin {echo} --node-count 30 --time {time}"
        );
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(place.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(254), "{said}");
        assert!(said.contains(need) && said.contains("at most 64 are allowed"), "{said}");
    }
}

#[test]
fn a_node_that_waits_inside_a_handler_is_told_what_it_does_in_virtual_time_too() {
    if !can_trace_with("python3") {
        return;
    }
    let place = Place::new();
    let script = place.write("node.py", STUCK);
    let mut permissions = std::fs::metadata(&script).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&script, permissions).unwrap();
    let said = place.run(&[
        "test",
        "-w",
        "broadcast",
        "--bin",
        "node.py",
        "--time",
        "virtual",
        "--node-count",
        "2",
        "--rate",
        "5",
        "--time-limit",
        "8",
        "--recovery",
        "1",
    ]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("n0 has stopped reading: it read nothing for "), "{}", said.out);
    assert!(said.out.contains("a call inside a handler waits for a reply"), "{}", said.out);
}

/// It passes a value on and waits for the answer, which its own loop would have to read.
const STUCK: &str = r#"#!/usr/bin/env python3
import json, sys, threading

node, others, answers = None, [], {}

def send(dest, body):
    print(json.dumps({"src": node, "dest": dest, "body": body}), flush=True)

for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        node, others = body["node_id"], [n for n in body["node_ids"] if n != body["node_id"]]
    if body["type"] == "news_ok":
        answers[body["in_reply_to"]].set()
        continue
    if body["type"] == "broadcast":
        for number, other in enumerate(others):
            answers[number] = threading.Event()
            send(other, {"type": "news", "msg_id": number})
            answers[number].wait()
    reply = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    if body["type"] == "read":
        reply["messages"] = []
    send(message["src"], reply)
"#;
