//! The checkers against naive second opinions, on many small random histories
//! and on right ones that were broken.

#[path = "common/entry.rs"]
mod entry;
#[path = "common/naive.rs"]
mod naive;
#[path = "common/random.rs"]
mod random;
#[path = "common/sets.rs"]
mod sets;
#[path = "common/soak.rs"]
mod soak;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use entry::op;
use glomers_check::{CheckResult, Checker, Context, Echo, Finding, SetFull, UniqueIds, Validity};
use glomers_history::{History, List, OpKind, Value, edn};
use random::Random;
use sets::set_history;
use soak::histories;

fn context() -> Context {
    Context {
        nodes: vec!["n0".into(), "n1".into(), "n2".into()],
        concurrency: 3,
        ..Context::default()
    }
}

fn dump(history: &History) -> String {
    let mut text = String::new();
    for op in history.ops() {
        edn::write_op(op, &mut text);
    }
    text
}

fn bounded(findings: &[Finding]) {
    for finding in findings {
        assert!(finding.render().len() <= 12, "{finding}");
        assert!(!finding.operations.is_empty(), "{finding}");
    }
}

/// Compares the checker with the naive one; `worst-stale` by its elements.
fn compare_set(history: &History) -> CheckResult {
    let result = SetFull::BROADCAST.check(history, &context());
    let naive = naive::judge(history);
    let mut fields: BTreeMap<&str, Value> = result.fields.iter().cloned().collect();
    if let Some(Value::List(worst)) = fields.get("worst-stale") {
        let elements = worst.iter().filter_map(|entry| entry.get("element").cloned());
        let elements = Value::list(elements);
        fields.insert("worst-stale", elements);
    }
    let mut difference = String::new();
    if (result.compat, result.strict) != (naive.compat, naive.strict) {
        let _ = writeln!(
            difference,
            "compat {:?} not {:?}, strict {:?} not {:?}",
            result.compat, naive.compat, result.strict, naive.strict
        );
    }
    for name in naive.fields.keys().chain(fields.keys()) {
        if fields.get(name) != naive.fields.get(name) {
            let _ = writeln!(
                difference,
                "{name} {:?} not {:?}",
                fields.get(name),
                naive.fields.get(name)
            );
        }
    }
    assert!(difference.is_empty(), "{}{difference}", dump(history));
    bounded(&result.findings);
    result
}

#[test]
fn sets_are_judged_as_by_definition() {
    let mut random = Random(1);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..histories(150_000) {
        let result = compare_set(&set_history(&mut random));
        *seen.entry(format!("{:?}", result.strict)).or_default() += 1;
        for finding in result.findings {
            *seen.entry(finding.name.to_string()).or_default() += 1;
        }
    }
    // The histories are of all kinds, often.
    let kinds = [
        "Valid",
        "Unknown",
        "Invalid",
        "lost",
        "missing-at-end",
        "aborted-present",
        "unexpected",
        "duplicated",
        "malformed-read",
        "read-went-back",
    ];
    for kind in kinds {
        assert!(seen.get(kind).is_some_and(|&n| n > 300), "{kind}: {seen:?}");
    }
}

/// A right history: nodes that share one set, operations that overlap.
fn right(random: &mut Random) -> History {
    let mut history = History::new();
    let mut set: Vec<i64> = Vec::new();
    let mut open: [Option<Value>; 3] = [None, None, None];
    let mut next = 0;
    for step in 0..20 + random.below(30) {
        let process = random.below(3) as usize;
        let time = step * 700_000;
        match open[process].take() {
            Some(Value::Int(element)) => {
                set.push(element);
                let value = Value::Int(element);
                history.push(op(time, process as u32, OpKind::Ok, "broadcast", value, false));
            }
            Some(_) => {
                let value = Value::integers(&set);
                history.push(op(time, process as u32, OpKind::Ok, "read", value, false));
            }
            None => {
                let is_add = random.one_in(2);
                let value = if is_add { Value::Int(next) } else { Value::Null };
                next += i64::from(is_add);
                let f = if is_add { "broadcast" } else { "read" };
                let invoke = op(time, process as u32, OpKind::Invoke, f, value.clone(), false);
                open[process] = Some(value);
                history.push(invoke);
            }
        }
    }
    for kind in [OpKind::Invoke, OpKind::Ok] {
        for process in 3..6 {
            let value = match kind {
                OpKind::Ok => Value::integers(&set),
                _ => Value::Null,
            };
            history.push(op(60_000_000_000, process, kind, "read", value, true));
        }
    }
    history
}

