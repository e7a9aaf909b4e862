//! The checker against the definition: all subsets.

use std::collections::{BTreeMap, BTreeSet};

use glomers_check::{Checker, Context, Counter, Validity};
use glomers_history::{History, Op, OpKind, Process, Time, Value, edn};

use crate::random::Random;
use crate::soak::histories;

fn subsets(base: i64, deltas: &[i64]) -> BTreeSet<i64> {
    (0..1u32 << deltas.len())
        .map(|set| {
            let chosen = deltas.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            base + chosen.map(|(_, delta)| delta).sum::<i64>()
        })
        .collect()
}

struct Expected {
    compat: Validity,
    strict: Validity,
    names: BTreeSet<&'static str>,
    acceptable: Value,
}

fn expected(history: &History) -> Expected {
    let ops = history.ops();
    let deltas = |chosen: &dyn Fn(usize, Option<OpKind>) -> bool| -> Vec<i64> {
        let adds =
            (0..ops.len()).filter(|&at| ops[at].kind == OpKind::Invoke && &*ops[at].f == "add");
        adds.filter(|&at| {
            let next = (at + 1..ops.len()).find(|&end| ops[end].process == ops[at].process);
            let kind = next.map(|end| ops[end].kind).filter(|kind| *kind != OpKind::Invoke);
            chosen(at, kind)
        })
        .map(|at| ops[at].value.as_int().unwrap())
        .collect()
    };
    let sure = deltas(&|_, kind| kind == Some(OpKind::Ok)).iter().sum();
    let jepsen = subsets(sure, &deltas(&|_, kind| kind == Some(OpKind::Info)));
    let ours = subsets(sure, &deltas(&|_, kind| !matches!(kind, Some(OpKind::Ok | OpKind::Fail))));
    let reads = |is_final: bool| {
        let reads = (0..ops.len()).filter(move |&at| {
            let op = &ops[at];
            op.kind == OpKind::Ok && &*op.f == "read" && op.is_final == is_final
        });
        reads.map(|at| (at, ops[at].value.as_int().unwrap()))
    };
    let mut names = BTreeSet::new();
    if reads(true).any(|(_, value)| !ours.contains(&value)) {
        names.insert("wrong-final-count");
    }
    let unreachable = |(end, value): (usize, i64)| {
        let begun = deltas(&|at, kind| at < end && kind != Some(OpKind::Fail));
        !subsets(0, &begun).contains(&value)
    };
    if reads(false).any(unreachable) {
        names.insert("unreachable-read");
    }
    let strict = match (names.is_empty(), reads(true).next()) {
        (false, _) => Validity::Invalid,
        (true, None) => Validity::Unknown,
        (true, Some(_)) => Validity::Valid,
    };
    let mut intervals: Vec<[i64; 2]> = Vec::new();
    for &sum in &jepsen {
        match intervals.last_mut() {
            Some(last) if last[1] + 1 == sum => last[1] = sum,
            _ => intervals.push([sum, sum]),
        }
    }
    Expected {
        compat: Validity::from_bool(reads(true).all(|(_, value)| jepsen.contains(&value))),
        strict,
        names,
        acceptable: Value::list(intervals.iter().map(|interval| Value::integers(interval))),
    }
}

fn random_history(random: &mut Random, may_decrease: bool) -> History {
    let mut history = History::new();
    let mut open: Vec<Option<Op>> = vec![None; 3];
    let scale = [1, 1, 3, 1000][random.below(4) as usize];
    let steps = 4 + random.below(13);
    let mut names = [0u32, 1, 2];
    let mut sum = 0;
    for step in 0..steps {
        let worker = random.below(3) as usize;
        let mut op = match open[worker].take() {
            Some(op) => op,
            None => {
                let delta = random.below(5) as i64 - if may_decrease { 3 } else { 0 };
                let is_final = step > steps / 2 && random.one_in(2);
                let is_add = !is_final && random.one_in(2);
                let value = if is_add { Value::Int(delta * scale) } else { Value::Null };
                Op {
                    index: 0,
                    time: Time(step),
                    process: Process::Client(names[worker]),
                    kind: OpKind::Invoke,
                    f: if is_add { "add" } else { "read" }.into(),
                    value,
                    error: None,
                    is_final,
                }
            }
        };
        if history.ops().iter().any(|other| {
            other.process == op.process && other.kind == OpKind::Invoke && other.time == op.time
        }) || op.time != Time(step)
        {
            op.kind = match random.below(8) {
                0 => OpKind::Fail,
                1 | 2 => OpKind::Info,
                _ => OpKind::Ok,
            };
            op.time = Time(step);
            if op.kind == OpKind::Info {
                names[worker] += 3;
            }
            match (&*op.f, op.kind) {
                ("add", OpKind::Ok) => sum += op.value.as_int().unwrap(),
                ("read", OpKind::Ok) => {
                    let near = (random.below(5) as i64 - 2) * scale;
                    let off = i64::from(random.one_in(30));
                    let near = if random.one_in(2) { 0 } else { near };
                    op.value = Value::Int(sum + near + off);
                }
                _ => {}
            }
        } else {
            open[worker] = Some(op.clone());
        }
        history.push(op);
    }
    history
}

#[test]
fn counters_are_judged_as_by_definition() {
    let mut random = Random(5);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..histories(150_000) {
        let spec = Counter { may_decrease: round % 2 == 0 };
        let history = random_history(&mut random, spec.may_decrease);
        let result = spec.check(&history, &Context::default());
        let mut dump = String::new();
        history.ops().iter().for_each(|op| edn::write_op(op, &mut dump));
        let expected = expected(&history);
        let found = (result.compat, result.strict);
        assert_eq!(found, (expected.compat, expected.strict), "{dump}");
        let names: BTreeSet<&str> = result.findings.iter().map(|finding| &*finding.name).collect();
        assert_eq!(names, expected.names, "{dump}");
        let acceptable = result.fields.iter().find(|(name, _)| *name == "acceptable");
        assert_eq!(acceptable.map(|(_, value)| value), Some(&expected.acceptable), "{dump}");
        for finding in &result.findings {
            assert!(finding.render().len() <= 12);
        }
        *seen.entry(format!("{:?} {:?}", result.compat, result.strict)).or_default() += 1;
    }
    for verdict in ["Valid Valid", "Invalid Invalid", "Valid Invalid", "Invalid Valid"] {
        assert!(seen[verdict] > 500, "{seen:?}");
    }
}

#[test]
fn more_sums_than_can_be_counted_do_not_hide_a_read_that_is_too_low() {
    let mut history = History::new();
    let mut push = |kind, f: &str, value| {
        history.push(Op {
            index: 0,
            time: Time(0),
            process: Process::Client(0),
            kind,
            f: f.into(),
            value,
            error: None,
            is_final: true,
        });
    };
    for at in 0..60 {
        // No two sums of these are the same.
        push(OpKind::Invoke, "add", Value::Int(3 << at));
        push(OpKind::Info, "add", Value::Int(3 << at));
        push(OpKind::Invoke, "add", Value::Int(at));
        push(OpKind::Ok, "add", Value::Int(at));
    }
    for at in 0..60 {
        let odd = Value::Int((1 << 60) / 61 * at);
        push(OpKind::Invoke, "add", odd.clone());
        push(OpKind::Info, "add", odd);
    }
    push(OpKind::Invoke, "read", Value::Null);
    // Below the sum of what certainly happened.
    push(OpKind::Ok, "read", Value::Int(5));
    let result = Counter::G_COUNTER.check(&history, &Context::default());
    assert_eq!((result.compat, result.strict), (Validity::Invalid, Validity::Invalid));
}
