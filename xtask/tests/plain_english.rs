//! The worst phrases, and what to write instead, in what users read: the guide, the README
//! and its like, and the command. CONTRIBUTING.md says why.

use std::fs;
use std::path::{Path, PathBuf};

/// What is not written, and what is.
const PHRASES: [(&str, &str); 29] = [
    ("makes no sense", "is invalid"),
    ("make no sense", "are invalid"),
    ("in its midst", "say where it is"),
    ("in their midst", "say where they are"),
    ("beside cutting", "besides cutting"),
    ("know beside the", "know besides the"),
    ("who does not cannot", "use two sentences"),
    ("cannot be misled by", "say what is safe"),
    ("are told before", "are reported before"),
    ("is told before", "is reported before"),
    ("whosoever", "who"),
    ("heretofore", "until now"),
    ("aforementioned", "name it"),
    ("were it an error", "even if it is an error"),
    ("as small as it goes", "as small as possible"),
    ("as if there were not", "without knowledge of"),
    ("that is to stay", "to keep"),
    ("no scenario of it", "say that it could not be written as a scenario"),
    ("time of loss", "period of loss"),
    ("in a circle", "in a cycle"),
    ("of what was replaced", "that misses a write"),
    ("was worth it", "was useful"),
    ("told beside", "reported, too"),
    ("by other names", "under other names"),
    ("by names of", "under names of"),
    ("what is lacking", "what is missing"),
    ("knows nothing of", "does not know"),
    ("held against", "counted against, compared with"),
    ("as one of all", "say of what"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it lies in the repository").to_owned()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" {
            collect(&path, found);
        } else if [".rs", ".md"].iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// The sentences of the style page in CONTRIBUTING.md: before, and after.
fn pairs_of_the_style_page() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("text");
    let (_, table) = text.split_once("| before | after |").expect("there is a table");
    let rows = table.lines().skip(2).map_while(|row| row.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| row.split_once(" | "))
        .map(|(before, after)| {
            let before = before.to_lowercase().trim_end_matches('.').to_owned();
            (before, after.to_owned())
        })
        .collect()
}

#[test]
fn the_worst_phrases_are_nowhere() {
    let mut files = Vec::new();
    for folder in ["crates", "nodes", "xtask", "docs"] {
        collect(&root().join(folder), &mut files);
    }
    files.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root().join(name)));
    assert!(files.len() > 150);
    let style = pairs_of_the_style_page();
    assert!(style.len() >= 20, "{style:?}");
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("tests/plain_english.rs")) {
        let text = fs::read_to_string(file).expect("text");
        // A phrase may go on in the next line, behind the sign of a comment.
        let words: Vec<&str> = text
            .split_whitespace()
            .filter(|word| !["//", "///", "//!", ">"].contains(word))
            .collect();
        let text = words.join(" ").to_lowercase();
        let pairs = PHRASES.iter().map(|(phrase, instead)| (*phrase, *instead));
        for (phrase, instead) in pairs.chain(style.iter().map(|(a, b)| (&**a, &**b))) {
            if text.contains(phrase) {
                let file = file.strip_prefix(root()).unwrap_or(file);
                found.push(format!("{}: {phrase:?}; write: {instead}", file.display()));
            }
        }
    }
    assert!(found.is_empty(), "see \"Plain English\" in CONTRIBUTING.md\n{}", found.join("\n"));
}
