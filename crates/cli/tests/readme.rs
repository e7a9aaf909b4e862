//! What the README shows is true: its commands run, and its code is that of the
//! libraries' documentation, which is compiled and run there.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the package lies in crates/cli").to_owned()
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = readme();
    let fence = format!("```{language}\n");
    let after = readme.split(&fence).skip(1);
    after.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The arguments of each command that runs `glomers`.
fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for block in blocks("sh") {
        for line in block.lines() {
            let arguments = ["cargo run --release -- ", "glomers "]
                .into_iter()
                .find_map(|start| line.strip_prefix(start));
            found.extend(arguments.map(words));
        }
    }
    found
}

/// The words of a line, as a shell takes them apart.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate().flat_map(|(place, part)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<String>>(),
        _ => vec![part.to_owned()],
    });
    parts.collect()
}

/// The same, but short if it runs in real time; paths of the repository are
/// found from anywhere.
fn shortened(arguments: &[String]) -> Vec<String> {
    let is_real = arguments.iter().any(|word| word == "--bin");
    let mut short = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--time-limit" && is_real {
            words.next();
            short.extend(["--time-limit", "3", "--recovery", "2"].map(str::to_owned));
        } else if word.starts_with("nodes/") || word.starts_with("crates/") {
            short.push(root().join(word).to_string_lossy().into_owned());
        } else {
            short.push(word.clone());
        }
    }
    short
}

fn has_python() -> bool {
    let version = Command::new("python3").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

#[test]
fn commands_run_and_give_a_verdict() {
    let commands = commands();
    let main_jobs = ["challenge", "test"];
    assert!(main_jobs.iter().all(|job| commands.iter().any(|words| words[0] == *job)));
    let folder = tempfile::tempdir().unwrap();
    for arguments in commands {
        if arguments.iter().any(|word| word.ends_with(".py")) && !has_python() {
            println!("left out, as there is no python3: {}", arguments.join(" "));
            continue;
        }
        let output = Command::new(cargo_bin("glomers"))
            .args(shortened(&arguments))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        // Some are there to show a failure: valid or not, it is a verdict.
        let verdict = output.status.code();
        let line = arguments.join(" ");
        if ["trace", "replay"].contains(&&*arguments[0]) {
            // About the run before.
            assert_eq!(verdict, Some(0), "{line}:\n{text}{errors}");
            continue;
        }
        assert!(matches!(verdict, Some(0 | 1)), "{line}: {}\n{text}{errors}", output.status);
        let last = text.lines().last().unwrap_or_default();
        let ends = ["Everything looks good", "Analysis invalid", "All passed", "Not all passed"];
        assert!(ends.iter().any(|end| last.starts_with(end)), "{line} ends with {last:?}");
        let is_bin = arguments.iter().any(|word| word == "--bin");
        assert!(!is_bin || verdict == Some(0), "{line}:\n{text}{errors}");
        assert!(folder.path().join("store/latest/results.json").exists(), "{line} stores");
    }
}

/// The files that the table of the store names are those that a run leaves.
#[test]
fn the_store_has_the_files_that_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(cargo_bin("glomers"))
        .args(["test", "-w", "broadcast", "--time-limit", "2", "--seed", "1"])
        .current_dir(folder.path())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    let readme = readme();
    for entry in std::fs::read_dir(folder.path().join("store/latest")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("`{name}`")), "the README says nothing of {name}");
    }
}

#[test]
fn code_is_that_of_the_documentation() {
    let documentation: String = ["crates/node/src/lib.rs", "crates/testing/src/lib.rs"]
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            let lines = text.lines().filter_map(|line| line.strip_prefix("//!"));
            let lines: Vec<String> = lines.map(|line| line.trim().to_owned() + "\n").collect();
            lines
        })
        .collect();
    for block in blocks("rust") {
        let block: String = block.lines().map(|line| line.trim().to_owned() + "\n").collect();
        assert!(documentation.contains(&block), "not in the documentation:\n{block}");
    }
}

#[test]
fn links_lead_somewhere() {
    for file in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let exists = link.starts_with("https://") || root().join(link).exists();
            assert!(exists, "{file} links to {link}, which is not there");
        }
    }
}
