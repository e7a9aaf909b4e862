//! What is said of each error. `UPDATE_EXPECT=1` rewrites what is expected.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use glomers_check::{Checker, Context, Kafka};

use super::common;

/// Histories as in `common`; every line but those of polls and assignments is
/// written out.
fn says(history: &str, expected: Expect) {
    let case = common::parse(history);
    let result = Kafka.check(&case.history, &case.context);
    let mut text = format!("compat {:?}, strict {:?}\n", result.compat, result.strict);
    let types = result.fields.iter().find(|(name, _)| *name == "error-types");
    let _ = writeln!(text, "{}", types.expect("the types").1);
    text.push_str(&common::in_words(&result));
    expected.assert_eq(&text);
}

#[test]
fn right() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
12 0 ok send [["send","9",[0,1]]]
13 1 invoke assign ["9"]
13 1 ok assign ["9"]
14 1 invoke poll [["poll"]]
15 1 ok poll [["poll",{"9":[[0,1]]}]]
"#,
        expect![[r#"
            compat Valid, strict Valid
            []
        "#]],
    );
}

#[test]
fn nothing_sent() {
    says(
        "14 1 invoke poll [[\"poll\"]]\n15 1 ok poll [[\"poll\",{}]]\n",
        expect![[r#"
            compat Invalid, strict Unknown
            [:empty-transaction-graph]

            note: Jepsen's checker calls this invalid: no operation here comes before another (empty-transaction-graph).

            note: Whether messages are kept cannot be said: no send was ever acknowledged.
        "#]],
    );
}

#[test]
fn lost_write() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
12 0 ok send [["send","9",[0,1]]]
13 1 invoke send [["send","9",2]]
14 1 ok send [["send","9",[1,2]]]
15 2 invoke poll [["poll"]]
16 2 ok poll [["poll",{"9":[[1,2]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:lost-write :unseen]

            lost-write: 1 message was lost: the log was polled to beyond it, and no poll returned it. What is sent stays at its offset.
              message 1 of key "9" (offset 0) was sent by op 1, send at n0, 0.012 s, which was acknowledged
              nobody polled it, though op 5, poll at n2, 0.016 s got offset 1
              @ [1, 5] n0 0.012 s

            unseen: 1 message was acknowledged and never polled, though every log is polled to its end. What is acknowledged must be visible.
              of key "9": 1
                1 (offset 0) was sent by op 1, send at n0, 0.012 s, which was acknowledged
              @ [1] n0 0.012 s
        "#]],
    );
}

#[test]
fn aborted_read() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
12 0 fail send [["send","9",1]]
15 2 invoke poll [["poll"]]
16 2 ok poll [["poll",{"9":[[0,1]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:G1a]

            G1a: a message was polled once though its send failed. What failed did not happen.
              op 3, poll at n2, 0.016 s, got message 1 of key "9", whose send failed: op 1, send at n0, 0.012 s
              @ [3, 1] n2 0.016 s
        "#]],
    );
}

#[test]
fn phantom_read() {
    says(
        r#"
15 2 invoke poll [["poll"]]
16 2 ok poll [["poll",{"9":[[0,99]]}]]
"#,
        expect![[r#"
            compat Unknown, strict Invalid
            [:phantom-read]

            phantom-read: 1 message was polled that nobody ever sent.
              op 1, poll at n2, 0.016 s, got message 99 of key "9"
              @ [1] n2 0.016 s
        "#]],
    );
}

#[test]
fn inconsistent_offsets() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
11 1 invoke send [["send","9",2]]
12 0 ok send [["send","9",[0,1]]]
14 1 ok send [["send","9",[0,2]]]
15 2 invoke poll [["poll"]]
16 2 ok poll [["poll",{"9":[[0,2]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:inconsistent-offsets :lost-write :unseen]

            lost-write: 1 message was lost: the log was polled to beyond it, and no poll returned it. What is sent stays at its offset.
              message 1 of key "9" (offset 0) was sent by op 2, send at n0, 0.012 s, which was acknowledged
              nobody polled it, though op 5, poll at n2, 0.016 s got offset 0
              @ [2, 5] n0 0.012 s

            inconsistent-offsets: 1 offset held more than one message. An offset has one message, for everybody and for good.
              offset 0 of key "9" holds 2 and 1
                2 by op 3, send at n1, 0.014 s
                1 by op 2, send at n0, 0.012 s
              @ [3, 2] n1 0.014 s

            unseen: 1 message was acknowledged and never polled, though every log is polled to its end. What is acknowledged must be visible.
              of key "9": 1
                1 (offset 0) was sent by op 2, send at n0, 0.012 s, which was acknowledged
              @ [2] n0 0.012 s
        "#]],
    );
}

#[test]
fn duplicate() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
12 0 ok send [["send","9",[0,1]]]
15 2 invoke poll [["poll"]]
16 2 ok poll [["poll",{"9":[[0,1],[1,1]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:duplicate :int-nonmonotonic-poll]

            duplicate: 1 message was found at more than one offset. What is sent once has one offset.
              message 1 of key "9" is at offsets 0 and 1
                at 0 by op 1, send at n0, 0.012 s
                at 1 by op 3, poll at n2, 0.016 s
              @ [1, 3] n0 0.012 s
        "#]],
    );
}

const THREE: &str = r#"
10 0 invoke send [["send","9",1]]
11 0 ok send [["send","9",[0,1]]]
12 0 invoke send [["send","9",2]]
13 0 ok send [["send","9",[1,2]]]
14 0 invoke send [["send","9",3]]
15 0 ok send [["send","9",[2,3]]]
16 1 invoke poll [["poll"]]
17 1 ok poll [["poll",{"9":[[0,1],[1,2],[2,3]]}]]
"#;

#[test]
fn polls_that_skip_or_go_back() {
    says(
        &format!(
            r#"{THREE}
20 2 invoke poll [["poll"]]
21 2 ok poll [["poll",{{"9":[[0,1]]}}]]
22 2 invoke poll [["poll"]]
23 2 ok poll [["poll",{{"9":[[2,3]]}}]]
24 2 invoke poll [["poll"]]
25 2 ok poll [["poll",{{"9":[[1,2]]}}]]
"#
        ),
        expect![[r#"
            compat Invalid, strict Invalid
            [:nonmonotonic-poll :poll-skip]

            poll-skip: a poll left messages out once: it did not go on where the process' poll before ended. Each process polls a key without gaps.
              op 11, poll at n2, 0.023 s, key "9": polled 3 (offset 2)
                right after 1 (offset 0) by op 9, poll at n2, 0.021 s
                between them: 2
              @ [11, 9] n2 0.023 s

            nonmonotonic-poll: a poll went backwards once: it began at or before what the process had polled already. Each process polls a key in order, each message once.
              op 13, poll at n2, 0.025 s, key "9": polled 2 (offset 1)
                right after 3 (offset 2) by op 11, poll at n2, 0.023 s
              @ [13, 11] n2 0.025 s
        "#]],
    );
}

#[test]
fn polls_that_skip_or_go_back_behind_one_of_nothing() {
    says(
        &format!(
            r#"{THREE}
20 2 invoke poll [["poll"]]
21 2 ok poll [["poll",{{"9":[[0,1]]}}]]
22 2 invoke poll [["poll"]]
23 2 ok poll [["poll",{{"9":[]}}]]
24 2 invoke poll [["poll"]]
25 2 ok poll [["poll",{{"9":[[2,3]]}}]]
26 2 invoke poll [["poll"]]
27 2 ok poll [["poll",{{"9":[]}}]]
28 2 invoke poll [["poll"]]
29 2 ok poll [["poll",{{"9":[[1,2]]}}]]
"#
        ),
        expect![[r#"
            compat Valid, strict Invalid
            [:nonmonotonic-poll-after-empty :poll-skip-after-empty]

            poll-skip-after-empty: a poll left messages out once, after an empty one: it did not go on where the process' last poll with messages ended. Each process polls a key without gaps.
              op 13, poll at n2, 0.025 s, key "9": polled 3 (offset 2)
                right after 1 (offset 0) by op 9, poll at n2, 0.021 s
                between them: 2
              @ [13, 9] n2 0.025 s

            nonmonotonic-poll-after-empty: a poll went backwards once, after an empty one: it began at or before what the process had polled already. Each process polls a key in order, each message once.
              op 17, poll at n2, 0.029 s, key "9": polled 2 (offset 1)
                right after 3 (offset 2) by op 13, poll at n2, 0.025 s
              @ [17, 13] n2 0.029 s
        "#]],
    );
}

#[test]
fn assignments_let_polls_begin_anew() {
    says(
        &format!(
            r#"{THREE}
20 1 invoke assign []
21 1 ok assign []
22 1 invoke assign ["9"]
23 1 ok assign ["9"]
24 1 invoke poll [["poll"]]
25 1 ok poll [["poll",{{"9":[[0,1]]}}]]
"#
        ),
        expect![[r#"
            compat Valid, strict Valid
            []
        "#]],
    );
}

#[test]
fn one_poll_may_skip_and_go_back_in_a_key_that_changed_hands_meanwhile() {
    let history = |log: &str| {
        let mut text = String::new();
        for (key, offset) in [(8, 0), (8, 1), (8, 2), (9, 0), (9, 1), (9, 2)] {
            let _ = writeln!(
                text,
                "{{:process 0 :type :invoke :f :send :value [[:send {key} {offset}]]}}
                 {{:process 0 :type :ok :f :send :value [[:send {key} [{offset} {offset}]]]}}"
            );
        }
        let _ = writeln!(
            text,
            "{{:process 1 :type :invoke :f :poll :value [[:poll]]}}
             {{:process 1 :type :ok :f :poll {log}
               :value [[:poll {{8 [[0 0] [1 1] [2 2]], 9 [[0 0] [2 2] [1 1]]}}]]}}"
        );
        glomers_history::read(text.as_bytes()).expect("a history")
    };
    let errors = |log: &str| {
        let result = Kafka.check(&history(log), &Context::default());
        let types = result.fields.iter().find(|(name, _)| *name == "error-types");
        types.expect("the types").1.to_string()
    };
    let both = "[:int-nonmonotonic-poll :int-poll-skip]";
    assert_eq!(errors(""), both);
    assert_eq!(errors(":rebalance-log [{:type :assigned, :keys [8]}]"), both);
    assert_eq!(errors(":rebalance-log [{:keys [8]} {:keys [9 3]}]"), "[]");
}

#[test]
fn one_poll_that_skips_and_goes_back() {
    says(
        &format!(
            r#"{THREE}
20 2 invoke poll [["poll"]]
21 2 ok poll [["poll",{{"9":[[0,1],[2,3],[1,2]]}}]]
"#
        ),
        expect![[r#"
            compat Invalid, strict Invalid
            [:int-nonmonotonic-poll :int-poll-skip]

            int-poll-skip: one poll left messages out between two that it got, once. A poll has no gaps.
              op 9, poll at n2, 0.021 s, key "9": 3 (offset 2) right after 1 (offset 0)
                between them: 2
              @ [9] n2 0.021 s

            int-nonmonotonic-poll: one poll got messages in the wrong order, or one twice, once. A poll is in the order of offsets.
              op 9, poll at n2, 0.021 s, key "9": 2 (offset 1) right after 3 (offset 2)
              @ [9] n2 0.021 s
        "#]],
    );
}

#[test]
fn sends_that_go_back() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
11 0 ok send [["send","9",[5,1]]]
12 0 invoke send [["send","9",2]]
13 0 ok send [["send","9",[3,2]]]
14 1 invoke txn [["send","9",3],["send","9",4]]
15 1 ok txn [["send","9",[8,3]],["send","9",[7,4]]]
16 2 invoke poll [["poll"]]
17 2 ok poll [["poll",{"9":[[3,2],[5,1],[7,4],[8,3]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:int-nonmonotonic-send :nonmonotonic-send]

            nonmonotonic-send: a send got an offset below the process' send before, once. What a process sends to a key stands in that order.
              op 3, send at n0, 0.013 s, key "9": sent 2 (offset 3)
                right after 1 (offset 5) by op 1, send at n0, 0.011 s
              @ [3, 1] n0 0.013 s

            int-nonmonotonic-send: sends of one operation got offsets in the wrong order, once. What is sent to a key stands in that order.
              op 5, txn at n1, 0.015 s, key "9": 4 (offset 7) right after 3 (offset 8)
              @ [5] n1 0.015 s
        "#]],
    );
}

#[test]
fn own_messages_and_circles() {
    says(
        r#"
10 0 invoke txn [["send","9",1],["poll"]]
11 0 ok txn [["send","9",[0,1]],["poll",{"9":[[0,1]]}]]
20 0 invoke txn [["send","x",1],["poll"]]
21 1 invoke txn [["send","y",1],["poll"]]
22 0 ok txn [["send","x",[0,1]],["poll",{"y":[[0,1]]}]]
23 1 ok txn [["send","y",[0,1]],["poll",{"x":[[0,1]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:G1c :precommitted-read]

            precommitted-read: an operation polled what it was still sending, once. A message becomes visible when its operation is over.
              op 1, txn at n0, 0.011 s, got its own message 1 of key "9"
              @ [1] n0 0.011 s

            G1c: 1 cycle of operations, each of which polled what the one before it sent. Nothing comes before itself.
              op 4, txn at n0, 0.022 s, sent message 1 of key "x", polled by the next
              op 5, txn at n1, 0.023 s, sent message 1 of key "y", polled by the next
              and the next after the last one is the first again
              @ [4, 5] n0 0.022 s
        "#]],
    );
}

#[test]
fn polled_before_it_was_sent() {
    says(
        r#"
10 1 invoke poll [["poll"]]
11 1 ok poll [["poll",{"9":[[0,1]]}]]
12 0 invoke send [["send","9",1]]
13 0 ok send [["send","9",[0,1]]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:G1c-realtime]

            G1c-realtime: 1 cycle of operations that fit no order: a message was polled before its send began, directly or by way of others.
              op 1, poll at n1, 0.011 s, was over when the next began
              op 3, send at n0, 0.013 s, sent message 1 of key "9", polled by the next
              and the next after the last one is the first again
              @ [1, 3] n1 0.011 s
        "#]],
    );
}

#[test]
fn unseen() {
    let mut text = String::new();
    for key in 1..=5 {
        for value in 0..15 {
            let _ = writeln!(text, "10 0 invoke send [[\"send\",\"{key}\",{value}]]");
            let _ = writeln!(text, "12 0 ok send [[\"send\",\"{key}\",[{value},{value}]]]");
        }
    }
    says(
        &text,
        expect![[r#"
        compat Invalid, strict Invalid
        [:unseen]

        unseen: 75 messages were acknowledged and never polled, though every log is polled to its end. What is acknowledged must be visible.
          of key "1": 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more
            0 (offset 0) was sent by op 1, send at n0, 0.012 s, which was acknowledged
          of key "2": 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more
            0 (offset 0) was sent by op 31, send at n0, 0.012 s, which was acknowledged
          of key "3": 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more
            0 (offset 0) was sent by op 61, send at n0, 0.012 s, which was acknowledged
          and of 2 more keys
          @ [1, 31, 61] n0 0.012 s
    "#]],
    );
}

#[test]
fn malformed() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
11 0 ok send [["send","9",["x",1]]]
12 1 invoke poll [["poll"]]
13 1 ok poll [["poll",{"9":[1,2]}]]
14 1 invoke poll [["poll"]]
15 1 ok poll
"#,
        expect![[r#"
            compat Unknown, strict Invalid
            [:unseen]

            unseen: 1 message was acknowledged and never polled, though every log is polled to its end. What is acknowledged must be visible.
              of key "9": ["x",1]
                ["x",1] (an unknown offset) was sent by op 1, send at n0, 0.011 s, which was acknowledged
              @ [1] n0 0.011 s

            malformed: 3 sends or polls were answered with something else than offsets and messages.
              op 1, send at n0, 0.011 s: [["send","9",["x",1]]]
              op 3, poll at n1, 0.013 s: [["poll",{"9":[1,2]}]]
              op 5, poll at n1, 0.015 s: null
              @ [1, 3, 5] n0 0.011 s
        "#]],
    );
}

#[test]
fn indeterminate_sends_count_once_they_are_seen() {
    says(
        r#"
10 0 invoke txn [["send","9",1],["send","8",1]]
11 0 info txn [["send","9",[0,1]],["send","8",[0,1]]]
12 1 invoke send [["send","9",2]]
13 1 ok send [["send","9",[1,2]]]
14 2 invoke poll [["poll"]]
15 2 ok poll [["poll",{"9":[[1,2]],"8":[[0,1]]}]]
"#,
        expect![[r#"
            compat Invalid, strict Invalid
            [:lost-write]

            lost-write: 1 message was lost: the log was polled to beyond it, and no poll returned it. What is sent stays at its offset.
              message 1 of key "9" (offset 0) was sent by op 1, txn at n0, 0.011 s, which may or may not have happened
              nobody polled it, though op 5, poll at n2, 0.015 s got offset 1
              @ [1, 5] n0 0.011 s
        "#]],
    );
}

/// Where the cluster chooses who gets which log, a poll may skip and go back.
#[test]
fn subscribed_logs_come_and_go() {
    says(
        r#"
10 0 invoke subscribe ["9"]
11 0 ok subscribe ["9"]
12 1 invoke txn [["send","9",1],["send","9",2],["send","9",3]]
13 1 ok txn [["send","9",[0,1]],["send","9",[1,2]],["send","9",[null,3]]]
14 0 invoke poll [["poll"]]
15 0 ok poll [["poll",{"9":[[1,2],[2,3]]}]]
16 0 invoke poll [["poll"]]
17 0 ok poll [["poll",{"9":[[0,1]]}]]
"#,
        expect![[r#"
            compat Valid, strict Valid
            [:nonmonotonic-poll]
        "#]],
    );
}

#[test]
fn a_send_without_an_offset_is_a_send() {
    says(
        r#"
10 0 invoke send [["send","9",1]]
11 0 ok send [["send","9",1]]
12 1 invoke poll [["poll"]]
13 1 ok poll [["poll",{"9":[[0,1]]}]]
"#,
        expect![[r#"
            compat Valid, strict Valid
            []
        "#]],
    );
}
