//! How long it takes to judge counters, conversion of the history included.

use std::sync::Arc;

use glomers_check::{Checker, Context, Counter, Validity};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

fn main() {
    divan::main();
}

/// Two reads for each add, of 20 processes; deltas from `low` to 4; `infos` adds
/// are indeterminate, each second of which happened.
fn history(operations: u64, infos: u64, low: i64, factor: i64) -> History {
    let mut history = History::new();
    let (add, read): (Arc<str>, Arc<str>) = ("add".into(), "read".into());
    let mut push = |process: u64, kind, f: &Arc<str>, value, is_final| {
        history.push(Op {
            index: 0,
            time: Time(0),
            process: Process::Client(process as u32),
            kind,
            f: f.clone(),
            value,
            error: None,
            is_final,
        });
    };
    let mut sum = 0;
    let mut seed = 1u64;
    for at in 0..operations {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let process = at % 20;
        if at % 3 != 0 {
            push(process, OpKind::Invoke, &read, Value::Null, false);
            push(process, OpKind::Ok, &read, Value::Int(sum), false);
            continue;
        }
        let delta = (low + (seed >> 33) as i64 % (5 - low)) * factor;
        push(process, OpKind::Invoke, &add, Value::Int(delta), false);
        let every = operations / 3 / infos;
        let number = at / 3;
        let is_info = number % every == 0;
        if !is_info || (number / every).is_multiple_of(2) {
            sum += delta;
        }
        let kind = if is_info { OpKind::Info } else { OpKind::Ok };
        push(process, kind, &add, Value::Int(delta), false);
    }
    for process in 0..20 {
        push(process, OpKind::Invoke, &read, Value::Null, true);
        push(process, OpKind::Ok, &read, Value::Int(sum), true);
    }
    history
}

/// 100,000 operations, 1,000 of them indeterminate: as pn-counter has them, as
/// g-counter, and with deltas of some millions.
#[divan::bench(args = [(-5, 1), (0, 1), (-5, 1_000_003)], sample_count = 5, sample_size = 1)]
fn counter(bencher: divan::Bencher<'_, '_>, (low, factor): (i64, i64)) {
    let history = history(100_000, 1_000, low, factor);
    let result = Counter::PN_COUNTER.check(&history, &Context::default());
    assert_eq!(result.strict, Validity::Valid);
    bencher.bench_local(|| Counter::PN_COUNTER.check(&history, &Context::default()));
}
