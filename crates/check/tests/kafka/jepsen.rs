//! Where Jepsen's checker is not what one would expect.

use glomers_check::{Checker, Kafka, Validity};
use glomers_history::Value;

use super::common;

/// The compatible verdict, the strict one, and the types of errors.
fn judge(history: &str) -> (Validity, Validity, String) {
    let case = common::parse(history);
    let result = Kafka.check(&case.history, &case.context);
    let types = result.fields.iter().find(|(name, _)| *name == "error-types");
    (
        result.compat,
        result.strict,
        types.map_or(Value::Null, |(_, types)| types.clone()).to_string(),
    )
}

fn types(history: &str) -> String {
    judge(history).2
}

const UP: &str = r#"
1 0 invoke send [["send","x","c"],["send","x","d"]]
2 0 ok send [["send","x",[3,"c"]],["send","x",[4,"d"]]]
"#;
const DOWN: &str = r#"
5 0 invoke send [["send","x","a"],["send","x","b"]]
6 0 ok send [["send","x",[1,"a"]],["send","x",[2,"b"]]]
7 5 invoke poll [["poll"]]
8 5 ok poll [["poll",{"x":[[1,"a"],[2,"b"],[3,"c"],[4,"d"]]}]]
"#;

#[test]
fn sends_of_a_key_that_was_taken_away_in_between_may_go_back() {
    let with = |assign: &str| types(&format!("{UP}{assign}{DOWN}"));
    assert_eq!(with(""), "[:nonmonotonic-send]");
    assert_eq!(with("3 0 invoke assign [\"y\"]\n4 0 ok assign [\"y\"]"), "[]");
    assert_eq!(with("3 0 invoke assign [\"y\"]\n4 0 info assign [\"y\"]"), "[]");
    let failed = "3 0 invoke assign [\"y\"]\n4 0 fail assign [\"y\"]";
    assert_eq!(with(failed), "[:nonmonotonic-send]");
    let kept = "3 0 invoke assign [\"x\",\"y\"]\n4 0 ok assign [\"x\",\"y\"]";
    assert_eq!(with(kept), "[:nonmonotonic-send]");
}

#[test]
fn an_open_send_that_was_polled_counts_in_the_order_of_sends() {
    let history = r#"
1 0 invoke send [["send","x","b"]]
2 0 info send [["send","x","b"]]
3 0 invoke send [["send","x","a"]]
4 0 ok send [["send","x",[0,"a"]]]
5 1 invoke poll [["poll"]]
6 1 ok poll [["poll",{"x":[[0,"a"],[1,"b"]]}]]
"#;
    assert_eq!(types(history), "[:nonmonotonic-send]");
}

#[test]
fn a_failed_send_that_shows_is_no_matter_of_order() {
    let history = r#"
1 0 invoke send [["send","x","b"]]
2 0 ok send [["send","x",[1,"b"]]]
3 0 invoke send [["send","x","a"]]
4 0 fail send [["send","x","a"]]
5 1 invoke poll [["poll"]]
6 1 ok poll [["poll",{"x":[[0,"a"],[1,"b"]]}]]
"#;
    assert_eq!(types(history), "[:G1a]");
}

#[test]
fn what_an_open_transaction_polled_closes_a_circle() {
    let history = r#"
1 0 invoke txn [["send","x",1],["poll"]]
2 1 invoke txn [["send","y",2],["poll"]]
3 0 ok txn [["send","x",[0,1]],["poll",{"y":[[0,2]]}]]
4 1 info txn [["send","y",[0,2]],["poll",{"x":[[0,1]]}]]
5 2 invoke poll [["poll"]]
6 2 ok poll [["poll",{"x":[[0,1]]}]]
"#;
    assert_eq!(judge(history), (Validity::Invalid, Validity::Invalid, "[:G1c]".to_owned()));
}

