//! Judges histories as text, and compares what is said with what is expected.

use std::fmt::Write as _;
use std::path::Path;

use glomers_check::{CheckResult, Checker, Register};
use glomers_history::edn;

use crate::common::{Case, in_words, parse};

fn describe(result: &CheckResult) -> String {
    let mut text = format!("compat {:?}, strict {:?}\n", result.compat, result.strict);
    for (name, value) in &result.fields {
        let _ = writeln!(text, "{name} {}", edn::pretty(value));
    }
    text.push_str(&in_words(result));
    text
}

fn explain(spec: Option<Register>, case: &Case) -> String {
    let Some(explanation) = spec.and_then(|spec| spec.explain(&case.history)) else {
        return String::new();
    };
    let lines = explanation.render(&case.history, &case.context);
    assert!(lines.len() <= 12, "too long:\n{}", lines.join("\n"));
    format!("\nexplained:\n  {}\n", lines.join("\n  "))
}

/// Judges all in a directory beside these tests by the checker that each names.
pub(crate) fn judge_all(
    directory: &str,
    least: usize,
    checker: impl Fn(&str) -> (Box<dyn Checker>, Option<Register>),
) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(directory);
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the fixtures")
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= least, "fixtures are missing");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a fixture");
        let (input, expected) = text.split_once("----\n").unwrap_or((&text, ""));
        let case = parse(input);
        let (checker, spec) = checker(&case.checker);
        let result = checker.check(&case.history, &case.context);
        let actual = describe(&result) + &explain(spec, &case);
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
