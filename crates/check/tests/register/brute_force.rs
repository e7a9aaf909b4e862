//! The checker, by each of its methods, against the definition.

use std::collections::{BTreeMap, BTreeSet};

use glomers_check::{
    CheckResult, Checker, Context, Explanation, Method, Refusals, Register, RegisterModel, Validity,
};
use glomers_history::{History, Op, OpKind, Process, Time, Value, edn};

use crate::naive::{self, Does, Event, Rules};
use crate::random::Random;
use crate::simulate::{Shape, simulate};
use crate::soak::histories;

const METHODS: [Method; 4] = [Method::Auto, Method::Frontier, Method::Search, Method::Plain];

fn dump(history: &History) -> String {
    let mut text = String::new();
    for op in history.ops() {
        edn::write_op(op, &mut text);
    }
    text
}

fn keys(spec: &Register, history: &History) -> BTreeSet<Option<Value>> {
    if !spec.keyed {
        return BTreeSet::from([None]);
    }
    history.ops().iter().filter_map(|op| op.value.as_list()?.get(0)).map(Some).collect()
}

fn answered(history: &History) -> bool {
    history.ops().iter().any(|op| op.kind == OpKind::Ok)
}

/// Compares every method with the definition; whether the history is right.
fn compare(spec: Register, history: &History) -> [Validity; 2] {
    let keys = keys(&spec, history);
    let wrong = |spec: &Register, rules: Rules| -> BTreeSet<Option<Value>> {
        let wrong = |key: &&Option<Value>| {
            let events = naive::events(spec, history, key.as_ref(), rules);
            !naive::linearizable(&events)
        };
        keys.iter().filter(wrong).cloned().collect()
    };
    let compat = wrong(&spec, Rules::Jepsen);
    let mut strict = wrong(&spec, Rules::Strict);
    // What was refused did not happen, even if that would be an excuse.
    strict.extend(wrong(&Register { refusals: Refusals::Ignored, ..spec }, Rules::Strict));
    let mut expected = [&compat, &strict].map(|wrong| Validity::from_bool(wrong.is_empty()));
    if expected[1] == Validity::Valid && !answered(history) {
        expected[1] = Validity::Unknown;
    }
    for method in METHODS {
        let spec = Register { method, ..spec };
        let result = spec.check(history, &Context::default());
        let found = [result.compat, result.strict];
        assert_eq!(found, expected, "{method:?} of\n{}", dump(history));
        check_findings(&spec, history, &result);
        if spec.keyed {
            let failures = result.fields.iter().find(|(name, _)| *name == "failures");
            let listed = Value::list(compat.iter().flatten().cloned());
            assert_eq!(failures.map(|(_, value)| value), Some(&listed));
        }
        let explanation = spec.explain(history);
        assert_eq!(explanation.is_some(), !strict.is_empty(), "{method:?} of\n{}", dump(history));
        if let Some(explanation) = explanation {
            assert!(strict.contains(&explanation.key));
            check_explanation(&spec, history, &explanation);
        }
    }
    expected
}

fn check_findings(spec: &Register, history: &History, result: &CheckResult) {
    assert_eq!(result.findings.is_empty(), result.strict != Validity::Invalid);
    for finding in &result.findings {
        assert!(finding.render().len() <= 12, "{finding}");
        assert!(!finding.operations.is_empty(), "{finding}");
        let base = finding.name == "not-linearizable";
        assert!(base || spec.keyed || result.compat == Validity::Valid, "{}", dump(history));
    }
}

