//! One mistake that explains many errors, and errors that follow from a reply
//! that was refused. `UPDATE_EXPECT=1` rewrites what is expected.

use std::fmt::Write as _;

use expect_test::expect;
use glomers_check::{Checker, Kafka, Validity, malformed_reply};
use glomers_history::{History, OpKind};

use super::common;

/// Ten messages sent to offsets from 0 on, and polled as `pair` says of offset and
/// message.
fn log(pair: impl Fn(i64, i64) -> String) -> String {
    let mut history = String::new();
    let mut pairs = Vec::new();
    for offset in 0..10 {
        let (time, message) = (10 + offset, 11 * (offset + 1));
        let _ = writeln!(history, "{time} 0 invoke send [[\"send\",\"9\",{message}]]");
        let _ = writeln!(history, "{time} 0 ok send [[\"send\",\"9\",[{offset},{message}]]]");
        pairs.push(pair(offset, message));
    }
    let polled = pairs.join(",");
    history +=
        "30 1 invoke assign [\"9\"]\n31 1 ok assign [\"9\"]\n32 1 invoke poll [[\"poll\"]]\n";
    let _ = writeln!(history, "33 1 ok poll [[\"poll\",{{\"9\":[{polled}]}}]]");
    history
}

fn said(history: &str) -> (Validity, String) {
    let case = common::parse(history);
    let result = Kafka.check(&case.history, &case.context);
    let findings: Vec<String> = result.findings.iter().map(ToString::to_string).collect();
    (result.strict, findings.join("\n"))
}

#[test]
fn message_and_offset_swapped() {
    let (strict, said) = said(&log(|offset, message| format!("[{message},{offset}]")));
    assert_eq!(strict, Validity::Invalid);
    expect![[r#"
        swapped-pairs: In 10 of 10 pairs that polls got, message and offset are swapped. A poll answers with pairs [offset, message].
          op 23, poll at n1, 0.033 s got [11,0] of key "9"
            op 1, send at n0, 0.010 s sent message 11 and was given offset 0
          op 23, poll at n1, 0.033 s got [22,1] of key "9"
            op 3, send at n0, 0.011 s sent message 22 and was given offset 1
          op 23, poll at n1, 0.033 s got [33,2] of key "9"
            op 5, send at n0, 0.012 s sent message 33 and was given offset 2"#]]
    .assert_eq(&said);
}

#[test]
fn offsets_off_by_one() {
    let (_, above) = said(&log(|offset, message| format!("[{},{message}]", offset + 1)));
    expect![[r#"
        shifted-offsets: In 10 of 10 pairs that polls got, the offset is 1 above the one that send_ok named. A message has one offset, in the answer to its send and in every poll.
          op 23, poll at n1, 0.033 s got [1,11] of key "9"
            op 1, send at n0, 0.010 s sent message 11 and was given offset 0
          op 23, poll at n1, 0.033 s got [2,22] of key "9"
            op 3, send at n0, 0.011 s sent message 22 and was given offset 1
          op 23, poll at n1, 0.033 s got [3,33] of key "9"
            op 5, send at n0, 0.012 s sent message 33 and was given offset 2"#]]
    .assert_eq(&above);
    let (_, below) = said(&log(|offset, message| format!("[{},{message}]", offset - 1)));
    assert!(below.starts_with("shifted-offsets: ") && below.contains("is 1 below"), "{below}");
    // Only some are wrong: there is no rule in that.
    let (_, some) = said(&log(|offset, message| format!("[{},{message}]", offset + offset % 3)));
    assert!(!some.contains("shifted-offsets"), "{some}");
}

#[test]
fn messages_as_floats_or_strings() {
    let (_, floats) = said(&log(|offset, message| format!("[{offset},{message}.0]")));
    expect![[r#"
        changed-type: 10 numbers came back as floats: 11.0 for 11. What is read is what was sent, of the same type; all else is judged as if they were.
          op 23, poll at n1, 0.033 s, got [["poll",{"9":[[0,11.0],[1,22.0],[2,33.0],[3,44.0],[4,55.0],…"#]]
    .assert_eq(&floats);
    let (_, strings) = said(&log(|offset, message| format!("[{offset},\"{message}\"]")));
    assert!(strings.starts_with("changed-type: 10 numbers came back as strings"), "{strings}");
    // What else is wrong is told as well.
    let (_, some) = said(&log(|offset, message| match offset {
        3 => "[2,\"33\"]".to_owned(),
        _ => format!("[{offset},\"{message}\"]"),
    }));
    assert!(
        some.contains("\nunseen: 1 message") || some.contains("\nlost-write: 1 message"),
        "{some}"
    );
    assert!(!some.contains("phantom-read"), "{some}");
    // A string that nobody sent as a number is a stranger.
    let (_, other) = said(&log(|offset, _| format!("[{offset},\"x\"]")));
    assert!(other.contains("phantom-read"), "{other}");
}

/// The same with the reply to every operation of a kind refused.
fn refused(history: &str, f: &str) -> History {
    let case = common::parse(history);
    let mut begun = None;
    let ops = case.history.ops().iter().cloned().map(|mut op| {
        if op.kind == OpKind::Invoke {
            begun = Some(op.value.clone());
        } else if *op.f == *f {
            op.kind = OpKind::Info;
            op.value = begun.clone().expect("it has begun");
            op.error = Some(malformed_reply("the field \"msgs\" is missing"));
        }
        op
    });
    ops.collect()
}

#[test]
fn a_reply_that_was_refused_has_no_other_consequence() {
    let right = log(|offset, message| format!("[{offset},{message}]"));
    for f in ["send", "poll", "assign"] {
        let history = refused(&right, f);
        let result = Kafka.check(&history, &Default::default());
        assert!(result.findings.is_empty(), "{f}: {:?}", result.findings);
        let unknown = f != "assign";
        assert_eq!(result.strict == Validity::Unknown, unknown, "{f}");
    }
    let history = refused(&right, "poll");
    let result = Kafka.check(&history, &Default::default());
    assert_eq!(result.compat, Validity::Invalid, "as for Jepsen: unseen");
    assert_eq!(
        result.notes,
        ["Whether 10 messages were kept cannot be said: replies to polls that may have held them \
          had the wrong form."]
    );
    // A message that was sent later cannot have been in it.
    let later = format!(
        "{right}40 0 invoke send [[\"send\",\"9\",500]]\n41 0 ok send [[\"send\",\"9\",[10,500]]]\n"
    );
    let result = Kafka.check(&refused(&later, "poll"), &Default::default());
    assert!(result.findings[0].summary.starts_with("1 message was acknowledged and never polled"));
    // A poll of another key neither.
    let other = right.replace("assign [\"9\"]", "assign [\"8\"]");
    assert!(!Kafka.check(&refused(&other, "poll"), &Default::default()).findings.is_empty());
}

#[test]
fn a_message_at_two_offsets_is_one_fault() {
    // Message 88 is at 7 and 8, as is 99 at 9 and 10: nothing is skipped or polled twice.
    let history = log(|offset, message| match offset {
        7 => "[7,88],[8,88]".to_owned(),
        8 => "[9,99]".to_owned(),
        9 => "[10,110]".to_owned(),
        _ => format!("[{offset},{message}]"),
    });
    let (_, said) = said(&history);
    let names: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(names, ["inconsistent-offsets", "duplicate"], "{said}");
}
