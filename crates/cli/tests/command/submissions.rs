//! `glomers challenge` for those who grade: many submissions, and what is left when it is
//! interrupted.

use std::time::Duration;

use crate::support::{BAD, GLOMERS, Place, finish, signal, wait_until};
use serde_json::Value;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// A submission that is bad in this way.
fn submission(place: &Place, mode: &str) -> String {
    place.write(mode, &format!("#!/bin/sh\nexec {BAD} {mode} {GLOMERS}\n"));
    format!("./{mode}")
}

#[test]
fn one_that_hangs_does_not_hold_up_the_others() {
    let place = Place::new();
    let names = ["exit-at-once", "never-init", "exit-mid-run"];
    let files = names.map(|mode| submission(&place, mode));
    place.write("no-program", "hello\n");
    let mut words = vec!["challenge", "1", "--store", "none", "--submissions"];
    words.extend(files.iter().map(String::as_str));
    words.extend(["./no-program", "--submission-limit", "2", "--json"]);
    let said = place.run_within(Duration::from_secs(60), &words);
    assert_eq!(said.code, Some(1), "{said:?}");
    let json = parsed(&said.out);
    assert_eq!((&json["passed"], &json["total"]), (&0.into(), &4.into()));
    assert_eq!(json["interrupted"], false);
    let problem = |place: usize| {
        let graded = &json["submissions"][place];
        assert_eq!((&graded["passed"], &graded["parts"]), (&false.into(), &1.into()));
        let what = graded["problem"].as_str().unwrap().to_owned();
        (graded["submission"].as_str().unwrap().to_owned(), what, graded["timed_out"] == true)
    };
    let ran = |name: &str, problem: &str, late| (name.to_owned(), problem.to_owned(), late);
    assert_eq!(problem(0), ran("./exit-at-once", "challenge 1, seed 1: init-failed", false));
    assert_eq!(problem(1), ran("./never-init", "it took more than 2 s and was ended", true));
    assert_eq!(problem(2).1, "challenge 1, seed 1: node-crashed, never-ok");
    assert!(problem(3).1.contains("no-program"), "{}", problem(3).1);
    // The same in words.
    words.truncate(words.len() - 3);
    words.truncate(6);
    let said = place.run(&words);
    assert_eq!(said.code, Some(1), "{said:?}");
    let line = "./exit-at-once  NOT passed  0 of 1  challenge 1, seed 1: init-failed\n";
    assert!(said.out.starts_with(line), "{}", said.out);
    assert!(said.out.ends_with("\n0 of 1 submission passed.\n"), "{}", said.out);
}

#[test]
fn what_is_graded_is_printed_when_somebody_ends_it() {
    let place = Place::new();
    let [first, second] = ["exit-at-once", "never-init"].map(|mode| submission(&place, mode));
    let words = ["challenge", "1", "--store", "none", "--json", "--submissions", &first, &second];
    let child = place.start(&words);
    let is_second = |place: &Place| place.left().iter().any(|words| words.contains("sleep 1000"));
    wait_until("the second runs", || is_second(&place));
    signal(&child, "TERM");
    let said = finish(child);
    assert_eq!(said.code, Some(130), "{said:?}");
    let json = parsed(&said.out);
    assert_eq!((&json["interrupted"], &json["total"]), (&true.into(), &2.into()));
    assert_eq!(json["submissions"][0]["problem"], "challenge 1, seed 1: init-failed");
    assert_eq!(json["submissions"][1]["interrupted"], true);
}

/// `timeout` sends its signal to the process and to the group, so it comes twice.
#[test]
fn an_interrupted_challenge_prints_what_there_is() {
    let place = Place::new();
    let child =
        place.start(&["challenge", "1", "2", "--bin", BAD, "--json", "--", "good", GLOMERS]);
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || crate::support::has_grown(&history, 100));
    signal(&child, "INT");
    signal(&child, "INT");
    let said = finish(child);
    assert_eq!(said.code, Some(130), "{said:?}");
    let json = parsed(&said.out);
    assert_eq!((&json["interrupted"], &json["total"]), (&true.into(), &1.into()));
    assert_eq!((&json["challenges"][0]["id"], &json["passed"]), (&"1".into(), &0.into()));
}

/// Nobody asks whether the run is to end while a node computes.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_node_that_computes_for_ever_keeps_back_no_json() {
    let place = Place::new();
    place.write("computes", "#!/bin/sh\nwhile :; do :; done\n");
    let virtual_time = ["--bin", "./computes", "--time", "virtual", "--store", "none", "--json"];
    let child = place.start(&[&["challenge", "1"], &virtual_time[..]].concat());
    wait_until("the node runs", || {
        place.left().iter().any(|words| words.contains("sh ") && words.contains("computes"))
    });
    signal(&child, "INT");
    let said = finish(child);
    if said.code == Some(254) {
        // Where nothing can be traced.
        return;
    }
    assert_eq!(said.code, Some(130), "{said:?}");
    let json = parsed(&said.out);
    assert_eq!((&json["interrupted"], &json["total"]), (&true.into(), &0.into()));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let place = Place::new();
    for (words, with) in [
        (&["challenge", "--submissions", "a"][..], "say which it is for"),
        (&["challenge", "1", "--submissions", "a", "--seeds", "3.."], "--seeds must have an end"),
        (&["challenge", "1", "--submissions", "a", "--bin", "b"], "cannot be used with"),
        (&["challenge", "1", "--seeds", "1..=3"], "--submissions"),
    ] {
        let said = place.run(words);
        assert!(said.code == Some(254) && said.err.contains(with), "{words:?}: {said:?}");
    }
}
