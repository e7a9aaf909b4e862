//! Runs every file of `tests/scenarios`. `UPDATE_EXPECT=1 cargo test` writes what
//! they print into them.

use std::path::PathBuf;

use glomers_sim::{Operations, Plan, Wire};
use glomers_testing::RunOptions;
use glomers_trials::run_plan;
use glomers_trials::scenario::{Moments, Scenario, ScenarioError, write};

fn files() -> Vec<(PathBuf, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "scenario"));
    files.sort();
    let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    files.into_iter().map(|path| (path.clone(), text(&path))).collect()
}

fn parse(path: &std::path::Path, text: &str) -> Scenario {
    let name = path.file_name().unwrap().to_string_lossy();
    Scenario::parse(text, &name).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_scenario_prints_what_it_says() {
    let files = files();
    assert!(files.len() >= 20, "there are only {}", files.len());
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut failures = String::new();
    for (path, text) in files {
        assert!(text.starts_with('#'), "{}: explain it first", path.display());
        let scenario = parse(&path, &text);
        assert!(scenario.has_expectations(), "{}", path.display());
        let ran = scenario.run().unwrap();
        if let Some(difference) = ran.difference {
            failures += &format!("{}\n{difference}", path.display());
            if update {
                std::fs::write(&path, ran.rendered).unwrap();
            }
        }
    }
    assert!(
        update || failures.is_empty(),
        "{failures}UPDATE_EXPECT=1 writes these changes into the files"
    );
}

#[test]
fn a_scenario_prints_the_same_always_and_over_json() {
    for (path, text) in files() {
        let scenario = parse(&path, &text);
        let first = scenario.run().unwrap().rendered;
        assert_eq!(first, scenario.run().unwrap().rendered);
        let history = |plan: &Plan| {
            let observer = &mut glomers_history::Unobserved;
            let report = run_plan(plan, &RunOptions::default(), observer);
            report.unwrap().outcome.history
        };
        let typed = scenario.plan().clone();
        let json = Plan { wire: Wire::Json, ..typed.clone() };
        assert_eq!(history(&typed), history(&json), "{}", path.display());
        // What was printed into it does not change what the file does.
        let again = parse(&path, &first);
        assert_eq!(again.plan(), scenario.plan());
        assert!(again.run().unwrap().matches);
    }
}

#[test]
fn without_expectations_outputs_are_only_printed() {
    let text = "nodes 1 echo\nclient c1 echo 1\nhistory\n";
    let ran = Scenario::parse(text, "x").unwrap().run().unwrap();
    assert!(ran.matches);
    assert!(ran.rendered.contains("----\n0 ms  0  n0  invoke"), "{}", ran.rendered);
    // With them, what was printed is compared.
    let ran = Scenario::parse(&(text.to_owned() + "----\nold\n"), "x").unwrap();
    let ran = ran.run().unwrap();
    assert!(!ran.matches);
    assert!(ran.difference.unwrap().contains("-old\n+0 ms"));
}

fn refused(text: &str) -> ScenarioError {
    Scenario::parse(text, "x").expect_err("it is invalid")
}

#[test]
fn errors_point_at_the_word_and_say_what_would_be_right() {
    let error = refused("nodes 5 flood\n\n\npartition n9 | n1");
    assert_eq!(
        error.to_string(),
        "x: line 4, column 11: there is no node n9; the cluster has n0 … n4\n  \
         partition n9 | n1\n            ^"
    );
    for (text, column, part) in [
        ("nodes 5 flod", 9, "did you mean \"flood\"?"),
        ("nodes 0 flood", 7, "1 to 10000 nodes"),
        ("nodes 2 flood --fast", 15, "takes no arguments"),
        ("node 2 flood", 1, "did you mean \"nodes\"?"),
        ("seed 1", 1, "begins with its nodes"),
        ("", 1, "needs nodes"),
        ("nodes 2 flood\nnodes 3 flood", 1, "once"),
        ("nodes 2 flood\ntopology lin", 10, "did you mean \"line\"?"),
        ("nodes 2 flood\nrun 2", 5, "write 2s, 150ms"),
        ("nodes 2 flood\nrun 1s\nlatency 3", 1, "is a setting"),
        ("nodes 2 flood\nclient c1 raed from n0", 11, "did you mean \"read\"?"),
        ("nodes 2 flood\nclient c1 broadcast {1} to n0", 21, "JSON"),
        ("nodes 2 flood\nclient c1 read form n0", 16, "did you mean \"from\"?"),
        ("nodes 2 flood\nclient n1 read", 8, "clients are c1, c2"),
        ("nodes 2 flood\nconcurrency 2\nclient c3 read", 8, "c1 … c2"),
        ("nodes 2 flood\npartition n0 n1", 1, "two sides"),
        ("nodes 2 flood\npartition n0 | n0", 16, "named twice"),
        ("nodes 2 flood\ncut n0 n1", 8, "expected \"->\""),
        ("nodes 2 flood\ndrop n0 -> n1", 14, "is missing here"),
        ("nodes 2 flood\nloss 2", 6, "0 to 1"),
        ("nodes 2 flood\nheal now", 6, "nothing more is expected"),
        ("nodes 2 flood\nrun 1s\n----\n", 1, "prints anything"),
        ("nodes 2 flood\nhistroy", 1, "did you mean \"history\"?"),
    ] {
        let error = refused(text);
        assert!(
            error.column == column && error.message.contains(part),
            "{error}\nexpected column {column} and {part:?}"
        );
    }
}

#[test]
fn things_happen_in_the_order_of_the_file() {
    // The answer comes before the kill, though both are at the same moment.
    let text = "nodes 1 flood\nclient c1 broadcast 1\nkill n0\nhistory\n";
    let ran = Scenario::parse(text, "x").unwrap().run().unwrap();
    assert!(ran.rendered.contains("ok      broadcast"), "{}", ran.rendered);
    let text = "nodes 1 flood\nkill n0\nclient c1 broadcast 1\nhistory\n";
    let ran = Scenario::parse(text, "x").unwrap().run().unwrap();
    assert!(!ran.rendered.contains("ok "), "{}", ran.rendered);
}

/// What two scenarios must have in common to be the same: not how long nothing happens at
/// the end, nor whether a client's own node is named.
fn compared(plan: &Plan) -> Plan {
    let mut plan = Plan { time_limit: 0, wire: Wire::Typed, ..plan.clone() };
    let nodes = plan.nodes.len() as u32;
    if let Operations::Listed(list) = &mut plan.operations {
        for listed in list {
            listed.node.get_or_insert(listed.worker % nodes);
        }
    }
    plan
}

#[track_caller]
fn is_written_as_it_was_read(name: &str, text: &str) {
    let scenario = Scenario::parse(text, name).unwrap_or_else(|error| panic!("{error}"));
    let (plan, judge) = (scenario.plan(), scenario.judge());
    let written = write(plan, judge, &[], 0, &["verdict"], Moments::Exact).unwrap();
    let again = Scenario::parse(&written, name).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(compared(again.plan()), compared(plan), "{written}");
    assert_eq!(format!("{:?}", again.judge()), format!("{judge:?}"), "{written}");
}

#[test]
fn whatever_a_scenario_says_can_be_written_as_one() {
    for (path, text) in files() {
        is_written_as_it_was_read(&path.display().to_string(), &text);
    }
    let rest = "names alpha beta n7\nseed 18446744073709551615\nlatency 20 lognormal:0.5\n\
                latency-correlation 0.25\nlatency-step 1.5s x3\nin-order on\nbandwidth 10mbit\n\
                link * -> n7 latency 7 uniform\nlink alpha -> * loss 0.125\nloss 0.01\n\
                fault-services on\nservice-time 0.3\nsync-time 0.7\ninbox maelstrom\n\
                rpc-timeout 1.5s\ninit-timeout 20s\nrecovery 3s\nrecovery-bound 700ms\n\
                concurrency 9\navailability answered\njepsen-compat on\nrequire-faults on\n\
                require-overlap on\ndrop message 17\ndelay alpha -> n7 3 250ms\n\
                double n7 -> beta 0 1ms\n\
                client c1 broadcast 1 to beta number 3\nrun 1s\n\
                clock ahead 5s drift -200 n7\nclock heal\nclock behind 1s alpha\nclock heal\n\
                clock drift 3 beta\n\
                partition alpha lin-kv | beta\nrun 20us\nheal\nfinal c2 read from n7\nverdict\n";
    is_written_as_it_was_read("embedded", &format!("nodes 3 flood-retry\n{rest}"));
    let program = "nodes 3 --bin \"/a folder/no\\\"de.py\" -- --peers \"a,b c\" \"#1\" \"\" x=\"y\n\
                   workload broadcast\nschedule random\n";
    is_written_as_it_was_read("executable", &format!("{program}{rest}"));
}

#[test]
fn a_scenario_of_an_executable_says_what_it_is_for() {
    let text = "nodes 3 --bin ./node.py -- --fast\nworkload broadcast\nclient c1 read\nverdict\n";
    let scenario = Scenario::parse(text, "x").unwrap();
    assert_eq!(scenario.plan().validate(), Ok(()));
    for (text, part) in [
        ("nodes 3 --bin ./node.py", "needs its workload"),
        ("nodes 3 --bin ./node.py\nlatency 3", "say which before all else"),
        ("nodes 3 --bin ./node.py --fast", "expected \"--\""),
        ("nodes 3 --bin", "the executable is missing"),
        ("nodes 3 flood\nschedule random", "needs --bin"),
        ("nodes 3 flood\nnames a b", "3 nodes, but 2 names"),
        ("nodes 3 flood\navailability most", "Known: none, total, answered"),
    ] {
        let error = refused(text);
        assert!(error.message.contains(part), "{error}\nexpected {part:?}");
    }
}