/// Breaks a history in one way; `true` if it must be found wrong.
fn break_one(random: &mut Random, history: &History) -> Option<(History, bool)> {
    let mut ops = history.ops().to_vec();
    let reads: Vec<usize> =
        (0..ops.len()).filter(|&at| *ops[at].f == *"read" && ops[at].kind == OpKind::Ok).collect();
    let way = random.below(4);
    let at = match way {
        // A final read, of the last three.
        0 => *reads.get(reads.len() - 1 - random.below(3) as usize)?,
        _ => reads[random.below(reads.len() as u64) as usize],
    };
    let list: Vec<i64> = ops[at].value.as_list()?.iter().filter_map(|v| v.as_int()).collect();
    let place = random.below(list.len().max(1) as u64) as usize;
    let mut list = list;
    match way {
        0 if !list.is_empty() => drop(list.remove(place)),
        1 if !list.is_empty() => list.push(list[place]),
        2 if !list.is_empty() => list[place] = 1000,
        3 => {
            let ends: Vec<usize> =
                (0..ops.len()).filter(|&at| ops[at].kind != OpKind::Invoke).collect();
            ops.remove(ends[random.below(ends.len() as u64) as usize]);
            return Some((ops.into_iter().collect(), false));
        }
        _ => return None,
    }
    ops[at].value = Value::integers(&list);
    Some((ops.into_iter().collect(), true))
}

#[test]
fn what_is_broken_is_found() {
    let mut random = Random(2);
    let mut broken = 0;
    for _ in 0..histories(4_000) {
        let history = right(&mut random);
        let result = compare_set(&history);
        assert_ne!(result.strict, Validity::Invalid, "{}", dump(&history));
        for _ in 0..3 {
            let Some((history, must_fail)) = break_one(&mut random, &history) else {
                continue;
            };
            let result = compare_set(&history);
            if must_fail {
                broken += 1;
                assert_eq!(result.strict, Validity::Invalid, "{}", dump(&history));
            }
        }
    }
    assert!(broken > 5_000, "{broken}");
}

/// A history of some hundred values, whose nodes show them in the order in which they
/// came, newest first or sorted, and now and then lose, double or make up one.
fn growing(random: &mut Random) -> History {
    let mut history = History::new();
    let mut sets: [Vec<i64>; 3] = Default::default();
    let mut last = [const { None }; 3];
    let adds = 280 + random.below(280) as i64;
    let mistakes = random.below(3);
    for step in 0..adds {
        let element = if random.one_in(100) { random.below(280) as i64 } else { step };
        let time = step as u64 * 500_000;
        let process = random.below(3) as u32;
        for kind in [OpKind::Invoke, OpKind::Ok] {
            history.push(op(time, process, kind, "broadcast", Value::Int(element), false));
        }
        for (at, set) in sets.iter_mut().enumerate() {
            if set.contains(&element) {
                continue;
            }
            match at {
                0 => set.push(element),
                1 => set.insert(0, element),
                // The last ones come late, and out of order.
                _ => set.insert(set.len() - (element as usize % 3).min(set.len()), element),
            }
        }
        if !random.one_in(30) && step + 1 < adds {
            continue;
        }
        let at = random.below(3) as usize;
        let mut shown = sets[at].clone();
        let place = random.below(shown.len() as u64) as usize;
        match if mistakes == 0 { random.below(6) } else { 9 } {
            0 => drop(shown.remove(place)),
            1 => shown.push(shown[place]),
            2 => shown.insert(place, 10_000),
            _ => {}
        }
        // What a client gets shares the memory of what it got before.
        let list = List::from_integers(&shown);
        let list = match &last[at] {
            Some(earlier) => list.sharing(earlier),
            None => list,
        };
        last[at] = Some(list.clone());
        // A client that has crashed goes on under another number.
        let process = at as u32 + 3 * (step as u32 / 200);
        for (kind, value) in [(OpKind::Invoke, Value::Null), (OpKind::Ok, Value::List(list))] {
            history.push(op(time, process, kind, "read", value, step + 20 > adds));
        }
    }
    history
}

#[test]
fn sets_that_grow_are_judged_as_by_definition() {
    let mut random = Random(5);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..histories(40) {
        let result = compare_set(&growing(&mut random));
        *seen.entry(format!("{:?}", result.strict)).or_default() += 1;
        for finding in result.findings {
            *seen.entry(finding.name.to_string()).or_default() += 1;
        }
    }
    for kind in ["Valid", "unexpected", "duplicated", "read-went-back"] {
        assert!(seen.get(kind).is_some_and(|&n| n > 3), "{kind}: {seen:?}");
    }
}

