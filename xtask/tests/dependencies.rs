//! Which crate may depend on which, and under which licences all may be used.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value as Json;

fn metadata() -> Json {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Json) -> &Vec<Json> {
    metadata["packages"].as_array().unwrap()
}

fn text<'a>(json: &'a Json, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_default()
}

/// From bottom to top, as ARCHITECTURE.md draws it: the crates that each may
/// depend on, besides what others bring along. Tests and benchmarks may use more.
const DIRECTIONS: [(&str, &[&str]); 21] = [
    ("protocol", &[]),
    ("history", &["protocol"]),
    ("node-derive", &[]),
    ("node", &["protocol", "history", "node-derive"]),
    ("nodes", &["node"]),
    ("broken-nodes", &["node", "nodes"]),
    ("check", &["protocol", "history"]),
    ("sim", &["protocol", "history", "node"]),
    ("workload", &["protocol", "history", "check", "sim"]),
    ("store", &["protocol", "history"]),
    ("bench", &["protocol", "history", "sim"]),
    ("warp", &["protocol", "history", "node", "sim"]),
    ("hunt", &["history", "sim"]),
    (
        "session",
        &["protocol", "history", "node", "check", "sim", "workload", "store", "bench", "warp"],
    ),
    ("testing", &["protocol", "history", "node", "check", "sim", "workload", "session", "hunt"]),
    (
        "trials",
        &[
            "protocol",
            "history",
            "node",
            "nodes",
            "broken-nodes",
            "check",
            "sim",
            "workload",
            "session",
        ],
    ),
    ("report", &["protocol", "history", "check", "store", "session"]),
    ("serve", &["report", "store"]),
    ("guide", &[]),
    (
        "cli",
        &[
            "guide",
            "protocol",
            "history",
            "node",
            "nodes",
            "broken-nodes",
            "check",
            "sim",
            "workload",
            "trials",
            "store",
            "bench",
            "warp",
            "session",
            "hunt",
            "report",
            "serve",
        ],
    ),
    ("xtask", &["nodes", "sim", "store"]),
];

#[test]
fn crates_depend_only_on_those_below() {
    let allowed: BTreeMap<&str, &[&str]> = DIRECTIONS.into();
    let metadata = metadata();
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    for package in packages(&metadata).iter().filter(|p| members.contains(text(p, "id"))) {
        let name = text(package, "name").trim_start_matches("glomers-");
        let allowed =
            allowed.get(name).unwrap_or_else(|| panic!("say in {} whom {name} may use", file!()));
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_ours = dependency["path"].is_string() && dependency["kind"] != "dev";
            let on = text(dependency, "name").trim_start_matches("glomers-");
            assert!(!is_ours || allowed.contains(&on), "{name} must not depend on {on}");
        }
    }
}

/// What must not be needed, directly or by way of others.
#[test]
fn nodes_carry_no_runtime_and_the_engine_no_files() {
    let metadata = metadata();
    for (from, absent) in [
        ("glomers-node", &["tokio", "mio", "glomers-sim"][..]),
        ("glomers-sim", &["tokio", "mio", "tempfile", "glomers-check"]),
        ("glomers-check", &["glomers-node", "glomers-sim", "mio"]),
        ("glomers-store", &["glomers-check", "glomers-node", "glomers-sim"]),
    ] {
        let reached = reached(&metadata, from);
        for name in absent {
            assert!(!reached.contains(*name), "{from} must do without {name}");
        }
    }
}

/// Who tests nodes of their own compiles no others, and nothing that only the command
/// needs. (By the features that are on then, which the metadata does not tell.)
#[test]
fn tests_of_ones_own_nodes_compile_what_they_use() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "-p", "glomers-testing", "-e", "normal", "--prefix", "none", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("glomers-session"), "{text}");
    let too_much = [
        "glomers-nodes",
        "glomers-broken-nodes",
        "glomers-trials",
        "glomers-bench",
        "glomers-warp",
        "parquet",
        "zstd",
        "mio",
        "tokio",
    ];
    for name in too_much {
        assert!(!names.contains(name), "glomers-testing must do without {name}");
    }
}

