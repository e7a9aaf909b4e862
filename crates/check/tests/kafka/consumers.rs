//! Where consumers begin who take a key over.

use expect_test::expect;
use glomers_check::{Checker, Kafka, KafkaConsumers, Validity};

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
        commit-too-far: 1 consumer began behind messages that nobody had polled. A consumer begins behind what was committed, and nobody commits what nobody has polled.
          op 13, poll at n2, 0.035 s began key "9" with 3 (offset 2); 2 (offset 1) had been polled by nobody when op 9, assign at n2, 0.031 s took the key over"#]].assert_eq(&finding.to_string());
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
