//! Same seed, same store, byte for byte: twice, on one thread and on eight,
//! typed and through JSON. `GLOMERS_SEEDS=50` tries more seeds than usual.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::Place;

/// Runs some seeds into a store of their own; the runs by seed.
fn runs(place: &Place, store: &str, test: &[&str], more: &[&str]) -> BTreeMap<u64, PathBuf> {
    let seeds = std::env::var("GLOMERS_SEEDS").unwrap_or_else(|_| "10".to_owned());
    let first = ["test", "--seed", "100", "--test-count", &seeds, "--store", store];
    let said = place.run(&[&first[..], more, test].concat());
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
    let workload = std::fs::read_dir(place.path(store))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir() && !path.is_symlink())
        .unwrap();
    let runs = std::fs::read_dir(workload).unwrap().map(|entry| entry.unwrap().path());
    runs.filter(|path| !path.is_symlink()).map(|run| (seed(&run), run)).collect()
}

fn seed(run: &Path) -> u64 {
    let replay = std::fs::read(run.join("replay.json")).unwrap();
    let replay: serde_json::Value = serde_json::from_slice(&replay).unwrap();
    replay["seed"].as_u64().unwrap()
}

/// A store for each way to run; all must be equal. If a run was not valid those
/// after it in the same block were run all the same, or not: what both have counts.
fn same(test: &[&str]) {
    let place = Place::new();
    let first = runs(&place, "a", test, &["--threads", "1"]);
    assert!(!first.is_empty());
    for (store, more) in [
        ("b", &["--threads", "1"][..]),
        ("c", &["--threads", "8"]),
        ("d", &["--threads", "2", "--wire", "json"]),
    ] {
        let second = runs(&place, store, test, more);
        let mut count = 0;
        for (seed, a) in &first {
            let Some(b) = second.get(seed) else { continue };
            if more.contains(&"json") {
                // This file says which wire it was.
                for run in [a, b] {
                    let _ = std::fs::remove_file(run.join("replay.json"));
                }
            }
            let difference = glomers_store::compare(a, b).unwrap();
            assert!(difference.is_none(), "{test:?} seed {seed} {more:?}\n{}", difference.unwrap());
            count += 1;
        }
        assert!(count > 0, "{test:?}");
    }
}

const FAULTS: [&str; 4] = ["--nemesis", "partition,one-way,kill,pause", "--nemesis-interval", "2"];

#[test]
fn echo() {
    same(&[&["-w", "echo", "--time-limit", "20"][..], &FAULTS].concat());
}

#[test]
fn unique_ids() {
    same(&[&["-w", "unique-ids", "--time-limit", "10", "--rate", "100"][..], &FAULTS].concat());
}

#[test]
fn broadcast_by_every_node() {
    // All of the registry, so that a new one is not forgotten.
    for node in glomers_nodes::NODES {
        if node.workload == "broadcast" {
            let partitions = ["--nemesis", "partition,one-way", "--nemesis-interval", "3"];
            let test = ["--node", node.name, "--time-limit", "10", "--rate", "20"];
            let latency = ["--latency", "20", "--latency-dist", "exponential", "--loss", "0.01"];
            same(&[&test[..], &latency, &partitions].concat());
        }
    }
}

/// All of the registry under all that can be broken at once, so that neither a new
/// node nor a new fault is forgotten.
#[test]
fn every_node_under_every_fault() {
    let kinds: Vec<&str> = glomers_sim::nemesis::KINDS.iter().map(|entry| entry.name).collect();
    let kinds = kinds.join(",");
    for node in glomers_nodes::NODES {
        let count = if node.name == "kafka-single" { "1" } else { "3" };
        let test = ["-w", node.workload, "--node", node.name, "--node-count", count];
        let load = ["--time-limit", "5", "--rate", "20", "--recovery", "3", "--latency", "10"];
        let faults = ["--nemesis", &kinds, "--nemesis-interval", "1", "--latency-dist", "uniform"];
        same(&[&test[..], &load, &faults].concat());
    }
}

#[test]
fn broadcast_with_maelstroms_inbox_and_kills() {
    same(
        &[&["--inbox", "maelstrom", "--time-limit", "20", "--latency", "10"][..], &FAULTS].concat(),
    );
}

#[test]
fn a_difference_is_shown_with_its_file_and_line() {
    let place = Place::new();
    let one = runs(&place, "a", &["-w", "echo", "--time-limit", "1"], &[]);
    let (seed, run) = one.iter().next().unwrap();
    let (_, other) = one.iter().nth(1).unwrap();
    let difference = glomers_store::compare(run, other).unwrap().unwrap().to_string();
    assert!(difference.starts_with("history.edn differs in line "), "seed {seed}: {difference}");
    assert!(difference.contains("\n  a: {:index ") && difference.contains("\n  b: {:index "));
}
