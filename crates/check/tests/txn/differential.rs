//! Against another implementation of Elle's checkers, the crate `adya`.
//!
//! Where the two differ, as of its version 0.1.0: it says that a cycle exists, without a
//! name, or names a better one, where an edge in real time is one of data, too; where two
//! reads do not fit it may take the other for the order of appends; it stops at failed
//! appends, which versions after them come behind all the same; it looks no further in
//! a transaction for reads of its own future once it has contradicted itself; and of
//! registers it counts what open transactions wrote and somebody read, as our strict
//! verdict does.

use adya::{Opts, Workload};
use glomers_check::{CheckResult, Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::{History, Value, edn};

use super::generate::{self, Store};
use super::random::Random;

fn ours(lists: bool, model: &str, history: &History) -> CheckResult {
    let models = model.parse().expect("a model");
    let (budget, context) = (Default::default(), Context::default());
    if lists {
        TxnListAppend { models, budget }.check(history, &context)
    } else {
        TxnRwRegister { models, budget }.check(history, &context)
    }
}

/// The names of anomalies but for those that say little.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_said =
        |name: &&str| *name != "empty-transaction-graph" && !name.ends_with("-cycle-exists");
    let mut names: Vec<String> = names.filter(is_said).map(str::to_owned).collect();
    names.sort();
    names
}

fn our_names(result: &CheckResult) -> Vec<String> {
    let types = result.fields.iter().find(|(name, _)| *name == "anomaly-types");
    let types: Vec<Value> = match types {
        Some((_, Value::List(list))) => list.iter().collect(),
        _ => Vec::new(),
    };
    names(types.iter().filter_map(Value::as_str))
}

fn theirs(lists: bool, model: &str, history: &History) -> Vec<String> {
    let mut text = String::new();
    for op in history.ops() {
        edn::write_op(op, &mut text);
    }
    let history = adya::History::from_edn(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let workload = if lists { Workload::ListAppend } else { Workload::RwRegister };
    let models = vec![model.to_owned()];
    let options = Opts { models, wfr_keys: true, ..Opts::default() };
    let report = adya::check(&history, workload, &options);
    names(report.anomaly_types.iter().map(String::as_str))
}

#[test]
fn names_are_those_that_another_finds() {
    let models = ["strict-serializable", "serializable", "snapshot-isolation", "read-committed"];
    let (mut same, mut all) = (0, 0);
    for seed in 0..2_000 {
        let random = &mut Random(seed);
        let lists = seed % 2 == 0;
        let small = match seed / 2 % 3 {
            0 => generate::any(random, lists),
            1 => generate::made(random, lists, Store::Snapshot),
            _ => {
                let small = generate::made(random, lists, Store::Committed);
                generate::broken(random, &small)
            }
        };
        let history = small.history();
        for model in models {
            let mine = ours(lists, model, &history);
            let (names, other) = (our_names(&mine), theirs(lists, model, &history));
            let said = || format!("{model}: {names:?}, they {other:?}\n{}", small.dump());
            if !other.is_empty() {
                assert!(!lists || !names.is_empty(), "{}", said());
                assert_eq!(mine.strict, Validity::Invalid, "{}", said());
            }
            same += u32::from(names == other);
            all += 1;
        }
    }
    assert!(same * 20 > all * 19, "{same} of {all}");
}
