//! Every anomaly in words, as files beside this show them.

use std::path::Path;

use glomers_check::{Checker, TxnListAppend, TxnRwRegister};

use super::text::judge_all;

fn checker(line: &str) -> Box<dyn Checker> {
    let (workload, models) = line.split_once(' ').unwrap_or((line, "strict-serializable"));
    let models = models.parse().expect("models");
    let budget = Default::default();
    match workload {
        "txn-list-append" => Box::new(TxnListAppend { models, budget }),
        _ => Box::new(TxnRwRegister { models, budget }),
    }
}

#[test]
fn histories_are_judged_in_words() {
    judge_all("txn/histories", 50, |line| (checker(line), None));
}

/// Each name of an anomaly or a violation is shown by one of the files.
#[test]
fn every_anomaly_is_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/txn/histories");
    let files = std::fs::read_dir(folder).expect("the histories");
    let texts: Vec<String> = files
        .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text"))
        .collect();
    for name in [
        "G0",
        "G0-process",
        "G0-realtime",
        "G1a",
        "G1b",
        "G1c",
        "G1c-process",
        "G1c-realtime",
        "G-single-item",
        "G-single-item-process",
        "G-single-item-realtime",
        "G-nonadjacent-item",
        "G2-item",
        "G-nonadjacent-item-realtime",
        "G2-item-realtime",
        "lost-update",
        "internal",
        "future-read",
        "duplicate-elements",
        "incompatible-order",
        "dirty-update",
        "cyclic-versions",
        "garbage-read",
        "reordered-appends",
        "fractured-read",
        "write-cycle",
        "strong-snapshot-isolation-violation",
        "PL-3-violation",
        "PL-SI-violation",
        "read-atomic-violation",
        "monotonic-atomic-view-violation",
        "causal-cerone-violation",
        "causal-violation",
        "monotonic-reads-violation",
        "monotonic-writes-violation",
        "read-your-writes-violation",
        "writes-follow-reads-violation",
    ] {
        let start = format!("\n{name}: ");
        assert!(texts.iter().any(|text| text.contains(&start)), "no file shows {name}");
    }
}
