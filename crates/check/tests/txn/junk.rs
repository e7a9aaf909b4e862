//! Whatever a history holds, there is a verdict.

use glomers_check::{Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::{History, Op};

use super::generate::{self, Values};
use super::junk_values::spoil;
use super::random::Random;

const WORDS: [&str; 4] = ["r", "w", "append", "x"];

fn spoiled(random: &mut Random, lists: bool) -> History {
    let mut ops: Vec<Op> = generate::any(random, lists, Values::Fresh).history().ops().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(ops.len() as u64) as usize;
        match random.below(4) {
            0 => drop(ops.remove(at)),
            1 => ops.push(ops[at].clone()),
            _ => ops[at].value = spoil(&ops[at].value, &WORDS, random),
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
