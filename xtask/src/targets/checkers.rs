//! How fast histories are read and judged, and with how much memory.

use crate::build;
use crate::measure::{self, Measured};
use crate::readings::{divan, slowest};
use crate::table::{Goal, Row};

use super::{Target, Tools, row};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "checkers: set-full", is_long: false, measure: set_full },
    Target { name: "checkers: registers", is_long: false, measure: registers },
    Target { name: "checkers: hard registers", is_long: true, measure: hard_registers },
    Target { name: "checkers: kafka and counters", is_long: false, measure: kafka_and_counters },
    Target { name: "checkers: transactions", is_long: true, measure: transactions },
    Target { name: "checkers: orders of transactions", is_long: false, measure: orders },
    Target { name: "checkers: weak models of transactions", is_long: false, measure: weak },
    Target { name: "checkers: reading", is_long: false, measure: reading },
];

/// Runs the benchmarks of a file whose names contain `filter`.
fn bench(package: &str, file: &str, filter: &str) -> Result<Measured, String> {
    let words = ["bench", "--no-run", "--package", package, "--bench", file];
    let path = build::executable(&words, file)?;
    let measured = measure::run(&path, &["--bench", filter], &build::root())?;
    if measured.exit == 0 { Ok(measured) } else { Err(format!("{file} {filter} failed")) }
}

/// The seconds that the slowest of the benchmarks takes, each at its fastest.
fn seconds(measured: &Result<Measured, String>) -> Result<f64, String> {
    Ok(slowest(&measured.as_ref().map_err(Clone::clone)?.output)? / 1e9)
}

fn memory(measured: &Result<Measured, String>) -> Result<f64, String> {
    measured.as_ref().map(|measured| measured.memory).map_err(Clone::clone)
}

const ON_THE_WALL: &str = "on the wall, best of some";

fn timed(what: &str, goal: f64, package: &str, file: &str, filter: &str) -> Row {
    let measured = bench(package, file, filter);
    row(what, Goal::AtMost(goal), "s", seconds(&measured), ON_THE_WALL)
}

fn set_full(_: &Tools) -> Vec<Row> {
    let measured = bench("glomers-check", "set_full", "set_full");
    let time = |name: &str| divan(&measured.as_ref().map_err(Clone::clone)?.output, name);
    let (small, large) = (time("(10000, 500)"), time("(100000, 2000)"));
    // All reads of a half-grown set on average.
    let ratio = small.and_then(|small| {
        let large = large.clone()? / (2_000.0 * 50_000.0);
        Ok((large, large / (small / (500.0 * 5_000.0))))
    });
    let note =
        ratio.as_ref().map_or(String::new(), |(large, _)| format!("{large:.1} ns an element read"));
    vec![
        row(
            "set-full: an element read, of 100,000 against of 10,000",
            Goal::AtMost(2.0),
            "times",
            ratio.map(|(_, ratio)| ratio),
            note,
        ),
        row(
            "set-full: 100,000 elements, 2,000 reads of all there is",
            Goal::AtMost(2.0),
            "s",
            large.map(|nanos| nanos / 1e9),
            ON_THE_WALL,
        ),
        row(
            "memory of that",
            Goal::AtMost(1000.0),
            "MB",
            memory(&measured),
            "most resident, the history itself included",
        ),
    ]
}

fn registers(_: &Tools) -> Vec<Row> {
    let etcd = bench("glomers-check", "register", "etcd_kind");
    let kind = |name: &str| {
        let output = &etcd.as_ref().map_err(Clone::clone)?.output;
        divan(output, name).map(|nanos| nanos / 1e6)
    };
    vec![
        row(
            "100 CAS registers of 80 operations, 5 to 20 processes, ≤ 20 indeterminate",
            Goal::AtMost(5.0),
            "ms",
            kind("etcd_kind "),
            ON_THE_WALL,
        ),
        row(
            "the same with one read changed, which is to be refuted or not",
            Goal::AtMost(5.0),
            "ms",
            kind("etcd_kind_broken "),
            ON_THE_WALL,
        ),
        timed(
            "CAS register: 100,000 operations over 50 keys, 20 processes, ≤ 20 indeterminate a key",
            2.0,
            "glomers-check",
            "register",
            "lin_kv",
        ),
        timed(
            "register with unique writes: 1,000,000 operations",
            1.5,
            "glomers-check",
            "register",
            "unique_writes",
        ),
    ]
}

