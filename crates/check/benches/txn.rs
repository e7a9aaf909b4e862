//! How long it takes to judge transactions: of 1 to 4 micro-operations, half of them
//! writes, on 10,000 keys that are each replaced after 128 writes.

#[path = "../tests/common/random.rs"]
mod random;
#[path = "../tests/txn/simulate.rs"]
mod simulate;

use glomers_check::{CheckResult, Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::{History, Value};
use simulate::{Shape, Simulation, simulate};

fn main() {
    divan::main();
}

fn judge(shape: Shape, models: &str, history: &History) -> CheckResult {
    let models = models.parse().expect("a model");
    let (budget, context) = (Default::default(), Context::default());
    if shape.lists {
        TxnListAppend { models, budget }.check(history, &context)
    } else {
        TxnRwRegister { models, budget }.check(history, &context)
    }
}

fn valid(bencher: divan::Bencher<'_, '_>, shape: Shape, models: &str) {
    let history = simulate(1, shape);
    bencher.bench_local(|| {
        let result = judge(shape, models, &history);
        assert_eq!(result.strict, Validity::Valid, "{:?} {:?}", result.findings, result.notes);
        result
    });
}

/// Lists, strict serializable: keys alike or by Zipf's law, sessions.
#[divan::bench(args = [(false, 20), (false, 100), (true, 20), (true, 100)], sample_count = 3, sample_size = 1)]
fn right_lists(bencher: divan::Bencher<'_, '_>, (zipf, sessions): (bool, usize)) {
    let shape = Shape { zipf, sessions, ..Shape::usual(true, 1_000_000) };
    valid(bencher, shape, "strict-serializable");
}

/// Lists with one anomaly of each kind; if it is `long`, one of them from a tenth to
/// nine tenths of the history, so that all between are one component.
#[divan::bench(args = [(false, 20), (false, 100), (true, 100)], sample_count = 3, sample_size = 1)]
fn broken_lists(bencher: divan::Bencher<'_, '_>, (long, sessions): (bool, usize)) {
    let shape = Shape { sessions, ..Shape::usual(true, 1_000_000) };
    let history = broken(shape, long);
    bencher.bench_local(|| {
        let result = judge(shape, "strict-serializable", &history);
        assert_eq!(result.compat, Validity::Invalid);
        let names: Vec<&str> = result.findings.iter().map(|finding| &*finding.name).collect();
        assert!(names.len() >= if long { 4 } else { 8 }, "{names:?}");
        result
    });
}

fn broken(shape: Shape, long: bool) -> History {
    let mut simulation = Simulation::new(1, shape);
    let part = shape.txns / 10;
    let list = |integers: &[i64]| Value::integers(integers);
    let int = Value::Int;
    simulation.run(part);
    if long {
        simulation.extra(1, &[(true, "a", int(1)), (true, "b", int(1))]);
    }
    simulation.run(part);
    // Reads of each other's writes.
    simulation.extra(2, &[(true, "c", int(1)), (false, "d", list(&[1]))]);
    simulation.extra(3, &[(true, "d", int(1)), (false, "c", list(&[1]))]);
    simulation.run(part);
    // One that saw half of another.
    simulation.extra(4, &[(true, "e", int(1)), (true, "f", int(1))]);
    simulation.extra(5, &[(false, "e", list(&[1])), (false, "f", Value::Null)]);
    simulation.run(part);
    // Two orders of the same.
    simulation.extra(6, &[(true, "g", int(1))]);
    simulation.extra(7, &[(true, "h", int(1))]);
    simulation.extra(8, &[(false, "g", list(&[1])), (false, "h", Value::Null)]);
    simulation.extra(9, &[(false, "h", list(&[1])), (false, "g", Value::Null)]);
    simulation.run(part);
    // Two that did not see each other.
    simulation.extra(1, &[(false, "i", Value::Null), (true, "j", int(1))]);
    simulation.extra(2, &[(false, "j", Value::Null), (true, "i", int(1))]);
    simulation.run(part);
    // Two that replaced the same.
    simulation.extra(3, &[(false, "k", Value::Null), (true, "k", int(1))]);
    simulation.extra(4, &[(false, "k", Value::Null), (true, "k", int(2))]);
    simulation.run(part);
    // A read of nothing after it was written.
    simulation.extra(5, &[(true, "l", int(1))]);
    simulation.run(part);
    simulation.extra(6, &[(false, "l", Value::Null)]);
    // One that did not see its own.
    simulation.extra(7, &[(true, "m", int(1)), (false, "m", Value::Null)]);
    simulation.run(part);
    // A write cycle.
    if !long {
        simulation.extra(1, &[(true, "a", int(1)), (true, "b", int(1))]);
    }
    simulation.extra(8, &[(true, "a", int(2)), (true, "b", int(2))]);
    simulation.extra(9, &[(false, "a", list(&[1, 2])), (false, "b", list(&[2, 1]))]);
    simulation.run(part);
    simulation.history
}

/// Registers, strict serializable.
#[divan::bench(args = [(false, 20), (true, 100)], sample_count = 3, sample_size = 1)]
fn right_registers(bencher: divan::Bencher<'_, '_>, (zipf, sessions): (bool, usize)) {
    let shape = Shape { zipf, sessions, ..Shape::usual(false, 1_000_000) };
    valid(bencher, shape, "strict-serializable");
}

/// 20,000 transactions whose reads are behind: one component, whose anomalies all have
/// names.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn component(bencher: divan::Bencher<'_, '_>, lists: bool) {
    let shape = Shape { keys: 300, behind: 3, ..Shape::usual(lists, 20_000) };
    let history = simulate(1, shape);
    bencher.bench_local(|| {
        let result = judge(shape, "strict-serializable", &history);
        assert_eq!(result.compat, Validity::Invalid);
        result
    });
}

