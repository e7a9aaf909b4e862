//! Whatever a history holds, there is a verdict.

use glomers_check::{Checker, Context, Kafka, Validity};
use glomers_history::{History, Op, OpKind, Process, Value};

use super::entry::op;
use super::generate;
use super::random::Random;

fn junk(random: &mut Random, depth: u64) -> Value {
    match random.below(if depth == 0 { 7 } else { 11 }) {
        0 => Value::Null,
        1 => Value::Int(random.below(4) as i64),
        2 => Value::Int(random.next() as i64),
        3 => Value::string(["a", "b", "send", "poll"][random.below(4) as usize]),
        4 => Value::keyword(["a", "b", "send", "poll"][random.below(4) as usize]),
        5 => Value::Float(random.below(3) as f64),
        6 => Value::from(random.next()),
        7 => Value::map([(junk(random, depth - 1), junk(random, depth - 1))]),
        8 => Value::set([junk(random, depth - 1)]),
        _ => {
            let parts: Vec<Value> = (0..random.below(4)).map(|_| junk(random, depth - 1)).collect();
            Value::list(parts)
        }
    }
}

/// Some value in it is replaced.
fn spoil(value: &Value, random: &mut Random) -> Value {
    match value {
        _ if random.one_in(4) => junk(random, 3),
        Value::List(list) if !list.is_empty() => {
            let mut values: Vec<Value> = list.iter().collect();
            let at = random.below(values.len() as u64) as usize;
            values[at] = spoil(&values[at], random);
            Value::list(values)
        }
        Value::Map(pairs) if !pairs.is_empty() => {
            let mut pairs = pairs.to_vec();
            let at = random.below(pairs.len() as u64) as usize;
            pairs[at].1 = spoil(&pairs[at].1, random);
            Value::map(pairs)
        }
        _ => junk(random, 3),
    }
}

#[test]
fn never_panics() {
    for seed in 0..40_000 {
        let mut random = Random(seed);
        let mut ops: Vec<Op> = generate::any(&mut random).ops().to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(ops.len() as u64) as usize;
            match random.below(5) {
                0 => {
                    let process = if random.one_in(3) { u32::MAX } else { 1 };
                    let f = ["send", "poll", "txn", "assign", "crash", ""];
                    let f = f[random.below(6) as usize];
                    let kind = [OpKind::Invoke, OpKind::Ok, OpKind::Fail, OpKind::Info];
                    let kind = kind[random.below(4) as usize];
                    let value = junk(&mut random, 4);
                    ops.insert(at, op(random.next(), process, kind, f, value, true));
                }
                1 => ops[at].process = Process::Nemesis,
                _ => ops[at].value = spoil(&ops[at].value, &mut random),
            }
        }
        let history: History = ops.into_iter().collect();
        let context = Context { concurrency: (seed % 4) as u32, ..Context::default() };
        let result = Kafka.check(&history, &context);
        assert_eq!(result.strict == Validity::Invalid, !result.findings.is_empty());
        // Where nothing has to do with anything Jepsen finds fault, and we no verdict.
        let fault = |(name, _): &(&str, _)| *name == "empty-transaction-graph";
        if result.compat == Validity::Invalid && !result.fields.iter().any(fault) {
            // Polls that were refused may have held what seems to be missing.
            assert_ne!(result.strict, Validity::Valid);
        }
        for finding in &result.findings {
            assert!(finding.render().len() <= 12, "{finding}");
        }
    }
}
