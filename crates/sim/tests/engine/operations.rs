//! Workers: when they begin operations, and how those end.

use std::time::Duration;

use glomers_history::{MILLISECOND, OpKind, Process, SECOND, Time, Value};
use glomers_node::{ErrorCode, Incoming, Input, RpcError};
use glomers_sim::{Kill, ListedOperation, Operations, Pause, Plan, PlanError, Rate};

use super::common::{
    AskOk, Asking, Ran, answer, asks, at, faults, node, over, plan, polite, run, run_with,
};

#[test]
fn the_code_of_an_error_decides_between_fail_and_info() {
    let definite = [1, 10, 11, 12, 14, 20, 21, 22, 30];
    for code in [0, 1, 10, 11, 12, 13, 14, 20, 21, 22, 30, 31, 1000, -1] {
        let mut plan = plan(1, 1);
        plan.concurrency = 3;
        let operation = |ms: u64, f: &str| ListedOperation {
            at: ms * MILLISECOND,
            worker: 0,
            node: None,
            f: f.into(),
            value: Value::Null,
            number: None,
            is_final: false,
        };
        plan.operations = Operations::Listed(vec![operation(0, "ask"), operation(1, "peek")]);
        let ran = run(&plan, move |_| {
            node(move |input, cx| {
                if let Input::Message(message) = input {
                    cx.reply_error(&message, RpcError::new(ErrorCode(code), "so"));
                }
            })
        });
        let kinds: Vec<OpKind> = ran.ops().iter().skip(1).step_by(2).map(|op| op.kind).collect();
        let expected = match definite.contains(&code) {
            true => OpKind::Fail,
            false => OpKind::Info,
        };
        // What is idempotent fails, whatever the code.
        assert_eq!(kinds, [expected, OpKind::Fail], "code {code}");
        let process = ran.ops()[2].process;
        let next = if expected == OpKind::Info { 3 } else { 0 };
        assert_eq!(process, Process::Client(next), "code {code}");
        let error = ran.ops()[1].error.clone().unwrap();
        let name = error.as_list().unwrap().get(0).unwrap();
        let unnamed = [31, 1000, -1].contains(&code);
        assert_eq!(matches!(name, Value::Int(_)), unnamed, "{error}");
        assert!(ran.findings().is_empty());
    }
}

#[test]
fn after_info_a_worker_goes_on_with_a_new_client_unless_it_keeps_its_own() {
    for keeps_client in [false, true] {
        let mut plan = plan(1, 1);
        plan.time_limit = 30 * SECOND;
        plan.operations = asks([(0, 0), (1, 0)]);
        let silent = |_| node(|_, _| {});
        let workload = move || Asking { keeps_client, ..Asking::default() };
        let ran = run_with(&plan, silent, workload, || None);
        let senders: Vec<&str> = ran
            .watch
            .messages
            .iter()
            .filter(|message| message.body.contains("ask"))
            .map(|message| message.src.as_str())
            .collect();
        assert_eq!(senders.len(), 2);
        assert_eq!(senders[0] == senders[1], keeps_client);
        let processes: Vec<Process> = ran.ops().iter().map(|op| op.process).collect();
        let first = Process::Client(0);
        assert_eq!(processes, [first, first, Process::Client(1), Process::Client(1)]);
        // The second waited for the first.
        assert_eq!(ran.ops()[2].time, Time(5 * SECOND));
    }
}

fn generated(rate: f64, seconds: u64, concurrency: u32) -> Plan {
    let mut plan = plan(1, 3);
    plan.rate = Rate::PerSecond(rate);
    plan.concurrency = concurrency;
    plan.time_limit = seconds * SECOND;
    plan.operations = Operations::Generated;
    plan
}

fn invocations(ran: &Ran) -> Vec<(Time, u32)> {
    let invocations = ran.ops_of(OpKind::Invoke).into_iter();
    invocations
        .map(|op| match op.process {
            Process::Client(process) => (op.time, process),
            Process::Nemesis => unreachable!("only clients invoke"),
        })
        .collect()
}

#[test]
fn gaps_between_operations_are_uniform_and_their_mean_is_the_rate() {
    let ran = run(&generated(50.0, 100, 3), |_| polite());
    let times: Vec<u64> = invocations(&ran).iter().map(|(time, _)| time.0).collect();
    assert_eq!(times[0], 0, "the first comes at once");
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<u64>() as f64 / gaps.len() as f64 / 1e6;
    assert!((mean - 20.0).abs() < 0.6, "{mean} ms");
    assert!(gaps.iter().all(|gap| *gap < 40 * MILLISECOND));
    // Uniform: as many in each quarter.
    for quarter in 0..4 {
        let range = quarter * 10 * MILLISECOND..(quarter + 1) * 10 * MILLISECOND;
        let share = gaps.iter().filter(|gap| range.contains(gap)).count() as f64;
        assert!((share / gaps.len() as f64 - 0.25).abs() < 0.03, "{share}");
    }
    let values: Vec<Value> = ran.ops_of(OpKind::Invoke).iter().map(|op| op.value.clone()).collect();
    let expected: Vec<Value> = (0..values.len() as i64).map(Value::Int).collect();
    assert_eq!(values, expected, "0, 1, 2, … without a hole");
}