/// Weak models that are decided completely at 100,000 transactions in 100 sessions.
fn weak(bencher: divan::Bencher<'_, '_>, lists: bool, models: &str) {
    valid(bencher, Shape { sessions: 100, ..Shape::usual(lists, 100_000) }, models);
}

/// Read committed.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn read_committed(bencher: divan::Bencher<'_, '_>, lists: bool) {
    weak(bencher, lists, "read-committed");
}

/// Monotonic atomic view, which some call read committed.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn monotonic_atomic_view(bencher: divan::Bencher<'_, '_>, lists: bool) {
    weak(bencher, lists, "monotonic-atomic-view");
}

/// Read atomic.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn read_atomic(bencher: divan::Bencher<'_, '_>, lists: bool) {
    weak(bencher, lists, "read-atomic");
}

/// Causal consistency.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn causal(bencher: divan::Bencher<'_, '_>, lists: bool) {
    weak(bencher, lists, "causal");
}

/// The same where almost every transaction has a session of its own.
#[divan::bench(args = [true, false], sample_count = 3, sample_size = 1)]
fn causal_apart(bencher: divan::Bencher<'_, '_>, lists: bool) {
    let shape = Shape { sessions: 50_000, ..Shape::usual(lists, 100_000) };
    valid(bencher, shape, "causal");
}

/// The same where each value is one of 40: which write each read got is open.
#[divan::bench(args = ["causal", "serializable", "strict-serializable"], sample_count = 3, sample_size = 1)]
fn repeated_values(bencher: divan::Bencher<'_, '_>, models: &str) {
    valid(bencher, Shape { values: 40, ..Shape::usual(false, 100_000) }, models);
}

/// Serializable by a search: 8 micro-operations, half of them writes without a read.
#[divan::bench(args = [2_000, 10_000], sample_count = 3, sample_size = 1)]
fn serializable(bencher: divan::Bencher<'_, '_>, txns: usize) {
    let shape = Shape { length: (8, 8), ..Shape::usual(false, txns) };
    valid(bencher, shape, "serializable");
}

/// The same for snapshot isolation.
#[divan::bench(args = [2_000, 10_000], sample_count = 3, sample_size = 1)]
fn snapshots(bencher: divan::Bencher<'_, '_>, txns: usize) {
    let shape = Shape { length: (8, 8), ..Shape::usual(false, txns) };
    valid(bencher, shape, "snapshot-isolation");
}