/// The order must be one, must explain all there was, and the stuck operation
/// must be the first that cannot be explained.
fn check_explanation(spec: &Register, history: &History, explanation: &Explanation) {
    let context = || format!("{explanation:#?} of\n{}", dump(history));
    let text = explanation.render(history, &Context::default());
    assert!(text.len() <= 12, "{}", text.join("\n"));
    let rules = match explanation.finding {
        "not-linearizable" => Rules::Jepsen,
        _ => Rules::Strict,
    };
    let mut spec = *spec;
    if explanation.finding != "wrong-refusal" {
        spec.refusals = Refusals::Ignored;
    }
    let events = naive::events(&spec, history, explanation.key.as_ref(), rules);
    let stuck = events.iter().find(|event| event.place as u64 == explanation.stuck);
    let stuck = stuck.unwrap_or_else(|| panic!("{}", context()));
    assert!(!naive::linearizable(&naive::before(&events, stuck.end + 1)), "{}", context());
    let before = naive::before(&events, stuck.end);
    assert!(naive::linearizable(&before), "{}", context());
    // The order: right, respects time, and leaves nothing out that must be in it.
    let order: Vec<&Event> = explanation
        .longest_prefix
        .iter()
        .map(|&place| events.iter().find(|event| event.place as u64 == place).expect("an event"))
        .collect();
    let mut value = Value::Null;
    for (at, event) in order.iter().enumerate() {
        match &event.does {
            Does::Reads(wanted) => assert_eq!(*wanted, value, "{}", context()),
            Does::NotHolds(other) => assert_ne!(*other, value, "{}", context()),
            Does::Writes(new) => value = new.clone(),
            Does::Tries(from, to) if *from == value => value = to.clone(),
            Does::Tries(..) => {}
            Does::Swaps(from, to) => {
                assert_eq!(*from, value, "{}", context());
                value = to.clone();
            }
        }
        assert!(order[at + 1..].iter().all(|later| later.end > event.begin), "{}", context());
    }
    for event in &before {
        let is_in = explanation.longest_prefix.contains(&(event.place as u64));
        let changes_nothing = matches!(&event.does, Does::Swaps(from, to) if from == to);
        assert!(is_in || event.end == usize::MAX || changes_nothing, "{}", context());
    }
    // Each state is possible when the stuck operation ends.
    assert!(!explanation.states.is_empty(), "{}", context());
    for state in &explanation.states {
        let mut probed = before.clone();
        probed.push(Event {
            does: Does::Reads(state.clone()),
            begin: stuck.end,
            end: stuck.end,
            place: 0,
        });
        assert!(naive::linearizable(&probed), "{state} in {}", context());
    }
}

fn entry(process: u32, kind: OpKind, f: &str, value: Value) -> Op {
    Op {
        index: 0,
        time: Time(0),
        process: Process::Client(process),
        kind,
        f: f.into(),
        value,
        error: None,
        is_final: false,
    }
}

/// Up to eight operations that end in any way, of three processes or four.
fn random_history(random: &mut Random, spec: &Register) -> History {
    let values = 2 + random.below(2);
    let draw = |random: &mut Random| match random.below(24) {
        0 => Value::Null,
        _ => Value::Int(random.below(values) as i64),
    };
    let keys = 1 + random.below(2);
    let workers = 3 + random.below(2) as u32;
    let operations = 1 + random.below(8);
    let mut open: BTreeMap<u32, Op> = BTreeMap::new();
    let mut history = History::new();
    let mut names: Vec<u32> = (0..workers).collect();
    let mut begun = 0;
    let keyed = |key: &Value, value: Value| match spec.keyed {
        true => Value::list([key.clone(), value]),
        false => value,
    };
    loop {
        let worker = random.below(u64::from(workers)) as usize;
        let process = names[worker];
        let Some(invoke) = open.remove(&process) else {
            if begun == operations {
                // Some never end.
                if open.is_empty() || random.one_in(6) {
                    return history;
                }
                continue;
            }
            begun += 1;
            let key = Value::Int(random.below(keys) as i64);
            let kinds = if spec.model == RegisterModel::CasRegister { 3 } else { 2 };
            let (f, argument) = match random.below(kinds) {
                0 => ("read", Value::Null),
                1 => ("write", draw(random)),
                _ => ("cas", Value::list([draw(random), draw(random)])),
            };
            let invoke = entry(process, OpKind::Invoke, f, keyed(&key, argument));
            open.insert(process, invoke.clone());
            history.push(invoke);
            continue;
        };
        let mut end = invoke.clone();
        end.kind = match random.below(10) {
            0 | 1 => OpKind::Info,
            2 => OpKind::Fail,
            _ => OpKind::Ok,
        };
        if end.kind == OpKind::Ok && &*end.f == "read" {
            let key = end.value.as_list().and_then(|list| list.get(0)).unwrap_or(Value::Null);
            end.value = keyed(&key, draw(random));
        }
        if end.kind == OpKind::Fail {
            let names = ["key-does-not-exist", "precondition-failed", "abort"];
            end.error = names.get(random.below(4) as usize).copied().map(Value::keyword);
        }
        if end.kind == OpKind::Info {
            names[worker] += workers;
        }
        history.push(end);
    }
}

