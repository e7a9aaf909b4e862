//! `glomers gallery`, and broken nodes elsewhere.

use crate::support::Place;
use serde_json::Value;

#[test]
fn a_broken_node_is_found_out_and_told_in_full() {
    let place = Place::new();
    let only = ["gallery", "--only", "echo-short-buffer", "--seeds", "3", "--json", "table.json"];
    place.run(&only).shows(
        0,
        &[
            "  echo-short-buffer                   3       3      0",
            "echo                   3  wrong-echo: ",
            "broken/echo-short-buffer  (echo)\n  wrong    What is longer than 14 bytes is cut off.",
            "  minimal  1 node; 1 echo of 15 bytes",
            "with seed 0:\nwrong-echo: ",
            "1 broken node is found out in 99 % of 3 seeds or more, and the right twins accepted in all.",
        ],
    );
    let text = std::fs::read_to_string(place.path("table.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let row = &document["broken"][0];
    assert_eq!(row["name"], "echo-short-buffer");
    assert_eq!((&row["caught"], &row["twin_accepted"]), (&3.into(), &3.into()));
}

#[test]
fn in_a_narrow_terminal_rows_are_lists() {
    let place = Place::new();
    for (arguments, words) in [
        (&["gallery", "--only", "ids-from-clock", "--seeds", "1"][..], "  caught        1\n"),
        (&["gallery", "--twins-only", "--only", "echo", "--seeds", "1"], "  accepted  1\n"),
    ] {
        let output = place.command(arguments).env("COLUMNS", "80").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(words), "{text}");
        assert!(!text.contains('│') && !text.contains('┌'), "no table: {text}");
    }
}

#[test]
fn the_list_says_what_is_wrong_and_runs_nothing() {
    let place = Place::new();
    place.run(&["gallery", "--list", "--only", "unique-ids"]).shows(
        0,
        &["broken/ids-from-clock  (unique-ids)", "  finding  duplicate-id", "  under    3 nodes, "],
    );
    place
        .run(&["gallery", "--list", "--only", "ids-from-clock,kafka"])
        .shows(0, &["broken/ids-from-clock  (unique-ids)", "broken/kafka-reuses-offset  (kafka)"]);
}

#[test]
fn reference_nodes_are_run_under_what_they_claim_to_survive() {
    let place = Place::new();
    place.run(&["gallery", "--twins-only", "--only", "unique-ids", "--seeds", "2"]).shows(
        0,
        &[
            "  unique-ids      unique-ids      2         2",
            "kill",
            "All are accepted in all seeds.",
        ],
    );
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let place = Place::new();
    place
        .run(&["gallery", "--only", "ids-form-clock"])
        .shows(254, &["there is no broken node or workload", "did you mean \"ids-from-clock\"?"]);
    place
        .run(&["gallery", "--only", "kafka,ids-form-clock"])
        .shows(254, &["there is no broken node or workload \"ids-form-clock\""]);
    place
        .run(&["gallery", "--twins-only", "--only", "flod"])
        .shows(254, &["there is no reference node or workload", "did you mean \"flood\"?"]);
    place.run(&["gallery", "--seeds", "0"]).shows(254, &["--seeds"]);
    place
        .run(&["test", "-w", "unique-ids", "--node", "broken/ids-form-clock"])
        .shows(254, &["there is no broken node", "did you mean \"broken/ids-from-clock\"?"]);
}

#[test]
fn broken_nodes_run_under_every_host() {
    let place = Place::new();
    let run = |more: &[&str]| {
        let test = ["test", "-w", "echo", "--node", "broken/echo-short-buffer"];
        let rest = ["--nodes", "n1", "--rate", "100", "--time-limit", "1", "--seed", "1"];
        let arguments: Vec<&str> = [&test[..], &rest, more].concat();
        place.run(&arguments).shows(1, &["wrong-echo: "]);
    };
    run(&[]);
    run(&["--wire", "json"]);
    run(&["--time", "real"]);
}

/// Hunted within what they claim to survive.
#[test]
fn nothing_is_found_in_reference_nodes() {
    let place = Place::new();
    let hunt = ["gallery", "--hunt", "--twins-only", "--cap", "60", "--only"];
    let said = place.run(&[&hunt[..], &["direct,counter-seq-kv", "--json", "t.json"]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Nothing was found."), "{}", said.out);
    let text = std::fs::read_to_string(place.path("t.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let workloads: Vec<&str> = json["hunts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["workload"].as_str())
        .collect();
    assert_eq!(workloads, ["broadcast", "g-counter", "pn-counter"]);
    let both = place.run(&[&hunt[..], &["direct", "--repetitions", "3"]].concat());
    assert_eq!(both.code, Some(254), "{both:?}");
}

/// Hunted without being told its fault: the same table each time.
#[test]
fn broken_nodes_are_hunted_by_several_strategies() {
    let place = Place::new();
    let hunt = |file: &str| {
        let said = place.run(&[
            "gallery",
            "--hunt",
            "--only",
            "echo-short-buffer,ids-after-restart",
            "--repetitions",
            "3",
            "--cap",
            "40",
            "--json",
            file,
        ]);
        assert_eq!(said.code, Some(0), "{said:?}");
        for word in ["one kind", "all kinds", "swarm", "full", "3/3", "mean of means"] {
            assert!(said.out.contains(word), "{word}: {}", said.out);
        }
        let text = std::fs::read_to_string(place.path(file)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let rows = json["hunts"].as_array().unwrap().clone();
        let seeds = |row: &serde_json::Value| {
            (row["found"].clone(), row["median_seeds"].clone(), row["low"].clone())
        };
        rows.iter().map(seeds).collect::<Vec<_>>()
    };
    let rows = hunt("one.json");
    assert_eq!(rows.len(), 8, "four strategies for each node");
    assert_eq!(rows, hunt("two.json"));
    place.run(&["gallery", "--cap", "3"]).shows(254, &["--hunt"]);
}

#[test]
fn what_broken_nodes_are_found_by_is_shrunk_as_a_table() {
    let place = Place::new();
    let shrink = ["gallery", "--shrink", "--only", "broadcast-no-retry,ids-local-counter"];
    let said = place.run(&[&shrink[..], &["--json", "sizes.json"]].concat());
    let said = said.shows(0, &["2 of 2 nodes end with at most 10 operations and 2 faults."]);
    assert!(said.out.contains("5 → 2"), "{}", said.out);
    let text = std::fs::read_to_string(place.path("sizes.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for node in json["shrunk"].as_array().unwrap() {
        assert_eq!((&node["minimal"], &node["scenario"]), (&true.into(), &true.into()), "{node}");
        assert!(node["operations"]["after"].as_u64() < node["operations"]["before"].as_u64());
    }
    place.run(&["gallery", "--budget", "3s"]).shows(254, &["--shrink"]);
    place.run(&["gallery", "--shrink", "--hunt"]).shows(254, &["--hunt"]);
}
