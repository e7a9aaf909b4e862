//! Nodes are killed, started, paused and resumed.

use std::time::Duration;

use glomers_history::journal::DropReason;
use glomers_history::{MILLISECOND, OpKind, SECOND, Value};
use glomers_node::{Input, Process};
use glomers_sim::{Ended, Inbox, Kill, Pause, ServiceTime};

use super::common::{Tell, answer, asks, at, faults, name, node, over, plan, polite, run};

fn kill(node: u32) -> Kill {
    Kill::nodes(vec![node])
}

fn pause(node: u32) -> Pause {
    Pause::nodes(vec![node])
}

/// Marks its incarnation 100 ms after its start.
fn alarm(_place: u32) -> Box<dyn Process> {
    node(|input, cx| {
        answer(&input, cx);
        match input {
            Input::Start { .. } => {
                cx.set_timer(Duration::from_millis(100));
            }
            Input::Timer(_) => {
                let incarnation = u64::from(cx.incarnation().unwrap());
                assert_eq!(cx.now().since(glomers_node::Time::ZERO).as_millis(), 100);
                cx.mark("alarm", Value::from(incarnation));
            }
            _ => {}
        }
    })
}

#[test]
fn timers_of_an_old_incarnation_never_fire() {
    let mut plan = plan(1, 1);
    plan.faults = faults([at(50, kill(0)), over(60, kill(0))]);
    let marks = run(&plan, alarm).marks("alarm");
    assert_eq!(marks, [(160, "n0".to_owned(), Value::Int(1))]);
    // Killed at the very moment of its timer, and started at once.
    plan.faults = faults([at(100, kill(0)), over(100, kill(0))]);
    let marks = run(&plan, alarm).marks("alarm");
    let incarnations: Vec<&Value> = marks.iter().map(|(_, _, value)| value).collect();
    assert!(incarnations.contains(&&Value::Int(1)) && marks.last().unwrap().0 == 200);
    assert!(marks.len() <= 2);
}

#[test]
fn a_timer_that_is_due_in_a_pause_fires_at_its_end() {
    let mut plan = plan(1, 1);
    plan.faults = faults([at(50, pause(0)), over(300, pause(0))]);
    let tolerant = |_| {
        node(|input, cx| match input {
            Input::Start { .. } => {
                cx.set_timer(Duration::from_millis(100));
                cx.set_timer(Duration::from_millis(200));
                cx.set_timer(Duration::from_millis(400));
            }
            Input::Timer(_) => cx.mark("alarm", Value::Null),
            _ => {}
        })
    };
    let times: Vec<u64> = run(&plan, tolerant).marks("alarm").iter().map(|mark| mark.0).collect();
    assert_eq!(times, [300, 300, 400]);
}

/// n0 passes on to n1 what it is asked.
fn passing(place: u32) -> Box<dyn Process> {
    node(move |input, cx| {
        if answer(&input, cx).is_some() && place == 0 {
            cx.send(&name(1), Tell { what: 1 });
        }
        if let Input::Message(message) = input
            && message.payload.decode::<Tell>().is_ok()
            && message.header.kind() == "tell"
        {
            let incarnation = u64::from(cx.incarnation().unwrap());
            cx.mark("told", Value::from(incarnation));
        }
    })
}

#[test]
fn what_is_on_its_way_to_a_node_dies_with_it() {
    for inbox in [Inbox::Ideal, Inbox::Maelstrom] {
        let mut plan = plan(1, 2);
        plan.inbox = inbox;
        plan.latency.mean_ms = 100;
        // Sent to the first life, to nobody, to the second life.
        plan.operations = asks([(0, 0), (60, 0), (80, 0)]);
        plan.faults = faults([at(50, kill(1)), over(70, kill(1))]);
        let ran = run(&plan, passing);
        let ends: Vec<Option<DropReason>> = ran
            .between_nodes()
            .iter()
            .map(|message| message.dropped.map(|(_, reason)| reason))
            .collect();
        let down = Some(DropReason::NodeDown);
        assert_eq!(ends, [down, down, None], "{inbox:?}");
        assert_eq!(ran.marks("told"), [(180, "n1".to_owned(), Value::Int(1))]);
    }
}