#[test]
fn free_workers_take_turns() {
    let ran = run(&generated(50.0, 2, 6), |_| polite());
    let processes: Vec<u32> = invocations(&ran).iter().map(|(_, process)| *process).collect();
    assert!(processes.len() > 60);
    for round in processes.chunks_exact(6) {
        let mut round = round.to_vec();
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2, 3, 4, 5], "each once before one comes again");
    }
    // Worker w asks node w mod 3, always.
    let asked = ran.watch.messages.iter().filter(|m| m.body.contains("\"ask\""));
    let nodes: Vec<String> = asked.map(|message| message.dest.clone()).collect();
    let expected = processes.iter().map(|process| format!("n{}", process % 3));
    assert!(expected.eq(nodes));
}

#[test]
fn a_busy_worker_is_passed_over() {
    // Node 1 is paused, so its worker is busy from its first operation on.
    let mut plan = generated(50.0, 4, 3);
    plan.faults = faults([at(0, Pause::nodes(vec![1]))]);
    let ran = run(&plan, |_| polite());
    let processes: Vec<u32> = invocations(&ran).iter().map(|(_, process)| *process).collect();
    let of = |process| processes.iter().filter(|&&other| other == process).count();
    assert_eq!(of(1), 1);
    assert!(of(0) > 70 && of(2) > 70, "{} and {}", of(0), of(2));
}

/// Answers after 50 ms.
fn slow(_place: u32) -> Box<dyn glomers_node::Process> {
    let mut waiting: Vec<Incoming> = Vec::new();
    node(move |input, cx| match input {
        Input::Message(message) if message.header.kind() == "ask" => {
            waiting.push(message);
            cx.set_timer(Duration::from_millis(50));
        }
        Input::Timer(_) => {
            let message = waiting.remove(0);
            cx.reply(&message, AskOk {});
        }
        _ => {}
    })
}

#[test]
fn when_no_worker_is_free_the_schedule_slips_for_good() {
    // 100 a second are wanted, but one worker can do 20.
    let ran = run(&generated(100.0, 10, 1), slow);
    let times: Vec<u64> = invocations(&ran).iter().map(|(time, _)| time.0).collect();
    assert!((190..=200).contains(&times.len()), "{}", times.len());
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 50 * MILLISECOND));
    // After a pause of three seconds there is no burst of what was missed.
    let mut plan = generated(20.0, 10, 1);
    plan.faults = faults([at(1_000, Pause::nodes(vec![0])), over(4_000, Pause::nodes(vec![0]))]);
    let ran = run(&plan, |_| polite());
    let times: Vec<u64> = invocations(&ran).iter().map(|(time, _)| time.0).collect();
    let after = times.iter().filter(|&&time| (4 * SECOND..5 * SECOND).contains(&time));
    assert!(after.count() < 35);
    assert!(!times.iter().any(|&time| (1_200 * MILLISECOND..4 * SECOND).contains(&time)));
}

#[test]
fn final_operations_come_after_the_faults_and_the_recovery() {
    let mut plan = generated(20.0, 3, 3);
    plan.recovery = 7 * SECOND;
    plan.faults = faults([at(1_000, Kill::nodes(vec![0])), at(1_500, Pause::nodes(vec![1]))]);
    let workload = || Asking { with_final: true, ..Asking::default() };
    let ran = run_with(&plan, |_| polite(), workload, || None);
    let finals: Vec<_> = ran.ops().iter().filter(|op| op.is_final).collect();
    assert_eq!(finals.len(), 6);
    assert!(finals.iter().all(|op| op.time >= Time(10 * SECOND)));
    assert!(finals[3..].iter().all(|op| op.kind == OpKind::Ok));
    let healed = ran.ops().iter().filter(|op| !op.process.is_client());
    let names: Vec<&str> = healed.map(|op| &*op.f).collect();
    assert_eq!(names, ["kill", "kill", "pause", "pause", "resume", "resume", "start", "start"]);
}

#[test]
fn operations_of_a_list_ask_the_node_that_they_name() {
    let mut plan = plan(1, 3);
    plan.operations = Operations::Listed(vec![ListedOperation {
        at: 0,
        worker: 0,
        node: Some(2),
        f: "ask".into(),
        value: Value::Null,
        number: None,
        is_final: false,
    }]);
    let ran = run(&plan, |place| {
        node(move |input, cx| {
            if answer(&input, cx).is_some() {
                cx.mark("asked", Value::from(u64::from(place)));
            }
        })
    });
    assert_eq!(ran.marks("asked"), [(0, "n2".to_owned(), Value::Int(2))]);
}

/// Once such a list was taken, and the engine panicked when the operation came.
#[test]
fn operations_of_workers_or_nodes_that_do_not_exist_are_refused() {
    let mut plan = plan(1, 3);
    for (worker, node) in [(3, None), (0, Some(3))] {
        plan.operations = Operations::Listed(vec![ListedOperation {
            at: 0,
            worker,
            node,
            f: "ask".into(),
            value: Value::Null,
            number: None,
            is_final: false,
        }]);
        let Err(PlanError::Value(text)) = plan.validate() else {
            panic!("worker {worker}, node {node:?}");
        };
        assert!(text.contains("operation"), "{text}");
    }
}
