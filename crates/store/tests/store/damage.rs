//! What is damaged is noticed, whatever it is, and costs nothing that is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{REPLAY, finished, json, now, op};
use glomers_history::{Event, Observer, Op, OpKind, Process, Time, Value};
use glomers_store::{Lock, Recovered, Remark, Store, StoreError};

/// The files of a directory, by name.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.filter(|p| p.is_file()).map(|p| (name(&p), fs::read(&p).unwrap())).collect()
}

/// Derives all again, as `recover` does.
fn derive(directory: &Path) -> Vec<&'static str> {
    let recovered = Recovered::open(directory).unwrap();
    let mut kept = recovered.derive().unwrap();
    kept.extend(recovered.save_results(&Value::keyword("poorer")).unwrap());
    kept
}

#[test]
fn every_changed_byte_of_a_history_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let (store, history) = finished(root.path(), false);
    let file = store.directory().join("history.jsonl");
    let mut bytes = fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x04, 0x80] {
            bytes[at] ^= bit;
            fs::write(&file, &bytes).unwrap();
            let recovered = Recovered::open(store.directory()).unwrap();
            bytes[at] ^= bit;
            let before = bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(recovered.history().ops(), &history.ops()[..before], "byte {at}");
            assert!(!recovered.is_complete() && recovered.losses().len() == 1, "byte {at}");
        }
    }
}

#[test]
fn a_line_too_many_or_in_another_place_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), false);
    let file = store.directory().join("history.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let last = text.lines().last().unwrap().replace("\"index\":4", "\"index\":5");
    fs::write(&file, format!("{text}{last}\n")).unwrap();
    let recovered = Recovered::open(store.directory()).unwrap();
    assert_eq!(recovered.history().len(), 5);
    let said = recovered.losses()[0].to_string();
    assert!(said.contains("a line that the run did not write"), "{said}");
}

/// The frames of a journal, behind its head.
fn frames(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (head, mut rest) = bytes.split_at(9);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        let (frame, after) = rest.split_at(8 + length);
        frames.push(frame.to_vec());
        rest = after;
    }
    (head.to_vec(), frames)
}

#[test]
fn a_whole_block_that_is_missing_doubled_or_elsewhere_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let file = store.directory().join("journal.bin");
    let (head, whole) = frames(&fs::read(&file).unwrap());
    let all = Recovered::open(store.directory()).unwrap().messages().unwrap();
    assert!(whole.len() > 5);
    let check = |frames: &[Vec<u8>], what: &str| {
        fs::write(&file, [&head[..], &frames.concat()].concat()).unwrap();
        let recovered = Recovered::open(store.directory()).unwrap();
        assert!(recovered.is_damaged(), "{what}");
        assert!(!recovered.is_complete(), "{what}");
        let messages = recovered.messages().unwrap();
        for (got, whole) in messages.iter().zip(&all) {
            assert_eq!((got.id, &got.body), (whole.id, &whole.body), "{what}");
        }
    };
    for place in 0..whole.len() {
        let mut doubled = whole.clone();
        doubled.insert(place, whole[place].clone());
        check(&doubled, &format!("block {place} doubled"));
        if place + 1 < whole.len() {
            let mut without = whole.clone();
            without.remove(place);
            check(&without, &format!("block {place} missing"));
            let mut swapped = whole.clone();
            swapped.swap(place, place + 1);
            check(&swapped, &format!("block {place} behind the next"));
        }
    }
}

#[test]
fn what_was_derived_from_more_is_never_replaced_by_what_is_derived_from_less() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let good = files(store.directory());
    for name in ["journal.bin", "history.jsonl"] {
        let stream = &good[name];
        for length in [stream.len() / 3, stream.len() / 2, stream.len() - 1] {
            let mut flipped = stream.clone();
            flipped[length] ^= 4;
            for bytes in [&stream[..length], &flipped] {
                fs::write(store.directory().join(name), bytes).unwrap();
                let kept = derive(store.directory());
                assert!(kept.contains(&"results.json"), "{name}: {kept:?}");
                let mut now = files(store.directory());
                now.insert(name.to_owned(), stream.clone());
                assert!(now == good, "{name} at {length}");
            }
        }
        fs::write(store.directory().join(name), stream).unwrap();
    }
}

