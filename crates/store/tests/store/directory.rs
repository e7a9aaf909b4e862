//! Where runs are stored, and what is said when they cannot be.

use std::fs;
use std::path::Path;

use crate::common::{finished, now};
use glomers_store::{Difference, Place, Store, StoreError, compare};

#[test]
fn a_run_has_a_directory_named_after_its_moment() {
    let root = tempfile::tempdir().unwrap();
    let runs = root.path().join("deep/store/echo");
    let create = || Store::create(&root.path().join("deep/store"), "echo", now()).unwrap();
    assert_eq!(create().directory(), runs.join("20261122T203015.123Z"));
    assert_eq!(create().directory(), runs.join("20261122T203015.123Z-2"));
    assert_eq!(create().directory(), runs.join("20261122T203015.123Z-3"));
}

#[cfg(unix)]
#[test]
fn links_point_to_the_newest_run() {
    let root = tempfile::tempdir().unwrap();
    let link = |name: &str| fs::read_link(root.path().join(name)).ok();
    let first = Store::create(root.path(), "echo", now()).unwrap();
    // A run that has not begun is none: after a kill there would be nothing to read.
    assert_eq!(link("current"), None);
    first.writer(b"{}").unwrap();
    assert_eq!(link("current").unwrap(), Path::new("echo/20261122T203015.123Z"));
    let second = Store::create(root.path(), "kafka", now()).unwrap();
    second.writer(b"{}").unwrap();
    assert_eq!(link("latest").unwrap(), Path::new("kafka/20261122T203015.123Z"));
    assert_eq!(link("echo/latest").unwrap(), Path::new("20261122T203015.123Z"));
    // What `current` points to is not the first run, so that does not take it.
    drop(first);
    assert_eq!(link("current"), link("latest"));
    drop(second);
    assert_eq!(link("current"), None);
    assert!(root.path().join("latest/run.log").is_file());
    let mut left: Vec<_> =
        fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["echo", "kafka", "latest"]);
}

#[cfg(unix)]
#[test]
fn a_file_where_a_link_should_be_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("latest"), "mine").unwrap();
    Store::create(root.path(), "echo", now()).unwrap().writer(b"{}").unwrap();
    assert_eq!(fs::read(root.path().join("latest")).unwrap(), b"mine");
}

#[test]
fn says_why_a_run_cannot_be_stored() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = Store::create(&path, "echo", now()).unwrap_err();
        assert!(matches!(error, StoreError::NotADirectory { .. }), "{error}");
        assert!(error.to_string().contains("name another directory"));
    }
    for name in ["", "..", "a/b", ".hidden"] {
        let error = Store::create(root.path(), name, now()).unwrap_err();
        assert!(matches!(error, StoreError::BadName { .. }), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_place_is_named_as_such() {
    // Not even root can write there.
    let error = Store::create(Path::new("/proc/glomers"), "echo", now()).unwrap_err();
    assert!(error.to_string().contains("/proc/glomers"), "{error}");
}

#[test]
fn two_runs_with_the_same_content_compare_equal() {
    let root = tempfile::tempdir().unwrap();
    let (a, _) = finished(root.path(), false);
    let (mut b, _) = finished(root.path(), false);
    b.log("another line").unwrap();
    assert_eq!(compare(a.directory(), b.directory()).unwrap(), None);

    let edn = b.directory().join("history.edn");
    let text = fs::read_to_string(&edn).unwrap();
    fs::write(&edn, text.replace(":read", ":raed")).unwrap();
    let found = compare(a.directory(), b.directory()).unwrap().unwrap();
    assert_eq!(found.file, Path::new("history.edn"));
    assert_eq!(found.place, Place::Line(4));
    assert!(found.left.contains(":f :read") && found.right.contains(":f :raed"));
    assert!(found.to_string().starts_with("history.edn differs in line 4:\n  a: {"));
    fs::write(&edn, &text[..text.len() - 1]).unwrap();
    let found = compare(a.directory(), b.directory()).unwrap().unwrap();
    assert!(found.left.ends_with(":final? true}"), "{}", found.left);
    assert_eq!(found.right, "(the file ends)");
    fs::write(&edn, text).unwrap();

    let parquet = b.directory().join("messages.parquet");
    let mut bytes = fs::read(&parquet).unwrap();
    bytes[20] ^= 1;
    fs::write(&parquet, bytes).unwrap();
    let found = compare(a.directory(), b.directory()).unwrap().unwrap();
    assert_eq!(found.place, Place::Byte(20));

    fs::remove_file(a.directory().join("history.edn")).unwrap();
    assert_eq!(
        compare(a.directory(), b.directory()).unwrap().unwrap(),
        Difference {
            file: "history.edn".into(),
            place: Place::File,
            left: "not there".into(),
            right: "a file".into(),
        }
    );
}
