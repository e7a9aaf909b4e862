//! Nodes that do everything wrong, each with the words and the exit status that
//! its user gets: what happened, which node, the line, what was expected.

use crate::support::{BAD, Place};

/// Runs the mode and expects exit status 1, these words, and a readable store.
#[track_caller]
fn invalid(mode: &str, arguments: &[&str], words: &[&str]) {
    let place = Place::new();
    let said = place.bad(mode, arguments).shows(1, words);
    assert!(said.out.starts_with("  verdict      INVALID: "), "{}", said.out);
    assert!(said.last().starts_with("Analysis invalid!"), "{}", said.out);
    assert!(said.out.contains("\n  repeat       glomers test "), "{}", said.out);
    assert!(place.read_latest("results.edn").contains(":valid? false}"));
    assert!(!place.latest().join("node-data").exists());
    // What is read again later is the same verdict, from the streams alone.
    let results = place.read_latest("results.edn");
    place.run(&["recover", "store/latest"]).shows(1, &[]);
    assert_eq!(place.read_latest("results.edn"), results);
}

#[test]
fn a_node_that_exits_at_once() {
    invalid(
        "exit-at-once",
        &[],
        &["init-failed: n0 exited with status 3 before it answered \"init\"", "I do not feel well"],
    );
}

#[test]
fn a_node_that_exits_mid_run() {
    invalid(
        "exit-mid-run",
        &[],
        &["node-crashed: n0 exited with status 7, though no fault stopped it", "last words"],
    );
}

#[test]
fn a_node_that_exits_in_the_middle_of_a_line() {
    invalid(
        "half-exit",
        &[],
        &["node-crashed: n0 exited", "its last line on standard output has no end: {\"half"],
    );
}

#[test]
fn a_node_that_never_answers_init() {
    invalid(
        "never-init",
        &[],
        &[
            "init-failed: n0 did not answer \"init\" with \"init_ok\" within 10 s (--init-timeout)",
            "the machine: load ",
            "its last lines of output:",
            "I wait for a peer",
            "expected: the line {\"src\":\"n0\",\"dest\":…,\"body\":{\"type\":\"init_ok\"",
        ],
    );
}

#[test]
fn a_node_that_answers_init_with_something_else() {
    invalid(
        "wrong-init",
        &[],
        &["init-failed: n0 answered \"init\" with {\"type\":\"hello\"", "\"init_ok\" was expected"],
    );
}

#[test]
fn a_node_that_answers_init_with_an_error() {
    invalid("error-init", &[], &["init-failed: n0 answered \"init\" with {\"type\":\"error\""]);
}

/// The finding, what the node wrote, and what was expected.
#[track_caller]
fn node_error(mode: &str, what: &str, wrote: &str, expected: &str) {
    let what = format!("node-error: n0 broke the protocol: {what}");
    let wrote = format!("\n  it wrote: {wrote}\n");
    let expected = format!("\n  expected: {expected}");
    let more = " findings of the kind node-error in all; results.edn has each\n";
    invalid(mode, &[], &[&what, &wrote, &expected, "(protocol: ", "\n  at 0.", more]);
}

const MESSAGE: &str = "one JSON object a line, {\"src\":…,\"dest\":…,\"body\":{…}}; logs belong";

#[test]
fn a_node_that_prints_text() {
    node_error(
        "text",
        "a line of its output is no message: this is not JSON",
        "hello there",
        MESSAGE,
    );
}

#[test]
fn a_node_that_prints_half_a_line() {
    node_error(
        "half",
        "a line of its output is no message: this is not JSON",
        "{\"src\":\"n0\",\"dest\":",
        MESSAGE,
    );
}

#[test]
fn a_node_that_prints_null() {
    node_error(
        "null",
        "a line of its output is no message: this is JSON, but not an object",
        "null",
        MESSAGE,
    );
}

#[test]
fn a_node_that_prints_a_message_without_dest() {
    node_error(
        "no-dest",
        "a line of its output is no message: the key \"dest\" is missing",
        "{\"src\":\"n0\",\"body\":{}}",
        MESSAGE,
    );
}

#[test]
fn a_node_that_prints_a_body_that_is_no_object() {
    node_error(
        "body-is-text",
        "a line of its output is no message: \"body\" must be an object, but it is \"x\"",
        "{\"src\":\"n0\",\"dest\":\"n0\",\"body\":\"x\"}",
        MESSAGE,
    );
}

