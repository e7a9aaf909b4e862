//! For edges of the lattice, histories that separate their two ends: the stronger
//! model is refuted, the weaker one is not.

use glomers_check::{Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

/// Whether all transactions overlap each other, or come one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    AtOnce,
    InTurn,
}
use When::{AtOnce, InTurn};

/// The stronger model, the weaker one, whether it is about lists, and the history: `1
/// ax1 ry_` is process 1 that appends 1 to x and reads nothing of y, `rx12` reads a
/// list, `wx1` writes.
const EDGES: &[(&str, &str, bool, When, &[&str])] = &[
    ("read-committed", "read-uncommitted", true, AtOnce, &["0 ax1 ry1", "1 ay1 rx1"]),
    ("read-committed", "read-uncommitted", false, AtOnce, &["0 wx1 ry1", "1 wy1 rx1"]),
    (
        "strong-session-read-uncommitted",
        "read-uncommitted",
        true,
        InTurn,
        &["0 ax1", "0 ax2", "1 rx21"],
    ),
    (
        "strong-read-uncommitted",
        "strong-session-read-uncommitted",
        true,
        InTurn,
        &["0 ax1", "1 ax2", "2 rx21"],
    ),
    (
        "strong-session-read-committed",
        "strong-session-read-uncommitted",
        true,
        InTurn,
        &["0 rx1", "0 ax1"],
    ),
    ("strong-session-read-committed", "read-committed", true, InTurn, &["0 rx1", "0 ax1"]),
    ("strong-read-committed", "strong-session-read-committed", true, InTurn, &["0 rx1", "1 ax1"]),
    ("strong-read-committed", "strong-read-uncommitted", true, InTurn, &["0 rx1", "1 ax1"]),
    (
        "monotonic-atomic-view",
        "read-committed",
        false,
        AtOnce,
        &["0 wx1 wy1", "1 rx1 wx2 wy2", "2 ry2 rx1"],
    ),
    ("cursor-stability", "read-committed", true, AtOnce, &["0 rx_ ax1", "1 rx_ ax2"]),
    ("consistent-view", "cursor-stability", true, AtOnce, &["0 ax1 ay1", "1 rx1 ry_"]),
    ("consistent-view", "monotonic-view", true, AtOnce, &["0 ax1 ay1", "1 rx1 ry_"]),
    ("repeatable-read", "cursor-stability", true, AtOnce, &["0 rx_ ay1", "1 ry_ ax1"]),
    ("repeatable-read", "monotonic-atomic-view", true, AtOnce, &["0 rx_ ay1", "1 ry_ ax1"]),
    (
        "snapshot-isolation",
        "forward-consistent-view",
        true,
        AtOnce,
        &["0 ax1", "1 ay1", "2 rx1 ry_", "3 ry1 rx_"],
    ),
    (
        "snapshot-isolation",
        "parallel-snapshot-isolation",
        true,
        AtOnce,
        &["0 ax1", "1 ay1", "2 rx1 ry_", "3 ry1 rx_"],
    ),
    (
        "snapshot-isolation",
        "parallel-snapshot-isolation",
        false,
        AtOnce,
        &["0 wx1", "1 wy1", "2 rx1 ry_", "3 ry1 rx_"],
    ),
    ("snapshot-isolation", "prefix", false, AtOnce, &["0 rx_ wx1", "1 rx_ wx2"]),
    (
        "snapshot-isolation",
        "monotonic-snapshot-read",
        true,
        AtOnce,
        &["0 ax1", "1 ay1", "2 rx1 ry_", "3 ry1 rx_"],
    ),
    ("parallel-snapshot-isolation", "causal-cerone", false, AtOnce, &["0 rx_ wx1", "1 rx_ wx2"]),
    ("update-atomic", "read-atomic", false, AtOnce, &["0 rx_ wx1", "1 rx_ wx2"]),
    ("prefix", "causal-cerone", false, AtOnce, &["0 wx1", "1 wy1", "2 rx1 ry_", "3 ry1 rx_"]),
    ("causal-cerone", "read-atomic", false, AtOnce, &["0 wx1", "1 rx1 wy1", "2 ry1 rx_"]),
    ("read-atomic", "monotonic-atomic-view", false, AtOnce, &["0 wx1 wy1", "1 rx_ ry1"]),
    ("serializable", "snapshot-isolation", true, AtOnce, &["0 rx_ ay1", "1 ry_ ax1"]),
    ("serializable", "snapshot-isolation", false, AtOnce, &["0 rx_ wy1", "1 ry_ wx1"]),
    ("strong-session-serializable", "serializable", true, InTurn, &["0 ax1", "0 rx_"]),
    ("strong-session-snapshot-isolation", "snapshot-isolation", false, InTurn, &["0 wx1", "0 rx_"]),
    (
        "strong-session-snapshot-isolation",
        "strong-session-read-committed",
        false,
        InTurn,
        &["0 wx1", "0 rx_"],
    ),
    (
        "strong-session-serializable",
        "strong-session-snapshot-isolation",
        true,
        AtOnce,
        &["0 rx_ ay1", "1 ry_ ax1"],
    ),
    (
        "strong-snapshot-isolation",
        "strong-session-snapshot-isolation",
        true,
        InTurn,
        &["0 ax1", "1 rx_"],
    ),
    ("strong-snapshot-isolation", "strong-read-committed", true, InTurn, &["0 ax1", "1 rx_"]),
    ("strict-serializable", "strong-session-serializable", true, InTurn, &["0 ax1", "1 rx_"]),
    ("strict-serializable", "strong-session-serializable", false, InTurn, &["0 wx1", "1 rx_"]),
    ("strict-serializable", "serializable", false, InTurn, &["0 wx1", "1 wx2", "2 rx1"]),
    ("strict-serializable", "strong-snapshot-isolation", true, AtOnce, &["0 rx_ ay1", "1 ry_ ax1"]),
];

