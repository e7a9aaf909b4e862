//! What `glomers new` writes runs, in each language that is on this machine.

#[path = "../../../../nodes/examples/rust/src/main.rs"]
#[expect(dead_code, reason = "that it compiles is the test")]
mod rust;

use std::process::Command;

use crate::support::Place;

/// Writes a node, builds it and runs it.
fn runs(language: &str, program: &str, tool: &str, build: &[&str]) {
    let place = Place::new();
    let said = place.run(&["new", language, "hello"]);
    said.shows(0, &["Written to hello", "cd hello", &format!("--bin {program}")]);
    let version = if tool == "go" { "version" } else { "--version" };
    if !Command::new(tool).arg(version).output().is_ok_and(|output| output.status.success()) {
        println!("left out, as there is no {tool}");
        return;
    }
    let folder = place.path("hello");
    if !build.is_empty() {
        let built = Command::new(tool)
            .args(build)
            .current_dir(&folder)
            .env("HOME", place.folder.path())
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    }
    let file = folder.join(program);
    let file = file.to_str().unwrap();
    place
        .run(&["test", "-w", "echo", "--bin", file, "--time-limit", "1", "--seed", "1"])
        .shows(0, &["verdict      valid"]);
}

#[test]
fn a_new_node_in_python_runs() {
    runs("python", "./node.py", "python3", &[]);
}

#[test]
fn a_new_node_in_go_runs() {
    runs("go", "./node", "go", &["build", "-o", "node", "."]);
}

#[test]
fn a_new_node_in_javascript_runs() {
    runs("javascript", "./node.js", "node", &[]);
}

/// Building it needs the network; that it compiles is seen above.
#[test]
fn a_new_node_in_rust_is_written() {
    let place = Place::new();
    place.run(&["new", "rust", "hello"]).shows(0, &["cargo build --release"]);
    let manifest = std::fs::read_to_string(place.path("hello/Cargo.toml")).unwrap();
    assert!(manifest.contains("serde_json"), "{manifest}");
    assert!(place.path("hello/src/main.rs").exists());
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::new();
    place.run(&["new", "python", "."]).shows(0, &["Written to ."]);
    place
        .run(&["new", "python", "."])
        .shows(254, &["is there already and not an empty folder", "help: name a new folder"]);
    place.run(&["new", "cobol", "x"]).shows(254, &["python", "javascript"]);
    assert!(!place.path("x").exists());
}

/// An example passes the test that is printed with it.
#[test]
fn examples_are_written_with_a_command_that_runs_them() {
    let place = Place::new();
    let said = place.run(&["new", "python", "registers", "--example", "registers"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let command = said.out.lines().find_map(|line| line.strip_prefix("  glomers "));
    let mut words: Vec<&str> = command.expect("a command").split(' ').collect();
    words.extend(["--time-limit", "1", "--seed", "1"]);
    if Command::new("python3").arg("--version").output().is_ok() {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("./registers.py", "registers/registers.py"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        place.run(&words).shows(0, &["verdict      valid"]);
    }
    let said = place.run(&["new", "go", "x", "--example", "kafka"]);
    let help = "there is no example \"kafka\" in go\n  help: there are examples in python and";
    assert!(said.code == Some(254) && said.err.contains(help), "{said:?}");
    let said = place.run(&["new", "python", "x", "--example", "kafak"]);
    assert!(said.err.contains("help: there are: broadcast, durable-broadcast"), "{said:?}");
}
