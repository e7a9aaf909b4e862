//! Every finding is shown by a snapshot, in words that anybody understands.

use std::path::{Path, PathBuf};

fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ends, found);
        } else if path.extension().is_some_and(|end| ends.iter().any(|other| end == *other)) {
            found.push(path);
        }
    }
}

fn texts(folder: &str, ends: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), ends, &mut found);
    found.iter().map(|path| std::fs::read_to_string(path).expect("text")).collect()
}

/// The first string literal of a text.
fn literal(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The names of all findings, as the sources have them.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for text in texts("src", &["rs"]) {
        let made = text.split("Finding::new(").skip(1);
        let direct = made.filter(|rest| rest.trim_start().starts_with('"')).filter_map(literal);
        names.extend(direct.map(str::to_owned));
    }
    // Where the name depends on a kind or a layer.
    for file in ["src/kafka/errors.rs", "src/register/explain.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(path).expect("text");
        let arms = text.lines().map(str::trim);
        let arms = arms.filter(|line| line.starts_with("Kind::") || line.starts_with("Layer::"));
        let named = arms.filter(|line| line.contains(" => \"")).filter_map(literal);
        names.extend(named.map(str::to_owned));
    }
    names.sort();
    names.dedup();
    // What one transaction skips is told among the results, and is no finding.
    names.retain(|name| name != "int-send-skip");
    names
}

#[test]
fn every_finding_is_shown() {
    let names = names();
    assert!(names.len() >= 30, "{names:?}");
    // Snapshots stand in files beside the tests, in tests, and in tests beside the code.
    let shown = [texts("tests", &["txt", "rs"]), texts("src", &["rs"])].concat();
    let lines = shown.iter().flat_map(|text| text.lines());
    let lines: Vec<&str> = lines.map(|line| line.trim().trim_start_matches('"')).collect();
    for name in names {
        let start = format!("{name}: ");
        assert!(lines.iter().any(|line| line.starts_with(&start)), "no snapshot shows {name:?}");
    }
}
