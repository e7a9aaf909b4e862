//! Random histories of logs, the same of the same seed.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value};

use super::entry::op;
use super::random::Random;

const KEYS: [&str; 2] = ["a", "b"];

pub(crate) fn send(key: Value, value: Value) -> Value {
    Value::list([Value::keyword("send"), key, value])
}

pub(crate) fn poll(got: Vec<(Value, Vec<(i64, i64)>)>) -> Value {
    let got = got.into_iter().map(|(key, pairs)| {
        (key, Value::list(pairs.into_iter().map(|(o, v)| Value::integers(&[o, v]))))
    });
    Value::list([Value::keyword("poll"), Value::map(got)])
}

fn pick_kind(random: &mut Random) -> OpKind {
    match random.below(8) {
        0 => OpKind::Fail,
        1 | 2 => OpKind::Info,
        _ => OpKind::Ok,
    }
}

/// Up to eight operations of three processes on two keys. Offsets and values are
/// mostly such that some histories are right.
pub(crate) fn any(random: &mut Random) -> History {
    let mut history = History::new();
    let mut open: Vec<Option<Op>> = vec![None; 3];
    let mixed = random.one_in(3);
    // The later a value the higher its offset, but for some noise.
    let noise = [0, 0, 8, 3][random.below(4) as usize];
    let mut next = BTreeMap::from([("a", 0i64), ("b", 0)]);
    let steps = 2 + random.below(15);
    for time in 0..steps {
        let worker = random.below(3) as usize;
        let process = worker as u32;
        let Some(begun) = open[worker].take() else {
            let (f, value) = match random.below(8) {
                0 => {
                    let keys = KEYS.iter().filter(|_| random.one_in(2)).map(Value::string);
                    ("assign", Value::list(keys.collect::<Vec<_>>()))
                }
                1..=3 => ("send", Value::list([fresh(random, &mut next, noise)])),
                4..=6 => ("poll", Value::list([Value::list([Value::keyword("poll")])])),
                _ => ("poll", Value::list([Value::list([Value::keyword("poll")])])),
            };
            let (f, value) = if mixed && f != "assign" {
                let parts = (0..=random.below(3)).map(|_| match random.one_in(2) {
                    true => fresh(random, &mut next, noise),
                    false => Value::list([Value::keyword("poll")]),
                });
                ("txn", Value::list(parts.collect::<Vec<_>>()))
            } else {
                (f, value)
            };
            let invoke = op(time, process, OpKind::Invoke, f, value, false);
            open[worker] = Some(invoke.clone());
            history.push(invoke);
            continue;
        };
        let kind = pick_kind(random);
        let value = match &*begun.f {
            "assign" => begun.value.clone(),
            _ => {
                let parts = begun.value.as_list().expect("parts").iter();
                let parts: Vec<Value> =
                    parts.map(|part| finish(random, &part, kind, noise)).collect();
                Value::list(parts)
            }
        };
        let mut end = op(time, process, kind, &begun.f, value, false);
        if kind == OpKind::Info && random.one_in(2) {
            end.error = Some(glomers_check::malformed_reply("it has no \"type\""));
        }
        history.push(end);
    }
    history
}

fn fresh(random: &mut Random, next: &mut BTreeMap<&'static str, i64>, noise: u64) -> Value {
    let key = KEYS[random.below(2) as usize];
    let counter = next.get_mut(key).expect("a key");
    if noise == 0 || !random.one_in(noise) {
        *counter += 1;
    }
    send(Value::string(key), Value::Int(*counter))
}

fn finish(random: &mut Random, part: &Value, kind: OpKind, noise: u64) -> Value {
    let part = part.as_list().expect("a part");
    let strange = |random: &mut Random| noise > 0 && random.one_in(noise);
    if part.len() == 3 {
        let (key, value) = (part.get(1).expect("a key"), part.get(2).expect("a value"));
        let mut offset = value.as_int().expect("an integer") * 2;
        if strange(random) {
            offset = random.below(6) as i64;
        }
        return match kind {
            OpKind::Ok => send(key, Value::list([Value::Int(offset), value])),
            _ if random.one_in(4) => send(key, Value::list([Value::Null, value])),
            _ => send(key, value),
        };
    }
    if kind != OpKind::Ok && !random.one_in(4) {
        return Value::list([Value::keyword("poll")]);
    }
    let got = KEYS.iter().filter_map(|key| {
        if random.one_in(3) {
            return None;
        }
        let start = 1 + random.below(2) as i64;
        let mut pairs: Vec<(i64, i64)> =
            (start..start + random.below(4) as i64).map(|value| (value * 2, value)).collect();
        if !pairs.is_empty() && strange(random) {
            let at = random.below(pairs.len() as u64) as usize;
            match random.below(4) {
                0 => drop(pairs.remove(at)),
                1 => pairs[at].0 = random.below(8) as i64,
                2 => pairs[at].1 = random.below(5) as i64,
                _ => pairs.swap(0, at),
            }
        }
        Some((Value::string(key), pairs))
    });
    poll(got.collect())
}

