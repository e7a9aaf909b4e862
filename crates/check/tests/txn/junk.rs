//! Whatever a history holds, there is a verdict.

use glomers_check::{Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::{History, Op, Value};

use super::generate;
use super::random::Random;

fn junk(random: &mut Random, depth: u64) -> Value {
    let words = ["r", "w", "append", "x"];
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => Value::Int(random.below(4) as i64),
        2 => Value::Int(random.next() as i64),
        3 => Value::string(words[random.below(4) as usize]),
        4 => Value::keyword(words[random.below(4) as usize]),
        5 => Value::Float(random.below(3) as f64),
        6 => Value::set([junk(random, depth - 1)]),
        7 => Value::map([(junk(random, depth - 1), junk(random, depth - 1))]),
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
        _ => junk(random, 3),
    }
}

fn spoiled(random: &mut Random, lists: bool) -> History {
    let mut ops: Vec<Op> = generate::any(random, lists).history().ops().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(ops.len() as u64) as usize;
        match random.below(4) {
            0 => drop(ops.remove(at)),
            1 => ops.push(ops[at].clone()),
            _ => ops[at].value = spoil(&ops[at].value, random),
        }
        if ops.is_empty() {
            break;
        }
    }
    ops.into_iter().collect()
}

#[test]
fn never_panics() {
    let models = ["strict-serializable", "snapshot-isolation", "causal", "read-atomic", "prefix"];
    let mut invalid = 0;
    for seed in 0..20_000 {
        let random = &mut Random(seed);
        let history = spoiled(random, seed % 2 == 0);
        let models = models[seed as usize % models.len()].parse().expect("a model");
        let budget = Default::default();
        let context = Context::default();
        let result = if seed % 2 == 0 {
            TxnListAppend { models, budget }.check(&history, &context)
        } else {
            TxnRwRegister { models, budget }.check(&history, &context)
        };
        for finding in &result.findings {
            assert!(finding.render().len() <= 12, "{finding}");
        }
        invalid += u32::from(result.strict == Validity::Invalid);
        assert_eq!(result.strict == Validity::Invalid, !result.findings.is_empty());
    }
    assert!(invalid > 1_000, "{invalid}");
}