#[test]
fn what_waits_in_the_inbox_of_a_node_dies_with_it() {
    let mut plan = plan(1, 2);
    plan.service_time = ServiceTime::Exponential { mean: 500 * MILLISECOND };
    plan.init_timeout = 100 * SECOND;
    plan.rpc_timeout = Some(30 * SECOND);
    plan.time_limit = 60 * SECOND;
    plan.operations = asks([(0, 1), (1, 1)]);
    plan.concurrency = 4;
    let three_at_once = glomers_sim::Operations::Listed(
        [1u32, 3]
            .iter()
            .map(|&worker| glomers_sim::ListedOperation {
                at: 0,
                worker,
                node: Some(1),
                f: "ask".into(),
                value: Value::Null,
                number: None,
                is_final: false,
            })
            .collect(),
    );
    plan.operations = three_at_once;
    plan.faults = faults([at(0, kill(1)), over(20_000, kill(1))]);
    // The kill is at the same moment, but faults come first: nobody is there.
    let ran = run(&plan, |_| polite());
    assert_eq!(ran.ops_of(OpKind::Ok).len(), 0);
    assert_eq!(ran.ops_of(OpKind::Info).len(), 2);
    plan.faults = faults([at(1, kill(1)), over(20_000, kill(1))]);
    let ran = run(&plan, |_| polite());
    let dropped = ran.watch.messages.iter().filter(|message| {
        matches!(message.dropped, Some((_, DropReason::NodeDown))) && message.dest == "n1"
    });
    // The one it was at and the one that waited.
    assert_eq!(dropped.count(), 2);
}

#[test]
fn a_pause_loses_nothing() {
    for service_time in [ServiceTime::Off, ServiceTime::DEFAULT] {
        let mut plan = plan(1, 2);
        plan.service_time = service_time;
        plan.operations = asks((0..50).map(|k| (k * 10, 0)));
        plan.faults = faults([at(100, pause(1)), over(300, pause(1))]);
        let ran = run(&plan, passing);
        let told = ran.marks("told");
        assert_eq!(told.len(), 50);
        assert!(told.iter().all(|(ms, _, _)| !(102..300).contains(ms)), "{told:?}");
    }
}

#[test]
fn a_paused_node_can_be_killed_and_comes_back_awake() {
    let mut plan = plan(1, 2);
    plan.operations = asks([(0, 0), (150, 0), (250, 0)]);
    plan.faults = faults([at(100, pause(1)), at(200, kill(1)), over(220, kill(1))]);
    let told = run(&plan, passing).marks("told");
    let seen: Vec<(u64, i64)> = told.iter().map(|m| (m.0, m.2.as_int().unwrap())).collect();
    assert_eq!(seen, [(0, 0), (250, 1)]);
}

#[test]
fn killing_the_dead_starting_the_living_and_resuming_the_awake_does_nothing() {
    let mut plan = plan(1, 2);
    plan.operations = asks([(500, 0), (600, 1)]);
    plan.faults = faults([
        over(10, kill(0)),
        over(20, pause(0)),
        at(30, kill(1)),
        at(40, kill(1)),
        at(50, pause(1)),
        over(60, kill(1)),
        over(70, kill(1)),
        at(80, pause(0)),
        at(90, pause(0)),
        over(100, pause(0)),
    ]);
    let ran = run(&plan, passing);
    assert_eq!(ran.ops_of(OpKind::Ok).len(), 2);
    assert_eq!(ran.marks("told"), [(500, "n1".to_owned(), Value::Int(1))]);
    assert_eq!(ran.outcome.ended, Ended::Completed);
}

/// Once the start of any node ended the reports of all kills, and the report of a
/// pause whose node was killed never ended.
#[test]
fn the_report_of_a_fault_ends_with_that_fault_and_no_other() {
    let mut plan = plan(1, 4);
    plan.faults = faults([
        at(100, kill(1)),
        at(200, Kill::nodes(vec![2, 3])),
        over(300, kill(1)),
        at(350, kill(3)),
        over(400, kill(3)),
        over(500, Kill::nodes(vec![2, 3])),
        at(600, pause(0)),
        at(700, pause(1)),
        at(800, kill(0)),
        over(900, pause(1)),
    ]);
    let ran = run(&plan, |_| polite());
    let ms = |time: glomers_history::Time| time.0 / MILLISECOND;
    let spans: Vec<(&str, &str, u64, Option<u64>)> = ran
        .outcome
        .faults
        .iter()
        .map(|fault| (fault.kind, &*fault.description, ms(fault.from), fault.until.map(ms)))
        .collect();
    let expected = [
        ("kill", "n1", 100, Some(300)),
        ("kill", "n2 n3", 200, Some(500)),
        // One that overlaps: its end starts nobody whom the other keeps down.
        ("kill", "n3", 350, Some(500)),
        ("pause", "n0", 600, Some(800)),
        ("pause", "n1", 700, Some(900)),
        ("kill", "n0", 800, None),
    ];
    assert_eq!(spans, expected);
}