/// What clients of a right log record: three of them, who poll all of their keys
/// from where they were, and at last everything.
pub(crate) fn right(random: &mut Random) -> History {
    let mut history = History::new();
    let mut logs: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut positions: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); 3];
    let mut sent = 0;
    let mut time = 0;
    let mut push = |history: &mut History, process: usize, kind, f: &str, value: Value| {
        time += 1;
        history.push(op(time, process as u32, kind, f, value, false));
    };
    let assign_all = Value::list(KEYS.iter().map(Value::string));
    let steps = 4 + random.below(12);
    for step in 0..steps + 3 {
        let last = step >= steps;
        let worker = if last { (step - steps) as usize } else { random.below(3) as usize };
        if last {
            // From the beginning, as a new process.
            let process = worker + 3;
            push(&mut history, process, OpKind::Invoke, "assign", assign_all.clone());
            push(&mut history, process, OpKind::Ok, "assign", assign_all.clone());
            let got = KEYS.iter().map(|key| pairs(&logs, key, 0)).collect();
            polled(&mut push, &mut history, process, got);
            continue;
        }
        match random.below(5) {
            0 => {
                let keys: Vec<&str> = KEYS.iter().copied().filter(|_| random.one_in(2)).collect();
                let value = Value::list(keys.iter().map(Value::string));
                push(&mut history, worker, OpKind::Invoke, "assign", value.clone());
                push(&mut history, worker, OpKind::Ok, "assign", value);
                let kept =
                    keys.iter().map(|&key| (key, positions[worker].get(key).copied().unwrap_or(0)));
                positions[worker] = kept.collect();
            }
            1 | 2 => {
                let key = KEYS[random.below(2) as usize];
                sent += 1;
                let begun = send(Value::string(key), Value::Int(sent));
                push(&mut history, worker, OpKind::Invoke, "send", Value::list([begun.clone()]));
                let log = logs.entry(key).or_default();
                match random.below(8) {
                    0 => push(&mut history, worker, OpKind::Fail, "send", Value::list([begun])),
                    happened @ 1..=2 => {
                        if happened == 1 {
                            log.push(sent);
                        }
                        push(&mut history, worker, OpKind::Info, "send", Value::list([begun]));
                    }
                    _ => {
                        log.push(sent);
                        let offset = log.len() as i64 * 3;
                        let pair = Value::integers(&[offset, sent]);
                        let done = send(Value::string(key), pair);
                        push(&mut history, worker, OpKind::Ok, "send", Value::list([done]));
                    }
                }
            }
            _ => {
                let mine = &mut positions[worker];
                let got = mine.iter().map(|(key, &from)| pairs(&logs, key, from)).collect();
                for (key, position) in mine.iter_mut() {
                    *position = logs.get(key).map_or(0, Vec::len);
                }
                polled(&mut push, &mut history, worker, got);
            }
        }
    }
    history
}

fn pairs(logs: &BTreeMap<&str, Vec<i64>>, key: &str, from: usize) -> (Value, Vec<(i64, i64)>) {
    let log = logs.get(key).map_or(&[][..], |log| log);
    let pairs = log.iter().enumerate().skip(from).map(|(at, &value)| (at as i64 * 3 + 3, value));
    (Value::string(key), pairs.collect())
}

fn polled(
    push: &mut impl FnMut(&mut History, usize, OpKind, &str, Value),
    history: &mut History,
    process: usize,
    got: Vec<(Value, Vec<(i64, i64)>)>,
) {
    let begun = Value::list([Value::list([Value::keyword("poll")])]);
    push(history, process, OpKind::Invoke, "poll", begun);
    push(history, process, OpKind::Ok, "poll", Value::list([poll(got)]));
}

/// Something is changed: an operation left out, repeated or moved, or ended in
/// another way, or an integer deep within is another.
pub(crate) fn broken(history: &History, random: &mut Random) -> History {
    let mut ops: Vec<Op> = history.ops().to_vec();
    for _ in 0..1 + random.below(8) {
        let at = random.below(ops.len() as u64) as usize;
        let to = random.below(ops.len() as u64) as usize;
        match random.below(12) {
            0 => drop(ops.remove(at)),
            1 => ops.swap(at, to),
            2 if ops[at].kind == OpKind::Ok => ops[at].kind = OpKind::Fail,
            3 if ops[at].kind == OpKind::Ok => ops[at].kind = OpKind::Info,
            _ => ops[at].value = changed(&ops[at].value, random),
        }
    }
    ops.into_iter().collect()
}

fn changed(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Int(integer) => Value::Int((integer + random.below(5) as i64 - 2).max(0)),
        Value::Map(pairs) if !pairs.is_empty() => {
            let at = random.below(pairs.len() as u64) as usize;
            let mut pairs = pairs.to_vec();
            pairs[at].1 = changed(&pairs[at].1, random);
            Value::map(pairs)
        }
        Value::List(list) if !list.is_empty() => {
            let mut values: Vec<Value> = list.iter().collect();
            let at = random.below(values.len() as u64) as usize;
            let is_pairs = values[0].as_list().is_some_and(|pair| pair.as_small().is_some());
            match random.below(4) {
                0 if is_pairs => drop(values.remove(at)),
                1 if is_pairs => values.swap(0, at),
                _ => values[at] = changed(&values[at], random),
            }
            Value::list(values)
        }
        other => other.clone(),
    }
}
