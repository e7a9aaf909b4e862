//! Rust code in the README and the guide is code that is compiled somewhere in the
//! repository; and the files of the store are those that the guide names. (The commands are
//! run by `book.rs`.)

use std::path::Path;
use std::process::Command;

use crate::support::book::root;
use assert_cmd::cargo::cargo_bin;

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
    let page = std::fs::read_to_string(root().join("docs/src/store.md")).unwrap();
    for entry in std::fs::read_dir(folder.path().join("store/latest")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(page.contains(&format!("`{name}`")), "docs/src/store.md says nothing of {name}");
    }
}

/// The text of all Rust sources, with what their comments hold; lines without spaces
/// around them.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                for line in std::fs::read_to_string(&path).unwrap().lines() {
                    *text += line.trim().trim_start_matches("//!").trim();
                    text.push('\n');
                }
            }
        }
    }
    let mut text = String::new();
    for folder in ["crates", "nodes"] {
        collect(&root().join(folder), &mut text);
    }
    text
}

/// Code that is a file of a page is run there (`book.rs`).
#[test]
fn rust_in_the_readme_and_the_guide_is_code_that_is_compiled() {
    let (sources, mut count) = (sources(), 0);
    for page in crate::support::book::pages() {
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        let blocks = crate::support::book::blocks(&text);
        for block in blocks.iter().filter(|b| b.language == "rust" && b.file.is_none()) {
            let code: String =
                block.text().lines().map(|line| line.trim().to_owned() + "\n").collect();
            assert!(sources.contains(&code), "{page}: this is nowhere in the sources:\n{code}");
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}
