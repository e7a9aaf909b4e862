//! Histories as text and what is said of them: `tests/histories/*.txt`. Run with
//! `UPDATE_EXPECT=1` to rewrite what is expected.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use glomers_check::{
    Availability, AvailabilityCheck, CheckResult, Checker, Echo, SetFull, Stats, UniqueIds,
};
use glomers_history::edn;

fn checker(name: &str) -> Box<dyn Checker> {
    match name {
        "broadcast" => Box::new(SetFull::BROADCAST),
        "g-set" => Box::new(SetFull::G_SET),
        "unique-ids" => Box::new(UniqueIds),
        "echo" => Box::new(Echo),
        "stats" => Box::new(Stats::default()),
        "stats-but-crash" => Box::new(Stats { exempt: vec!["crash".to_owned()] }),
        "availability-total" => Box::new(AvailabilityCheck {
            required: Availability::Total,
            ..AvailabilityCheck::default()
        }),
        "availability-half" => Box::new(AvailabilityCheck {
            required: Availability::Fraction(0.5),
            ..AvailabilityCheck::default()
        }),
        "availability" => Box::new(AvailabilityCheck::default()),
        other => panic!("no checker {other}"),
    }
}

fn describe(result: &CheckResult) -> String {
    let mut text = format!("compat {:?}, strict {:?}\n", result.compat, result.strict);
    for (name, value) in &result.fields {
        let _ = writeln!(text, "{name} {}", edn::to_string(value));
    }
    for finding in &result.findings {
        let lines = finding.render();
        assert!(lines.len() <= 12, "too long:\n{finding}");
        let node = finding.node.as_deref().unwrap_or("-");
        let time = finding.time.map_or("-".to_owned(), |time| time.to_string());
        let _ = writeln!(text, "\n{finding}\n  @ {:?} {node} {time}", finding.operations);
    }
    for note in &result.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    text
}

#[test]
fn what_is_said_of_histories() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the fixtures")
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    paths.sort();
    assert!(paths.len() > 30, "fixtures are missing");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a fixture");
        let (input, expected) = text.split_once("----\n").unwrap_or((&text, ""));
        let case = common::parse(input);
        let result = checker(&case.checker).check(&case.history, &case.context);
        let actual = describe(&result);
        if actual == expected {
            continue;
        }
        if update {
            std::fs::write(&path, format!("{input}----\n{actual}")).expect("to write");
        } else {
            let _ = writeln!(wrong, "{}:\n{actual}", path.display());
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{wrong}");
}
