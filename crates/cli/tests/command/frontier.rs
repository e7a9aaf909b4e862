//! `glomers frontier`: what it prints and writes, that it is always the same, and
//! what it says to mistakes.

use crate::support::Place;
use serde_json::Value;

/// Two algorithms, two wanted latencies, two seeds, five nodes.
const SMALL: &[&str] = &[
    "frontier",
    "--node-count",
    "5",
    "--latency",
    "100",
    "--rate",
    "20",
    "--time-limit",
    "5",
    "--seeds",
    "2",
    "--latencies",
    "100,200",
    "--algorithms",
    "direct,flood",
];

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).expect(name)
}

#[test]
fn a_small_frontier_is_a_table_and_json() {
    let place = Place::new();
    let said =
        place.run(SMALL).shows(0, &["direct", "flood", "Nothing was lost in any of 12 runs."]);
    crate::support::snapshot("frontier.txt", &said.out);
    crate::support::snapshot("frontier.json", &read(&place, "frontier/frontier.json"));
    let parquet = std::fs::read(place.path("frontier/frontier.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[test]
fn the_same_options_give_the_same_bytes() {
    let [one, two] = [Place::new(), Place::new()];
    let said = one.run(SMALL);
    // On one core, what is finished first is what was begun first.
    let mut command = two.command(SMALL);
    let output = command.env("RAYON_NUM_THREADS", "1").output().unwrap();
    assert_eq!(said.out, String::from_utf8_lossy(&output.stdout));
    for name in ["frontier.svg", "frontier.json", "frontier.parquet"] {
        let bytes = [&one, &two].map(|place| std::fs::read(place.path("frontier").join(name)));
        let [a, b] = bytes.map(Result::unwrap);
        assert!(a == b, "{name}");
    }
}

#[test]
fn the_figure_is_xml_with_all_labels() {
    let place = Place::new();
    let all = ["frontier", "--seeds", "1", "--time-limit", "2", "--latencies", "150,600"];
    let few = ["--algorithms", "direct,flood-retry --tree 3", "--out", "<here> & there"];
    place.run(&[&all[..], &few].concat()).shows(0, &["flood-retry --tree 3"]);
    let svg = read(&place, "<here> & there/frontier.svg");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|n| n.text())
        .collect();
    for label in [
        "direct",
        "flood-retry --tree 3",
        "true maximum latency, ms (ideal inbox)",
        "observed median stable latency, ms (Maelstrom’s inbox)",
        "messages per operation",
        "out of reach: lower bound for any algorithm",
        "lower bound for algorithms with one hub",
        "marks of challenges 3d and 3e: stay below and left",
        "1",
        "teivah, 3e: 1.92 at 764/1087",
        "a public Rust repository, 3e: 1.987 at 339/678",
        "Woosang Kang's blog, 3e: 2.986 at 895/1129",
        "3d",
        "3e",
        "100",
        "10",
    ] {
        assert!(texts.contains(&label), "no {label:?} in {texts:?}");
    }
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    assert!(ids.contains(&"legend") && ids.contains(&"observed-max-published-1"), "{ids:?}");
}

#[test]
fn a_row_is_measured_against_the_bounds() {
    let place = Place::new();
    let setting = ["frontier", "--seeds", "1", "--algorithms", "direct", "--latencies", "100"];
    place.run(&setting).shows(0, &[]);
    let json: Value = serde_json::from_str(&read(&place, "frontier/frontier.json")).unwrap();
    assert_eq!(json["version"], 1);
    let row = &json["rows"][0];
    assert_eq!(row["ideal"]["true_ms"]["max"], 100.0);
    // One hop and nothing held back: nobody can do with fewer messages, but for
    // acknowledgements.
    let over = row["over_universal"].as_f64().unwrap();
    assert!((0.98..1.1).contains(&over), "{over}");
    let universal = json["bounds"][0]["points"].as_array().unwrap();
    assert!(universal.iter().any(|point| point[0] == 100.0 && point[1] == 12.0));
    // Bounds are known for constant latency only.
    let spread = ["--latency-dist", "exponential", "--time-limit", "2"];
    place.run(&[&setting[..], &spread].concat()).shows(0, &["No lower bounds"]);
}

#[test]
fn what_is_lost_is_told_and_is_exit_status_1() {
    let place = Place::new();
    let said = place.run(&[SMALL, &["--loss", "0.3"]].concat()).shows(1, &["✗ flood: "]);
    assert!(said.out.contains("values lost; not valid: seed 1, 2"), "{}", said.out);
}

#[test]
fn mistakes_are_answered() {
    let place = Place::new();
    for (arguments, words) in [
        (&["--algorithms", "floood"][..], "did you mean \"flood\"?"),
        (&["--algorithms", "flood --what"], "takes no arguments"),
        (&["--algorithms", "echo"], "there is no algorithm \"echo\""),
        (&["--algorithms", "direct", "--latencies", "50"], "direct has no point"),
        (&["--latencies", "0"], "nothing arrives within 0 ms"),
        (&["--rate", "0"], "above 0"),
        (&["--seeds", "0"], "1.."),
        (&["--nodes", "5"], "say --node-count 5"),
        (&["--nodes", "n1,n2,n3"], "say --node-count 3"),
        (&["--bin", "./nothing-here"], "there is no file"),
        (&["--", "a"], "name it with --bin FILE"),
        (&["--time", "virtual"], "--time means nothing to embedded nodes"),
    ] {
        let said = place.run(&[&["frontier"], arguments].concat());
        assert_eq!(said.code, Some(254), "{said:?}");
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
    place.write("taken", "");
    let said = place.run(&[SMALL, &["--out", "taken/there"]].concat());
    assert_eq!(said.code, Some(255));
    assert!(said.err.contains("--out DIR writes elsewhere"), "{}", said.err);
}
