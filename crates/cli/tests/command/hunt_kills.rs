//! Hunts and shards are killed (SIGKILL) at any moment: resumed or repeated they lose nothing
//! and double nothing. What they leave is byte for byte what one leaves that nobody killed.
//!
//! `GLOMERS_KILLS=100` kills each of the two that often; 3 otherwise.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::support::{Chance, Place, finish, pause, signal};

/// A hunt that finds something in some of its runs.
const HUNT: [&str; 11] = [
    "hunt",
    "-w",
    "broadcast",
    "--node",
    "flood",
    "--family",
    "link",
    "--time-limit",
    "2",
    "--seeds",
    "1..=300",
];

/// How long a command takes, ns, so that kills come at any moment of it.
fn time(place: &Place, arguments: &[&str]) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "kills come at any moment of what it takes")]
    let clock = Instant::now();
    assert_eq!(place.run(arguments).code, Some(1));
    u64::try_from(clock.elapsed().as_nanos()).expect("it is short")
}

/// Kills it after so long, unless it has come to its end: whether it was killed.
fn killed(mut child: Child, after: Duration) -> bool {
    pause(after);
    let is_over = child.try_wait().expect("it can be waited for").is_some();
    if !is_over {
        signal(&child, "KILL");
    }
    let said = finish(child);
    assert!(!said.err.contains("panicked"), "{}", said.err);
    // It may have ended between the look and the kill.
    assert!(matches!(said.code, None | Some(1)), "{said:?}");
    said.code.is_none()
}

fn read(place: &Place, path: &str) -> Vec<u8> {
    std::fs::read(place.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The report, but for the commands: stores are named by the hour.
fn report(place: &Place, path: &str) -> serde_json::Value {
    let mut report: serde_json::Value = serde_json::from_slice(&read(place, path)).unwrap();
    for finding in report["findings"].as_array_mut().expect("findings") {
        finding["command"].take();
    }
    report
}

fn as_words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn a_hunt_goes_on_whenever_it_was_killed() {
    let (place, count) = (Place::new(), crate::support::kills(3));
    let hunt = |out: &str, more: &[&str]| -> Vec<String> {
        let words = [&HUNT[..], &["--no-shrink", "--out", out], more].concat();
        words.into_iter().map(str::to_owned).collect()
    };
    let length = time(&place, &as_words(&hunt("whole", &[])));
    let mut chance = Chance(11);
    let (mut kills, mut hunts) = (0, 0);
    while kills < count {
        let out = format!("hunt-{hunts}");
        hunts += 1;
        let mut here = 0;
        loop {
            // Killed before it says what it is, it is begun anew.
            let has_begun = place.path(&format!("{out}/hunt.json")).exists();
            let words = hunt(&out, if has_begun { &["--resume"] } else { &[] });
            let words = as_words(&words);
            if kills >= count || here >= 10 {
                // Nobody kills it this time.
                assert_eq!(place.run(&words).code, Some(1), "{words:?}");
                break;
            }
            let moment = Duration::from_nanos(chance.below(length));
            if !killed(place.start(&words), moment) {
                break;
            }
            (kills, here) = (kills + 1, here + 1);
        }
        println!("{out}: killed {here} times");
        for file in ["rows.jsonl", "rows.parquet", "weights.json"] {
            let same =
                read(&place, &format!("{out}/{file}")) == read(&place, &format!("whole/{file}"));
            assert!(same, "{file} of {out} is another after {here} kills");
        }
        let ours = report(&place, &format!("{out}/report.json"));
        assert_eq!(ours, report(&place, "whole/report.json"), "after {here} kills");
        // What it names can be repeated.
        let text = String::from_utf8(read(&place, &format!("{out}/report.json"))).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let command = json["findings"][0]["command"].as_str().expect("a command").to_owned();
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        place.run(&words).shows(0, &["The same run, byte for byte"]);
    }
}

#[test]
fn a_shard_is_whole_or_not_there_whenever_it_was_killed() {
    let (place, count) = (Place::new(), crate::support::kills(3));
    let shard = |shard: &'static str, out: &'static str| -> Vec<&'static str> {
        [&HUNT[..], &["--shard", shard, "--out", out]].concat()
    };
    let length = time(&place, &shard("1/1", "whole"));
    place.run(&["merge", "whole"]).shows(1, &[]);
    let mut chance = Chance(12);
    let (mut kills, mut campaigns) = (0, 0);
    while kills < count {
        campaigns += 1;
        for part in ["1/2", "2/2"] {
            let words = shard(part, "parts");
            let mut here = 0;
            loop {
                if kills >= count || here >= 10 {
                    assert_eq!(place.run(&words).code, Some(1), "{words:?}");
                    break;
                }
                // A half takes half of the time.
                let moment = Duration::from_nanos(chance.below(length * 6 / 10));
                if !killed(place.start(&words), moment) {
                    break;
                }
                (kills, here) = (kills + 1, here + 1);
            }
            println!("campaign {campaigns}, shard {part}: killed {here} times");
        }
        // Once more changes nothing.
        assert_eq!(place.run(&shard("1/2", "parts")).code, Some(1));
        place.run(&["merge", "parts"]).shows(1, &[]);
        for file in ["rows.parquet", "weights.json"] {
            let same =
                read(&place, &format!("parts/{file}")) == read(&place, &format!("whole/{file}"));
            assert!(same, "{file} is another in campaign {campaigns}");
        }
        assert_eq!(report(&place, "parts/report.json"), report(&place, "whole/report.json"));
        std::fs::remove_dir_all(place.path("parts")).unwrap();
    }
}
