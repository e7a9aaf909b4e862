//! What is printed and written, for people and for tools.

use crate::support::{BAD, Place};
use serde_json::Value;

/// Where a path such as `stats/by-f/echo/count` leads to.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('/').fold(value, |value, key| &value[key])
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
        Value::String(_) | Value::Null => "other",
    }
}

/// The paths of all that is no map, and of the maps whose keys are data.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) if !path.ends_with("latencies") && !path.ends_with("duplicated") => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
                paths(value, &path, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn results_have_the_keys_that_maelstroms_have() {
    // What we say besides. Whoever knows Maelstrom's keys finds them all.
    const OURS: [&str; 12] = [
        "schema_version",
        "findings",
        "jepsen-compat/valid?",
        "strict/valid?",
        "exposure/contended-keys",
        "exposure/keys-with-rival-writers",
        "exposure/overlap",
        "exposure/reads",
        "exposure/reads-that-could-be-stale",
        "faults",
        "warnings",
        "ended",
    ];
    for (workload, shape) in [
        ("echo", include_str!("../shapes/echo.txt")),
        ("unique-ids", include_str!("../shapes/unique-ids.txt")),
        ("broadcast", include_str!("../shapes/broadcast.txt")),
    ] {
        let place = Place::new();
        let test = ["test", "-w", workload, "--time-limit", "10", "--seed", "1"];
        place.run(&test).shows(0, &[]);
        let json: Value = serde_json::from_str(&place.read_latest("results.json")).unwrap();
        let edn = place.read_latest("results.edn");
        let mut left = Vec::new();
        paths(&json, "", &mut left);
        for line in shape.lines().filter(|line| !line.starts_with('#')) {
            let (path, expected) = line.split_once(' ').unwrap();
            assert_eq!(kind(at(&json, path)), expected, "{workload} {path}");
            let key = path.rsplit('/').next().unwrap();
            assert!(edn.contains(&format!(":{key} ")), "{workload} {path}\n{edn}");
            left.retain(|found| found != path);
        }
        left.retain(|path| !OURS.contains(&&**path));
        left.retain(|path| !path.starts_with("workload/true-") && !path.starts_with("workload/"));
        assert_eq!(left, [] as [&str; 0], "{workload}");
        assert!(edn.starts_with("{:perf {:latency-graph {:valid? true},\n"), "{edn}");
        assert!(edn.ends_with(",\n :valid? true}\n"), "{edn}");
    }
}

#[test]
fn a_history_is_as_jepsens() {
    let place = Place::new();
    let faults = ["--nemesis", "partition", "--nemesis-interval", "3"];
    let test = ["test", "--time-limit", "20", "--seed", "1"];
    place.run(&[&test[..], &faults].concat()).shows(0, &[]);
    let edn = place.read_latest("history.edn");
    let text = place.read_latest("history.txt");
    assert_eq!(edn.lines().count(), text.lines().count());
    for (index, line) in edn.lines().enumerate() {
        assert!(line.starts_with(&format!("{{:index {index}, :time ")), "{line}");
        assert!(line.ends_with('}') && line.contains(", :type :"), "{line}");
    }
    let has = |start: &str, end: &str| {
        edn.lines().any(|line| line.contains(start) && line.ends_with(end))
    };
    assert!(has(":type :invoke, :process 0, :f :broadcast, :value 0}", ""));
    assert!(has(":type :ok, :process 0, :f :broadcast, :value 0}", ""));
    assert!(has(":type :invoke, :process 1, :f :read, :value nil", "}"));
    let nemesis = ":type :info, :process :nemesis, :f ";
    assert!(has(&format!("{nemesis}:start-partition, :value [:isolated {{\"n"), "\"}}]}"));
    assert!(has(&format!("{nemesis}:stop-partition, :value nil"), "}"));
    assert!(has(&format!("{nemesis}:stop-partition, :value :network-healed"), "}"));
    let kinds = [":one", ":majority", ":majorities-ring", ":minority-third"];
    assert!(
        kinds.iter().any(|kind| has(&format!("{nemesis}:start-partition, :value {kind}"), "}"))
    );
    assert!(text.contains("0\t:invoke\t:broadcast\t0\n"), "{text}");
    assert!(text.contains(":nemesis\t:info\t:stop-partition\t:network-healed\n"), "{text}");
}

#[test]
fn a_store_has_the_files_that_the_design_names_and_no_others() {
    let place = Place::new();
    place.run(&["test", "--time-limit", "2", "--seed", "1"]).shows(0, &[]);
    let mut names: Vec<String> = std::fs::read_dir(place.latest())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let expected = [
        "history.edn",
        "history.jsonl",
        "history.txt",
        "journal.bin",
        "marks.parquet",
        "messages.parquet",
        "replay.json",
        "results.edn",
        "results.json",
        "run.json",
        "run.log",
    ];
    assert_eq!(names, expected);
    assert!(place.path("store/broadcast/latest").is_symlink());
    assert!(!place.path("store/current").is_symlink(), "the run is over");
}

#[test]
fn a_store_may_have_the_streams_only_and_recover_makes_the_rest() {
    let place = Place::new();
    let journal = ["test", "--time-limit", "2", "--seed", "1", "--store-format", "journal"];
    place.run(&journal).shows(0, &[]);
    for name in ["history.edn", "history.txt", "messages.parquet", "marks.parquet"] {
        assert!(!place.latest().join(name).exists(), "{name}");
    }
    place.run(&["replay"]).shows(0, &[]);
    place.run(&["recover", "store/latest"]).shows(0, &[]);
    for name in ["history.edn", "history.txt", "messages.parquet", "marks.parquet"] {
        assert!(place.latest().join(name).exists(), "{name}");
    }
    let none = [&journal[..], &["--store", "none"]].concat();
    place.run(&none).shows(0, &["--store-format has no effect: nothing is stored"]);
}

#[test]
fn folders_of_data_stay_if_a_node_keeps_something() {
    let place = Place::new();
    place.write(
        "keeps.sh",
        "#!/bin/sh\ncase $GLOMERS_DATA_DIR in */n0) echo x >\"$GLOMERS_DATA_DIR/kept\" ;; esac\nexec \"$@\"\n",
    );
    let test = ["test", "-w", "echo", "--bin", "./keeps.sh", "--time-limit", "0.2"];
    place.run(&[&test[..], &["--", BAD, "good"]].concat()).shows(0, &[]);
    assert!(place.latest().join("node-data/n0/kept").exists());
    assert!(!place.latest().join("node-data/n1").exists());
}

#[test]
fn logs_are_shown_if_asked_for() {
    let place = Place::new();
    let quiet = place.bad("exit-mid-run", &[]);
    assert_eq!(quiet.err, "");
    let said = place.bad("exit-mid-run", &["--log-stderr", "--log-net-send", "--log-net-recv"]);
    for line in [
        "n0: last words\n",
        " sent #0 c0 → n0 {\"type\":\"init\"",
        " delivered #0\n",
        " sent #1 n0 → c0 {\"type\":\"init_ok\"",
    ] {
        assert!(said.err.contains(line), "{}", said.err);
    }
    assert_eq!(place.read_latest("node-logs/n0.log").lines().count(), 2);
}

#[test]
fn every_run_says_how_to_repeat_it() {
    let place = Place::new();
    let said = place.run(&["test", "-w", "echo", "--time-limit", "1", "--nodes", "a b,d"]);
    let seed = said.out.split("seed ").nth(1).unwrap().split_whitespace().next().unwrap();
    let command = format!("glomers test -w echo --time-limit 1 --nodes 'a b,d' --seed {seed}");
    assert!(said.out.contains(&format!("  repeat       {command}\n")), "{}", said.out);
    assert!(place.read_latest("run.log").contains(&format!("command: {command}\n")));
    let replay: Value = serde_json::from_str(&place.read_latest("replay.json")).unwrap();
    assert_eq!(replay["seed"].to_string(), seed);
}

#[test]
fn help_teaches() {
    let place = Place::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help-test", &["test", "--help"]),
        ("help-challenge", &["challenge", "--help"]),
        ("help-run", &["run", "--help"]),
        ("help-recover", &["recover", "--help"]),
    ] {
        let said = place.run(arguments).shows(0, &["Usage: glomers"]);
        assert_eq!(said.err, "");
        // Which nodes there are is the registry's business.
        let (text, nodes) = said.out.split_once("\nEmbedded nodes, ").unwrap_or((&said.out, ""));
        assert_eq!(nodes.contains("flood-retry     broadcast"), name == "help-test", "{nodes}");
        crate::support::snapshot(&format!("{name}.txt"), text);
    }
    // Without anything the help comes as well.
    place.run(&[]).shows(0, &["Usage: glomers", "Examples:"]);
    place.run(&["--version"]).shows(0, &["glomers 0."]);
}

