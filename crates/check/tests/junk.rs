//! No checker panics, whatever the history holds, and ours is never the more
//! lenient verdict.

use glomers_check::{
    Availability, Context, CutMessage, Echo, Finding, JudgeOptions, Kept, Mark, SetFull, Standard,
    UniqueIds, Validity, judge,
};
use glomers_history::{History, Op, OpKind, Process, Time, Value, edn};
use glomers_protocol::Payload;
use proptest::collection::vec;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3i64..6).prop_map(Value::Int),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::Float),
        ".{0,70}".prop_map(Value::from),
        "[a-c]".prop_map(Value::keyword),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![Just("echo"), Just("message"), Just("type"), Just("valid?")];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::list),
            vec(-2i64..5, 0..6).prop_map(|list| Value::integers(&list)),
            vec(inner.clone(), 0..6).prop_map(Value::set),
            (key, inner.clone()).prop_map(|(key, value)| Value::record([(key, value)])),
            (inner.clone(), inner).prop_map(|pair| Value::map([pair])),
        ]
    })
}

fn operation() -> impl Strategy<Value = Op> {
    let kind =
        prop_oneof![Just(OpKind::Invoke), Just(OpKind::Ok), Just(OpKind::Fail), Just(OpKind::Info)];
    let f = prop_oneof![
        3 => Just("broadcast"), 3 => Just("read"), 1 => Just("add"),
        1 => Just("echo"), 1 => Just("generate"), 1 => Just(""),
    ];
    let process = prop_oneof![
        5 => (0u32..4).prop_map(Process::Client),
        1 => any::<u32>().prop_map(Process::Client),
        1 => Just(Process::Nemesis),
    ];
    let time = prop_oneof![0u64..100_000_000, any::<u64>()];
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

fn context() -> impl Strategy<Value = Context> {
    let mark = (any::<u64>(), 0u32..5, value()).prop_map(|(time, node, value)| Mark {
        time: Time(time),
        node,
        label: "holds".into(),
        value,
    });
    // Now and then a message whose body nobody has.
    let cut = (any::<u64>(), 0u64..5, 0u32..5, any::<u32>()).prop_map(|(time, id, a, b)| {
        let (src, dest) = (b, a);
        let how = [Kept::Cut, Kept::Lost, Kept::Down, Kept::Paused][time as usize % 4];
        CutMessage { time: Time(time), id, src, dest, how }
    });
    let bodies = vec(value(), 0..4).prop_map(|bodies| {
        let body = |value: Value| Payload::from_json(value.to_json()).expect("a value is JSON");
        (0..).zip(bodies.into_iter().map(body)).collect()
    });
    (0usize..4, 0u32..5, vec(mark, 0..6), vec(cut, 0..4), bodies).prop_map(
        |(nodes, concurrency, marks, cut, bodies)| Context {
            nodes: (0..nodes).map(|n| format!("n{n}")).collect(),
            concurrency,
            marks,
            cut,
            bodies,
            ..Context::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_history_is_judged(
        ops in vec(operation(), 0..24),
        context in context(),
        net in value(),
        availability in prop_oneof![
            Just(Availability::None),
            Just(Availability::Total),
            Just(Availability::Answered),
            any::<f64>().prop_map(Availability::Fraction),
        ],
    ) {
        let history: History = ops.into_iter().collect();
        let workloads: [&dyn glomers_check::Checker; 4] =
            [&SetFull::BROADCAST, &SetFull::G_SET, &UniqueIds, &Echo];
        for workload in workloads {
            let options = JudgeOptions { availability, ..JudgeOptions::default() };
            let verdict = judge(&history, &context, workload, options, net.clone(), Vec::new());
            if verdict.compat == Validity::Invalid {
                prop_assert_eq!(verdict.strict, Validity::Invalid);
            }
            prop_assert_eq!(verdict.strict == Validity::Invalid, !verdict.findings.is_empty());
            for finding in &verdict.findings {
                prop_assert!(finding.render().len() <= 12);
            }
            prop_assert!(!edn::pretty(&verdict.results).is_empty());
        }
    }
}

#[test]
fn what_the_run_itself_found_counts() {
    let history: History = [(OpKind::Invoke, Value::Null), (OpKind::Ok, Value::Int(1))]
        .into_iter()
        .map(|(kind, value)| Op {
            index: 0,
            time: Time(0),
            process: Process::Client(0),
            kind,
            f: "generate".into(),
            value,
            error: None,
            is_final: false,
        })
        .collect();
    let verdict = |names: &[&'static str], standard| {
        let found = names.iter().map(|name| Finding::new(name, "so it is")).collect();
        let options = JudgeOptions { standard, ..JudgeOptions::default() };
        judge(&history, &Context::default(), &UniqueIds, options, Value::Null, found)
    };
    let valid = |verdict: &glomers_check::Verdict| verdict.results.get("valid?").cloned();
    let good = verdict(&[], Standard::Strict);
    assert_eq!((good.compat, good.strict), (Validity::Valid, Validity::Valid));
    let bad = verdict(&["node-error"], Standard::Strict);
    assert_eq!((bad.compat, bad.strict), (Validity::Valid, Validity::Invalid));
    assert_eq!(valid(&bad), Some(Value::Bool(false)));
    let lenient = verdict(&["node-error"], Standard::JepsenCompat);
    assert_eq!(valid(&lenient), Some(Value::Bool(true)));
    let crashed = verdict(&["node-crashed"], Standard::JepsenCompat);
    // Maelstrom crashes, too, and gives no verdict.
    assert_eq!((crashed.compat, crashed.strict), (Validity::Unknown, Validity::Invalid));
    assert!(crashed.findings.iter().any(|finding| finding.name == "would-crash"));
    expect_test::expect![[r#"
        {:perf {:latency-graph {:valid? true},
                :rate-graph {:valid? true},
                :valid? true},
         :timeline {:valid? true},
         :exceptions {:valid? true},
         :stats {:valid? true,
                 :count 1,
                 :ok-count 1,
                 :fail-count 0,
                 :info-count 0,
                 :by-f {:generate {:valid? true,
                                   :count 1,
                                   :ok-count 1,
                                   :fail-count 0,
                                   :info-count 0}}},
         :availability {:valid? true, :ok-fraction 1.0},
         :net {:valid? true},
         :workload {:valid? true,
                    :attempted-count 1,
                    :acknowledged-count 1,
                    :duplicated-count 0,
                    :duplicated {},
                    :range [1 1]},
         :findings [{:name :node-error,
                     :summary "so it is",
                     :evidence [],
                     :operations []}],
         :jepsen-compat {:valid? true},
         :strict {:valid? false},
         :valid? false}"#]]
    .assert_eq(&edn::pretty(&bad.results));
}
