//! The edges of the protocol, with nodes in Python: each form that a message may
//! have, `init` first, services.

use std::path::Path;
use std::sync::Mutex;

use crate::support::{Place, Said};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/");

/// Whether nodes in Python can run here.
fn has_python() -> bool {
    let found = std::process::Command::new("python3").arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no python3");
    }
    found
}

fn case(place: &Place, file: &str, test: &[&str], arguments: &[&str]) -> Said {
    let path = format!("{CASES}{file}");
    place.run(&[&["test", "--bin", &path], test, &["--"], arguments].concat())
}

/// Does something for each of a list, several at a time: runs mostly wait.
fn for_each<T: Send>(list: Vec<T>, work: impl Fn(T) + Sync) {
    let list = Mutex::new(list);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let next = list.lock().unwrap().pop();
                    let Some(one) = next else { return };
                    work(one);
                }
            });
        }
    });
}

/// The rows of the table in the guide: form, Maelstrom, strict, compat, why.
fn table() -> Vec<[String; 5]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<String> =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        let mut row: [String; 5] = cells.try_into().expect("five columns");
        row[0] = row[0].trim_matches('`').to_owned();
        row
    })
    .collect()
}

#[test]
fn the_table_of_forms_is_the_recorded_one() {
    let recorded = std::fs::read_to_string(format!("{CASES}protocol.expected.tsv")).unwrap();
    let recorded: Vec<Vec<&str>> =
        recorded.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let table = table();
    assert_eq!(recorded.len(), 34);
    let shown: Vec<Vec<&str>> =
        table.iter().map(|row| row[..4].iter().map(String::as_str).collect()).collect();
    assert_eq!(shown, recorded);
    for [form, maelstrom, _, compat, why] in &table {
        // A crash is no verdict.
        let agreed = if maelstrom == "crash" { "unknown" } else { maelstrom };
        assert_eq!(agreed, compat, "{form}");
        assert!(why.len() > 10, "{form} has no reason");
    }
}

#[test]
fn every_form_has_the_verdicts_of_the_table() {
    if !has_python() {
        return;
    }
    for_each(table(), |[form, _, strict, compat, _]| {
        let place = Place::new();
        let test = ["-w", "echo", "--node-count", "2", "--time-limit", "2", "--rate", "5"];
        let said = case(&place, "protocol.py", &[&test[..], &["--seed", "1"]].concat(), &[&form]);
        let results: serde_json::Value =
            serde_json::from_str(&place.read_latest("results.json")).unwrap();
        let word = |of: &str| match &results[of]["valid?"] {
            serde_json::Value::Bool(true) => "valid",
            serde_json::Value::Bool(false) => "invalid",
            _ => "unknown",
        };
        let found = (word("strict"), word("jepsen-compat"));
        assert_eq!(found, (&*strict, &*compat), "{form}: {}", said.out);
        assert_eq!(said.code, Some(i32::from(strict == "invalid")), "{form}");
        // The streams alone tell the same.
        place.run(&["recover", "store/latest"]);
        let again: serde_json::Value =
            serde_json::from_str(&place.read_latest("results.json")).unwrap();
        assert_eq!(again["jepsen-compat"], results["jepsen-compat"], "{form}");
    });
}

#[test]
fn where_maelstrom_crashes_jepsens_verdict_is_unknown_and_the_status_2() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let test = ["-w", "echo", "--node-count", "2", "--time-limit", "1", "--seed", "1"];
    let words = ["unknown: node-error, would-crash", "would-crash: Real Maelstrom would crash"];
    case(&place, "protocol.py", &[&test[..], &["--jepsen-compat"]].concat(), &["blank-line"])
        .shows(2, &words);
    case(&place, "protocol.py", &test, &["blank-line"]).shows(1, &["INVALID: node-error"]);
}

#[test]
fn forms_are_called_what_they_are() {
    if !has_python() {
        return;
    }
    let forms = vec![
        ("bom", "it begins with a byte order mark (U+FEFF)"),
        ("null-src", "\"src\" must be a string, but it is null"),
        ("blank-line", "a line of its output is no message: it is blank"),
        ("str-irt", "is \"1\", a string, so it answers nothing"),
        ("extra-top", "Real Maelstrom ignores all that n0 prints after a message with the key"),
    ];
    for_each(forms, |(form, words)| {
        let place = Place::new();
        let test = ["-w", "echo", "--node-count", "1", "--time-limit", "1", "--seed", "1"];
        let code = i32::from(form != "extra-top");
        case(&place, "protocol.py", &test, &[form]).shows(code, &[words]);
    });
}

/// Regression: after a restart, the last heal included, clients came before `init`.
#[test]
fn init_comes_first_after_every_start() {
    if !has_python() {
        return;
    }
    let runs = ["unique-ids", "echo"].into_iter().flat_map(|w| (1..=3).map(move |seed| (w, seed)));
    for_each(runs.collect(), |(workload, seed): (&str, u32)| {
        let place = Place::new();
        let seed = seed.to_string();
        let test = ["-w", workload, "--node-count", "3", "--rate", "50", "--time-limit", "4"];
        let kills = ["--nemesis", "kill", "--nemesis-interval", "2", "--seed", &seed];
        case(&place, "init_first.py", &[&test[..], &kills].concat(), &[])
            .shows(0, &["verdict      valid"]);
    });
}

#[test]
fn services_answer_a_process_as_real_maelstroms_did() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let test = ["-w", "echo", "--node-count", "1", "--time-limit", "6", "--rate", "1"];
    case(&place, "services.py", &[&test[..], &["--seed", "1"]].concat(), &["seq-kv"]).shows(0, &[]);
    let log = place.read_latest("node-logs/n0.log");
    let said: Vec<&str> = log.lines().filter_map(|line| Some(&line[line.find('{')?..])).collect();
    let expected = std::fs::read_to_string(format!("{CASES}services-seq-kv.expected")).unwrap();
    assert_eq!(said, expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_node_has_the_time_to_start_that_is_asked_for() {
    let place = Place::new();
    place.bad("never-init", &["--init-timeout", "0.5"]).shows(
        1,
        &["did not answer \"init\" with \"init_ok\" within 0.5 s (--init-timeout)", "load "],
    );
}
