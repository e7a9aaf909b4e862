//! `glomers replay` and `glomers trace`: the same run again, and to be seen.

use crate::support::Place;

/// A run with faults, in which a kill takes values along.
const RUN: &[&str] = &[
    "test",
    "-w",
    "broadcast",
    "--node",
    "flood-retry",
    "--node-count",
    "3",
    "--topology",
    "line",
    "--rate",
    "5",
    "--latency",
    "50",
    "--time-limit",
    "6",
    "--seed",
    "3",
    "--nemesis",
    "partition,kill",
    "--nemesis-interval",
    "2",
];

fn with_run() -> Place {
    let place = Place::new();
    place.run(RUN);
    place
}

/// Changes the run's `replay.json`.
fn edit(place: &Place, change: impl Fn(&mut serde_json::Value)) -> String {
    let mut json = serde_json::from_str(&place.read_latest("replay.json")).unwrap();
    change(&mut json);
    let path = place.write("edited.json", &json.to_string());
    path.to_str().unwrap().to_owned()
}

/// Makes the last run look as if another build had made it, and names that.
fn by_another_build(place: &Place) -> String {
    let json: serde_json::Value = serde_json::from_str(&place.read_latest("replay.json")).unwrap();
    let ours = json["build"].as_str().unwrap();
    let (kept, last) = ours.split_at(ours.len() - 1);
    let other = format!("{kept}{}", if last == "x" { "y" } else { "x" });
    let replaced = |text: &[u8]| {
        let at = text.windows(ours.len()).position(|part| part == ours.as_bytes()).unwrap();
        [&text[..at], other.as_bytes(), &text[at + ours.len()..]].concat()
    };
    for name in ["replay.json", "journal.bin"] {
        let path = place.latest().join(name);
        let bytes = std::fs::read(&path).unwrap();
        let bytes = if name == "replay.json" {
            replaced(&bytes)
        } else {
            // A head of 9 bytes and one block with its length and checksum, packed as stores are.
            let block = replaced(&zstd::decode_all(&bytes[17..]).unwrap());
            let packed = zstd::bulk::Compressor::new(-1).unwrap().compress(&block).unwrap();
            let length = u32::try_from(packed.len()).unwrap().to_le_bytes();
            let sum = crc32fast::hash(&packed).to_le_bytes();
            [&bytes[..9], &length, &sum, &packed].concat()
        };
        std::fs::write(path, bytes).unwrap();
    }
    other
}