#[test]
fn completions_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        place.run(&["completions", shell]).shows(0, &["glomers", "node-count", "challenge"]);
    }
    place.run(&["completions", "bsh"]).shows(254, &["'bsh'", "bash"]);
}

const SCENARIO: &str = "\
nodes 2 flood
topology line
latency 100
client c1 broadcast 7 to n0
run 100ms
messages
----
0 ms  #9  n0 → n1  {\"type\":\"broadcast\",\"message\":7}  delivered at 100 ms
";

#[test]
fn a_scenario_matches_or_shows_the_difference_or_is_updated() {
    let place = Place::new();
    place.write("flood.scenario", SCENARIO);
    place.run(&["run", "flood.scenario"]).shows(0, &[SCENARIO]);
    let wrong = SCENARIO.replace("delivered at 100 ms", "delivered at 99 ms");
    place.write("flood.scenario", &wrong);
    place
        .run(&["run", "flood.scenario"])
        .shows(1, &["delivered at 99 ms", "delivered at 100 ms", "--update accepts it"]);
    place.run(&["run", "flood.scenario", "--update"]).shows(0, &["expected output written"]);
    assert_eq!(std::fs::read_to_string(place.path("flood.scenario")).unwrap(), SCENARIO);
    place.run(&["run", "flood.scenario"]).shows(0, &[]);
}