fn random_id(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => Value::string("a"),
        2 => Value::Float(1.0),
        3 => Value::integers(&[1, 2]),
        n => Value::Int(n as i64 * 100 + random.below(30) as i64),
    }
}

#[test]
fn ids_are_judged_as_by_definition() {
    let mut random = Random(3);
    let mut invalid = 0;
    for _ in 0..histories(120_000) {
        let mut history = History::new();
        for _ in 0..random.below(10) {
            let process = random.below(3) as u32;
            let id = random_id(&mut random);
            let kind = [OpKind::Invoke, OpKind::Ok, OpKind::Ok, OpKind::Info, OpKind::Fail]
                [random.below(5) as usize];
            history.push(op(0, process, kind, "generate", id, false));
        }
        let given: Vec<&Value> =
            history.ops().iter().filter(|op| op.kind == OpKind::Ok).map(|op| &op.value).collect();
        let times = |id: &Value| given.iter().filter(|other| **other == id).count();
        let mut twice: Vec<&Value> = given.iter().copied().filter(|id| times(id) > 1).collect();
        twice.sort();
        twice.dedup();
        let result = UniqueIds.check(&history, &context());
        let compat = Validity::from_bool(twice.is_empty());
        let strict = if given.is_empty() { Validity::Unknown } else { compat };
        assert_eq!((result.compat, result.strict), (compat, strict), "{}", dump(&history));
        let field = |name: &str| {
            let found = result.fields.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone()).expect("the field")
        };
        let expected = twice.iter().map(|id| ((*id).clone(), Value::Int(times(id) as i64)));
        assert_eq!(field("duplicated"), Value::map(expected));
        assert_eq!(field("duplicated-count"), Value::Int(twice.len() as i64));
        assert_eq!(field("acknowledged-count"), Value::Int(given.len() as i64));
        let ends = [given.iter().min(), given.iter().max()];
        let ends = ends.map(|end| end.map_or(Value::Null, |id| (*id).clone()));
        assert_eq!(field("range"), Value::list(ends));
        bounded(&result.findings);
        invalid += u32::from(!twice.is_empty());
    }
    assert!(invalid > 1_000, "{invalid}");
}

/// An echo that ended, by the definition: what was sent, how it ended, with what.
fn ended_echoes(history: &History) -> Vec<(Value, OpKind, Value)> {
    let ops = history.ops();
    let begun = |at: &usize| ops[*at].kind == OpKind::Invoke;
    (0..ops.len())
        .filter(begun)
        .filter_map(|at| {
            let next = ops[at + 1..].iter().find(|op| op.process == ops[at].process)?;
            (next.kind != OpKind::Invoke).then(|| {
                let (sent, got) = (ops[at].value.clone(), next.value.clone());
                (sent, next.kind, got)
            })
        })
        .collect()
}

#[test]
fn echoes_are_judged_as_by_definition() {
    let mut random = Random(4);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..histories(120_000) {
        let mut history = History::new();
        for _ in 0..random.below(14) {
            let process = random.below(3) as u32;
            let kind = [OpKind::Invoke, OpKind::Invoke, OpKind::Ok, OpKind::Info, OpKind::Fail]
                [random.below(5) as usize];
            let word = Value::Int(random.below(2) as i64);
            let value = match (kind, random.below(8)) {
                (_, 0) => Value::Null,
                (OpKind::Invoke, _) => word,
                (_, 1) => Value::record([("type", Value::string("echo_ok"))]),
                _ => Value::record([("type", Value::string("echo_ok")), ("echo", word)]),
            };
            history.push(op(0, process, kind, "echo", value, false));
        }
        let mut judged = ended_echoes(&history);
        judged.retain(|(_, kind, _)| *kind != OpKind::Info);
        let is_wrong = |(sent, _, got): &&(Value, OpKind, Value)| {
            *got.get("echo").unwrap_or(&Value::Null) != *sent
        };
        let wrong = judged.iter().filter(is_wrong).count();
        let compat = Validity::from_bool(wrong == 0);
        let strict = if judged.is_empty() { Validity::Unknown } else { compat };
        let result = Echo.check(&history, &context());
        assert_eq!((result.compat, result.strict), (compat, strict), "{}", dump(&history));
        let errors = result.fields.iter().find(|(name, _)| *name == "errors");
        let listed = errors.and_then(|(_, errors)| errors.as_list()).map(|list| list.len());
        assert_eq!(listed, Some(wrong), "{}", dump(&history));
        bounded(&result.findings);
        *seen.entry(format!("{strict:?}")).or_default() += 1;
    }
    assert!(seen.len() == 3 && seen.values().all(|&times| times > 1_000), "{seen:?}");
}