/// Breaks something, perhaps: swaps entries, or changes what one says.
fn mutate(random: &mut Random, history: &History) -> History {
    let mut ops = history.ops().to_vec();
    for _ in 0..1 + random.below(2) {
        let at = random.below(ops.len() as u64) as usize;
        if random.one_in(2) && at > 0 && ops[at].process != ops[at - 1].process {
            ops.swap(at, at - 1);
        } else if ops[at].kind == OpKind::Ok && &*ops[at].f == "read" {
            let value = match random.below(5) {
                0 => Value::Null,
                n => Value::Int(n as i64 - 1),
            };
            ops[at].value = match ops[at].value.as_list().and_then(|list| list.get(0)) {
                Some(key) => Value::list([key, value]),
                None => value,
            };
        } else if ops[at].kind == OpKind::Ok {
            ops[at].kind = if random.one_in(2) { OpKind::Fail } else { OpKind::Info };
        } else if ops[at].kind != OpKind::Invoke {
            let refused = ops[at].kind == OpKind::Fail;
            if refused && random.one_in(2) {
                ops[at].error = Some(Value::keyword("precondition-failed"));
            } else if &*ops[at].f != "read" {
                ops[at].kind = OpKind::Ok;
            }
        }
    }
    ops.into_iter().collect()
}

fn specs() -> [Register; 5] {
    [
        Register::LIN_KV,
        Register::CAS_REGISTER,
        Register::REGISTER,
        Register { refusals: Refusals::Literal, ..Register::CAS_REGISTER },
        Register { refusals: Refusals::Judged, ..Register::CAS_REGISTER },
    ]
}

/// How often each verdict must have been seen at least.
fn tally(seen: &mut BTreeMap<String, u32>, verdicts: [Validity; 2]) {
    *seen.entry(format!("{verdicts:?}")).or_default() += 1;
}

#[test]
fn random_histories_are_judged_as_by_definition() {
    let mut random = Random(1);
    let mut seen = BTreeMap::new();
    for round in 0..histories(120_000) {
        let spec = specs()[round as usize % 5];
        let history = random_history(&mut random, &spec);
        tally(&mut seen, compare(spec, &history));
    }
    for verdict in ["[Valid, Valid]", "[Valid, Invalid]", "[Invalid, Invalid]"] {
        assert!(seen[verdict] > 500, "{seen:?}");
    }
}

#[test]
fn right_histories_that_were_broken_are_judged_as_by_definition() {
    let mut random = Random(2);
    let mut seen = BTreeMap::new();
    for round in 0..histories(100_000) {
        let spec = specs()[round as usize % 5];
        let reads = 1 + random.below(4);
        let writes = match spec.model {
            RegisterModel::Register => 6 - reads,
            RegisterModel::CasRegister => 1 + random.below(2),
        };
        let shape = Shape {
            operations: 3 + random.below(6) as usize,
            keys: if spec.keyed { 1 + random.below(2) as u32 } else { 0 },
            processes: 2 + random.below(3) as u32,
            // Of their own: zones decide those without cas.
            values: if random.one_in(2) { 0 } else { 2 + random.below(3) },
            mix: (reads, writes),
            infos: 3,
            info_in: 4,
        };
        let history = simulate(random.next(), shape);
        let right = compare(spec, &history);
        assert_ne!(right[1], Validity::Invalid, "{}", dump(&history));
        let broken = mutate(&mut random, &history);
        tally(&mut seen, compare(spec, &broken));
    }
    for verdict in ["[Valid, Valid]", "[Valid, Invalid]", "[Invalid, Invalid]"] {
        assert!(seen[verdict] > 500, "{seen:?}");
    }
}

/// Zones, the frontier and the search agree where trying all orders would take
/// too long.
#[test]
fn methods_agree_on_longer_histories() {
    let mut random = Random(3);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..histories(4_000) {
        let unique = round % 2 == 0;
        let spec = if unique { Register::REGISTER } else { Register::CAS_REGISTER };
        let shape = Shape {
            operations: 20 + random.below(60) as usize,
            keys: 0,
            processes: 2 + random.below(6) as u32,
            values: if unique { 0 } else { 3 },
            mix: if unique { (4, 2) } else { (3, 1) },
            infos: 6,
            info_in: 8,
        };
        let mut history = simulate(random.next(), shape);
        for _ in 0..random.below(3) {
            history = mutate(&mut random, &history);
        }
        let results = METHODS.map(|method| {
            let result = Register { method, ..spec }.check(&history, &Context::default());
            (result.compat, result.strict)
        });
        assert!(results.iter().all(|it| *it == results[0]), "{results:?} {}", dump(&history));
        let stuck = METHODS.map(|method| {
            Register { method, ..spec }.explain(&history).map(|explanation| explanation.stuck)
        });
        assert!(stuck.iter().all(|it| *it == stuck[0]), "{stuck:?} {}", dump(&history));
        *seen.entry(format!("{:?}", results[0])).or_default() += 1;
    }
    assert!(seen["(Valid, Valid)"] > 500 && seen["(Invalid, Invalid)"] > 500, "{seen:?}");
}
