//! What machines that test read: reports as JUnit's, and one line for each command.

use crate::support::{BAD, Place, finish, has_grown, signal, wait_until};
use roxmltree::{Document, Node};

/// Reads the report `report.xml`; what is no XML fails here.
fn with_report<T>(place: &Place, look: impl FnOnce(Node<'_, '_>) -> T) -> T {
    let text = std::fs::read_to_string(place.path("report.xml")).expect("there is a report");
    look(Document::parse(&text).expect(&text).root_element())
}

/// The counts of a report, which must be those of its cases.
fn counts(place: &Place) -> (usize, usize) {
    with_report(place, |root| {
        let elements = |tag: &'static str| root.descendants().filter(move |e| e.has_tag_name(tag));
        let counts = (elements("testcase").count(), elements("failure").count());
        for summed in elements("testsuites").chain(elements("testsuite")) {
            let number = |name| summed.attribute(name).unwrap().parse::<usize>().unwrap();
            assert_eq!((number("tests"), number("failures")), counts);
            assert!(summed.attribute("time").unwrap().parse::<f64>().unwrap() >= 0.0);
        }
        counts
    })
}

/// Name, message and details of the failure, and output of each case.
fn cases(place: &Place) -> Vec<[String; 4]> {
    with_report(place, |root| {
        let cases = root.descendants().filter(|element| element.has_tag_name("testcase"));
        let of_case = |case: Node<'_, '_>| {
            let child = |tag| case.children().find(|element| element.has_tag_name(tag));
            let text = |tag| child(tag).and_then(|e| e.text()).unwrap_or_default().to_owned();
            let message = child("failure").and_then(|e| e.attribute("message")).unwrap_or_default();
            let name = case.attribute("name").unwrap().to_owned();
            [name, message.to_owned(), text("failure"), text("system-out")]
        };
        cases.map(of_case).collect()
    })
}

const REPORT: [&str; 3] = ["--junit", "report.xml", "--one-line"];

#[test]
fn a_valid_run_is_one_line_and_a_case() {
    let place = Place::new();
    let test = ["test", "--time-limit", "5", "--seed", "3"];
    let said = place.run(&[&test[..], &REPORT].concat()).shows(0, &[]);
    let start = "valid: broadcast, flood-retry, 5 nodes, seed 3: ";
    assert!(said.out.starts_with(start) && said.out.lines().count() == 1, "{said:?}");
    assert_eq!(said.err, "");
    let path = said.out.trim_end().rsplit("; ").next().unwrap();
    assert!(place.path(path).join("results.json").exists(), "{path}");
    assert_eq!(counts(&place), (1, 0));
    let [[name, message, details, output]] = &cases(&place)[..] else { panic!("one case") };
    assert_eq!(name, "broadcast, flood-retry, 5 nodes, seed 3");
    assert!(message.is_empty() && details.is_empty());
    let command = "glomers test --time-limit 5 --junit report.xml --one-line --seed 3";
    assert_eq!(*output, format!("stored in {path}\nrepeat with {command}\n"));
}

#[test]
fn an_invalid_run_says_why() {
    let place = Place::new();
    let flood = ["test", "--node", "flood", "--nemesis", "partition", "--time-limit", "20"];
    let said = place.run(&[&flood[..], &["--seed", "1"], &REPORT].concat()).shows(1, &[]);
    assert!(said.out.starts_with("INVALID (lost, missing-at-end): "), "{said:?}");
    let [[_, message, details, _]] = &cases(&place)[..] else { panic!("one case") };
    assert_eq!(message, "INVALID (lost, missing-at-end)");
    assert!(details.starts_with("lost: ") && details.contains("was cut at "), "{details}");
}

#[test]
fn an_unknown_verdict_is_a_failure_that_says_why() {
    let place = Place::new();
    // The only operation is a read.
    let nothing = ["test", "--time-limit", "0", "--seed", "4"];
    let said = place.run(&[&nothing[..], &REPORT].concat()).shows(2, &[]);
    assert!(said.out.starts_with("unknown: "), "{said:?}");
    assert!(cases(&place)[0][2].contains("there was no broadcast to look for"));
}

#[test]
fn a_node_that_crashes_is_a_failure_with_its_last_words() {
    let place = Place::new();
    let said = place.bad("exit-mid-run", &REPORT).shows(1, &[]);
    assert!(said.out.starts_with("INVALID (node-crashed"), "{said:?}");
    let [[name, message, details, _]] = &cases(&place)[..] else { panic!("one case") };
    assert_eq!(name, "echo, bad.sh, 1 node, seed 1");
    assert!(message.starts_with("INVALID (node-crashed"), "{message}");
    assert!(details.contains("exited with status 7") && details.contains("last words"));
}

