//! `glomers compare`: two nodes, two stores, and what it says to mistakes.

use crate::support::Place;

const SMALL: &[&str] =
    &["--node-count", "5", "--rate", "20", "--time-limit", "5", "--seeds", "3", "--seed", "7"];

fn compare(place: &Place, a: &str, b: &str, more: &[&str]) -> crate::support::Said {
    place.run(&[&["compare", a, b], more].concat())
}

#[test]
fn equal_sides_have_the_ratio_1() {
    let place = Place::new();
    let said = compare(&place, "flood", "flood", SMALL)
        .shows(0, &["A and B are the same in all of this.", "1.000 … 1.000"]);
    let rows: Vec<&str> = said.out.lines().filter(|line| line.contains("inbox) ")).collect();
    assert_eq!(rows.len(), 20, "{}", said.out);
    for row in rows {
        assert!(row.contains(" 1.000   1.000 … 1.000   the same"), "{row}");
    }
}

#[test]
fn says_which_side_is_better_where() {
    let place = Place::new();
    let said = compare(&place, "flood-retry", "flood", SMALL).shows(
        0,
        &["A: flood-retry\nB: flood\n5 nodes, 100 ms, 20 operations/s for 5 s, 3 seeds\n"],
    );
    // Without answers half the messages, and nothing else changes.
    let better = "B is better than A in:\n  messages per operation (ideal inbox): 50 % less\n";
    assert!(said.out.contains(better), "{}", said.out);
    assert!(!said.out.contains("A is better"), "{}", said.out);
    assert!(said.out.contains("The same: true median, ms (ideal inbox)"), "{}", said.out);
    // A single seed has no interval.
    let one = ["--node-count", "5", "--rate", "20", "--time-limit", "5", "--seeds", "1"];
    compare(&place, "flood-retry", "flood", &one).shows(0, &["what is noise cannot be said"]);
}

#[test]
fn two_stores_are_compared_seed_by_seed() {
    let place = Place::new();
    let run = |store: &str, node: &str, more: &[&str]| {
        let setting = ["test", "-w", "broadcast", "--latency", "10", "--time-limit", "3"];
        let rest = ["--rate", "20", "--store", store, "--node", node];
        place.run(&[&setting[..], &rest, more].concat()).shows(0, &[]);
    };
    run("a", "flood-retry", &["--seed", "1", "--test-count", "3"]);
    run("b", "flood", &["--seed", "2", "--test-count", "3"]);
    let said = compare(&place, "a", "b", &[])
        .shows(0, &["2 seeds that both sides have; 1 others left out", "per operation: 50 % less"]);
    assert!(said.out.contains("Student's t"), "{}", said.out);
    // A run with itself.
    let said = compare(&place, "a/latest", "./a/latest", &[])
        .shows(0, &["One run on each side", "A and B are the same in all of this."]);
    assert!(said.out.contains(" 1.000 "), "{}", said.out);
    // What stores say and what nodes say is the same.
    run("c", "flood", &["--seed", "1", "--service-time", "0"]);
    let stored = compare(&place, "c/latest", "c/latest", &[]);
    let options = ["--node-count", "5", "--latency", "10", "--rate", "20", "--time-limit", "3"];
    let nodes = compare(&place, "flood", "flood", &[&options[..], &["--seeds", "1"]].concat());
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.contains(name)).expect(name).to_owned();
        let rest = line.split_once(name).unwrap().1.replace("(ideal inbox)", "");
        rest.split_whitespace().next().unwrap().to_owned()
    };
    for name in
        ["messages per operation", "bytes per operation", "true max, ms", "client latency, ms"]
    {
        assert_eq!(value(&stored.out, name), value(&nodes.out, name), "{name}");
    }
}

#[test]
fn what_is_not_valid_is_told_and_is_exit_status_1() {
    let place = Place::new();
    let loss = [SMALL, &["--loss", "0.3"]].concat();
    compare(&place, "flood-retry", "flood", &loss).shows(1, &["not valid on side B"]);
}

