//! House rules that a machine can check. Each failure names the file and says
//! what to do instead.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All Rust sources: of the crates, the nodes and of xtask.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "nodes", "xtask"] {
        collect(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_target = path.file_name().is_some_and(|name| name == "target");
        if path.is_dir() && !is_target {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
        }
    }
}

/// Lines that contain one of the words, as `file:line: text`.
fn lines_with(sources: &[(PathBuf, String)], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}\n{}", found.join("\n"));
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > 600 {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert_none(&long, "Files have at most 600 lines. Split along a seam that has a name.");
}

#[test]
fn nothing_is_left_to_do() {
    // Put together, so that this file is not found.
    let words = [["TO", "DO"], ["FIX", "ME"], ["to", "do!("], ["unimple", "mented!("]];
    let found = lines_with(&sources(), &words.map(|parts| parts.concat()));
    assert_none(&found, "Unfinished work belongs into an issue, or is finished.");
}

#[test]
fn no_test_is_disabled() {
    let found = lines_with(&sources(), &[["#[ig", "nore"].concat()]);
    assert_none(&found, "A test runs, or is taken out.");
}

#[test]
fn no_paths_of_a_machine() {
    let words = [["/ho", "me/"], ["/wo", "rk/"], ["/Us", "ers/"]];
    let found = lines_with(&sources(), &words.map(|parts| parts.concat()));
    assert_none(&found, "Paths of one machine mean nothing on another.");
}

/// The engine reads no clock, starts no thread, iterates no map of random order,
/// and computes nothing with functions whose results depend on the machine.
#[test]
fn the_engine_is_deterministic_by_construction() {
    let engine: Vec<(PathBuf, String)> =
        sources().into_iter().filter(|(path, _)| path.starts_with("crates/sim/src")).collect();
    assert!(!engine.is_empty());
    let clocks = ["Instant", "SystemTime", "std::thread", "HashMap", "HashSet", "RandomState"];
    let functions = [
        "ln", "ln_1p", "log", "log2", "log10", "exp", "exp2", "exp_m1", "powf", "powi", "sin",
        "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "cbrt", "hypot",
    ];
    let others = ["std::fs", "std::net", "std::process", "std::env", "std::io"];
    let mut words: Vec<String> =
        clocks.iter().chain(&others).map(|&word| word.to_owned()).collect();
    words.extend(functions.iter().map(|name| format!(".{name}(")));
    words.extend(functions.iter().map(|name| format!("f64::{name}(")));
    // FxHashMap has a fixed hasher, but its order is still nobody's business.
    let found: Vec<String> = lines_with(&engine, &words)
        .into_iter()
        .filter(|line| {
            let line = line.replace("FxHashMap", "").replace("FxHashSet", "");
            let code = line.splitn(3, ':').nth(2).unwrap_or_default().trim();
            !code.starts_with("//") && words.iter().any(|word| code.contains(word))
        })
        .collect();
    assert_none(&found, "See \"Rules\" in ARCHITECTURE.md; libm has the functions.");
}