/// All packages that one needs when it is used, by name.
fn reached<'a>(metadata: &'a Json, from: &str) -> BTreeSet<&'a str> {
    let names: BTreeMap<&str, &str> =
        packages(metadata).iter().map(|p| (text(p, "id"), text(p, "name"))).collect();
    let nodes: BTreeMap<&str, &Json> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (text(node, "id"), node))
        .collect();
    let start = names.iter().find(|(_, name)| **name == from).map(|(id, _)| *id).unwrap();
    let (mut found, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(id) = open.pop() {
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            // Kind `null` is what users of the package get too.
            let is_normal = kinds.iter().any(|kind| kind["kind"].is_null());
            let package = text(dependency, "pkg");
            if is_normal && found.insert(names[package]) {
                open.push(package);
            }
        }
    }
    found
}

const PERMISSIVE: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether a licence expression can be met with permissive licences alone.
/// Parentheses bind first, then AND, then OR.
fn is_permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut rest: Vec<String> = Vec::new();
    for word in expression.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        // An exception belongs to the licence before it.
        match rest.last_mut() {
            Some(last) if word == "WITH" || last.ends_with(" WITH") => {
                last.push(' ');
                last.push_str(word);
            }
            _ => rest.push(word.to_owned()),
        }
    }
    let mut words = rest.iter().map(String::as_str).peekable();
    let result = any(&mut words);
    result && words.next().is_none()
}

fn any<'b>(words: &mut std::iter::Peekable<impl Iterator<Item = &'b str>>) -> bool {
    let mut result = all(words);
    while words.next_if_eq(&"OR").is_some() {
        result |= all(words);
    }
    result
}

fn all<'b>(words: &mut std::iter::Peekable<impl Iterator<Item = &'b str>>) -> bool {
    let mut result = one(words);
    while words.next_if_eq(&"AND").is_some() {
        result &= one(words);
    }
    result
}

fn one<'b>(words: &mut std::iter::Peekable<impl Iterator<Item = &'b str>>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let result = any(words);
        return words.next_if_eq(&")").is_some() && result;
    }
    words.next().is_some_and(|word| PERMISSIVE.contains(&word))
}

#[test]
fn licence_expressions_are_understood() {
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-2.0) AND Unicode-3.0"] {
        assert!(is_permissive(good), "{good}");
    }
    let exception = "Apache-2.0 WITH LLVM-exception OR GPL-2.0";
    assert!(is_permissive(exception));
    for bad in ["", "MPL-2.0", "MIT AND GPL-3.0", "(MIT", "EPL-2.0 OR LGPL-3.0", "MIT )"] {
        assert!(!is_permissive(bad), "{bad}");
    }
}

#[test]
fn every_dependency_has_a_permissive_licence() {
    let metadata = metadata();
    let bad: Vec<String> = packages(&metadata)
        .iter()
        .filter(|package| !is_permissive(text(package, "license")))
        .map(|package| format!("{} {:?}", text(package, "name"), text(package, "license")))
        .collect();
    assert!(bad.is_empty(), "not known to be permissive:\n{}", bad.join("\n"));
    assert!(packages(&metadata).len() > 50);
}

#[test]
fn the_project_has_both_licences() {
    let metadata = metadata();
    for package in packages(&metadata).iter().filter(|package| package["source"].is_null()) {
        assert_eq!(text(package, "license"), "MIT OR Apache-2.0", "{}", text(package, "name"));
    }
    for (file, words) in [
        ("LICENSE-MIT", "Permission is hereby granted"),
        ("LICENSE-APACHE", "Version 2.0, January 2004"),
    ] {
        let path = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
        assert!(std::fs::read_to_string(path).unwrap().contains(words), "{file}");
    }
}
