//! Nodes that break so badly that the run ends.

use std::time::Duration;

use glomers_history::{MILLISECOND, OpKind, SECOND, Time, Value};
use glomers_node::protocol::rpc::init::InitOk;
use glomers_node::{Effect, Input, Payload, RpcError};
use glomers_sim::{Ended, Kill, Pause, Plan, StepInput, StepOutput, SteppedHost, Stop};

use super::common::{
    Asking, Ran, Written, answer, asks, at, faults, node, over, plan, run, run_host,
};

#[test]
fn a_panic_ends_the_run_and_what_is_open_stays_unknown() {
    let mut plan = plan(1, 3);
    plan.time_limit = 60 * SECOND;
    plan.operations = asks([(0, 0), (0, 1), (10, 0), (500, 2)]);
    let ran = run(&plan, |place| {
        node(move |input, cx| match input {
            Input::Start { .. } if place == 2 => {
                cx.set_timer(Duration::from_millis(100));
            }
            Input::Timer(_) => panic!("the number {} is unlucky", 13),
            // n1 never answers.
            other if place != 1 => {
                answer(&other, cx);
            }
            _ => {}
        })
    });
    let finding = &ran.findings()[0];
    assert_eq!(finding.name, "node-crashed");
    assert_eq!(finding.node.as_deref(), Some("n2"));
    assert_eq!(finding.time, Some(Time(100 * MILLISECOND)));
    assert_eq!(
        finding.summary,
        "n2 panicked: the number 13 is unlucky, though no fault stopped it."
    );
    assert_eq!(ran.outcome.ended, Ended::Broken);
    assert_eq!(ran.outcome.length, Time(100 * MILLISECOND));
    // The operation at 500 ms never began.
    assert_eq!(ran.ops_of(OpKind::Invoke).len(), 3);
    let open = ran.ops_of(OpKind::Info);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].error, Some(Value::keyword("run-ended")));
}

#[test]
fn what_a_node_did_before_it_panicked_still_counts() {
    let mut plan = plan(1, 1);
    plan.operations = asks([(0, 0)]);
    let ran = run(&plan, |_| {
        node(|input, cx| {
            if answer(&input, cx).is_some() {
                cx.mark("answered", Value::Null);
                panic!("too late to take it back");
            }
        })
    });
    assert_eq!(ran.marks("answered").len(), 1);
    assert_eq!(ran.findings()[0].name, "node-crashed");
}

#[test]
fn a_panic_at_the_start_is_a_failed_init() {
    let ran = run(&plan(1, 2), |place| {
        node(move |input, _| {
            if let Input::Start { .. } = input
                && place == 1
            {
                panic!("no");
            }
        })
    });
    assert_eq!(ran.findings()[0].name, "init-failed");
    assert_eq!(ran.outcome.ended, Ended::Broken);
    assert!(ran.ops().is_empty());
}

