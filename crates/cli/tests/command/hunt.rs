//! `glomers hunt` and `glomers merge`.

use std::time::Duration;

use crate::support::Place;

/// A hunt that finds something soon: floods lose what is lost.
const FLOOD: [&str; 7] = ["hunt", "-w", "broadcast", "--node", "flood", "--family", "link"];

fn flood<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words: Vec<&str> = FLOOD.to_vec();
    words.extend(["--time-limit", "3", "--no-shrink"]);
    words.extend(more);
    words
}

#[test]
fn what_is_found_is_grouped_and_stored() {
    let place = Place::new();
    let said = place.run(&flood(&["--seeds", "1..41", "--junit", "report.xml"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("broadcast, flood: 40 seeds"), "{}", said.out);
    assert!(said.out.contains("missing-at-end · operation"), "{}", said.out);
    let command = said.out.lines().find_map(|line| line.split_once("glomers replay "));
    let (_, store) = command.expect("a command that shows it");
    let replayed = place.run(&["replay", store.trim()]);
    assert!(replayed.out.contains("INVALID"), "{replayed:?}");
    for file in ["hunt.json", "rows.jsonl", "rows.parquet", "weights.json", "report.json"] {
        assert!(place.path("hunt").join(file).is_file(), "{file}");
    }
    let report = std::fs::read_to_string(place.path("report.xml")).unwrap();
    let report = roxmltree::Document::parse(&report).unwrap();
    let failures = report.root_element().attribute("failures");
    assert!(failures.is_some_and(|count| count != "0"), "{failures:?}");
}

#[test]
fn a_right_node_survives_what_it_claims() {
    let place = Place::new();
    let claims = "partition,one-way,loss,duplicate,reorder,slow,clock,pause";
    let said = place.run(&[
        "hunt",
        "-w",
        "broadcast",
        "--node",
        "flood-retry",
        "--claims",
        claims,
        "--seeds",
        "1..31",
        "--time-limit",
        "3",
    ]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("nothing found"), "{}", said.out);
}

/// Weights change from round to round, and yet rows do not depend on threads, nor on
/// where a hunt was stopped.
#[test]
fn rows_are_the_same_however_they_were_made() {
    let words = |seeds: &'static str, out: &'static str, more: &[&'static str]| {
        let mut words = vec![
            "hunt",
            "-w",
            "echo",
            "--rate",
            "5",
            "--time-limit",
            "1",
            "--seeds",
            seeds,
            "--out",
            out,
        ];
        words.extend(more);
        words
    };
    let place = Place::new();
    let rows = |out: &str| std::fs::read(place.path(out).join("rows.jsonl")).unwrap();
    assert_eq!(place.run(&words("1..1101", "one", &["--threads", "1"])).code, Some(0));
    assert_eq!(place.run(&words("1..1101", "four", &["--threads", "4"])).code, Some(0));
    assert_eq!(rows("one"), rows("four"));
    let text = String::from_utf8(rows("one")).unwrap();
    assert!(text.lines().take(512).all(|row| row.contains("\"guided\":false")));
    assert!(text.lines().skip(512).any(|row| row.contains("\"guided\":true")));

    // As after a kill: the last line is cut off.
    assert_eq!(place.run(&words("1..801", "parts", &[])).code, Some(0));
    let cut = &rows("parts")[..rows("parts").len() / 2];
    std::fs::write(place.path("parts/rows.jsonl"), cut).unwrap();
    std::fs::write(place.path("parts/report.json"), "{\"complete\": false}").unwrap();
    let refused = place.run(&words("1..1101", "parts", &[]));
    assert_eq!(refused.code, Some(254), "{refused:?}");
    assert!(refused.err.contains("--resume goes on with it"), "{}", refused.err);
    let other = place.run(&words("1..1101", "parts", &["--resume", "--latency", "5"]));
    assert!(other.err.contains("other options"), "{other:?}");
    assert_eq!(place.run(&words("1..1101", "parts", &["--resume"])).code, Some(0));
    assert_eq!(rows("parts"), rows("one"));
    let table = |out: &str| std::fs::read(place.path(out).join("rows.parquet")).unwrap();
    assert_eq!(table("parts"), table("one"));
}

/// Whatever is killed whenever: what resumes it loses nothing and doubles nothing.
#[test]
fn a_hunt_that_is_killed_goes_on_where_it_was() {
    let place = Place::new();
    let words = |out: &'static str, more: &[&'static str]| {
        let mut words = flood(&["--seeds", "1..301", "--out", out]);
        words.extend(more);
        words
    };
    assert_eq!(place.run(&words("whole", &[])).code, Some(1));
    for pause in [30, 80, 150] {
        let resume: &[&str] = if pause == 30 { &[] } else { &["--resume"] };
        let mut child = place.start(&words("killed", resume));
        crate::support::pause(Duration::from_millis(pause));
        let _ = child.kill();
        child.wait().unwrap();
        if !place.path("killed/hunt.json").exists() {
            // It had not begun.
            assert!(!place.path("killed/rows.jsonl").exists() || pause == 30);
            let _ = std::fs::remove_dir_all(place.path("killed"));
            let mut child = place.start(&words("killed", &[]));
            child.wait().unwrap();
        }
    }
    let said = place.run(&words("killed", &["--resume"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    for file in ["rows.jsonl", "rows.parquet", "weights.json"] {
        let read = |out: &str| std::fs::read(place.path(out).join(file)).unwrap();
        assert_eq!(read("killed"), read("whole"), "{file}");
    }
}

#[test]
fn an_interrupted_hunt_keeps_and_shows_what_it_found() {
    let place = Place::new();
    let child = place.start(&flood(&["--seeds", "1..1000000"]));
    let rows = place.path("hunt/rows.jsonl");
    crate::support::wait_until("there are some rows", || crate::support::has_grown(&rows, 20_000));
    crate::support::signal(&child, "INT");
    let said = crate::support::finish(child);
    assert_eq!(said.code, Some(130), "{said:?}");
    assert!(said.out.contains("missing-at-end · operation"), "{}", said.out);
    assert!(said.out.contains("glomers replay hunt/store"), "{}", said.out);
    assert!(said.out.contains("with --resume goes on"), "{}", said.out);
}

#[test]
fn parts_give_the_rows_of_one_process() {
    let place = Place::new();
    let part = |shard: &str, out: &str| {
        let mut words = flood(&["--seeds", "1..81", "--out", out, "--shard", shard]);
        words.push("--threads=2");
        place.run(&words)
    };
    assert_eq!(part("1/1", "whole").code, Some(1));
    let whole = std::fs::read(place.path("whole/shard-0001-of-0001.parquet")).unwrap();
    for shard in ["1/4", "2/4", "4/4"] {
        assert!(part(shard, "parts").code.is_some_and(|code| code < 2));
    }
    let holes = place.run(&["merge", "parts"]);
    assert_eq!(holes.code, Some(254), "{holes:?}");
    assert!(holes.err.contains("1 of 4 parts is missing: 3/4"), "{}", holes.err);
    assert!(place.run(&["merge", "parts", "--partial"]).code.is_some_and(|code| code < 2));
    // Another engine says which one it is in another way.
    let mut words = flood(&["--seeds", "1..81", "--out", "parts"]);
    words.push("--threads=1");
    let mut command = place.command(&words);
    command.env("SLURM_ARRAY_TASK_ID", "7").env("SLURM_ARRAY_TASK_MIN", "5");
    let output = command.env("SLURM_ARRAY_TASK_COUNT", "4").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("shard 3/4, as this is a Slurm array"), "{said}");
    // Once more, as engines do: it is there already.
    assert!(part("3/4", "parts").out.contains("is there already"));
    let copy = place.path("parts/shard-copy.parquet");
    std::fs::copy(place.path("parts/shard-0002-of-0004.parquet"), copy).unwrap();
    let merged = place.run(&["merge", "parts"]);
    assert_eq!(merged.code, Some(1), "{merged:?}");
    assert!(merged.err.contains("counts once"), "{}", merged.err);
    assert_eq!(std::fs::read(place.path("parts/rows.parquet")).unwrap(), whole);
    let next = ["--seeds", "81..91", "--out", "next", "--weights", "parts/weights.json"];
    let next = place.run(&flood(&next));
    assert!(next.code.is_some_and(|code| code < 2), "{next:?}");
}

/// Where nothing is broken and no message is late, silence is a mistake, whatever is claimed.
#[test]
fn a_request_without_an_answer_is_found_where_nothing_is_broken() {
    let place = Place::new();
    let steady = ["hunt", "-w", "echo", "--family", "steady", "--seeds", "1..=60"];
    let busy = place.run(&[&steady[..], &["--node", "broken/echo-busy"]].concat());
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert!(busy.out.contains("One node, two operations: 1 of 2 operations"), "{}", busy.out);
    let command = busy.out.lines().find_map(|line| line.split_once("glomers run "));
    let (_, scenario) = command.expect("a command that shows it");
    let again = place.run(&["run", scenario.trim()]);
    assert!(again.code == Some(0) && again.out.contains("unavailable: "), "{again:?}");
    let right = place.run(&[&steady[..], &["--out", "right"]].concat());
    assert_eq!(right.code, Some(0), "{right:?}");
    // The same, asked for by hand.
    let test = ["test", "-w", "echo", "--node-count", "1", "--concurrency", "4", "--rate", "200"];
    let test = [&test[..], &["--time-limit", "8", "--availability", "answered", "--seed", "1"]];
    let busy = place.run(&[&test.concat()[..], &["--node", "broken/echo-busy"]].concat());
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert!(
        busy.out.contains("unavailable: ") && busy.out.contains("had no answer"),
        "{}",
        busy.out
    );
    assert_eq!(place.run(&test.concat()).code, Some(0));
}

/// A script that knows `glomers test` need not learn another table.
#[test]
fn the_exit_status_is_that_of_test() {
    let place = Place::new();
    let hunt = |seeds: &str, more: &[&str]| {
        // One operation a run: where it is a read, nobody can say whether broadcasts arrive.
        let one = ["hunt", "-w", "broadcast", "--node-count", "1", "--time-limit", "0"];
        let one = [&one[..], &["--concurrency", "1", "--seeds", seeds, "--no-shrink"], more];
        place.run(&one.concat())
    };
    let seeds = (1..=40u64).map(|seed| format!("{seed}..={seed}"));
    let mut seeds = seeds;
    let unknown = seeds.find(|seeds| {
        let said = hunt(seeds, &["--out", seeds, "--junit", "report.xml"]);
        said.code == Some(2) && said.out.contains("1 run could not be judged")
    });
    let seeds = unknown.expect("a seed whose only operation is a read");
    let report = std::fs::read_to_string(place.path("report.xml")).unwrap();
    assert!(report.contains("could not be judged"), "{report}");
    // So say a part, and all parts together.
    let said = hunt(&seeds, &["--shard", "1/1", "--out", "parts"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(place.run(&["merge", "parts"]).code, Some(2));
    // Some runs that nobody can judge are no reason to call the others unknown.
    let said = hunt("1..=40", &["--out", "some"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("could not be judged"), "{}", said.out);
    // No run at all proves nothing, either.
    let said = place.run(&["hunt", "-w", "echo", "--for", "0s", "--out", "none"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let place = Place::new();
    place.write("mine.toml", "about = \"x\"\nratte = 3\n");
    for (words, said) in [
        (&["--family", "swarn"][..], "did you mean \"swarm\"?"),
        (&["--family", "mine.toml"], "ratte"),
        (&["--family", "mine.toml"], "help: glomers doc hunting shows a family"),
        (&["--seeds", "5..5"], "there is no seed in 5..5"),
        (&["--shard", "9/8", "--seeds", "1..9"], "shards count from 1 to 8"),
        (&["--shard", "1/8"], "say which with --seeds A..B"),
        (&["--shards", "8", "--seeds", "1..9"], "--shard 1/8"),
        (&["--claims", "kil"], "kill"),
        (&["--claims", "kill", "--nemesis", "pause"], "which --claims has not"),
        (&["--resume"], "there is no hunt in hunt to go on with"),
        (&["--weights", "mine.toml"], "glomers merge DIR writes one"),
        (&["--for", "soon"], "60s, 10m or 2h"),
        (&["-w", "lin-kv", "--node", "echo"], "is made for the workload echo"),
        (&["-w", "lin-kv", "--concurrency", "3", "--seeds", "1..2"], "multiple of"),
    ] {
        let refused = place.run(&[&["hunt"], words].concat());
        assert_eq!(refused.code, Some(254), "{words:?}: {refused:?}");
        assert!(refused.err.contains(said), "{words:?}: {}", refused.err);
    }
    let nothing = place.run(&["merge", "."]);
    assert!(nothing.err.contains("there is no part of a campaign"), "{}", nothing.err);
}

/// Who claims little is told that less is tried, and "nothing found" says what was tried.
#[test]
fn a_hunt_says_what_was_broken_and_what_was_not() {
    let place = Place::new();
    let hunt = |claims: &str, more: &[&str]| {
        let words = ["hunt", "-w", "echo", "--claims", claims, "--seeds", "1..=9"];
        place.run(&[&words, more].concat())
    };
    let said = hunt("pause", &["--family", "leader", "--family", "link"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("without any fault: link (one-way, "), "{}", said.err);
    assert!(!said.err.contains("leader ("), "{}", said.err);
    assert!(said.out.contains("9 seeds") && said.out.contains("nothing found."), "{}", said.out);
    let line = said.out.lines().find_map(|line| line.split_once("with their seeds: "));
    let counts = line.expect("a line").1.split(", ").filter_map(|one| one.split(' ').nth(1));
    let families: u64 = counts.map(|count| count.parse::<u64>().expect("a number")).sum();
    assert_eq!(families, 9, "{}", said.out);
    assert!(said.out.contains("\n  broken: pause in "), "{}", said.out);
    let said = hunt("none", &[]);
    assert!(said.out.contains("\n  broken: nothing in any run\n"), "{}", said.out);
    assert!(!said.err.contains("without any fault"), "{}", said.err);
    assert!(said.err.contains("the finished hunt in hunt is replaced"), "{}", said.err);
}

#[test]
fn merged_parts_name_the_command_that_shows_a_finding() {
    let place = Place::new();
    let node = [&flood(&["--seeds", "1..=8", "--out", "parts"])[..], &["--shard", "1/1"]].concat();
    assert_eq!(place.run(&node).code, Some(1));
    let merged = place.run(&["merge", "parts"]);
    let found = merged.out.lines().find(|line| line.starts_with("lost · operation"));
    let (_, words) = found.and_then(|line| line.split_once("glomers ")).expect("a command");
    assert!(words.starts_with("hunt --workload broadcast --node flood --family link "), "{words}");
    let words: Vec<&str> = words.split(' ').collect();
    let said = place.run(&words);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("lost · operation") && said.out.contains("glomers run "), "{said:?}");
    let report = std::fs::read_to_string(place.path("parts/report.json")).unwrap();
    assert!(report.contains("\"command\": \"glomers hunt --workload"), "{report}");
}
