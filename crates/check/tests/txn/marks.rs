//! Version orders that nodes mark, and what is known where none do.

use glomers_check::{
    CheckResult, Checker, Context, Mark, TxnListAppend, TxnRwRegister, TxnRwRegisterMarked,
    Validity,
};
use glomers_history::{History, Time, Value};

use super::entry::op;

/// A history of transactions that are all under way at once and end well.
fn history(txns: &[&str]) -> History {
    use glomers_history::OpKind::{Invoke, Ok};
    let each = |kind| {
        let txns = (0..).zip(txns);
        txns.map(move |(process, txn)| {
            op(0, process, kind, "txn", Value::from_json(txn).expect("JSON"), false)
        })
    };
    each(Invoke).chain(each(Ok)).collect()
}

fn judge(history: &History, marks: &[&str]) -> CheckResult {
    let mark = |(time, text): (u64, &&str)| Mark {
        time: Time(time),
        node: 0,
        label: "txn-order".into(),
        value: Value::from_json(text).expect("JSON"),
    };
    let context = Context {
        nodes: vec!["n0".to_owned()],
        marks: (0..).zip(marks).map(mark).collect(),
        ..Context::default()
    };
    let models = "read-committed".parse().expect("a model");
    let checker = TxnRwRegister { models, budget: Default::default() };
    // Who does not ask for it does not get it.
    assert_eq!(checker.check(history, &context).strict, Validity::Valid);
    TxnRwRegisterMarked(checker).check(history, &context)
}

const FIRST: &str = r#"[["w", "x", 1], ["r", "y", 5]]"#;
const SECOND: &str = r#"[["w", "x", 2], ["w", "y", 5]]"#;

#[test]
fn the_order_that_nodes_mark_tells_versions_apart() {
    let history = history(&[FIRST, SECOND]);
    let (first, second) = (format!("[[7, 0], {FIRST}]"), format!("[[7, 1], {SECOND}]"));
    // The second wrote over what the first wrote, which read what the second wrote.
    let result = judge(&history, &[&second, &first]);
    assert_eq!((result.compat, result.strict), (Validity::Valid, Validity::Invalid));
    let said = result.findings[0].to_string();
    assert!(said.contains("wrote 2 to key \"x\", which replaced 1"), "{said}");
    // The other way round there is nothing to say.
    let first = format!("[[8, 0], {FIRST}]");
    let result = judge(&history, &[&first, &second]);
    assert_eq!((result.strict, result.notes), (Validity::Valid, Vec::<String>::new()));
}

#[test]
fn marks_that_reads_contradict_do_not_count_and_are_told() {
    let (one, two) = (r#"[["w", "x", 1]]"#, r#"[["r", "x", 1], ["w", "x", 2]]"#);
    let history = history(&[one, two]);
    let (one, two) = (format!("[2, {one}]"), format!("[1, {two}]"));
    let result = judge(&history, &[&one, &two]);
    assert_eq!(result.strict, Validity::Valid, "{:?}", result.findings);
    assert!(result.notes[0].contains("is not used for 1 key (\"x\")"), "{:?}", result.notes);
    let result = judge(&history, &["[1, [[\"w\", \"x\", 9]]]", "3"]);
    assert!(result.notes[0].starts_with("2 marks txn-order name no transaction"), "{result:?}");
}

#[test]
fn parallel_snapshot_isolation_forbids_fractured_reads_and_says_what_is_open() {
    let models = || "parallel-snapshot-isolation".parse().expect("a model");
    let budget = Default::default();
    let lists = TxnListAppend { models: models(), budget };
    let judge =
        |checker: &dyn Checker, txns: &[&str]| checker.check(&history(txns), &Context::default());
    // Half of what another appended; Elle's definition allows it. Already causal
    // consistency forbids it.
    let torn =
        [r#"[["append", "x", 1], ["append", "y", 1]]"#, r#"[["r", "x", [1]], ["r", "y", null]]"#];
    let result = judge(&lists, &torn);
    assert_eq!((result.compat, result.strict), (Validity::Valid, Validity::Invalid));
    assert_eq!(result.findings[0].name, "causal-cerone-violation");
    let whole = [torn[0], r#"[["r", "x", [1]], ["r", "y", [1]]]"#];
    assert_eq!(judge(&lists, &whole).strict, Validity::Valid);
    // Two blind writes, of which nobody knows which came first.
    let registers = TxnRwRegister { models: models(), budget };
    let blind = [r#"[["w", "x", 1]]"#, r#"[["w", "x", 2]]"#, r#"[["r", "x", 1]]"#];
    let result = judge(&registers, &blind);
    assert_eq!(result.strict, Validity::Valid);
    assert!(result.notes.iter().any(|note| note.contains("order 1 key was written")), "{result:?}");
}