/// Answers `init` after a while, or in its own way.
struct Stubborn {
    /// For each incarnation of n0 what it answers, if anything, and when.
    answers: Vec<Option<(Duration, &'static str)>>,
    incarnations: Vec<u32>,
}

impl SteppedHost for Stubborn {
    fn start(&mut self, node: u32, incarnation: u32, _now: Time) -> Result<(), String> {
        self.incarnations[node as usize] = incarnation;
        Ok(())
    }
    fn stop(&mut self, _node: u32, _how: Stop, _now: Time) -> u64 {
        0
    }
    fn set_clock(&mut self, _node: u32, _now: Time, _jump: i64, _drift: i64) {}
    fn step(&mut self, node: u32, _now: Time, input: StepInput, output: &mut StepOutput) {
        let StepInput::Message { src, payload, .. } = input else {
            return;
        };
        let id = payload.header().msg_id;
        if payload.header().kind() != "init" {
            return;
        }
        let mut send = |after, payload| {
            let dest = src.clone();
            output.effects.push((after, 0, Effect::Send { dest, payload }));
        };
        let incarnation = self.incarnations[node as usize] as usize;
        let answer = self.answers.get(incarnation).copied();
        match answer.unwrap_or(Some((Duration::ZERO, "ok"))) {
            Some((after, "ok")) => send(after, Payload::typed(InitOk {}, None, id)),
            Some((after, "error")) => {
                let error = RpcError::not_supported("init");
                send(after, Payload::typed(error, None, id));
            }
            Some((after, text)) => {
                let text = text.replace('?', &id.unwrap().to_string());
                send(after, Payload::from_json(text).unwrap());
            }
            None => {}
        }
    }
}

fn stubborn(plan: &Plan, answers: Vec<Option<(Duration, &'static str)>>) -> Ran {
    let host = move |plan: &Plan| -> Box<dyn SteppedHost> {
        Box::new(Stubborn { answers: answers.clone(), incarnations: vec![0; plan.nodes.len()] })
    };
    run_host(plan, host, Asking::default, || None)
}

#[test]
fn a_node_that_answers_init_wrongly_or_not_ends_the_run() {
    for (answer, part) in [
        (None, "within 10 s"),
        (Some((Duration::from_secs(11), "ok")), "within 10 s"),
        (Some((Duration::ZERO, "error")), "\"init_ok\" was expected"),
        (Some((Duration::ZERO, r#"{"type":"hello","in_reply_to":?}"#)), "\"init_ok\" was expected"),
    ] {
        let ran = stubborn(&plan(1, 1), vec![answer]);
        let finding = &ran.findings()[0];
        assert_eq!(finding.name, "init-failed", "{answer:?}");
        assert!(finding.summary.contains(part), "{}", finding.summary);
        assert_eq!(ran.outcome.ended, Ended::Broken);
    }
    let slow = Some((Duration::from_secs(9), "ok"));
    let ran = stubborn(&plan(1, 1), vec![slow]);
    assert!(ran.findings().is_empty());
    // Time counts from when all nodes were initialised.
    assert_eq!(ran.outcome.origin, Time(9 * SECOND));
}

fn restarted(written: impl IntoIterator<Item = Written>) -> Plan {
    let mut plan = plan(1, 1);
    plan.time_limit = 60 * SECOND;
    plan.faults = faults(written);
    plan
}

#[test]
fn a_node_that_does_not_answer_its_second_init_ends_the_run() {
    let ok = Some((Duration::ZERO, "ok"));
    let plan = restarted([at(1_000, Kill::nodes(vec![0])), over(2_000, Kill::nodes(vec![0]))]);
    let ran = stubborn(&plan, vec![ok, None]);
    assert_eq!(ran.findings()[0].name, "init-failed");
    assert_eq!(ran.outcome.length, Time(12 * SECOND));
    assert!(stubborn(&plan, vec![ok, ok]).findings().is_empty());
}

/// Once a time-out of `init` that fell into a pause was forgotten: the answer
/// after the pause counted for nothing, and a missing one was never noticed.
#[test]
fn a_pause_during_init_does_not_end_the_wait_for_the_answer() {
    let ok = Some((Duration::ZERO, "ok"));
    let plan = restarted([
        at(1_000, Kill::nodes(vec![0])),
        over(2_000, Kill::nodes(vec![0])),
        at(2_001, Pause::nodes(vec![0])),
        over(20_000, Pause::nodes(vec![0])),
    ]);
    let ran = stubborn(&plan, vec![ok, None]);
    assert_eq!(ran.findings()[0].name, "init-failed");
    let ran = stubborn(&plan, vec![ok, Some((Duration::from_secs(1), "ok"))]);
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
}

#[test]
fn a_node_that_cannot_be_started_ends_the_run() {
    struct Refusing;
    impl SteppedHost for Refusing {
        fn start(&mut self, _node: u32, _incarnation: u32, _now: Time) -> Result<(), String> {
            Err("has no file".to_owned())
        }
        fn stop(&mut self, _node: u32, _how: Stop, _now: Time) -> u64 {
            0
        }
        fn set_clock(&mut self, _: u32, _: Time, _: i64, _: i64) {}
        fn step(&mut self, _: u32, _: Time, _: StepInput, _: &mut StepOutput) {}
    }
    let ran = run_host(&plan(1, 2), |_| Box::new(Refusing), Asking::default, || None);
    assert_eq!(ran.findings()[0].name, "init-failed");
    assert!(ran.findings()[0].summary.contains("n0 has no file"));
    // The others' failures are not news.
    assert_eq!(ran.findings().len(), 1);
}
