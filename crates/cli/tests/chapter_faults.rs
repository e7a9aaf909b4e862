//! The commands of the chapter on faults run as it says.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

fn chapter() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).expect("the package lies in crates/cli");
    std::fs::read_to_string(root.join("docs/src/faults.md")).unwrap()
}

#[test]
fn commands_of_the_chapter_on_faults_run() {
    let chapter = chapter();
    let blocks = chapter.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() >= 5);
    for line in commands {
        let words = line.strip_prefix("glomers ").expect("each line is a command of ours");
        // What follows after "--" is for the node.
        let (command, rest) = words.split_once(' ').expect("it has arguments");
        let output = Command::new(cargo_bin("glomers"))
            .args([command, "--store", "none"])
            .args(rest.split(' '))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{line}\n{text}");
        let warns = text.contains("no node looked at its wall clock");
        assert_eq!(warns, line.contains("clock"), "{line}\n{text}");
    }
}

/// Every kind and every flag is in the chapter.
#[test]
fn the_chapter_on_faults_leaves_nothing_out() {
    let chapter = chapter();
    for entry in &glomers_sim::nemesis::KINDS {
        assert!(chapter.contains(&format!("| `{}` |", entry.name)), "{}", entry.name);
    }
    let help = Command::new(cargo_bin("glomers")).args(["test", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in help.split_whitespace() {
        let is_ours = ["--nemesis", "--fault-", "--recovery-bound", "--require-faults"]
            .iter()
            .any(|start| word.starts_with(start));
        assert!(!is_ours || chapter.contains(word), "{word} is not in the chapter");
    }
}