/// A terminal of 80 columns gets lists where a table does not fit.
#[test]
fn tables_fit_the_terminal() {
    let place = Place::new();
    let run = |arguments: &[&str], columns: &str| {
        let output = place.command(arguments).env("COLUMNS", columns).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        (text, widest)
    };
    let challenge = ["challenge", "1", "3a", "--store", "s"];
    let (narrow, width) = run(&challenge, "80");
    assert!(width <= 80, "{width}: {narrow}");
    assert!(narrow.contains("3a\n  challenge    broadcast, one node\n"), "{narrow}");
    let (wide, width) = run(&challenge, "200");
    assert!(width > 80 && wide.contains("│ 3a "), "{wide}");
    let sweep = ["--seeds", "1", "--latencies", "400", "--out", "f", "--algorithms", "hub-ft"];
    let (narrow, width) = run(&[&["frontier"], &sweep[..]].concat(), "80");
    assert!(width <= 80, "{width}: {narrow}");
    // Sentences are the terminal's to wrap.
    let (narrow, _) = run(&["compare", "flood", "flood-retry", "--seeds", "2"], "60");
    assert!(!narrow.contains('│') && narrow.contains("\n  B/A "), "{narrow}");
}

/// What a summary says so that nobody relies on more than there is.
#[test]
fn a_summary_names_its_limits() {
    let place = Place::new();
    let said = place.run(&["test", "-w", "echo", "--time", "real", "--time-limit", "0.2"]);
    let row = "  guarantee    none: in real time the seed fixes operations and faults only\n";
    assert!(said.out.contains(row), "{}", said.out);
    assert!(!said.out.contains("topology"), "{}", said.out);
    let lossy = ["test", "-w", "broadcast", "--node", "flood", "--seed", "1", "--time-limit", "5"];
    let said = place.run(&[&lossy[..], &["--loss", "0.3", "--topology", "line"]].concat());
    assert!(said.out.contains("5 nodes (flood), topology line, 5 s"), "{}", said.out);
    let of = "  true         stable latency of the values that reached all nodes (";
    assert!(said.out.contains(of) && said.out.contains(" did not): median "), "{}", said.out);
    let said = place.run(&lossy);
    assert!(said.out.contains("(flood), topology grid, 5 s"), "{}", said.out);
    assert!(said.out.contains("  true         stable latency: median "), "{}", said.out);
}

/// What a finding says of a message is what `glomers trace` takes.
#[test]
fn a_finding_names_messages_by_their_numbers() {
    let place = Place::new();
    let lossy = ["test", "-w", "broadcast", "--node", "flood", "--seed", "1", "--loss", "0.3"];
    let said = place.run(&[&lossy[..], &["--time-limit", "5"]].concat());
    let line = said.out.lines().find(|line| line.contains("should have brought")).expect("a line");
    let (_, rest) = line.split_once("(message ").expect("a number");
    let (number, ends) = rest.split_once(", ").expect("who sent it to whom");
    let ends = ends.trim_end_matches(')');
    let said = place.run(&["trace", "--around", &format!("message {number}")]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let shown = said.out.lines().find(|line| line.contains(&format!("#{number} ")));
    let shown = shown.unwrap_or_else(|| panic!("message {number} {ends}:\n{}", said.out));
    assert!(shown.contains('✗'), "{shown}");
}
