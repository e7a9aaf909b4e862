//! A reply that was refused for its form is told by the run, and nothing more is
//! made of it.

use std::time::Duration;

use glomers_check::{
    Availability, AvailabilityCheck, CheckResult, Checker, Context, Counter, Echo, Register,
    SetFull, Stats, UniqueIds, Validity, malformed_reply, unavailable_after_heal, was_served,
};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

/// What a client does, and whether its replies are refused.
fn history(operations: &[(&str, &str, bool, bool)]) -> History {
    let mut history = History::new();
    for (at, &(f, value, is_final, refused)) in (0..).zip(operations) {
        let op = |kind, error| Op {
            index: 0,
            time: Time(at),
            process: Process::Client(at as u32),
            kind,
            f: f.into(),
            value: Value::from_json(value).unwrap(),
            error,
            is_final,
        };
        history.push(op(OpKind::Invoke, None));
        history.push(match refused {
            true => op(OpKind::Info, Some(malformed_reply("it has no \"type\""))),
            false => op(OpKind::Ok, None),
        });
    }
    history
}

fn without_findings(checker: &dyn Checker, history: &History) -> CheckResult {
    let result = checker.check(history, &Context::default());
    assert!(result.findings.is_empty(), "{:?}", result.findings);
    result
}

#[test]
fn no_workload_finds_more() {
    let (refused, last) = (true, true);
    let set = |add| {
        history(&[
            (add, "1", false, refused),
            (add, "2", false, false),
            ("read", "null", last, refused),
        ])
    };
    assert_eq!(without_findings(&SetFull::BROADCAST, &set("broadcast")).strict, Validity::Unknown);
    assert_eq!(without_findings(&SetFull::G_SET, &set("add")).strict, Validity::Unknown);
    let counter = history(&[("add", "1", false, refused), ("read", "null", last, refused)]);
    assert_eq!(without_findings(&Counter::G_COUNTER, &counter).strict, Validity::Unknown);
    let register = history(&[
        ("write", "[0,1]", false, refused),
        ("cas", "[0,[1,2]]", false, refused),
        ("read", "[0,null]", false, refused),
    ]);
    without_findings(&Register::LIN_KV, &register);
    let ids = history(&[("generate", "null", false, refused)]);
    assert_eq!(without_findings(&UniqueIds, &ids).strict, Validity::Unknown);
    let echo = history(&[("echo", "\"a\"", false, refused)]);
    assert_eq!(without_findings(&Echo, &echo).strict, Validity::Unknown);
}

#[test]
fn what_never_succeeded_because_replies_were_refused_is_unknown() {
    let all = history(&[("read", "null", false, true), ("read", "null", false, true)]);
    let stats = without_findings(&Stats::default(), &all);
    assert_eq!((stats.compat, stats.strict), (Validity::Invalid, Validity::Unknown));
    // Other operations must succeed all the same.
    let mut other = history(&[("read", "null", false, true), ("add", "1", false, false)]);
    let mut failed = other.ops()[3].clone();
    failed.kind = OpKind::Fail;
    other = other.ops()[..3].iter().cloned().chain([failed]).collect();
    let stats = Stats::default().check(&other, &Context::default());
    assert_eq!(stats.findings.len(), 1);
    assert!(stats.findings[0].summary.starts_with("No add was ever answered"));
}

#[test]
fn an_operation_without_an_answer_is_found_where_all_must_have_one() {
    let check = AvailabilityCheck { required: Availability::Answered, answered: None };
    let judged = |kind: OpKind, error: &str, second: u64| {
        let all = history(&[("read", "null", false, false)]);
        let mut ops = all.ops().to_vec();
        (ops[0].time, ops[1].time) = (Time(second * 1_000_000_000), Time(u64::MAX));
        (ops[1].kind, ops[1].error) = (kind, Some(glomers_history::Value::keyword(error)));
        check.check(&ops.into_iter().collect(), &Context::default())
    };
    for kind in [OpKind::Info, OpKind::Fail] {
        let silent = judged(kind, "net-timeout", 5);
        assert_eq!((silent.compat, silent.strict), (Validity::Valid, Validity::Invalid));
        assert_eq!(silent.findings[0].name, "unavailable");
        assert!(silent.findings[0].summary.starts_with("1 of 1 operation that began after"));
        // A leader may still be missing, and an error is an answer.
        assert!(judged(kind, "net-timeout", 4).findings.is_empty());
        assert!(judged(kind, "temporarily-unavailable", 5).findings.is_empty());
    }
    assert!(judged(OpKind::Ok, "odd", 9).findings.is_empty());
}

#[test]
fn a_refused_reply_is_an_answer_for_availability() {
    let some = history(&[("read", "null", false, true), ("read", "null", false, false)]);
    let total = AvailabilityCheck { required: Availability::Total, answered: None };
    let result = without_findings(&total, &some);
    assert_eq!((result.compat, result.strict), (Validity::Invalid, Validity::Unknown));
    let most = AvailabilityCheck { required: Availability::Fraction(0.9), answered: None };
    assert_eq!(without_findings(&most, &some).strict, Validity::Unknown);
    let mut ops = some.ops().to_vec();
    ops[3].kind = OpKind::Fail;
    let failed: History = ops.into_iter().collect();
    assert_eq!(total.check(&failed, &Context::default()).strict, Validity::Invalid);

    assert_eq!(was_served(&some.ops()[1]), Some(true));
    let context = Context { nodes: vec!["n0".to_owned()], concurrency: 1, ..Context::default() };
    let all = history(&[("read", "null", false, true), ("read", "null", false, true)]);
    let bound = Duration::from_nanos(1);
    assert_eq!(unavailable_after_heal(&all, &context, Time::ZERO, bound, 0.0), None);
}
