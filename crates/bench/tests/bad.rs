//! Nodes that break in every way: the run ends, says how, and leaves nothing.

mod support;

use glomers_history::{SECOND, Value};
use glomers_sim::{Ended, Rate};
use support::{FIXTURE, LONG, finding, options, run_mode, run_with};

#[test]
fn exits_at_once() {
    let ran = run_mode(&["exit-at-once", "9"], |_| {});
    let (name, words) = finding(&ran);
    assert_eq!((ran.outcome.ended, &*name), (Ended::Broken, "init-failed"));
    assert!(words.contains("n0 exited with status 9"), "{words}");
    assert!(words.contains("I do not feel well"), "{words}");
}

#[test]
fn exits_in_the_middle_of_a_line() {
    let (name, words) = finding(&run_mode(&["exit-after"], |_| {}));
    assert_eq!(name, "node-crashed");
    assert!(words.contains("n0 exited with status 3,"), "{words}");
    assert!(
        words.contains("first |   last |   its last line on standard output has no end: {\"half"),
        "{words}"
    );
}

#[test]
fn dies_of_a_signal() {
    let (name, words) = finding(&run_mode(&["abort-after"], |_| {}));
    assert_eq!(name, "node-crashed");
    assert!(words.contains("was killed by signal 6 (SIGABRT)"), "{words}");
}

#[test]
fn dies_of_a_long_line() {
    let mut plan = support::workload::plan(1, FIXTURE, &["exit-on-long"]);
    plan.time_limit = LONG.as_secs() * SECOND;
    let long = Value::string(&*"x".repeat(70_000));
    let (_, words) = finding(&run_with(&plan, long, options()).unwrap());
    assert!(words.contains("exited with status 4 (right after a line of 70,"), "{words}");
    assert!(words.contains("some libraries stop at 64 KiB"), "{words}");
}

#[test]
fn leaves_a_child_that_holds_its_pipes() {
    let (name, words) = finding(&run_mode(&["leave-child"], |_| {}));
    assert_eq!(name, "node-crashed");
    assert!(words.contains("exited with status 0"), "{words}");
}

#[test]
fn prints_a_line_without_end() {
    let (name, words) = finding(&run_mode(&["no-end"], |options| options.max_line = 1 << 20));
    assert_eq!(name, "line-too-long");
    assert!(words.contains("more than 1,048,576 bytes"), "{words}");
}

#[test]
fn prints_messages_without_end() {
    let ran = run_mode(&["flood"], |options| options.max_queued = 4 << 20);
    let (name, words) = finding(&ran);
    assert_eq!(name, "runaway-output");
    assert!(words.contains("more than 4,194,304 bytes within 1.0 s"), "{words}");
}

#[test]
fn prints_nonsense_without_end_and_starves_nobody() {
    let mut plan = support::workload::plan(2, FIXTURE, &["echo"]);
    let script = support::script("first-endless.sh");
    plan.program =
        glomers_sim::NodeProgram::Program { path: script, arguments: vec![FIXTURE.into()] };
    plan.time_limit = SECOND;
    plan.rpc_timeout = Some(SECOND);
    let data = tempfile::tempdir().unwrap();
    let mut options = options();
    options.data_dir = Some(data.path().to_owned());
    let ran = run_with(&plan, Value::Int(1), options).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Completed);
    let count = ran.outcome.findings.len();
    assert_eq!(count, 100);
    assert!(ran.outcome.findings.iter().all(|one| one.name == "node-error"));
    let of_n1 = |op: &&glomers_history::Op| {
        op.kind == glomers_history::OpKind::Ok && op.process == glomers_history::Process::Client(1)
    };
    assert!(ran.outcome.history.ops().iter().filter(of_n1).count() > 0);
}

#[test]
fn a_line_that_is_no_text_is_blamed() {
    let mut plan = support::workload::plan(1, FIXTURE, &["not-utf8"]);
    plan.time_limit = SECOND / 5;
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Completed);
    assert!(ran.outcome.findings[0].summary.contains("is not UTF-8"));
}

#[test]
fn stops_reading() {
    let mut plan = support::workload::plan(1, FIXTURE, &["deaf"]);
    plan.time_limit = LONG.as_secs() * SECOND;
    plan.rate = Rate::Max;
    plan.concurrency = 50;
    plan.rpc_timeout = Some(SECOND / 10);
    let mut options = options();
    options.max_queued = 10 << 20;
    let long = Value::string(&*"x".repeat(100_000));
    let (name, words) = finding(&run_with(&plan, long, options).unwrap());
    assert_eq!(name, "stopped-reading");
    assert!(words.contains("bytes wait for it"), "{words}");
}

/// A call inside a handler that waits for its own reply: nothing is wrong with what
/// the node wrote, so that it has stopped reading is a note, with the cause.
#[test]
fn stops_reading_in_the_middle_of_a_handler() {
    let mut plan = support::workload::plan(1, FIXTURE, &["call-inside"]);
    plan.time_limit = 5 * SECOND;
    plan.rate = Rate::PerSecond(20.0);
    plan.concurrency = 4;
    plan.rpc_timeout = Some(SECOND / 2);
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert_eq!(ran.outcome.ended, Ended::Completed);
    assert!(ran.outcome.findings.is_empty(), "{:?}", ran.outcome.findings);
    let note = ran.outcome.notes.iter().find(|note| note.name == "note-stopped-reading");
    let words = &note.expect("it has stopped reading").summary;
    assert!(words.starts_with("n0 has stopped reading: it read nothing for "), "{words}");
    assert!(words.contains(" messages wait for it. It had read echo from c"), "{words}");
    assert!(words.contains(" and never answered it. Among what waits is the reply of lin-kv"));
    assert!(words.contains("(error) to message 7 of n0: a call inside a handler"), "{words}");
}

#[test]
fn closes_standard_output() {
    let (name, words) = finding(&run_mode(&["close-stdout"], |_| {}));
    assert_eq!(name, "closed-stdout");
    assert!(words.contains("closed its standard output, but went on running"), "{words}");
}

#[test]
fn closes_standard_input() {
    let (name, words) = finding(&run_mode(&["close-stdin"], |_| {}));
    assert_eq!(name, "closed-stdin");
    assert!(words.contains("closed its standard input, but went on running"), "{words}");
}

#[test]
fn closed_standard_input_is_seen_though_nothing_is_written() {
    let mut plan = support::workload::plan(1, FIXTURE, &["close-stdin"]);
    plan.time_limit = LONG.as_secs() * SECOND;
    plan.rate = Rate::PerSecond(0.0);
    let ran = run_with(&plan, Value::Int(1), options()).unwrap();
    assert_eq!((ran.outcome.ended, &*finding(&ran).0), (Ended::Broken, "closed-stdin"));
}

#[test]
fn says_before_the_run_what_cannot_be_run() {
    let refused = |path: &str| {
        let plan = support::workload::plan(1, path, &[]);
        let error = run_with(&plan, Value::Int(1), options()).err().expect("it cannot be run");
        assert!(error.is_usage());
        error.to_string()
    };
    assert!(refused("/no/such/node").contains("there is no file"));
    assert!(refused("/").contains("is a directory"));
    assert!(refused(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).contains("chmod +x"));
}