fn micro_operation(text: &str, lists: bool, is_known: bool) -> Value {
    let (f, key, rest) = (&text[..1], &text[1..2], &text[2..]);
    let name = if f == "a" { "append" } else { f };
    let digits: Vec<i64> =
        rest.bytes().filter(u8::is_ascii_digit).map(|b| i64::from(b - b'0')).collect();
    let value = match (f, digits.first()) {
        ("r", None) => Value::Null,
        ("r", _) if !is_known => Value::Null,
        ("r", _) if lists => Value::integers(&digits),
        (_, first) => Value::Int(*first.expect("a value")),
    };
    Value::list([Value::keyword(name), Value::keyword(key), value])
}

fn history(lists: bool, when: When, txns: &[&str]) -> History {
    let mut ops: Vec<(usize, Op)> = Vec::new();
    for (at, text) in txns.iter().enumerate() {
        let (process, text) = text.split_once(' ').expect("a process");
        let begin = if when == AtOnce { at } else { 2 * at };
        let end = if when == AtOnce { txns.len() + at } else { 2 * at + 1 };
        for (place, kind) in [(begin, OpKind::Invoke), (end, OpKind::Ok)] {
            let parts =
                text.split(' ').map(|part| micro_operation(part, lists, kind == OpKind::Ok));
            let op = Op {
                index: 0,
                time: Time(place as u64),
                process: Process::Client(process.parse().expect("a number")),
                kind,
                f: "txn".into(),
                value: Value::list(parts),
                error: None,
                is_final: false,
            };
            ops.push((place, op));
        }
    }
    ops.sort_by_key(|(place, _)| *place);
    ops.into_iter().map(|(_, op)| op).collect()
}

fn strict(lists: bool, model: &str, history: &History) -> Validity {
    let models = model.parse().expect("a model");
    let (budget, context) = (Default::default(), Context::default());
    if lists {
        TxnListAppend { models, budget }.check(history, &context).strict
    } else {
        TxnRwRegister { models, budget }.check(history, &context).strict
    }
}

#[test]
fn each_history_separates_two_models() {
    let mut wrong = Vec::new();
    for &(stronger, weaker, lists, when, txns) in EDGES {
        let history = history(lists, when, txns);
        for (model, expected) in [(stronger, Validity::Invalid), (weaker, Validity::Valid)] {
            let found = strict(lists, model, &history);
            if found != expected {
                wrong.push(format!("{model}: {found:?}, not {expected:?}: {txns:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
