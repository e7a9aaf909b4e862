//! Where consumers begin who take a key over.

use expect_test::expect;
use glomers_check::{Checker, Kafka, KafkaConsumers, Validity, commit_too_far};
use glomers_history::{History, OpKind};

use super::common;

/// Three messages; process 1 has polled the first, and process 2 begins with the
/// third. `before` comes before it takes the key over.
fn history(before: &str) -> String {
    format!(
        r#"
10 0 invoke send [["send","9",1]]
11 0 ok send [["send","9",[0,1]]]
12 1 invoke assign ["9"]
12 1 ok assign ["9"]
13 1 invoke poll [["poll"]]
14 1 ok poll [["poll",{{"9":[[0,1]]}}]]
15 0 invoke send [["send","9",2]]
16 0 ok send [["send","9",[1,2]]]
{before}
30 2 invoke assign ["9"]
31 2 ok assign ["9"]
32 0 invoke send [["send","9",3]]
33 0 ok send [["send","9",[2,3]]]
34 2 invoke poll [["poll"]]
35 2 ok poll [["poll",{{"9":[[2,3]]}}]]
40 1 invoke poll [["poll"]]
41 1 ok poll [["poll",{{"9":[[1,2],[2,3]]}}]]
"#
    )
}

fn strict(history: &str) -> Validity {
    let case = common::parse(history);
    KafkaConsumers.check(&case.history, &case.context).strict
}

#[test]
fn a_consumer_that_begins_behind_what_nobody_had_polled_is_found() {
    let case = common::parse(&history(""));
    assert_eq!(Kafka.check(&case.history, &case.context).strict, Validity::Valid);
    let result = KafkaConsumers.check(&case.history, &case.context);
    assert_eq!((result.compat, result.strict), (Validity::Valid, Validity::Invalid));
    let finding = &result.findings[0];
    assert_eq!(finding.operations, [13, 9]);
    expect![[r#"
        poll-skip-after-assign: 1 consumer missed messages at the beginning of its first poll of a key. A poll gets every message from the offset on that it asks for.
          op 13, poll at n2, 0.035 s began key "9" with 3 (offset 2), behind 2 (offset 1), which nobody had polled when op 9, assign at n2, 0.031 s took the key over"#]].assert_eq(&finding.to_string());
}

#[test]
fn a_first_poll_leaves_out_only_what_was_there_for_certain() {
    // The second message was acknowledged only when the poll had begun.
    let late = history("")
        .replace("16 0 ok send [[\"send\",\"9\",[1,2]]]\n", "")
        .replace("35 2 ok", "34 0 ok send [[\"send\",\"9\",[1,2]]]\n35 2 ok");
    let late = late
        .replace("15 0 invoke send [[\"send\",\"9\",2]]", "15 4 invoke send [[\"send\",\"9\",2]]");
    let late = late.replace("34 0 ok send", "34 4 ok send");
    assert_eq!(strict(&late), Validity::Valid, "{late}");
    // It is in the same poll, behind the first.
    let same = history("").replace("{\"9\":[[2,3]]}", "{\"9\":[[2,3],[1,2]]}");
    assert_eq!(findings(&same), ["int-nonmonotonic-poll"]);
    // It is at an offset that nobody is asked for.
    let below = history("").replace("[1,2]", "[-1,2]").replace("[0,1]", "[-2,1]");
    assert!(findings(&below).is_empty(), "{below}");
    // A message at two offsets is a fault of its own, and says nothing of places.
    let twice = history("").replace(
        "[[2,3]]}]]\n40",
        "[[2,3]]}]]\n36 2 invoke poll\n36 2 ok poll [[\"poll\",{\"9\":[[3,3]]}]]\n40",
    );
    assert_eq!(findings(&twice), ["duplicate"]);
    // Who gets keys that it did not ask for may have committed anything.
    let more = history(
        "17 0 invoke poll\n18 0 ok poll [[\"poll\",{\"8\":[[0,9]]}]]\n19 0 invoke send [[\"send\",\"8\",9]]\n19 0 ok send [[\"send\",\"8\",[0,9]]]",
    );
    assert!(
        !findings(&more).contains(&"poll-skip-after-assign".to_owned()),
        "{:?}",
        findings(&more)
    );
}

fn findings(history: &str) -> Vec<String> {
    let case = common::parse(history);
    let result = KafkaConsumers.check(&case.history, &case.context);
    result.findings.iter().map(|finding| finding.name.to_string()).collect()
}

#[test]
fn who_says_that_more_was_committed_than_anybody_committed_is_found() {
    let mut case =
        common::parse(&history("20 3 invoke assign [\"8\",\"9\"]\n21 3 ok assign [\"8\",\"9\"]"));
    let mut history = History::new();
    for mut op in case.history.ops().iter().cloned() {
        if op.kind == OpKind::Ok && &*op.f == "assign" {
            op.error = match op.index {
                3 => Some(commit_too_far(&[("9", 2, Some(0))])),
                _ => Some(commit_too_far(&[("8", 1, None), ("9", 2, Some(0))])),
            };
        }
        history.push(op);
    }
    case.history = history;
    let result = Kafka.check(&case.history, &case.context);
    assert_eq!((result.compat, result.strict), (Validity::Valid, Validity::Invalid));
    expect![[r#"
        commit-too-far: Nodes said that offsets were committed that nobody had committed. A committed offset is one that some client has committed, or 0.
          op 3, assign at n1, 0.012 s got offset 2 as committed of key "9"; the highest offset that anybody had committed was 0
          op 9, assign at n0, 0.021 s got offset 1 as committed of key "8"; nobody had committed any
          op 11, assign at n2, 0.031 s got offset 1 as committed of key "8"; nobody had committed any"#]].assert_eq(&result.findings[0].to_string());
}

#[test]
fn a_consumer_may_begin_behind_what_somebody_may_have_committed() {
    // Process 0 has polled it; it may just be polling it; nobody knows what its
    // poll got.
    let assign =
        "17 0 invoke assign [\"9\"]\n18 0 ok assign [\"9\"]\n19 0 invoke poll [[\"poll\"]]\n";
    let got = "ok poll [[\"poll\",{\"9\":[[0,1],[1,2]]}]]\n";
    assert_eq!(strict(&history(&format!("{assign}20 0 {got}"))), Validity::Valid);
    assert_eq!(strict(&history(&format!("{assign}20 0 info poll"))), Validity::Valid);
    let late = history(&assign.replace(" 0 ", " 3 ")).replace("32 0", &format!("32 3 {got}32 0"));
    assert_eq!(strict(&late), Validity::Valid);
    // What is polled of another key says nothing about this one.
    let other =
        "18 0 invoke assign [\"8\"]\n18 0 ok assign [\"8\"]\n19 0 invoke poll\n20 0 info poll";
    assert_eq!(strict(&history(other)), Validity::Invalid);
}

#[test]
fn a_consumer_that_keeps_a_key_is_where_it_was() {
    let kept =
        history("").replace("40 1", "36 2 invoke assign [\"9\"]\n36 2 ok assign [\"9\"]\n40 1");
    let again = kept.replace("[[\"poll\",{\"9\":[[2,3]]}]]", "[[\"poll\",{\"9\":[[1,2],[2,3]]}]]");
    assert_eq!(strict(&again), Validity::Valid, "{again}");
}