/// A node of the repository's examples.
const ECHO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/echo.sh");

#[test]
fn an_executable_is_measured_in_real_time_and_how_long_it_takes_is_said() {
    let place = Place::new();
    let load = ["--node-count", "2", "--rate", "20", "--time-limit", "0.2", "--seeds", "1"];
    let bin = [&["compare", "echo"][..], &load, &["--bin", ECHO, "--an-argument"]].concat();
    let said = place.run(&bin).shows(0, &["A: echo\nB: echo.sh --an-argument\nworkload echo, 2"]);
    let note = "note: this takes about 2 s: 2 runs in real time, one after another, of about 1 s";
    assert!(said.err.contains(note), "{}", said.err);
    assert!(said.out.contains("in real time: no two runs of one are the same"), "{}", said.out);
    assert!(said.out.contains("client latency, ms (ideal inbox)"), "{}", said.out);
    // Two executables, and a workload that neither names.
    let other = format!("{ECHO} a");
    let two = [&["compare", ECHO, &other][..], &load, &["-w", "echo"]].concat();
    place.run(&two).shows(0, &["A: ", "echo.sh a\nworkload echo, 2 nodes"]);
    // One that dies is not valid.
    let bad = place.write("bad", "#!/bin/sh\nexit 3\n");
    let bad = bad.to_str().unwrap();
    let said = place.run(&[&["compare", "echo"][..], &load, &["--bin", bad]].concat());
    said.shows(1, &["✗ 2 runs were not valid on side B"]);
}

#[test]
fn mistakes_are_answered() {
    let place = Place::new();
    let run = |store: &str, workload: &str, more: &[&str]| {
        let setting = ["test", "-w", workload, "--time-limit", "1", "--store", store];
        place.run(&[&setting[..], more].concat()).shows(0, &[]);
    };
    run("echo", "echo", &["--seed", "1"]);
    run("flood", "broadcast", &["--seed", "1", "--node", "flood"]);
    run("mixed", "echo", &["--seed", "1"]);
    run("mixed", "broadcast", &["--seed", "2"]);
    run("others", "broadcast", &["--seed", "5", "--test-count", "2"]);
    place.write("file", "");
    place.write("node.py", "#!/bin/sh\n");
    std::fs::create_dir(place.path("nothing")).unwrap();
    for (a, b, more, words) in [
        ("floood", "flood", &[][..], "did you mean \"flood\"?"),
        ("floood", "flood", &[], "a store is named by its directory"),
        ("flood --what 1", "flood", &[], "takes no arguments"),
        ("flood", "./mixed", &[], "a node and a store cannot be compared"),
        ("flood", "echo", &[], "different workloads cannot be compared: A is broadcast, B is echo"),
        ("./echo", "./flood", &[], "different workloads cannot be compared"),
        ("./mixed", "./flood", &[], "holds runs of several workloads: broadcast; echo"),
        ("./nothing", "./flood", &[], "nothing holds no run"),
        ("./gone", "./flood", &[], "is not there"),
        ("file", "./flood", &[], "not executable"),
        ("flood", "flood", &["--nodes", "3"], "say --node-count 3"),
        ("flood", "flood", &["--time", "virtual"], "--time means nothing to embedded nodes"),
        ("flood", "flood", &["-w", "echo"], "made for the workload broadcast, not echo"),
        ("flood", "flood", &["--bin", "./node.py"], "there are three sides"),
        ("flood", "./node.py", &["--seeds", "1000"], "17 h: 2000 runs"),
        ("./others", "./flood", &[], "no seed in common"),
        ("./flood", "./flood", &["--seeds", "3"], "stores are compared as they are"),
    ] {
        let said = compare(&place, a, b, more);
        assert_eq!(said.code, Some(254), "{a} {b}: {said:?}");
        assert!(said.err.contains(words), "{a} {b}: {}", said.err);
    }
}
