//! `glomers shrink`, and what a hunt makes of what it finds.

use crate::support::Place;

/// How many operations a scenario has.
fn operations(text: &str) -> usize {
    let is_operation = |line: &&str| line.starts_with("client ") || line.starts_with("final ");
    text.lines().filter(is_operation).count()
}

fn only_scenario(place: &Place, folder: &str, finding: &str) -> (String, String) {
    let path = format!("{folder}/{finding}-1.scenario");
    let text = std::fs::read_to_string(place.path(&path)).expect("a scenario is left");
    (path, text)
}

/// A hunt that finds a cut.
const HUNT: [&str; 15] = [
    "hunt",
    "-w",
    "broadcast",
    "--node",
    "flood",
    "--family",
    "link",
    "--time-limit",
    "3",
    "--seeds",
    "1..21",
    "--nemesis",
    "partition",
    "--loss",
    "0",
];

#[test]
fn what_a_hunt_finds_becomes_a_scenario() {
    let place = Place::new();
    let said = place.run(&HUNT);
    assert_eq!(said.code, Some(1), "{said:?}");
    let (path, text) = only_scenario(&place, "hunt", "missing-at-end");
    assert!(said.out.contains(&format!("glomers run {path}")), "{}", said.out);
    assert!(text.contains("# Expected finding: missing-at-end"), "{text}");
    assert!(operations(&text) <= 3, "{text}");
    assert!(text.contains("\nmissing-at-end: "), "{text}");
    // Another process gives the same.
    let ran = place.run(&["run", &path]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // A hunt that goes on after it was killed here writes nothing twice.
    let again = [&HUNT[..], &["--resume"]].concat();
    assert_eq!(place.run(&again).code, Some(1));
    assert!(!place.path("hunt/missing-at-end-2.scenario").exists());
    // So does the store that was named; its Plan lists operations.
    let said = said.out.lines().find_map(|line| line.trim().strip_prefix("glomers trace "));
    let store = said.expect("a store is left").to_owned();
    let traced = place.run(&["trace", &store]);
    assert_eq!(traced.code, Some(0), "{traced:?}");
    let again = place.run(&["replay", &store]);
    assert!(again.out.contains("The same run, byte for byte"), "{again:?}");
    // It is no evidence against a right node: all faults end, and the cluster has its time.
    assert!(text.contains("\nheal\n"), "{text}");
    let twin = text.replace("flood", "flood-retry");
    std::fs::write(place.path("twin.scenario"), twin).unwrap();
    let ran = place.run(&["run", "twin.scenario"]);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("+strict: valid, Jepsen: valid"), "{said}");
}

