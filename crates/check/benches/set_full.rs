//! How long it takes to judge 100,000 elements: with 2,000 reads of all there is, newest
//! first, and with 100,000 reads that grow.

use std::sync::Arc;

use glomers_check::{Checker, Context, SetFull};
use glomers_history::{History, Op, OpKind, Process, Time, Value};
use glomers_protocol::GrowingList;

fn main() {
    divan::main();
}

fn history(elements: i64, reads: i64) -> History {
    let mut history = History::new();
    let (broadcast, read): (Arc<str>, Arc<str>) = ("broadcast".into(), "read".into());
    let mut push = |process: u32, kind, f: &Arc<str>, value, is_final| {
        history.push(Op {
            index: 0,
            time: Time(0),
            process: Process::Client(process),
            kind,
            f: f.clone(),
            value,
            error: None,
            is_final,
        });
    };
    // An add is seen three adds late at nodes that have not got it yet.
    for element in 0..elements {
        let value = Value::Int(element);
        push(0, OpKind::Invoke, &broadcast, value.clone(), false);
        push(0, OpKind::Ok, &broadcast, value, false);
        if element % (elements / reads) == 0 {
            let seen: Vec<i64> = (0..element - 3).rev().collect();
            push(1, OpKind::Invoke, &read, Value::Null, false);
            push(1, OpKind::Ok, &read, Value::integers(&seen), false);
        }
    }
    let seen: Vec<i64> = (0..elements).collect();
    for process in 0..5 {
        push(process, OpKind::Invoke, &read, Value::Null, true);
        push(process, OpKind::Ok, &read, Value::integers(&seen), true);
    }
    history
}

#[divan::bench(args = [(1_000, 100), (10_000, 500), (100_000, 2_000)], sample_count = 5, sample_size = 1)]
fn set_full(bencher: divan::Bencher<'_, '_>, (elements, reads): (i64, i64)) {
    let history = history(elements, reads);
    let context = Context::default();
    bencher.bench_local(|| SetFull::BROADCAST.check(&history, &context));
}

/// Five workers in turn add a value and read all there is.
fn growing(elements: i64) -> History {
    let mut history = History::new();
    let mut list = GrowingList::new();
    let (broadcast, read): (Arc<str>, Arc<str>) = ("broadcast".into(), "read".into());
    for element in 0..elements {
        let value = Value::Int(element);
        list.push(value.clone());
        let shown = Value::List(list.to_list());
        let entries = [
            (OpKind::Invoke, &broadcast, value.clone()),
            (OpKind::Ok, &broadcast, value),
            (OpKind::Invoke, &read, Value::Null),
            (OpKind::Ok, &read, shown),
        ];
        for (kind, f, value) in entries {
            history.push(Op {
                index: 0,
                time: Time(0),
                process: Process::Client((element % 5) as u32),
                kind,
                f: f.clone(),
                value,
                error: None,
                is_final: false,
            });
        }
    }
    history
}

#[divan::bench(args = [10_000, 50_000, 100_000], sample_count = 3, sample_size = 1)]
fn set_full_growing(bencher: divan::Bencher<'_, '_>, elements: i64) {
    let history = growing(elements);
    let context = Context {
        nodes: (0..5).map(|node| format!("n{node}")).collect(),
        concurrency: 5,
        ..Context::default()
    };
    bencher.bench_local(|| SetFull::BROADCAST.check(&history, &context));
}
