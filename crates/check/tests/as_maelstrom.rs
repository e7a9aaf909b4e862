//! Jepsen's verdict is on what Maelstrom would have recorded.

#[expect(dead_code, reason = "each test file uses another part of this")]
mod common;

use std::time::Duration;

use glomers_check::{
    AsMaelstrom, Context, Counter, Echo, Finding, JudgeOptions, Mark, Standard, Validity, Verdict,
    WOULD_CRASH, WOULD_IGNORE, WOULD_NOT_HEAR, judge, maelstroms_history,
};
use glomers_history::{History, OpKind, Time, Value};

fn differences(trusts_no_error: bool) -> AsMaelstrom<'static> {
    AsMaelstrom {
        rpc_timeout: Duration::from_secs(5),
        is_idempotent: &|f| f == "read",
        trusts_no_error,
    }
}

fn mark(label: &str, value: Value) -> Mark {
    Mark { time: Time(0), node: 0, label: label.into(), value }
}

fn verdict(text: &str, marks: Vec<Mark>, found: Vec<Finding>, standard: Standard) -> Verdict {
    let case = common::parse(text);
    let context = Context { marks, ..case.context };
    let maelstroms = maelstroms_history(&case.history, &context, &differences(false));
    let options = JudgeOptions { standard, maelstroms, ..JudgeOptions::default() };
    judge(&case.history, &context, &Echo, options, Value::Null, found)
}

const ECHOES: &str = "
    0 0 invoke echo \"a\"
    1 0 ok echo {\"echo\":\"a\"}
    10 0 invoke echo \"b\"
    11 0 ok echo {\"echo\":\"b\"}
    20 0 invoke echo \"c\"
    21 0 ok echo {\"echo\":\"c\"}
    5020 0 invoke echo \"d\"
    5021 0 ok echo {\"echo\":\"d\"}
";

fn lines(history: &History) -> Vec<String> {
    let ops = history.ops().iter();
    ops.map(|op| format!("{} {} {:?} {}", op.time.0 / 1_000_000, op.process, op.kind, op.value))
        .collect()
}

#[test]
fn an_operation_that_maelstrom_would_not_hear_of_times_out() {
    let case = common::parse(ECHOES);
    let marks = [2, 4, 6].map(|at| mark(WOULD_NOT_HEAR, Value::Int(at))).to_vec();
    let context = Context { marks, ..case.context.clone() };
    let theirs = maelstroms_history(&case.history, &context, &differences(false)).unwrap();
    // The worker waits for five seconds, so the third never begins.
    assert_eq!(
        lines(&theirs),
        [
            "0 0 Invoke \"a\"",
            "1 0 Ok {:echo \"a\"}",
            "10 0 Invoke \"b\"",
            "5010 0 Info \"b\"",
            "5020 3 Invoke \"d\"",
            "10020 3 Info \"d\"",
        ]
    );
    assert!(theirs.ops().iter().zip(0..).all(|(op, at)| op.index == at));
    assert_eq!(maelstroms_history(&case.history, &case.context, &differences(false)), None);
}

#[test]
fn after_a_line_that_maelstrom_cannot_take_it_judges_what_remains() {
    let ignores = || mark(WOULD_IGNORE, Value::string("a line that is no message"));
    let unheard = |at: &[i64]| {
        let marks = at.iter().map(|&at| mark(WOULD_NOT_HEAR, Value::Int(at)));
        marks.chain([ignores()]).collect::<Vec<Mark>>()
    };
    // One echo was heard: that is enough for Jepsen.
    let some = verdict(ECHOES, unheard(&[2, 4, 6]), Vec::new(), Standard::Strict);
    assert_eq!((some.strict, some.compat), (Validity::Valid, Validity::Valid));
    let none = verdict(ECHOES, unheard(&[0, 2, 4, 6]), Vec::new(), Standard::Strict);
    assert_eq!((none.strict, none.compat), (Validity::Valid, Validity::Invalid));
    assert_eq!(
        none.notes,
        ["Real Maelstrom ignores all that n0 prints after a line that is no message; Jepsen's \
          verdict is on what remains then."]
    );
    let jepsens = verdict(ECHOES, unheard(&[0, 2, 4, 6]), Vec::new(), Standard::JepsenCompat);
    assert_eq!((jepsens.strict, jepsens.compat), (Validity::Valid, Validity::Invalid));
    assert!(jepsens.findings.iter().any(|finding| finding.name == "never-ok"));
}

#[test]
fn where_maelstrom_crashes_there_is_no_verdict_of_jepsens() {
    let marks = vec![
        mark(WOULD_IGNORE, Value::string("a line that is no message: it is blank")),
        mark(WOULD_CRASH, Value::Null),
    ];
    let crash = verdict(ECHOES, marks.clone(), Vec::new(), Standard::JepsenCompat);
    assert_eq!((crash.strict, crash.compat), (Validity::Valid, Validity::Unknown));
    expect_test::expect![[r#"
        would-crash: Real Maelstrom would crash (exit status 255) and give no verdict: it ignores all that n0 prints after a line that is no message: it is blank, and so waits in vain for its answer at the start."#]]
    .assert_eq(&crash.findings[0].to_string());
    assert!(
        crash
            .results
            .to_string()
            .contains(":jepsen-compat {:valid? :unknown, :reason :would-crash}")
    );
    assert!(verdict(ECHOES, marks, Vec::new(), Standard::Strict).findings.is_empty());
    for fatal in ["init-failed", "setup-failed", "node-crashed"] {
        let found = vec![
            Finding::new("node-error", "so"),
            Finding { name: fatal.into(), ..Finding::new("x", "n0 is gone.") },
        ];
        let ended = verdict(ECHOES, Vec::new(), found, Standard::JepsenCompat);
        assert_eq!((ended.strict, ended.compat), (Validity::Invalid, Validity::Unknown));
    }
}

/// Maelstrom's counter clients take every error for one of which nobody knows: to
/// Jepsen a refused add that was counted is valid.
#[test]
fn a_refused_add_that_was_counted_is_valid_to_jepsen() {
    let case = common::parse(
        "
        0 0 invoke add 3
        1 0 fail add \"no\"
        10 0 invoke add 1
        11 0 ok add 1
        20 0 invoke! read null
        21 0 ok! read 4
        ",
    );
    let maelstroms = maelstroms_history(&case.history, &case.context, &differences(true));
    let theirs = maelstroms.as_ref().unwrap();
    assert_eq!(theirs.ops()[1].kind, OpKind::Info);
    assert_eq!(theirs.ops()[2].process, glomers_history::Process::Client(3));
    let options = JudgeOptions { maelstroms, ..JudgeOptions::default() };
    let verdict =
        judge(&case.history, &case.context, &Counter::G_COUNTER, options, Value::Null, Vec::new());
    assert_eq!((verdict.strict, verdict.compat), (Validity::Invalid, Validity::Valid));
}
