//! Logs, counters and transactions as people write them, in other languages.

use std::process::Command;

use crate::support::{Place, Said};

/// Whether a program is here; if not, says so.
fn is_here(program: &str) -> bool {
    let is_here = Command::new(program).arg("--version").output().is_ok();
    if !is_here {
        println!("skipped: there is no {program} here");
    }
    is_here
}

/// Runs the log node of `cases` in one of its ways.
fn case(way: &str, seed: &str) -> Said {
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/kafka.py");
    let test = ["test", "-w", "kafka", "--bin", node, "--node-count", "1", "--time-limit", "4"];
    let rest = ["--rate", "50", "--recovery", "1", "--store", "none", "--seed", seed, "--", way];
    Place::new().run(&[&test[..], &rest].concat())
}

#[track_caller]
fn is_valid(way: &str) {
    if is_here("python3") {
        for seed in ["1", "2"] {
            case(way, seed).shows(0, &["Everything looks good!"]);
        }
    }
}

/// The names of the findings.
fn findings(said: &Said) -> Vec<&str> {
    let paragraphs = said.out.split("\n\n").skip(1);
    let names = paragraphs.filter_map(|text| text.split_once(": ")).map(|(name, _)| name);
    let mut names: Vec<&str> =
        names.filter(|name| !name.contains(' ') && !name.contains('\n')).collect();
    names.dedup();
    names
}

#[test]
fn a_right_log_is_valid() {
    is_valid("right");
}

#[test]
fn a_log_whose_empty_lists_are_null_is_valid() {
    is_valid("null");
}

#[test]
fn a_log_that_says_0_where_nothing_was_committed_is_valid() {
    is_valid("zero");
}

#[test]
fn a_log_that_dies_when_it_is_asked_for_what_lies_behind_its_end_is_valid() {
    is_valid("panic");
}

#[test]
fn swapped_pairs_are_told_and_nothing_else() {
    if is_here("python3") {
        let said = case("swap", "1").shows(1, &["message and offset are swapped"]);
        assert_eq!(findings(&said), ["swapped-pairs"], "{}", said.out);
    }
}

#[test]
fn floats_are_told_and_nothing_else() {
    if is_here("python3") {
        let said = case("float", "1").shows(1, &["numbers came back as floats"]);
        assert_eq!(findings(&said), ["node-error"], "{}", said.out);
    }
}

/// Runs an example for a moment.
fn example(program: &str, name: &str, options: &[&str]) {
    if !is_here(program) {
        return;
    }
    let node = format!("{}/../../nodes/examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let test = ["test", "--bin", &node, "--time-limit", "2", "--recovery", "1", "--seed", "3"];
    let all = [&test[..], &["--store", "none", "--rate", "100"], options].concat();
    Place::new().run(&all).shows(0, &["Everything looks good!"]);
}

#[test]
fn the_logs_of_a_newcomer_are_valid() {
    let options = ["-w", "kafka", "--node-count", "2", "--concurrency", "2n"];
    example("python3", "kafka.py", &options);
    example("node", "kafka.js", &options);
}

#[test]
fn the_counters_of_a_newcomer_are_valid() {
    let options = ["-w", "g-counter", "--node-count", "3", "--nemesis", "partition"];
    example("python3", "counter.py", &options);
    example("node", "counter.js", &options);
}

/// Challenge 6c: read committed and totally available, though nodes cannot reach each
/// other. That is less than serializable, and the same checker says so.
#[test]
fn the_transactions_of_a_newcomer_are_available_and_read_committed() {
    let base = ["-w", "txn-rw-register", "--node-count", "2", "--concurrency", "4n"];
    let partitioned =
        ["--nemesis", "partition", "--nemesis-interval", "1", "--availability", "total"];
    let models = ["--consistency-models", "read-committed"];
    example("python3", "registers.py", &[&base[..], &partitioned, &models].concat());
    if is_here("python3") {
        let node = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/registers.py");
        let test = ["test", "--bin", node, "--time-limit", "4", "--store", "none", "--seed", "3"];
        let models = ["--consistency-models", "serializable", "--rate", "100"];
        let all = [&test[..], &base, &partitioned[..4], &models].concat();
        let said = Place::new().run(&all);
        said.shows(1, &["serializable"]);
    }
}
