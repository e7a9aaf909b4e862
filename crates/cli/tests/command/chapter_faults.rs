//! The chapter on faults has every kind and every flag.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

fn chapter() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).expect("the package lies in crates/cli");
    std::fs::read_to_string(root.join("docs/src/faults.md")).unwrap()
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
