//! Stores that are cut off, damaged, foreign or newer, and what each command that
//! reads stores says to them.

use std::path::{Path, PathBuf};

use crate::support::Place;

/// A place with two runs of one kind, of which `store/latest` may be spoilt.
fn with_runs() -> (Place, PathBuf) {
    let place = Place::new();
    let test = ["test", "--node-count", "3", "--time-limit", "3", "--seed", "1"];
    place.run(&[&test[..], &["--store", "whole"]].concat()).shows(0, &[]);
    place.run(&test).shows(0, &[]);
    let latest = place.latest();
    (place, latest)
}

fn change(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

fn cut(file: &Path, bytes: usize) {
    let content = std::fs::read(file).unwrap();
    std::fs::write(file, &content[..content.len() - bytes]).unwrap();
}

/// A run of nothing, made of what another build may have written.
fn store_of(place: &Place, replay: &[u8]) {
    let now = std::time::SystemTime::UNIX_EPOCH;
    let store = glomers_store::Store::create(&place.path("store"), "echo", now).unwrap();
    store.writer(replay).unwrap().finish().unwrap();
}

/// All commands that read a store refuse this one with these words.
#[track_caller]
fn is_refused(place: &Place, words: &[&str]) {
    for command in ["replay", "trace", "recover"] {
        place.run(&[command, "store/latest"]).shows(254, words);
    }
    place.run(&["compare", "store/latest", "whole/latest"]).shows(254, words);
}

#[test]
fn a_newer_store_is_refused() {
    let (place, run) = with_runs();
    let replay = std::fs::read_to_string(run.join("replay.json")).unwrap();
    let newer = |from: &str, to: &str| {
        assert!(replay.contains(from));
        store_of(&place, replay.replacen(from, to, 1).as_bytes());
    };
    newer("\"version\": 1", "\"version\": 2");
    is_refused(&place, &["replay.json cannot be used: it has version 2, this build reads 1"]);
    newer("\"plan\": {\n    \"version\": 2", "\"plan\": {\n    \"version\": 7");
    is_refused(&place, &["its Plan has version 7, this build reads 2", "use the build that made"]);
    store_of(&place, replay.as_bytes());
    let run = place.latest();
    let journal = run.join("journal.bin");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[8] = 9;
    std::fs::write(&journal, bytes).unwrap();
    is_refused(&place, &["journal.bin has version 9, and this Glomers reads version 1"]);
}

#[test]
fn a_foreign_store_is_refused() {
    let (place, run) = with_runs();
    let journal = run.join("journal.bin");
    let ours = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, "somebody's journal").unwrap();
    is_refused(&place, &["journal.bin was not written by Glomers"]);
    std::fs::write(&journal, ours).unwrap();
    store_of(&place, b"{}");
    is_refused(&place, &["replay.json cannot be used: it says no version, so it is none of ours"]);
    store_of(&place, b"{\"version\": 1,\n");
    is_refused(&place, &["replay.json cannot be used: it was cut off: line 2 has no end"]);
    std::fs::remove_file(place.latest().join("journal.bin")).unwrap();
    for command in ["replay", "trace", "recover"] {
        place.run(&[command, "store/latest"]).shows(254, &["holds no run: journal.bin is not"]);
    }
    place.run(&["compare", "store/latest", "whole/latest"]).shows(254, &["holds no run"]);
}

#[test]
fn what_is_left_of_a_store_that_was_cut_off_is_shown_as_such_and_not_compared() {
    let (place, run) = with_runs();
    cut(&run.join("journal.bin"), 300);
    let lost = "journal.bin was cut off: its last ";
    let short = "The run was cut short; this is what there was until then.";
    place.run(&["replay", "store/latest"]).shows(0, &[lost, "the same until then"]);
    let said = place.run(&["trace", "store/latest"]).shows(0, &[lost, short]);
    assert!(said.err.starts_with(lost) && !said.out.contains(lost), "{said:?}");
    place.run(&["compare", "store/latest", "whole/latest"]).shows(254, &["was cut short: ", lost]);
    place.run(&["recover", "store/latest"]).shows(0, &[lost, short]);
    let all = std::fs::metadata(run.join("journal.bin")).unwrap().len() as usize;
    cut(&run.join("journal.bin"), all);
    let lost = "journal.bin was cut off after 0 bytes: it has no end";
    place.run(&["trace", "store/latest"]).shows(0, &[lost]);
}

#[test]
fn what_is_damaged_is_named() {
    let (place, run) = with_runs();
    change(&run.join("history.jsonl"), "\"type\":\"ok\"", "\"type\":\"okay\"");
    let damage = "history.jsonl is damaged: after ";
    let said = place.run(&["replay", "store/latest"]).shows(2, &[damage, "could not be compared"]);
    assert!(said.out.contains("the same as far as the stored run can be read"), "{said:?}");
    place.run(&["trace", "store/latest"]).shows(0, &[damage]);
    place.run(&["compare", "store/latest", "whole/latest"]).shows(254, &[damage]);
    place.run(&["recover", "store/latest"]).shows(2, &[damage, "The store is damaged"]);
}

#[test]
fn check_wants_a_whole_history_and_says_where_it_is_not() {
    let (place, run) = with_runs();
    let check = |file: &str| place.run(&["check", "-w", "broadcast", file]);
    check("store/latest").shows(254, &["store/latest is a directory", "its file history.jsonl"]);
    check("nowhere").shows(254, &["nowhere cannot be read: No such file"]);
    check("store/latest/journal.bin").shows(254, &["is no history: line 1, column ", "help: "]);
    for name in ["history.jsonl", "history.edn", "history.txt"] {
        let file = format!("store/latest/{name}");
        check(&file).shows(0, &[]);
        cut(&run.join(name), 20);
        let lines = std::fs::read_to_string(run.join(name)).unwrap().lines().count();
        check(&file).shows(254, &["is no history", &format!("line {lines}, column ")]);
    }
}
