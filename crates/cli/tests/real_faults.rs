//! Faults of free processes, in real time.

mod support;

use support::Place;

/// A node that repeats what is not acknowledged survives what does not take its
/// memory. With kills it may forget, which is a verdict; whatever comes of it, all
/// that was done to processes is undone: none is left, stopped or not.
#[test]
fn a_cluster_of_processes_is_killed_paused_split_and_loses_messages() {
    let place = Place::new();
    let test = [
        "test",
        "--node",
        "flood-retry",
        "--time",
        "real",
        "--node-count",
        "3",
        "--rate",
        "20",
        "--time-limit",
        "6",
        "--recovery",
        "3",
        "--nemesis-interval",
        "1",
        "--seed",
        "1",
    ];
    let gentle =
        [&test[..], &["--nemesis", "pause,partition,loss,duplicate,reorder,slow"]].concat();
    let said =
        place.run(&gentle).shows(0, &["  pause ", "  partition ", "  loss ", "  duplicate "]);
    assert_eq!(place.left(), Vec::<String>::new(), "{said:?}");
    let all = [&test[..], &["--nemesis", "kill,pause,partition,loss"]].concat();
    let said = place.run(&all);
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
    let kinds = ["kill", "pause", "partition", "loss"];
    let results: serde_json::Value =
        serde_json::from_str(&place.read_latest("results.json")).unwrap();
    let faults = results["faults"].as_array().unwrap();
    for kind in kinds {
        assert!(faults.iter().any(|fault| fault["kind"] == kind), "{kind}: {said:?}");
    }
    let findings = results["findings"].as_array().unwrap();
    let names: Vec<&str> = findings.iter().map(|f| f["name"].as_str().unwrap()).collect();
    let forgotten = ["lost", "missing-at-end", "never-read", "stale"];
    assert!(names.iter().all(|name| forgotten.contains(name)), "{names:?}");
    assert_eq!(place.left(), Vec::<String>::new(), "{said:?}");
}

#[test]
fn what_cannot_be_done_to_processes_is_refused() {
    for (words, told) in [
        (&["--nemesis", "partition,clock"][..], "--nemesis clock cannot be done to executables"),
        (&["--nemesis", "disk"], "nothing can be wrong with the disks of processes"),
        (&["--nemesis", "kill", "--nemesis-target", "leader"], "executables cannot say"),
    ] {
        let test = [&["test", "--time", "real"][..], words].concat();
        Place::new().run(&test).shows(254, &[told]);
    }
}