#[test]
fn a_node_that_prints_bytes_that_are_no_text() {
    node_error("not-utf8", "a line of its output is not UTF-8", "\u{fffd}\u{fffd}", MESSAGE);
}

#[test]
fn a_node_that_sends_to_somebody_who_does_not_exist() {
    node_error(
        "unknown-dest",
        "it sent a message to \"n99\", which does not exist",
        "{\"type\":\"x\"}",
        "\"dest\" is a node (n0)",
    );
}

#[test]
fn a_node_that_sends_in_the_name_of_somebody_else() {
    node_error(
        "foreign-src",
        "it sent a message in the name of \"n7\", which does not exist",
        "{\"src\":\"n7\",\"dest\":\"c2\",\"body\":{\"type\":\"x\"}}",
        "\"src\" is its own id, n0, or, where it passes a message on,",
    );
}

/// A message that a client does not wait for: a note, and valid.
#[track_caller]
fn note(mode: &str, what: &str) {
    let place = Place::new();
    place.bad(mode, &[]).shows(0, &["  verdict      valid", &format!("  note         n0 {what}")]);
    let results = place.read_latest("results.edn");
    place.run(&["recover", "store/latest"]).shows(0, &[what]);
    assert_eq!(place.read_latest("results.edn"), results);
}

#[test]
fn a_node_that_replies_to_nothing() {
    note(
        "reply-to-nothing",
        "sent a client a message in reply to message 999, which the client never sent",
    );
}

#[test]
fn a_node_that_does_not_say_what_it_replies_to() {
    note("no-reply-to", "sent a client a message without \"in_reply_to\"");
}

const FIELDS: &str = "exactly the fields of the reply's type";
const REPLY: &str = "its reply to echo (op 0) is not of the form it must have:";

#[test]
fn a_node_that_replies_with_the_wrong_type() {
    node_error(
        "wrong-type",
        &format!("{REPLY} its type is \"ping_ok\", but \"echo_ok\" was expected"),
        "{\"type\":\"ping_ok\",\"in_reply_to\":1,\"echo\":\"Please echo 52\"}",
        FIELDS,
    );
}

#[test]
fn a_node_that_replies_without_a_field() {
    node_error(
        "missing-field",
        &format!("{REPLY} the field \"echo\" is missing from \"echo_ok\""),
        "{\"type\":\"echo_ok\",\"in_reply_to\":1}",
        FIELDS,
    );
}

#[test]
fn a_node_that_replies_with_a_field_more() {
    node_error(
        "extra-field",
        &format!("{REPLY} the field \"more\" does not belong into \"echo_ok\""),
        "{\"type\":\"echo_ok\",\"in_reply_to\":1,\"echo\":\"Please echo 52\",\"more\":1}",
        FIELDS,
    );
}

#[test]
fn a_node_that_replies_with_a_type_that_is_a_number() {
    node_error(
        "mistyped-type",
        &format!("{REPLY} its type is 5, but \"echo_ok\" was expected"),
        "{\"type\":5,\"in_reply_to\":1,\"echo\":\"Please echo 52\"}",
        FIELDS,
    );
}

#[test]
fn a_node_that_replies_to_a_message_id_that_is_text() {
    // Nobody can tell whose reply it was, so the operation times out.
    invalid(
        "mistyped-id",
        &[],
        &[
            "the \"in_reply_to\" of its reply is \"1\", a string, so it answers nothing",
            "it wrote: {\"type\":\"echo_ok\",\"in_reply_to\":\"1\"",
            "expected: the \"msg_id\" of the request as the integer that it was, 1",
            "net-timeout",
        ],
    );
}

#[test]
fn a_node_that_prints_a_line_of_100_mb_without_an_end() {
    invalid(
        "no-end",
        &["--max-line", "1MiB"],
        &[
            "line-too-long: n0 printed a line of more than 1,048,576 bytes (the bound is --max-line)",
        ],
    );
    // Under the bound it is simply no message.
    invalid("no-end", &[], &["line-too-long: n0 printed a line of more than 33,554,432 bytes"]);
}

#[test]
fn a_node_whose_output_does_not_end() {
    invalid(
        "endless",
        &[],
        &[
            "node-error: n0 broke the protocol: a line of its output is no message",
            "100 findings of the kind node-error in all",
        ],
    );
}

#[test]
fn a_node_that_closes_standard_output() {
    invalid("close-stdout", &[], &["closed-stdout: n0 closed its standard output, but went on"]);
}