#[test]
fn a_stored_run_is_shrunk_and_so_is_a_scenario() {
    let place = Place::new();
    let test = [
        "test",
        "-w",
        "lin-kv",
        "--node",
        "broken/registers-alone",
        "--time-limit",
        "5",
        "--rate",
        "50",
        "--seed",
        "3",
    ];
    assert_eq!(place.run(&test).code, Some(1));
    let said = place.run(&["shrink", "store/latest", "--out", "small"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (path, text) = only_scenario(&place, "small", "not-linearizable");
    assert!(text.starts_with("# Two nodes, "), "{text}");
    assert!(operations(&text) <= 4, "{text}");
    assert!(said.out.contains("No single operation, fault, node or message can be left out."));
    assert_eq!(place.run(&["run", &path]).code, Some(0));
    // The store that is left can be looked at and repeated, as it says.
    let store = said.out.lines().find_map(|line| line.trim().strip_prefix("glomers trace "));
    let store = store.expect("the store is named");
    for command in ["trace", "replay", "report"] {
        let said = place.run(&[command, store]);
        assert_eq!(said.code, Some(0), "{command}: {said:?}");
    }
    let again = place.run(&["shrink", &path, "--out", "small", "--finding", "not-linearizable"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    // It is as small as possible already: the same text is not written twice.
    assert_eq!(std::fs::read_to_string(place.path(&path)).unwrap(), text);
    assert!(!place.path("small/not-linearizable-2.scenario").exists());
    let other = place.run(&["shrink", &path, "--finding", "lost"]);
    assert!(other.err.contains("does not find \"lost\", but not-linearizable"), "{other:?}");
}

#[test]
fn what_cannot_be_shrunk_says_why() {
    let place = Place::new();
    let good = ["test", "-w", "echo", "--time-limit", "1", "--seed", "1"];
    assert_eq!(place.run(&good).code, Some(0));
    let said = place.run(&["shrink"]);
    assert_eq!(said.code, Some(254), "{said:?}");
    assert!(said.err.contains("finds nothing"), "{}", said.err);
    let free = ["test", "-w", "echo", "--time", "real", "--time-limit", "0.3", "--seed", "1"];
    assert_eq!(place.run(&free).code, Some(0));
    let said = place.run(&["shrink"]);
    assert_eq!(said.code, Some(254), "{said:?}");
    assert!(said.err.contains("free processes"), "{}", said.err);
    let said = place.run(&["shrink", "nowhere"]);
    assert!(said.err.contains("name the directory of a run"), "{said:?}");
}

/// How a run is judged belongs to it: without that the scenario would find nothing.
#[test]
fn a_scenario_is_judged_as_its_run_was() {
    let place = Place::new();
    let busy = ["--node", "broken/echo-busy", "--node-count", "1", "--concurrency", "4n"];
    let load = ["--rate", "200", "--time-limit", "7", "--seed", "1"];
    let judge = ["--availability", "answered"];
    let test = [&["test", "-w", "echo"][..], &busy, &load, &judge].concat();
    place.run(&test).shows(1, &["unavailable: "]);
    let said = place.run(&["shrink"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (path, text) = only_scenario(&place, "hunt", "unavailable");
    assert!(text.contains("\navailability answered\n"), "{text}");
    assert!(text.contains("\nunavailable: 1 of 2 operations"), "{text}");
    place.run(&["run", &path]).shows(0, &[]);
    // What a scenario does not ask for is not found in it.
    std::fs::write(place.path("mild.scenario"), text.replace("availability answered\n", ""))
        .unwrap();
    place.run(&["run", "mild.scenario"]).shows(1, &["+strict: valid"]);
    place.run(&["shrink", "mild.scenario"]).shows(254, &["finds nothing"]);
}

/// The lines of a scenario that begin so.
fn lines<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let is_one = |line: &&str| words.iter().any(|word| line.starts_with(word));
    text.lines().filter(is_one).collect()
}

/// Chance loses many messages; what is left is a list of those that matter, each of which does.
#[test]
fn losses_become_single_messages() {
    for (number, loss) in [
        &["--loss", "0.1"][..],
        &["--loss-model", "gemodel:0.1,0.3"],
        &["--nemesis", "loss", "--nemesis-interval", "1"],
    ]
    .into_iter()
    .enumerate()
    {
        let place = Place::new();
        let load = ["test", "-w", "broadcast", "--node", "flood", "--time-limit", "10"];
        let test = [&load[..], &["--seed", "3"], loss].concat();
        place.run(&test).shows(1, &["lost: "]);
        let said = place.run(&["shrink", "--finding", "lost"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(
            said.out.starts_with("Two nodes, two operations, one lost message: "),
            "{}",
            said.out
        );
        assert!(said.out.contains("No single operation, fault, node or message can be left out."));
        let (path, text) = only_scenario(&place, "hunt", "lost");
        let chance = lines(&text, &["loss", "lose", "link"]);
        assert!(chance.is_empty(), "{number}: {chance:?}");
        let drops = lines(&text, &["drop "]);
        assert_eq!(drops.len(), 1, "{text}");
        place.run(&["run", &path]).shows(0, &[]);
        // Nothing of it can go.
        for line in lines(&text, &["drop ", "client ", "final "]) {
            std::fs::write(place.path("less.scenario"), text.replace(&format!("{line}\n"), ""))
                .unwrap();
            let less = place.run(&["run", "less.scenario"]);
            assert!(less.out.contains("-lost: "), "without {line:?}: {}", less.out);
        }
    }
}

/// The budget also ends a run or a search of a checker that is under way.
#[test]
fn a_run_that_takes_longer_than_the_budget_is_not_waited_for() {
    let place = Place::new();
    let load = ["-w", "broadcast", "--node", "flood", "--loss", "0.3", "--time-limit", "5"];
    let ran = place.run(&[&["test", "--seed", "3"], &load[..]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let shrunk = place.run(&["shrink", "--budget", "0s"]);
    shrunk.shows(254, &["the time was over before the run itself was judged", "a longer --budget"]);
}