#[test]
fn a_stored_run_is_repeated_byte_for_byte() {
    let place = with_run();
    let said = place.run(&["replay"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("The same run, byte for byte"), "{said:?}");
}

#[test]
fn one_changed_entry_of_the_plan_makes_a_difference_from_that_event_on() {
    let place = with_run();
    // The tenth message from n2 to n1, #43, is cut by the partition in the run.
    let edited = edit(&place, |json| {
        json["plan"]["overrides"] = serde_json::json!([
            {"message": {"nth": {"src": 2, "dest": 1, "count": 9}}, "action": "drop"}
        ]);
    });
    let said = place.run(&["replay", "--plan", &edited]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let (before, after) = said.out.split_once("stored:").unwrap();
    let (stored, replayed) = after.split_once("replayed:").unwrap();
    assert!(before.contains("The first difference") && !before.contains("#43"), "{said:?}");
    assert!(stored.contains("#43 n2 → n1 broadcast partitioned"), "{said:?}");
    assert!(replayed.contains("#43 n2 → n1 broadcast dropped-by-plan"), "{said:?}");
}

#[test]
fn another_build_is_refused_unless_that_is_asked_for() {
    let place = with_run();
    let other = by_another_build(&place);
    let said = place.run(&["replay"]);
    assert_eq!(said.code, Some(254));
    assert!(said.err.contains(&other) && said.err.contains("--anyway"), "{said:?}");
    let said = place.run(&["replay", "--anyway"]);
    assert!(said.code == Some(0) && said.out.contains("byte for byte"), "{said:?}");
}

#[test]
fn what_is_newer_foreign_or_not_there_is_refused_with_the_reason() {
    let place = with_run();
    for (change, words) in [
        (serde_json::json!({"version": 99}), "it has version 99"),
        (serde_json::json!({"hello": 1}), "none of ours"),
    ] {
        place.write("other.json", &change.to_string());
        let said = place.run(&["replay", "--plan", "other.json"]);
        assert!(said.code != Some(0) && said.err.contains(words), "{said:?}");
    }
    assert!(place.run(&["replay", "nowhere"]).err.contains("is not there"));
    std::fs::create_dir(place.path("empty")).unwrap();
    let said = place.run(&["replay", "empty"]);
    assert!(said.code == Some(254) && said.err.contains("replay.json"), "{said:?}");
}

#[test]
fn of_a_run_that_was_cut_off_what_is_left_is_compared() {
    let place = with_run();
    let journal = place.latest().join("journal.bin");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 100]).unwrap();
    let said = place.run(&["replay"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("was cut off") && said.out.contains("the same until then"));
}

#[test]
fn until_shows_what_there_is_at_a_moment() {
    let place = with_run();
    let said = place.run(&["replay", "--until", "2s"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("n2 runs, incarnation 0\n  marked holds (3): 1 2 3\n"), "{said:?}");
    assert!(said.out.contains("timers due at") && said.out.contains("n0 down"), "{said:?}");
    let said = place.run(&["replay", "--until", "3400ms"]);
    assert!(said.out.contains("messages under way"), "{said:?}");
}

#[test]
fn logs_are_shown_with_the_message_that_caused_them() {
    let place = Place::new();
    // A node that starts on a full disk says so.
    let args = ["test", "-w", "unique-ids", "--nemesis", "disk,kill", "--nemesis-interval", "1"];
    let mut seen = false;
    for seed in 0..20 {
        let seed = seed.to_string();
        place.run(&[&args[..], &["--time-limit", "10", "--seed", &seed]].concat());
        let said = place.run(&["replay", "--log"]);
        seen |= said.out.contains("init from c") && said.out.contains("random bits");
    }
    assert!(seen);
}

#[test]
fn free_processes_repeat_their_schedule_and_say_so() {
    let place = Place::new();
    let args = ["test", "-w", "echo", "--node", "echo", "--time", "real", "--time-limit", "1"];
    let ran = place.run(&args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said = place.run(&["replay"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("The schedule of operations and faults is repeated"), "{said:?}");
    let said = place.run(&["replay", "--until", "1s"]);
    assert!(said.code == Some(254) && said.err.contains("virtual time"), "{said:?}");
}

#[test]
fn a_trace_is_the_run_from_top_to_bottom() {
    let place = with_run();
    let said = place.run(&["trace", "--between", "2.4s", "2.7s", "--clients"]);
    crate::support::snapshot("trace.txt", &said.out);
}

#[test]
fn a_trace_is_cut_to_what_is_asked_for() {
    let place = with_run();
    let lines = |args: &[&str]| -> Vec<String> {
        let said = place.run(&[&["trace"], args].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out.lines().map(str::to_owned).collect()
    };
    assert!(lines(&["--around", "op 10"]).iter().any(|line| line.contains("op 11 ok")));
    // By the number of its end as well, and whatever types of messages are shown.
    for number in ["op 10", "op 11"] {
        let typed = lines(&["--around", number, "--type", "broadcast_ok"]);
        assert!(typed.iter().any(|line| line.contains("op 11 ok")), "{typed:#?}");
    }
    assert!(lines(&["--around", "message 43"]).iter().any(|line| line.contains("#43 n2 → n1")));
    let typed = lines(&["--type", "broadcast_ok", "--limit", "0"]);
    let arrows = typed.iter().filter(|line| line.contains('#'));
    assert!(arrows.clone().count() > 3 && arrows.clone().all(|l| l.contains("broadcast_ok")));
    let only = lines(&["--only", "n0"]);
    assert!(only.iter().any(|line| line.trim() == "time    n0"), "{only:#?}");
    for line in lines(&["--json", "--limit", "0"]) {
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(event["time"].is_i64() && event["event"].is_string());
    }
    for (args, words) in [
        (["--around", "op 999"], "there is no operation 999"),
        (["--around", "seven"], "op 17"),
        (["--only", "n7"], "its nodes are n0, n1, n2"),
        (["--between", "2s"], "2 values required"),
    ] {
        let said = place.run(&[&["trace"], &args[..]].concat());
        assert!(said.code == Some(254) && said.err.contains(words), "{said:?}");
    }
}

/// At its end a run stops its nodes, which does not mean that they were down.
#[test]
fn after_the_end_of_a_run_its_end_is_shown() {
    let place = with_run();
    let said = place.run(&["replay", "--until", "100s"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("The run ended at 20.2"), "{said:?}");
    assert!(said.out.contains(" s, before that moment. At its end:\n"), "{said:?}");
    assert_eq!(said.out.matches(" runs, incarnation ").count(), 3, "{said:?}");
    let last = place.run(&["replay", "--until", "20s"]);
    assert!(last.out.starts_with("At 20.000 s:\n"), "{last:?}");
}