#[test]
fn what_is_missing_or_damaged_is_made_anew_from_whole_streams() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let good = files(store.directory());
    for name in ["history.edn", "history.txt", "messages.parquet", "marks.parquet", "replay.json"] {
        for bytes in [Some(&b"?"[..]), None] {
            match bytes {
                Some(bytes) => fs::write(store.directory().join(name), bytes).unwrap(),
                None => fs::remove_file(store.directory().join(name)).unwrap(),
            }
            let recovered = Recovered::open(store.directory()).unwrap();
            assert_eq!(recovered.replay_damage().is_some(), name == "replay.json");
            assert_eq!(recovered.replay(), REPLAY);
            assert!(recovered.derive().unwrap().is_empty());
            assert!(files(store.directory()) == good, "{name}");
        }
    }
}

#[test]
fn a_changed_replay_file_is_named_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let file = store.directory().join("replay.json");
    fs::write(&file, "{\"seed\":43}\n").unwrap();
    let recovered = Recovered::open(store.directory()).unwrap();
    assert!(recovered.replay_damage().unwrap().contains("changed by hand"));
    assert_eq!(recovered.replay(), REPLAY);
    recovered.derive().unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"{\"seed\":43}\n");
}

#[test]
fn at_any_moment_little_is_not_yet_in_the_files() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::create(root.path(), "echo", now()).unwrap();
    let mut writer = store.writer(REPLAY).unwrap();
    let body = json(&format!("{{\"x\":\"{}\"}}", "y".repeat(50)));
    let (mut least, mut most) = (u64::MAX, 0);
    for id in 0..20_000u64 {
        crate::common::sent(&mut writer, Time(id), id, "n0", "n1", &body);
        let read = op(Process::Client(0), OpKind::Invoke, "read", Value::Null);
        writer.event(Time(id), &Event::Operation(&Op { index: id, ..read }));
        if id % 997 == 0 && id > 2000 {
            // What a kill would leave at this moment.
            let recovered = Recovered::open(store.directory()).unwrap();
            let missing = id + 1 - recovered.message_count();
            (least, most) = (least.min(missing), most.max(missing));
            let read = recovered.history().len() as u64;
            assert!(id < read + 2000, "operations: {read} of {id}");
        }
    }
    // A record has some 70 bytes, a block 64 KiB.
    assert!(most < 1000 && least < most, "{least} to {most}");
}

#[test]
fn two_who_write_one_directory_do_not_meet() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), true);
    let run = store.directory().to_owned();
    let error = Lock::of_run(&run).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("is being written by another process"), "{error}");
    drop(store);
    let lock = Lock::of_run(&run).unwrap();
    Lock::of_run(&run).unwrap_err();
    drop(lock);
    Lock::of_run(&run).unwrap();
}

#[cfg(unix)]
#[test]
fn what_stands_where_a_link_should_be_is_named() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("latest")).unwrap();
    let store = Store::create(root.path(), "echo", now()).unwrap();
    assert_eq!(store.remarks(), [Remark::NotALink(root.path().join("latest"))]);
    let said = store.remarks()[0].to_string();
    assert!(said.contains("latest is not a link, so it is left alone"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_clock_that_was_set_back_is_named() {
    let root = tempfile::tempdir().unwrap();
    let hour = std::time::Duration::from_secs(3600);
    let create = |when| {
        let store = Store::create(root.path(), "echo", when).unwrap();
        store.writer(b"{}").unwrap();
        store.remarks().to_vec()
    };
    assert_eq!(create(now()), []);
    assert_eq!(create(now() - hour / 100), [], "runs side by side may begin so");
    assert!(matches!(&create(now() - hour)[..], [Remark::ClockWentBack { .. }]));
    assert_eq!(create(now() - hour), [], "said once");
}
