//! From the start of a process to its `init_ok` everybody waits.

use std::time::Duration;

use glomers_history::journal::DropReason;
use glomers_history::{MILLISECOND, Time, Value};
use glomers_node::protocol::rpc::init::InitOk;
use glomers_node::protocol::rpc::kv::Read;
use glomers_node::{Effect, NodeId, Payload};
use glomers_sim::{Ended, Inbox, Kill, Plan, StepInput, StepOutput, SteppedHost, Stop};

use super::common::{AskOk, Asking, Ran, Tell, asks, at, faults, over, plan, run_host};

/// What a node waits for before it says `init_ok`.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// Nothing in its first life; in later ones a second goes by.
    Second,
    /// The answer of a service that it asks first.
    Service,
}

/// Notes all that it gets, and is slow to start.
struct Slow {
    before: Before,
    lives: Vec<u32>,
    /// Whom `init_ok` is for.
    init: Vec<Option<(NodeId, Option<u64>)>>,
}

impl SteppedHost for Slow {
    fn start(&mut self, node: u32, incarnation: u32, _now: Time) -> Result<(), String> {
        self.lives[node as usize] = incarnation;
        Ok(())
    }
    fn stop(&mut self, _node: u32, _how: Stop, _now: Time) -> u64 {
        0
    }
    fn set_clock(&mut self, _node: u32, _now: Time, _jump: i64, _drift: i64) {}
    fn step(&mut self, node: u32, _now: Time, input: StepInput, output: &mut StepOutput) {
        let StepInput::Message { src, payload, .. } = input else { return };
        let header = payload.header();
        let kind = header.kind().to_owned();
        let got = Effect::Mark { label: "got".into(), value: Value::string(&kind) };
        output.effects.push((Duration::ZERO, 0, got));
        let mut send = |after: Duration, dest: &NodeId, payload| {
            output.effects.push((after, 0, Effect::Send { dest: dest.clone(), payload }));
        };
        match (&*kind, self.before) {
            ("init", Before::Second) => {
                let after = Duration::from_secs(self.lives[node as usize].min(1).into());
                send(after, &src, Payload::typed(InitOk {}, None, header.msg_id));
            }
            ("init", Before::Service) => {
                self.init[node as usize] = Some((src, header.msg_id));
                let read = Read { key: Value::Int(1) };
                send(Duration::ZERO, &NodeId::from("lin-kv"), Payload::typed(read, Some(1), None));
            }
            ("error", _) => {
                let (dest, id) = self.init[node as usize].take().expect("it waits");
                send(Duration::ZERO, &dest, Payload::typed(InitOk {}, None, id));
            }
            ("ask", _) => {
                send(Duration::ZERO, &src, Payload::typed(AskOk {}, None, header.msg_id));
                if node == 0 {
                    send(Duration::ZERO, &NodeId::from("n1"), Payload::new(Tell { what: 1 }));
                }
            }
            _ => {}
        }
    }
}

fn slow(plan: &Plan, before: Before) -> Ran {
    let host = move |plan: &Plan| -> Box<dyn SteppedHost> {
        let nodes = plan.nodes.len();
        Box::new(Slow { before, lives: vec![0; nodes], init: vec![None; nodes] })
    };
    run_host(plan, host, Asking::default, || None)
}

/// Regression: what clients and nodes sent to a node that had just started came
/// before its `init`, or between that and its `init_ok`.
#[test]
fn nothing_reaches_a_node_before_its_init_ok_and_all_after_it_in_order() {
    for inbox in [Inbox::Ideal, Inbox::Maelstrom] {
        let mut plan = plan(1, 2);
        plan.inbox = inbox;
        plan.time_limit = 3000 * MILLISECOND;
        plan.faults = faults([at(50, Kill::nodes(vec![1])), over(100, Kill::nodes(vec![1]))]);
        // One to nobody; one by n0 and two by clients to the second life.
        plan.operations = asks([(60, 0), (100, 1), (150, 0), (2000, 1)]);
        let ran = slow(&plan, Before::Second);
        let got = ran.marks("got");
        let got: Vec<(u64, &str)> = got
            .iter()
            .filter(|(ms, node, _)| node == "n1" && *ms > 0)
            .map(|(ms, _, kind)| (*ms, kind.as_str().unwrap()))
            .collect();
        let expected = [(100, "init"), (1100, "ask"), (1100, "tell"), (2000, "ask")];
        assert_eq!(got, expected, "{inbox:?}");
        let lost: Vec<Option<DropReason>> = ran
            .between_nodes()
            .iter()
            .map(|message| message.dropped.map(|(_, reason)| reason))
            .collect();
        assert_eq!(lost, [Some(DropReason::NodeDown), None]);
        assert!(ran.findings().is_empty());
    }
}

/// Killed again before it has said `init_ok`, a node takes with it what waited.
#[test]
fn what_waits_for_init_ok_dies_with_the_node() {
    let mut plan = plan(1, 2);
    plan.time_limit = 4000 * MILLISECOND;
    let kill = || Kill::nodes(vec![1]);
    plan.faults = faults([at(50, kill()), over(100, kill()), at(500, kill()), over(600, kill())]);
    plan.operations = asks([(200, 0), (700, 0)]);
    let ran = slow(&plan, Before::Second);
    let ends: Vec<bool> =
        ran.between_nodes().iter().map(|message| message.received.is_some()).collect();
    assert_eq!(ends, [false, true]);
    assert_eq!(ran.outcome.ended, Ended::Completed);
}

/// A node may ask a service what it needs to start.
#[test]
fn answers_of_services_to_what_a_node_asked_reach_it_before_its_init_ok() {
    for inbox in [Inbox::Ideal, Inbox::Maelstrom] {
        let mut plan = plan(1, 2);
        plan.inbox = inbox;
        plan.latency.mean_ms = 20;
        plan.operations = asks([(10, 0), (20, 1)]);
        let ran = slow(&plan, Before::Service);
        assert!(ran.findings().is_empty(), "{:?}", ran.findings());
        assert_eq!(ran.outcome.origin, Time(40 * MILLISECOND));
    }
}
