//! How long it takes to judge 1,000,000 sends and polls: 20 processes, 50 keys
//! each assigned to all; every second operation is a send, every other a poll of
//! all that is new to its process (up to 10 messages a key), so nearly every message
//! is polled 20 times.

use std::sync::Arc;

use glomers_check::{Checker, Context, Kafka, Validity};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

fn main() {
    divan::main();
}

fn history(operations: usize, processes: usize, keys: usize) -> History {
    let mut history = History::new();
    let names: Vec<Value> = (0..keys).map(|key| Value::string(key.to_string())).collect();
    let (send, poll) = (Value::keyword("send"), Value::keyword("poll"));
    let (send_f, poll_f): (Arc<str>, Arc<str>) = ("send".into(), "poll".into());
    let mut logs = vec![0i64; keys];
    let mut positions = vec![vec![0i64; keys]; processes];
    let mut time = 0;
    let mut both = |process: usize, f: &Arc<str>, begun: Value, done: Value| {
        for (kind, value) in [(OpKind::Invoke, begun), (OpKind::Ok, done)] {
            time += 1_000_000;
            history.push(Op {
                index: 0,
                time: Time(time),
                process: Process::Client(process as u32),
                kind,
                f: f.clone(),
                value,
                error: None,
                is_final: false,
            });
        }
    };
    let empty = Value::list([Value::list([poll.clone()])]);
    let polled = |positions: &mut [i64], logs: &[i64], limit: i64| {
        let got = (0..keys).filter_map(|key| {
            let (from, to) = (positions[key], logs[key].min(positions[key] + limit));
            positions[key] = to;
            let pairs = (from..to).map(|offset| Value::integers(&[offset, offset + 1]));
            (to > from).then(|| (names[key].clone(), Value::list(pairs)))
        });
        Value::list([Value::list([poll.clone(), Value::map(got)])])
    };
    for number in 0..operations {
        // Each process sends and polls by turns.
        let process = number / 2 % processes;
        if number % 2 == 0 {
            // The later keys get more, as in Maelstrom's workload.
            let key = (number / 2).trailing_ones() as usize * 7 % keys;
            let offset = logs[key];
            logs[key] += 1;
            let mop = |value: Value| {
                Value::list([Value::list([send.clone(), names[key].clone(), value])])
            };
            let done = Value::integers(&[offset, offset + 1]);
            both(process, &send_f, mop(Value::Int(offset + 1)), mop(done));
        } else {
            let done = polled(&mut positions[process], &logs, 10);
            both(process, &poll_f, empty.clone(), done);
        }
    }
    for (process, mine) in positions.iter_mut().enumerate() {
        both(process, &poll_f, empty.clone(), polled(mine, &logs, i64::MAX / 2));
    }
    history
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 5, sample_size = 1)]
fn kafka(bencher: divan::Bencher<'_, '_>, operations: usize) {
    let history = history(operations, 20, 50);
    let context = Context::default();
    bencher.bench_local(|| {
        let result = Kafka.check(&history, &context);
        assert_eq!(result.strict, Validity::Valid);
        result
    });
}
