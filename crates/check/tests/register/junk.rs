//! No checker of registers or counters panics, whatever the history holds.

use glomers_check::{
    Checker, Context, Counter, JudgeOptions, Method, Refusals, Register, RegisterModel, Validity,
    judge,
};
use glomers_history::{History, Op, OpKind, Process, Time, Value, edn};
use proptest::collection::vec;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        6 => (-1i64..3).prop_map(Value::Int),
        1 => any::<i64>().prop_map(Value::Int),
        1 => any::<u64>().prop_map(Value::from),
        1 => Just(Value::from_json("-100000000000000000000000000000000000000000").unwrap()),
        1 => any::<f64>().prop_map(Value::Float),
        1 => "[a-c]".prop_map(Value::from),
        1 => prop_oneof![Just("key-does-not-exist"), Just("precondition-failed")]
            .prop_map(Value::keyword),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            4 => (inner.clone(), inner.clone()).prop_map(|(a, b)| Value::list([a, b])),
            1 => vec(inner.clone(), 0..4).prop_map(Value::list),
            1 => vec(inner.clone(), 0..4).prop_map(Value::set),
            1 => (inner.clone(), inner).prop_map(|pair| Value::map([pair])),
        ]
    })
}

fn operation() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        3 => Just(OpKind::Invoke), 3 => Just(OpKind::Ok),
        1 => Just(OpKind::Fail), 1 => Just(OpKind::Info),
    ];
    let f = prop_oneof![
        6 => Just("read"), 4 => Just("write"), 4 => Just("cas"), 4 => Just("add"), 1 => Just(""),
    ];
    let process = prop_oneof![
        9 => (0u32..3).prop_map(Process::Client),
        1 => any::<u32>().prop_map(Process::Client),
        1 => Just(Process::Nemesis),
    ];
    let time = any::<u64>();
    (time, process, kind, f, value(), proptest::option::of(value()), any::<bool>()).prop_map(
        |(time, process, kind, f, value, error, is_final)| Op {
            index: 0,
            time: Time(time),
            process,
            kind,
            f: f.into(),
            value,
            error,
            is_final,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6_000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_history_is_judged(ops in vec(operation(), 0..24), concurrency in 0u32..4) {
        let history: History = ops.into_iter().collect();
        let nodes = vec!["n0".to_owned(), "n1".to_owned()];
        let context = Context { nodes, concurrency, ..Context::default() };
        let mut verdicts = Vec::new();
        for keyed in [false, true] {
            for model in [RegisterModel::Register, RegisterModel::CasRegister] {
                for method in [Method::Auto, Method::Frontier, Method::Search, Method::Plain] {
                    let base = Register::LIN_KV;
                    let refusals = match (keyed, model) {
                        (false, _) => Refusals::Ignored,
                        (true, RegisterModel::Register) => Refusals::Literal,
                        (true, RegisterModel::CasRegister) => Refusals::Judged,
                    };
                    let spec = Register { keyed, model, method, refusals, ..base };
                    let verdict = look(&spec, &history, &context)?;
                    if verdict.0 == Validity::Invalid {
                        prop_assert_eq!(verdict.1, Validity::Invalid);
                    }
                    verdicts.push(verdict);
                    if let Some(explanation) = spec.explain(&history) {
                        prop_assert!(explanation.render(&history, &context).len() <= 12);
                    }
                }
                let last: Vec<_> = verdicts.iter().rev().take(4).collect();
                prop_assert!(last.windows(2).all(|pair| pair[0] == pair[1]));
            }
        }
        look(&Counter::G_COUNTER, &history, &context)?;
        look(&Counter::PN_COUNTER, &history, &context)?;
    }
}

fn look(
    checker: &dyn Checker,
    history: &History,
    context: &Context,
) -> Result<(Validity, Validity), TestCaseError> {
    let result = checker.check(history, context);
    prop_assert_eq!(result.strict == Validity::Invalid, !result.findings.is_empty());
    let options = JudgeOptions::default();
    let verdict = judge(history, context, checker, options, Value::Null, Vec::new());
    for finding in &verdict.findings {
        prop_assert!(finding.render().len() <= 12);
    }
    prop_assert!(!edn::pretty(&verdict.results).is_empty());
    Ok((result.compat, result.strict))
}
