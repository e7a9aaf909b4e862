//! The histories that the guide shows are what it says.

use std::path::Path;

use glomers_check::{Checker, Context, TxnListAppend, TxnRwRegister, Validity};
use glomers_history::History;

fn strict(workload: &str, model: &str, history: &History) -> Validity {
    let models = model.parse().expect("a model");
    let (budget, context) = (Default::default(), Context::default());
    let result = match workload {
        "txn-list-append" => TxnListAppend { models, budget }.check(history, &context),
        "txn-rw-register" => TxnRwRegister { models, budget }.check(history, &context),
        other => panic!("{other} is no workload of transactions"),
    };
    result.strict
}

#[test]
fn the_histories_of_the_guide_are_judged_as_it_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/transactions.md");
    let text = std::fs::read_to_string(guide).expect("the guide");
    let blocks: Vec<&str> = text
        .split("```edn\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("the end of a block"))
        .collect();
    assert!(blocks.len() >= 14, "{} histories", blocks.len());
    let mut wrong = Vec::new();
    for block in blocks {
        let head = block.lines().next().expect("a line").trim_start_matches("; ");
        let (workload, models) = head.split_once(": not ").expect("a workload");
        let (stronger, weaker) = match models.split_once(", but ") {
            Some((stronger, weaker)) => (stronger, Some(weaker)),
            None => (models, None),
        };
        let history = glomers_history::read(block.as_bytes()).expect("a history");
        let mut expect = |model: &str, expected: Validity| {
            let found = strict(workload, model, &history);
            if found != expected {
                wrong.push(format!("{model}: {found:?}\n{block}"));
            }
        };
        expect(stronger, Validity::Invalid);
        weaker.into_iter().for_each(|model| expect(model, Validity::Valid));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