/// Polls by process 1, of a log of three messages that process 2 reads in full.
fn polls(polls: &[&str]) -> (Validity, Validity, String) {
    let mut history = r#"
1 0 invoke send [["send","x",1],["send","x",2],["send","x",3]]
2 0 ok send [["send","x",[0,1]],["send","x",[1,2]],["send","x",[2,3]]]
3 2 invoke poll [["poll"]]
4 2 ok poll [["poll",{"x":[[0,1],[1,2],[2,3]]}]]
"#
    .to_owned();
    for poll in polls {
        history += &format!("5 1 invoke poll [[\"poll\"]]\n6 1 {poll}\n");
    }
    judge(&history)
}

#[test]
fn behind_a_poll_of_nothing_jepsen_takes_any_place() {
    let first = "ok poll [[\"poll\",{\"x\":[[0,1]]}]]";
    let nothing = "ok poll [[\"poll\",{\"x\":[]}]]";
    let third = "ok poll [[\"poll\",{\"x\":[[2,3]]}]]";
    let ours = |name: &str| (Validity::Valid, Validity::Invalid, format!("[:{name}]"));
    let both = |name: &str| (Validity::Invalid, Validity::Invalid, format!("[:{name}]"));
    assert_eq!(polls(&[first, nothing, third]), ours("poll-skip-after-empty"));
    assert_eq!(polls(&[third, nothing, first]), ours("nonmonotonic-poll-after-empty"));
    assert_eq!(polls(&[first, third]), both("poll-skip"));
    // Only answers count, and only those that name the key and have nothing of it.
    assert_eq!(polls(&[first, "info poll [[\"poll\",{\"x\":[]}]]", third]), both("poll-skip"));
    assert_eq!(polls(&[first, "ok poll [[\"poll\",{}]]", third]), both("poll-skip"));
    let again = "ok poll [[\"poll\",{\"x\":[]}],[\"poll\",{\"x\":[[1,2]]}]]";
    assert_eq!(polls(&[first, again, first]), both("nonmonotonic-poll"));
}

#[test]
fn where_nothing_has_to_do_with_anything_jepsen_finds_fault() {
    let empty = "[:empty-transaction-graph]".to_owned();
    let assigns = "1 0 invoke assign [\"x\"]\n2 0 ok assign [\"x\"]\n";
    assert_eq!(judge(assigns), (Validity::Invalid, Validity::Unknown, empty.clone()));
    assert_eq!(judge(""), (Validity::Invalid, Validity::Unknown, empty.clone()));
    let poll = "invoke poll [[\"poll\"]]\n2 0 ok poll [[\"poll\",{}]]\n";
    let one = format!("1 0 {poll}");
    assert_eq!(judge(&one), (Validity::Invalid, Validity::Unknown, empty));
    // Who polls what it alone sent comes before nobody, even if it sent that twice.
    let own = "1 0 invoke txn [[\"poll\"],[\"send\",\"x\",1],[\"send\",\"x\",1]]\n\
        2 0 ok txn [[\"poll\",{\"x\":[[0,1]]}],[\"send\",\"x\",[0,1]],[\"send\",\"x\",[1,1]]]\n";
    assert!(judge(own).2.contains(":empty-transaction-graph"));
    let two = format!("{one}3 0 {poll}");
    assert_eq!(judge(&two), (Validity::Valid, Validity::Unknown, "[]".to_owned()));
}

#[test]
fn a_key_that_is_an_integer_is_a_string_where_json_wants_one() {
    let history = r#"
1 0 invoke send [["send",9,1]]
2 0 ok send [["send",9,[0,1]]]
3 1 invoke assign [9]
4 1 ok assign [9]
5 1 invoke poll [["poll"]]
6 1 ok poll [["poll",{"9":[[0,1]]}]]
"#;
    assert_eq!(judge(history), (Validity::Valid, Validity::Valid, "[]".to_owned()));
    assert_eq!(types(&history.replace("{\"9\"", "{\"09\"")), "[:phantom-read :unseen]");
}