fn hard_registers(_: &Tools) -> Vec<Row> {
    let forty = bench("glomers-check", "register", "forty_indeterminate");
    vec![
        row(
            "one key with 40 indeterminate operations: a verdict, or unknown with its budget",
            Goal::AtMost(10.0),
            "s",
            seconds(&forty),
            "the slowest of 5 to 40 values, right and broken",
        ),
        row("memory of that", Goal::AtMost(1000.0), "MB", memory(&forty), "most resident"),
    ]
}

fn kafka_and_counters(_: &Tools) -> Vec<Row> {
    vec![
        timed("kafka: 1,000,000 sends and polls", 2.0, "glomers-check", "kafka", "kafka"),
        timed(
            "counter: 100,000 operations, 1,000 indeterminate",
            0.5,
            "glomers-check",
            "counter",
            "counter",
        ),
    ]
}

fn transactions(_: &Tools) -> Vec<Row> {
    let right = bench("glomers-check", "txn", "right_lists");
    let broken = bench("glomers-check", "txn", "broken_lists");
    let registers = bench("glomers-check", "txn", "right_registers");
    vec![
        row(
            "txn-list-append: 1,000,000 transactions, valid",
            Goal::AtMost(2.0),
            "s",
            seconds(&right),
            "the slowest of uniform and Zipf, 20 and 100 sessions",
        ),
        row(
            "the same with an anomaly of each kind",
            Goal::AtMost(3.0),
            "s",
            seconds(&broken),
            "20 and 100 sessions",
        ),
        row("memory of that", Goal::AtMost(2000.0), "MB", memory(&broken), "with the history"),
        row(
            "txn-rw-register: 1,000,000 transactions, valid",
            Goal::AtMost(3.0),
            "s",
            seconds(&registers),
            "strict verdict; uniform in 20 sessions, Zipf in 100",
        ),
    ]
}

fn orders(_: &Tools) -> Vec<Row> {
    let searched = bench("glomers-check", "txn", "serializable");
    let time = |name: &str| {
        divan(&searched.as_ref().map_err(Clone::clone)?.output, name).map(|nanos| nanos / 1e9)
    };
    let what = "serializable by search: 8 micro-operations, half blind writes";
    vec![
        timed(
            "a component of 20,000 transactions, named",
            2.0,
            "glomers-check",
            "txn",
            "component",
        ),
        row(format!("{what}, 2,000"), Goal::AtMost(0.5), "s", time("2000"), ON_THE_WALL),
        row(format!("{what}, 10,000"), Goal::AtMost(5.0), "s", time("10000"), ON_THE_WALL),
    ]
}

fn weak(_: &Tools) -> Vec<Row> {
    let timed = |what: &str, goal: f64, filter: &str| {
        let what = format!("{what} at 100,000 transactions, lists and registers");
        timed(&what, goal, "glomers-check", "txn", filter)
    };
    let apart = bench("glomers-check", "txn", "causal_apart");
    vec![
        timed("read committed", 1.0, "read_committed"),
        timed("monotonic atomic view", 1.0, "monotonic_atomic_view"),
        timed("read atomic", 1.0, "read_atomic"),
        timed("causal", 3.0, "causal"),
        row(
            "memory of that in 50,000 sessions",
            Goal::AtMost(1000.0),
            "MB",
            memory(&apart),
            "with the history",
        ),
        timed("of 40 values, causal to strict serializable", 3.0, "repeated_values"),
    ]
}

fn reading(_: &Tools) -> Vec<Row> {
    let what = "reading a history of 100 MB from disk, EDN";
    vec![timed(what, 1.5, "glomers-history", "read", "from_disk")]
}
