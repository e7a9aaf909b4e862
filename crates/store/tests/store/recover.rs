//! Runs that were killed, and files that were damaged.

use std::fs;
use std::path::Path;

use crate::common::{finished, now};
use glomers_history::Time;
use glomers_store::{Recovered, Store, StoreError};

/// A copy of the streams of a run in a directory of their own.
fn streams(from: &Path, to: &Path) {
    for name in ["history.jsonl", "journal.bin", "replay.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_run_that_is_killed_keeps_what_was_flushed() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::create(root.path(), "broadcast", now()).unwrap();
    let mut writer = store.writer(crate::common::REPLAY).unwrap();
    let history = crate::common::play(&mut writer, false);
    writer.flush();
    crate::common::received(&mut writer, Time(9000), 7);
    // As a kill: nothing more is written, and nothing is closed.
    std::mem::forget(writer);
    let recovered = Recovered::open(store.directory()).unwrap();
    assert!(!recovered.is_complete());
    assert_eq!(recovered.losses(), []);
    assert_eq!(*recovered.history(), history);
    assert_eq!(recovered.messages().unwrap()[7].fate.name(), "in-flight");
}

#[test]
fn a_history_cut_anywhere_is_read_up_to_there() {
    let root = tempfile::tempdir().unwrap();
    let (store, history) = finished(root.path(), true);
    let copy = tempfile::tempdir().unwrap();
    streams(store.directory(), copy.path());
    let file = copy.path().join("history.jsonl");
    let bytes = fs::read(&file).unwrap();
    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        let recovered = Recovered::open(copy.path()).unwrap();
        let lines = bytes[..length].iter().filter(|&&b| b == b'\n').count();
        assert_eq!(recovered.history().ops(), &history.ops()[..lines]);
        // Even where a line ends: the journal tells of those that are not there.
        assert_eq!(recovered.losses().len(), 1, "{length}");
        assert!(!recovered.is_damaged() && !recovered.is_complete());
        for loss in recovered.losses() {
            assert_eq!(loss.kept_bytes + loss.dropped_bytes, length as u64);
            assert_eq!(loss.damage, None);
        }
    }
}

#[test]
fn a_journal_cut_anywhere_is_read_up_to_there() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let all = Recovered::open(store.directory()).unwrap().messages().unwrap();
    let copy = tempfile::tempdir().unwrap();
    streams(store.directory(), copy.path());
    let file = copy.path().join("journal.bin");
    let bytes = fs::read(&file).unwrap();
    let mut most = 0;
    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        let recovered = Recovered::open(copy.path()).unwrap();
        assert!(!recovered.is_complete());
        let messages = recovered.messages().unwrap();
        assert!(messages.len() >= most, "a longer file holds no less");
        most = messages.len();
        for (got, whole) in messages.iter().zip(&all) {
            assert_eq!((got.id, &got.body, &got.src), (whole.id, &whole.body, &whole.src));
        }
        for loss in recovered.losses() {
            assert_eq!(loss.kept_bytes + loss.dropped_bytes, length as u64);
            assert!(loss.to_string().contains("was cut off"));
        }
        recovered.derive().unwrap();
    }
    assert_eq!(most, all.len());
}

#[test]
fn every_changed_byte_of_a_journal_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let all = Recovered::open(store.directory()).unwrap().messages().unwrap();
    let copy = tempfile::tempdir().unwrap();
    streams(store.directory(), copy.path());
    let file = copy.path().join("journal.bin");
    let mut bytes = fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            bytes[at] ^= bit;
            fs::write(&file, &bytes).unwrap();
            match Recovered::open(copy.path()) {
                Err(StoreError::Foreign { .. }) => assert!(at < 8),
                Err(StoreError::OtherVersion { .. }) => assert_eq!(at, 8),
                Err(error) => panic!("byte {at}: {error}"),
                Ok(recovered) => {
                    assert_eq!(recovered.losses().len(), 1, "byte {at}");
                    let messages = recovered.messages().unwrap();
                    assert!(messages.len() <= all.len());
                }
            }
            bytes[at] ^= bit;
        }
    }
}

#[test]
fn a_damaged_history_is_read_up_to_the_damage_and_named() {
    let root = tempfile::tempdir().unwrap();
    let (store, history) = finished(root.path(), false);
    let file = store.directory().join("history.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let damaged = |from: &str, to: &str| {
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let recovered = Recovered::open(store.directory()).unwrap();
        assert!(!recovered.is_complete());
        let count = recovered.history().len();
        assert_eq!(recovered.history().ops(), &history.ops()[..count]);
        (count, recovered.losses()[0].to_string())
    };
    let (count, said) = damaged("\"index\":2", "\"index\":3");
    assert_eq!(count, 2);
    assert!(said.contains("operation 3 where 2 should be"), "{said}");
    let (count, said) = damaged("\"type\":\"info\"", "\"type\":\"inFo\"");
    assert_eq!(count, 1);
    assert!(said.contains("a line that is no operation"), "{said}");
    assert!(said.starts_with("history.jsonl is damaged: after "), "{said}");
}

#[test]
fn refuses_what_is_no_run_of_ours() {
    let root = tempfile::tempdir().unwrap();
    let said = |path: &Path| Recovered::open(path).unwrap_err().to_string();
    assert!(said(root.path()).contains("holds no run: replay.json is not there"));
    let (store, _) = finished(root.path(), false);
    let journal = store.directory().join("journal.bin");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[8] = 9;
    fs::write(&journal, bytes).unwrap();
    assert!(said(store.directory()).contains("has version 9, and this Glomers reads version 1"));
    fs::write(&journal, "PAR1 or whatever").unwrap();
    assert!(said(store.directory()).contains("was not written by Glomers"));
    fs::remove_file(journal).unwrap();
    assert!(said(store.directory()).contains("journal.bin is not there"));
}
