//! The chapter of bounds says the numbers that the code has.

use std::fs;
use std::path::{Path, PathBuf};

/// A bound as the code declares it, and as the chapter says it, in one row.
const BOUNDS: [(&str, &str); 25] = [
    ("max_line: 32 << 20", "32 MiB (`--max-line`)"),
    ("const MAX_LINE: usize = 32 << 20;", "32 MiB (`--max-line`)"),
    ("default_value = \"32MiB\"", "32 MiB (`--max-line`)"),
    ("const MAX_DEPTH: usize = 128;", "| 128 |"),
    ("max_queued: 256 << 20", "| 256 MiB |"),
    ("const MAX_QUEUED: usize = 256 << 20;", "| 256 MiB |"),
    ("const MOST: u64 = 64 << 20;", "64 MiB (`--max-log`)"),
    ("default_value = \"64MiB\"", "64 MiB (`--max-log`)"),
    ("const ERRORS_PER_NODE: u32 = 100;", "| 100 |"),
    ("const SHOWN: usize = 300;", "| 300 characters |"),
    ("const REMEMBERED: usize = 32;", "| 32 |"),
    ("init_timeout: seconds(10)", "10 s (`--init-timeout`)"),
    ("const MOST_AT_ONCE: u32 = 500_000;", "| 500,000, and 1,000 for each node |"),
    ("const MORE_FOR_EACH_NODE: u32 = 1_000;", "| 500,000, and 1,000 for each node |"),
    ("const MOST_POLLS: u32 = 10_000_000;", "| 10,000,000 |"),
    ("const MOST_AT_ONCE: u32 = 1_000_000;", "| 1,000,000 |"),
    ("const MOST_FAULTS: u64 = 100_000;", "| 100,000 |"),
    ("const MOST_NODES: u32 = 10_000;", "10,000 of each"),
    ("const MOST_CLIENTS: u32 = 10_000;", "10,000 of each"),
    ("const FEW: usize = 8;", "8, or two a processor"),
    ("const LONGEST: Duration = Duration::from_secs(3600);", "1 hour in real time"),
    ("const BODY_LIMIT: usize = 4096;", "4,096 bytes"),
    ("const BLOCK: usize = 64 * 1024;", "64 KiB, in real time 200 ms"),
    ("const MOST_UNPACKED: u64 = 4 << 30;", "| 4 GiB |"),
    ("const STEPS: u64 = 200_000_000;", "| 200,000,000 |"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_target = path.file_name().is_some_and(|name| name == "target");
        if path.is_dir() && !is_target {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_chapter_says_the_numbers_of_the_code() {
    let mut sources = Vec::new();
    collect(&root().join("crates"), &mut sources);
    let chapter = fs::read_to_string(root().join("docs/src/bounds.md")).unwrap();
    let rows: Vec<&str> = chapter.lines().filter(|line| line.starts_with("| ")).collect();
    for (declaration, words) in BOUNDS {
        assert!(
            sources.iter().any(|text| text.contains(declaration)),
            "no {declaration:?} in the code: if the bound has changed, change its row in \
             docs/src/bounds.md and the list in this test"
        );
        assert!(rows.iter().any(|row| row.contains(words)), "no row of bounds.md says {words:?}");
    }
}