#[test]
fn many_runs_are_one_line_and_a_case_each_up_to_the_first_that_fails() {
    let place = Place::new();
    let runs = ["test", "--time-limit", "3", "--seed", "7", "--test-count", "4"];
    let said = place.run(&[&runs[..], &REPORT].concat()).shows(0, &[]);
    assert_eq!(said.out, "4 runs, seeds 7 to 10: all valid. Stored in store.\n");
    assert_eq!(counts(&place), (4, 0));
    let flood = ["--node", "flood", "--nemesis", "partition", "--store", "none"];
    let said = place.run(&[&runs[..], &flood, &REPORT].concat()).shows(1, &[]);
    assert!(said.out.starts_with("INVALID (") && said.out.lines().count() == 1, "{said:?}");
    let (tests, failures) = counts(&place);
    assert!(failures == 1 && tests <= 4);
    let last = &cases(&place)[tests - 1];
    assert!(last[1].starts_with("INVALID (") && !last[3].contains("--test-count"), "{last:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_runs() {
    for command in [&["test", "--time-limit", "3600"][..], &["challenge", "1"]] {
        let place = Place::new();
        let told = ["error: no/such/x.xml cannot be written: ", "help: --junit takes a file in"];
        place.run(&[command, &["--junit", "no/such/x.xml"]].concat()).shows(255, &told);
        assert!(!place.path("store").exists());
    }
}

#[test]
fn challenges_are_one_line_and_a_case_each() {
    let place = Place::new();
    let said = place.run(&[&["challenge", "1", "3d", "3e"], &REPORT[..]].concat()).shows(0, &[]);
    assert_eq!(said.out, "passed: 5 of 5 parts; stored in store\n");
    assert_eq!(counts(&place), (5, 0));
    let names: Vec<String> = cases(&place).into_iter().map(|[name, ..]| name).collect();
    assert_eq!(names[0], "challenge 1 (echo): echo, echo, 1 node, seed 1");
    assert_eq!(names[1], "challenge 3d (broadcast, fast): broadcast, hub-ft, 25 nodes, seed 1");
    assert_eq!(names[2], "challenge 3d (… with partitions): broadcast, hub-ft, 25 nodes, seed 1");
    let bad = ["challenge", "1", "2", "--bin", BAD, "--store", "none"];
    let bad = [&bad[..], &REPORT, &["--", "exit-at-once"]].concat();
    let said = place.run(&bad).shows(1, &[]);
    assert_eq!(said.out, "NOT passed: 1, 2 (0 of 2 parts are)\n");
    assert_eq!(counts(&place), (2, 2));
    let [name, message, details, output] = &cases(&place)[1];
    assert_eq!(name, "challenge 2 (unique ids): unique-ids, bad.sh, 3 nodes, seed 1");
    assert_eq!(message, "INVALID (init-failed)");
    assert!(details.contains("I do not feel well"), "{details}");
    let command = format!("glomers challenge 2 --bin {BAD} --seed 1 -- exit-at-once");
    assert_eq!(*output, format!("repeat with {command}\n"));
}

/// A run of echo for a long time, that has stored something.
fn long_run(place: &Place) -> std::process::Child {
    let test = ["test", "-w", "echo", "--bin", BAD, "--time-limit", "600", "--rate", "50"];
    let child = place.start(&[&test[..], &REPORT, &["--", "good"]].concat());
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || has_grown(&history, 100));
    child
}

#[test]
fn a_run_that_is_interrupted_is_a_failure() {
    let place = Place::new();
    let child = long_run(&place);
    signal(&child, "INT");
    let said = finish(child).shows(130, &[]);
    assert!(said.out.starts_with("valid so far (interrupted): "), "{said:?}");
    assert_eq!(cases(&place)[0][1], "valid so far (interrupted)");
}

#[test]
fn challenges_that_are_interrupted_leave_a_report() {
    let place = Place::new();
    let challenge = ["challenge", "1", "2", "--bin", BAD];
    let child = place.start(&[&challenge[..], &REPORT, &["--", "good"]].concat());
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || has_grown(&history, 100));
    signal(&child, "INT");
    let said = finish(child).shows(130, &[]);
    assert!(said.out.starts_with("interrupted: NOT passed: 1 (0 of 1 parts are)"), "{said:?}");
    assert_eq!(cases(&place)[0][1], "valid so far (interrupted)");
}

#[test]
fn a_run_that_is_killed_leaves_a_report_that_says_so_and_none_of_an_earlier_run() {
    let place = Place::new();
    place.write("report.xml", "<testsuites/>");
    let mut child = long_run(&place);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(counts(&place), (1, 1));
    assert_eq!(cases(&place)[0][1], "did not come to its end");
}

#[test]
fn challenges_are_told_as_json_too() {
    let place = crate::support::Place::new();
    let said = place.run(&["challenge", "1", "3d", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &json["passed"], &json["total"]), (Some(0), &3.into(), &3.into()));
    let fast = &json["challenges"][1]; // 3d has two parts, as in the table.
    assert_eq!((&fast["id"], &fast["verdict"]), (&"3d".into(), &"valid".into()));
    assert!(fast["observed_latency"]["median_ms"].as_i64().unwrap() < 400, "{fast}");
    assert_eq!(fast["findings"], serde_json::json!([]));
}
