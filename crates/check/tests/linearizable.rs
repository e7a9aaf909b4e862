//! Any object: the search for an order against all orders there are.

#[path = "common/entry.rs"]
mod entry;
#[path = "common/random.rs"]
mod random;
#[path = "common/soak.rs"]
mod soak;

use std::collections::BTreeMap;

use entry::op;
use glomers_check::linearizable::models::{FifoQueue, KeyValue, Mutex, Set, UnorderedQueue};
use glomers_check::{Call, Checker, Context, Linearizable, Model, Validity};
use glomers_history::{History, Op, OpKind, Value};
use random::Random;
use soak::histories;

/// What may be asked for, and what may be answered, at random.
type Draw = fn(&mut Random) -> (&'static str, Value, Value);

fn queue(random: &mut Random) -> (&'static str, Value, Value) {
    let element = Value::Int(random.below(2) as i64);
    match random.below(5) {
        0 | 1 => ("enqueue", element.clone(), element),
        2 => ("dequeue", Value::Null, Value::Null),
        _ => ("dequeue", Value::Null, element),
    }
}

fn lock(random: &mut Random) -> (&'static str, Value, Value) {
    (["acquire", "release"][random.below(2) as usize], Value::Null, Value::Null)
}

fn set(random: &mut Random) -> (&'static str, Value, Value) {
    let element = Value::Int(random.below(2) as i64);
    match random.below(3) {
        0 => ("add", element.clone(), element),
        1 => ("remove", element.clone(), element),
        _ => {
            let read = [&[][..], &[0], &[1], &[0, 1]][random.below(4) as usize];
            ("read", Value::Null, Value::integers(read))
        }
    }
}

fn key_value(random: &mut Random) -> (&'static str, Value, Value) {
    let key = Value::Int(random.below(2) as i64);
    let text = ["", "a", "b", "ab", "ba"][random.below(5) as usize];
    let short = Value::string(["a", "b"][random.below(2) as usize]);
    let pair = |value: Value| Value::list([key.clone(), value]);
    match random.below(3) {
        0 => ("put", pair(short.clone()), pair(short)),
        1 => ("append", pair(short.clone()), pair(short)),
        _ => ("get", pair(Value::Null), pair(Value::string(text))),
    }
}

/// Up to six operations of three processes, some left open or failed.
fn history(random: &mut Random, draw: Draw) -> History {
    let mut history = History::new();
    let mut open: [Option<(&'static str, Value)>; 3] = Default::default();
    let mut begun = 0;
    for _ in 0..4 + random.below(10) {
        let process = random.below(3) as usize;
        match open[process].take() {
            Some((f, answer)) => {
                let kind = match random.below(8) {
                    0 => OpKind::Info,
                    1 => OpKind::Fail,
                    _ => OpKind::Ok,
                };
                history.push(op(0, process as u32, kind, f, answer, false));
            }
            None if begun < 6 => {
                begun += 1;
                let (f, argument, answer) = draw(random);
                history.push(op(0, process as u32, OpKind::Invoke, f, argument, false));
                open[process] = Some((f, answer));
            }
            None => {}
        }
    }
    history
}

/// An operation that may have happened: where it begins and ends, and what it did.
struct Possible {
    begin: usize,
    end: usize,
    call: Call,
}

fn possible(history: &History) -> Vec<Possible> {
    let (ops, pairs) = (history.ops(), history.pairs());
    let begun = (0..ops.len()).filter(|&at| ops[at].kind == OpKind::Invoke);
    let each = begun.filter_map(|at| {
        let end: Option<&Op> = pairs[at].map(|end| &ops[end]);
        let kind = end.map_or(OpKind::Info, |op| op.kind);
        let result = end.filter(|op| op.kind == OpKind::Ok).map(|op| op.value.clone());
        let call = Call { f: ops[at].f.to_string(), argument: ops[at].value.clone(), result };
        let end = pairs[at].filter(|_| kind == OpKind::Ok).unwrap_or(usize::MAX);
        (kind != OpKind::Fail).then_some(Possible { begin: at, end, call })
    });
    each.collect()
}

/// Whether any order of all that was answered, and of some of the rest, is possible.
fn fits<M: Model>(model: &M, left: &[&Possible], states: &[M::State]) -> bool {
    if states.is_empty() {
        return false;
    }
    if left.iter().all(|one| one.end == usize::MAX) {
        return true;
    }
    (0..left.len()).any(|at| {
        let is_first = left.iter().all(|other| other.end > left[at].begin);
        let rest: Vec<&Possible> = [&left[..at], &left[at + 1..]].concat();
        let next: Vec<M::State> =
            states.iter().flat_map(|state| model.step(state, &left[at].call)).collect();
        is_first && fits(model, &rest, &next)
    })
}

fn compare<M: Model + Copy>(model: M, draw: Draw, seed: u64) {
    let mut random = Random(seed);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..histories(15_000) {
        let history = history(&mut random, draw);
        let all = possible(&history);
        let mut objects: BTreeMap<Value, Vec<&Possible>> = BTreeMap::new();
        for one in &all {
            objects.entry(model.partition(&one.call)).or_default().push(one);
        }
        let is_right = objects.values().all(|left| fits(&model, left, &[model.start()]));
        let any = all.iter().any(|one| one.end != usize::MAX);
        let expected = match (is_right, any) {
            (false, _) => Validity::Invalid,
            (true, false) => Validity::Unknown,
            (true, true) => Validity::Valid,
        };
        let result = Linearizable::new(model).check(&history, &Context::default());
        assert_eq!(result.strict, expected, "{:#?}", history.ops());
        for finding in &result.findings {
            assert!(!finding.operations.is_empty() && finding.render().len() <= 12, "{finding}");
        }
        *seen.entry(format!("{expected:?}")).or_default() += 1;
    }
    assert!(seen["Valid"] > 500 && seen["Invalid"] > 500, "{seen:?}");
}

#[test]
fn queues_are_judged_as_by_trying_all_orders() {
    compare(FifoQueue, queue, 1);
    compare(UnorderedQueue, queue, 2);
}

#[test]
fn locks_are_judged_as_by_trying_all_orders() {
    compare(Mutex, lock, 3);
}

#[test]
fn sets_are_judged_as_by_trying_all_orders() {
    compare(Set, set, 4);
}

#[test]
fn values_by_key_are_judged_as_by_trying_all_orders() {
    compare(KeyValue, key_value, 5);
}

#[test]
fn a_long_history_is_judged_and_a_mistake_in_it_told() {
    let mut random = Random(6);
    let mut history = History::new();
    let mut waiting: Vec<i64> = Vec::new();
    for element in 0..3_000 {
        let value = Value::Int(element);
        // Two producers at once, in one of both orders, and a consumer.
        history.push(op(0, (element % 2) as u32, OpKind::Invoke, "enqueue", value.clone(), false));
        if element % 2 == 1 {
            for process in [0, 1] {
                let value = Value::Int(element - 1 + i64::from(process));
                history.push(op(0, process, OpKind::Ok, "enqueue", value, false));
            }
            let swap = random.one_in(2);
            waiting.extend(if swap { [element, element - 1] } else { [element - 1, element] });
            for value in waiting.drain(..) {
                history.push(op(0, 2, OpKind::Invoke, "dequeue", Value::Null, false));
                history.push(op(0, 2, OpKind::Ok, "dequeue", Value::Int(value), false));
            }
        }
    }
    let checker = Linearizable::new(FifoQueue);
    assert_eq!(checker.check(&history, &Context::default()).strict, Validity::Valid);
    let mut ops = history.ops().to_vec();
    let last = ops.iter().rposition(|op| &*op.f == "dequeue").unwrap();
    ops[last].value = Value::Int(7);
    let history: History = ops.into_iter().collect();
    let result = checker.check(&history, &Context::default());
    let said = result.findings[0].to_string();
    assert!(said.contains("which does not allow dequeue → 7"), "{said}");
    assert!(said.contains("no order of the 6000 operations fits"), "{said}");
    let hurried = Linearizable { budget: 10, ..checker };
    assert_eq!(hurried.check(&history, &Context::default()).strict, Validity::Unknown);
}
