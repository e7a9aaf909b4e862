//! Whatever a history holds, there is a verdict.

use glomers_check::{Checker, Context, Kafka, Validity};
use glomers_history::{History, Op, OpKind, Process};

use super::entry::op;
use super::generate;
use super::junk_values::{junk, spoil};
use super::random::Random;

const WORDS: [&str; 4] = ["a", "b", "send", "poll"];

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
                    let value = junk(&mut random, &WORDS, 4);
                    ops.insert(at, op(random.next(), process, kind, f, value, true));
                }
                1 => ops[at].process = Process::Nemesis,
                _ => ops[at].value = spoil(&ops[at].value, &WORDS, &mut random),
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