#[test]
fn a_node_that_closes_standard_input() {
    invalid("close-stdin", &[], &["closed-stdin: n0 closed its standard input, but went on"]);
}

/// Runs the mode and expects that nothing is wrong with it; the place looks
/// whether anything is left.
#[track_caller]
fn passes(mode: &str, arguments: &[&str]) {
    Place::new().bad(mode, arguments).shows(0, &["Everything looks good!"]);
}

#[test]
fn a_node_that_ignores_sigterm_is_gone_afterwards() {
    passes("ignore-term", &[]);
}

#[test]
fn a_child_that_a_node_forked_is_gone_afterwards() {
    passes("child", &[]);
}

#[test]
fn what_a_wrapper_script_without_exec_runs_is_gone_afterwards() {
    passes("wrapper", &[]);
}

#[test]
fn a_node_that_logs_100_mb_passes_and_the_log_is_kept() {
    let place = Place::new();
    place.bad("log", &[]).shows(0, &["Everything looks good!"]);
    let log = std::fs::metadata(place.latest().join("node-logs/n0.log")).unwrap();
    // Its beginning and its end, up to the bound.
    assert!((67_000_000..67_200_000).contains(&log.len()), "{}", log.len());
    let short = ["--max-log", "1MiB"];
    place.bad("log", &short).shows(0, &["Everything looks good!"]);
    let text = place.read_latest("node-logs/n0.log");
    assert!(text.len() < 1_100_000 && text.contains(" lines (") && text.contains("--max-log"));
}

#[test]
fn nodes_that_exchange_messages_of_10_mb_pass() {
    let place = Place::new();
    let test = ["test", "-w", "echo", "--node-count", "2", "--time-limit", "1", "--bin", BAD];
    place
        .run(&[&test[..], &["--", "long-message", crate::support::GLOMERS]].concat())
        .shows(0, &["  messages     2 between servers", "Everything looks good!"]);
}

#[test]
fn a_python_node_survives_partitions() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3 here");
        return;
    }
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/broadcast.py");
    let place = Place::new();
    let faults = ["--nemesis", "partition", "--nemesis-interval", "0.7", "--recovery", "2"];
    let test = ["test", "--bin", node, "--time-limit", "3", "--rate", "10", "--seed", "3"];
    place.run(&[&test[..], &faults].concat()).shows(0, &["Everything looks good!", "partition"]);
}

/// Runs `flood-retry --durable on` behind a shell that first does something to it.
fn with_storage(place: &Place, nodes: &str, spoil: &str) -> crate::support::Said {
    place.write("spoilt.sh", &format!("#!/bin/sh\n{spoil}\nexec \"$@\"\n"));
    let test = ["test", "--bin", "./spoilt.sh", "--node-count", nodes, "--time-limit", "1"];
    let rest = ["--rate", "100", "--recovery", "1", "--seed", "1", "--"];
    let node = [crate::support::GLOMERS, "node", "flood-retry", "--durable", "on"];
    place.run(&[&test[..], &rest, &node].concat())
}

#[test]
fn a_node_whose_storage_is_full_gets_an_error_and_the_user_a_line() {
    let place = Place::new();
    // No file may be longer than 1 KiB at most, as if there were no room.
    // One node: with two, one may have no room for what the other acknowledged.
    let said = with_storage(&place, "1", "trap '' XFSZ; ulimit -f 1").shows(
        0,
        &["logs         n0, in node-logs; n0 began: cannot acknowledge what is not stored: disk"],
    );
    // Those that could not be stored are not acknowledged, so nothing is wrong.
    assert!(!said.out.contains(" 0 info"), "{said:?}");
    assert!(place.read_latest("history.jsonl").contains("File too large"));
    assert!(place.read_latest("node-logs/n0.log").contains("File too large"));
}

#[test]
fn a_node_whose_storage_cannot_be_written_gets_an_error_and_the_user_a_line() {
    let place = Place::new();
    // Not even root can make a folder there.
    with_storage(&place, "2", "export GLOMERS_DATA_DIR=/proc/none").shows(
        1,
        &[
            "setup-failed: n",
            "answered {\"type\":\"error\"",
            "disk error: /proc/none",
            "began: cannot",
        ],
    );
}

#[test]
fn a_node_without_storage_that_needs_it_says_so() {
    let place = Place::new();
    let said = with_storage(&place, "2", "unset GLOMERS_DATA_DIR").shows(1, &["init-failed: n"]);
    assert!(said.out.contains("--durable on: durable storage"), "{said:?}");
}
