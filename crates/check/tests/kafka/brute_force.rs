//! Against a naive second opinion.

use std::collections::BTreeMap;

use glomers_check::{CheckResult, Checker, Context, Kafka, KafkaConsumers, Validity};
use glomers_history::{History, Op, OpKind, Value, edn};

use super::generate;
use super::naive::{self, Opinion};
use super::naive_starts;
use super::random::Random;
use super::soak::histories;

fn dump(history: &History) -> String {
    let mut text = String::new();
    for op in history.ops() {
        edn::write_op(op, &mut text);
    }
    text
}

fn opinion(result: &CheckResult) -> Opinion {
    let fields: BTreeMap<&str, &Value> =
        result.fields.iter().map(|(name, value)| (*name, value)).collect();
    let names = fields["error-types"].as_list().expect("a list").iter();
    let mut counts = BTreeMap::new();
    for name in names {
        let name = name.as_str().expect("a name").to_owned();
        let (&name, entry) = fields.get_key_value(&*name).expect("an entry for each error");
        let count = match entry.get("count").and_then(Value::as_int) {
            Some(count) => count as usize,
            None => {
                let Some(Value::Map(keys)) = entry.get("unseen") else { panic!("{entry}") };
                keys.iter().filter_map(|(_, count)| count.as_int()).sum::<i64>() as usize
            }
        };
        counts.insert(name, count);
    }
    let found = result.findings.iter().map(|finding| finding.name.to_string()).collect();
    Opinion { compat: result.compat, strict: result.strict, counts, found }
}

/// The opinion, and whether a consumer missed messages at the beginning of a key.
fn compare(history: &History) -> (Opinion, bool) {
    let context =
        Context { nodes: vec!["n0".into(), "n1".into()], concurrency: 3, ..Context::default() };
    let result = Kafka.check(history, &context);
    let (ours, theirs) = (opinion(&result), naive::judge(history));
    // Only who was assigned a key begins anywhere.
    let begins = |op: &Op| op.kind == OpKind::Ok && &*op.f == "assign";
    let missed = history.ops().iter().any(begins) && missed(history, &context, &result);
    assert_eq!(ours, theirs, "\n{}", dump(history));
    for finding in &result.findings {
        assert!(ours.counts.contains_key(&*finding.name));
        assert!(finding.render().len() <= 12, "{finding}");
        assert!(!finding.operations.is_empty(), "{finding}\n{}", dump(history));
        assert!(!finding.summary.contains(":poll"), "{finding}");
    }
    (ours, missed)
}

fn missed(history: &History, context: &Context, result: &CheckResult) -> bool {
    let consumers = KafkaConsumers.check(history, context);
    // Where nobody polled as far, it says nothing of what is missing; else the same.
    let without = |result: &CheckResult| {
        let rest = result.findings.iter().filter(|finding| finding.name != "unseen");
        rest.map(|finding| finding.name.to_string()).collect::<Vec<_>>()
    };
    let rest = without(&consumers).split_off(without(result).len());
    let missed = rest.iter().any(|name| name == "poll-skip-after-assign");
    assert_eq!(missed, naive_starts::missed(history), "\n{}", dump(history));
    assert_eq!(consumers.compat, result.compat);
    missed
}

#[test]
fn agrees_with_the_definitions_on_small_histories() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut verdicts: BTreeMap<Validity, u64> = BTreeMap::new();
    // Where errors follow from others.
    let mut explained = 0;
    let mut leaps = 0;
    for seed in 0..histories(120_000) {
        let (opinion, missed) = compare(&generate::any(&mut Random(seed)));
        leaps += u64::from(missed);
        *verdicts.entry(opinion.strict).or_default() += 1;
        let finding = |name: &&&str| !["int-send-skip", "empty-transaction-graph"].contains(*name);
        let kinds = opinion.counts.keys().filter(finding).count();
        explained += u64::from(opinion.found.len() < kinds);
        for name in opinion.counts.into_keys() {
            *counts.entry(name).or_default() += 1;
        }
    }
    // All kinds of errors are among them, though a skip behind a poll of nothing is
    // too rare to count on, and right histories, too.
    counts.remove("poll-skip-after-empty");
    assert_eq!(counts.len(), 18, "{counts:?}");
    assert!(counts.values().all(|&times| times > 50), "{counts:?}");
    assert!(verdicts[&Validity::Valid] > 300, "{verdicts:?}");
    assert!(explained > 1000 && leaps > 50, "{explained} {leaps}");
}

#[test]
fn right_histories_are_valid_and_broken_ones_what_the_definitions_say() {
    let mut verdicts: BTreeMap<(bool, Validity), u64> = BTreeMap::new();
    for seed in 0..histories(20_000) {
        let mut random = Random(seed);
        let history = generate::right(&mut random);
        let (opinion, missed) = compare(&history);
        assert!(!missed, "{}", dump(&history));
        assert_ne!(opinion.strict, Validity::Invalid, "{:?}\n{}", opinion.counts, dump(&history));
        *verdicts.entry((false, opinion.strict)).or_default() += 1;
        let (opinion, _) = compare(&generate::broken(&history, &mut random));
        *verdicts.entry((true, opinion.strict)).or_default() += 1;
    }
    assert!(verdicts[&(false, Validity::Valid)] > 15_000, "{verdicts:?}");
    assert!(verdicts[&(true, Validity::Invalid)] > 3_000, "{verdicts:?}");
}
