//! Faults of free processes, in real time.
//!
//! `GLOMERS_SECONDS=60` makes each run with faults that long; 5 s otherwise.

use std::process::{Child, Command};
use std::time::Duration;

use crate::support::{Place, Said, finish, has_grown, pause, signal, wait_until};

/// How long nodes are tormented.
fn seconds() -> f64 {
    let given = std::env::var("GLOMERS_SECONDS").ok();
    given.map_or(5.0, |text| text.parse().expect("GLOMERS_SECONDS is a number"))
}

/// Arguments that name a node, and the node's own.
type Words = &'static [&'static str];

const FLOOD_RETRY: (Words, Words) =
    (&["--node", "flood-retry", "--time", "real"], &["--", "--durable", "on"]);
const PYTHON: (Words, Words) = (
    &["--bin", concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/durable_broadcast.py")],
    &[],
);

/// Nodes that have on their disks what they acknowledge: ours, and one in Python
/// if there is a Python.
fn durable_nodes() -> Vec<(Words, Words)> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3 here");
        return vec![FLOOD_RETRY];
    }
    vec![FLOOD_RETRY, PYTHON]
}

/// A run of a node for so many seconds under these faults: about twelve of each
/// kind in [`seconds`].
fn run_of(node: &[&str], faults: &str, time: f64) -> Vec<String> {
    let time = time.to_string();
    let interval = (seconds() / 12.0).to_string();
    let size = ["--node-count", "3", "--rate", "20", "--time-limit", &time, "--recovery", "6"];
    let nemesis = ["--nemesis", faults, "--nemesis-interval", &interval, "--seed", "1"];
    [&["test", "-w", "broadcast"], node, &size, &nemesis]
        .concat()
        .into_iter()
        .map(Into::into)
        .collect()
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

/// Asserts that each kind of fault was there, and nothing is left of any.
fn assert_faults(place: &Place, kinds: &str, said: &Said) {
    let results: serde_json::Value =
        serde_json::from_str(&place.read_latest("results.json")).unwrap();
    let faults = results["faults"].as_array().unwrap();
    for kind in kinds.split(',') {
        assert!(faults.iter().any(|fault| fault["kind"] == kind), "{kind}: {said:?}");
    }
    assert_eq!(place.left(), Vec::<String>::new(), "{said:?}");
}

/// A node that repeats what is not acknowledged survives what does not take its
/// memory.
#[test]
fn a_cluster_of_processes_is_paused_and_split_and_its_messages_suffer() {
    let kinds = "pause,partition,loss,duplicate,reorder,slow";
    let place = Place::new();
    let run = run_of(&["--node", "flood-retry", "--time", "real"], kinds, seconds());
    let said = place.run(&words(&run)).shows(0, &["Everything looks good!"]);
    assert_faults(&place, "pause,partition,loss,duplicate,reorder", &said);
}

const WITH_KILLS: &str = "kill,pause,partition,loss";

#[test]
fn a_cluster_that_stores_what_it_acknowledges_survives_kills_as_well() {
    for (node, arguments) in durable_nodes() {
        let place = Place::new();
        let run = run_of(node, WITH_KILLS, seconds());
        let said = place.run(&[&words(&run), arguments].concat());
        let said = said.shows(0, &["Everything looks good!", "restarted"]);
        assert_faults(&place, WITH_KILLS, &said);
    }
}

/// Starts such a run and comes back in the middle of it, when a node is stopped.
fn in_the_middle(place: &Place, node: &[&str], arguments: &[&str]) -> Child {
    // On a busy machine one pause may be missed, so there are more of them.
    let run = run_of(node, WITH_KILLS, 20.0 * seconds());
    let child = place.start(&[&words(&run), arguments].concat());
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || has_grown(&history, 100));
    pause(Duration::from_secs_f64(seconds() / 2.0));
    wait_until("a node is stopped", || place.has_stopped());
    child
}

#[test]
fn when_glomers_is_killed_in_the_middle_no_node_is_left_stopped_or_alive() {
    for (node, arguments) in durable_nodes() {
        let place = Place::new();
        let mut child = in_the_middle(&place, node, arguments);
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until("nothing is left", || place.left().is_empty());
        // What was on its way nobody knows, but nothing may be wrong.
        let said = place.run(&["recover", "store/latest"]);
        assert!(matches!(said.code, Some(0 | 2)), "{said:?}");
        assert!(said.out.contains("The run was cut short"), "{said:?}");
    }
}

#[test]
fn when_glomers_is_interrupted_in_the_middle_no_node_is_left_stopped_or_alive() {
    for (node, arguments) in durable_nodes() {
        let place = Place::new();
        let child = in_the_middle(&place, node, arguments);
        signal(&child, "INT");
        let said = finish(child).shows(130, &["Interrupted: this is the verdict on"]);
        assert!(!said.out.starts_with("  verdict      INVALID"), "{said:?}");
        assert_eq!(place.left(), Vec::<String>::new(), "{said:?}");
    }
}

#[test]
fn what_cannot_be_done_to_processes_is_refused() {
    for (words, told) in [
        (&["--nemesis", "partition,clock"][..], "--nemesis clock cannot be done to executables"),
        (&["--nemesis", "disk"], "nothing can be wrong with the disks of processes"),
        (&["--nemesis", "kill", "--nemesis-target", "leader"], "executables cannot say"),
    ] {
        let test = [&["test", "--time", "real"][..], words].concat();
        Place::new().run(&test).shows(254, &[told]);
    }
}
