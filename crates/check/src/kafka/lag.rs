//! How far behind polls were.

use glomers_history::{History, Time, Value};
use rustc_hash::FxHashMap;

use super::key_value;
use super::orders::Orders;
use super::parse::Parsed;
use super::places::NONE;

/// The poll that was farthest behind: when it began, the next message of a key
/// that its process was assigned, and that it did not get, had been known for so
/// long.
pub(super) fn worst(history: &History, parsed: &Parsed, orders: &Orders) -> Option<Value> {
    let known = known(history, parsed, orders);
    // The next place of each key of each process.
    let mut positions: FxHashMap<u32, FxHashMap<u32, u32>> = FxHashMap::default();
    let mut worst: Option<(u64, Time, u32, u32)> = None;
    for transaction in parsed.transactions.iter().filter(|transaction| transaction.is_ok()) {
        let process = transaction.process;
        if let Some(keys) = &transaction.assigns {
            let before = positions.remove(&process).unwrap_or_default();
            let kept = keys.iter().map(|key| (*key, before.get(key).copied().unwrap_or(0)));
            positions.insert(process, kept.collect());
            continue;
        }
        let polls = parsed.polls_of(transaction);
        let is_poll = parsed.sends_of(transaction).is_empty();
        let Some(begin) = history.ops().get(transaction.begin as usize).filter(|_| is_poll) else {
            continue;
        };
        let mine = positions.entry(process).or_default();
        for poll in polls {
            let last = parsed.pairs_of(poll).last().and_then(|&(_, id)| orders.place(id));
            if let Some(last) = last {
                mine.insert(poll.key, last + 1);
            }
        }
        for (&key, &next) in &*mine {
            let Some(&since) = known[key as usize].get(next as usize) else { continue };
            let lag = begin.time.0.saturating_sub(since.0);
            let this = (lag, begin.time, process, key);
            // Of equal ones the first in time, then the lowest, however they come.
            let better = worst.is_none_or(|(lag, time, process, key)| {
                (this.0, time, process, key) > (lag, this.1, this.2, this.3)
            });
            if better {
                worst = Some(this);
            }
        }
    }
    let (lag, time, process, key) = worst?;
    let seconds = |nanos: u64| Value::Float(nanos as f64 / 1e9);
    Some(Value::record([
        ("time", seconds(time.0)),
        ("process", Value::Int(i64::from(process))),
        ("key", key_value(parsed, key).clone()),
        ("lag", seconds(lag)),
    ]))
}

/// For each place of each key when somebody first knew of a message there or
/// beyond.
fn known(history: &History, parsed: &Parsed, orders: &Orders) -> Vec<Vec<Time>> {
    let mut known: Vec<Vec<Time>> =
        orders.logs.iter().map(|log| vec![Time::MAX; log.offsets.len()]).collect();
    for transaction in parsed.transactions.iter().filter(|transaction| transaction.is_ok()) {
        if transaction.end == NONE {
            continue;
        }
        let time = history.ops()[transaction.end as usize].time;
        let mut learn = |key: u32, id: u32| {
            if let Some(place) = orders.place(id) {
                let known = &mut known[key as usize][place as usize];
                *known = time.min(*known);
            }
        };
        for send in parsed.sends_of(transaction).iter().filter(|send| send.offset.is_some()) {
            learn(send.key, send.message);
        }
        for poll in parsed.polls_of(transaction) {
            for &(_, id) in parsed.pairs_of(poll) {
                learn(poll.key, id);
            }
        }
    }
    for times in &mut known {
        let mut earliest = Time::MAX;
        for time in times.iter_mut().rev() {
            earliest = earliest.min(*time);
            *time = earliest;
        }
    }
    known
}
