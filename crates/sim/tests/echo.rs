//! The engine with the smallest node and workload there are.

use std::sync::Arc;

use glomers_history::{
    CheckResult, Checker, Context, Event, History, Observer, Op, OpKind, Time, Value, edn,
};
use glomers_node::protocol::rpc::echo::{Echo, EchoOk};
use glomers_node::{Cx, Input, Payload, Process};
use glomers_sim::draws::Draws;
use glomers_sim::{
    Client, InProcessHost, Inbox, Latency, NextOperation, NodeProgram, Outcome, Plan, Rate,
    ServiceTime, Step, Wire, Workload, run_virtual,
};

struct EchoNode;

impl Process for EchoNode {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        if let Input::Message(message) = input
            && let Ok(Echo { echo }) = message.payload.decode()
        {
            cx.reply(&message, EchoOk { echo });
        }
    }
}

struct EchoWorkload;

impl Workload for EchoWorkload {
    fn name(&self) -> &str {
        "echo"
    }
    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        NextOperation { f: Arc::from("echo"), value: Value::from(draws.below(128)) }
    }
    fn client(&self) -> Box<dyn Client> {
        Box::new(EchoClient)
    }
    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Nothing)
    }
}

struct EchoClient;

impl Client for EchoClient {
    fn invoke(&mut self, op: &Op) -> Step {
        Step::Request(Arc::new(Echo { echo: op.value.clone() }))
    }
    fn reply(&mut self, reply: &Payload) -> Step {
        match reply.decode::<EchoOk>() {
            Ok(reply) => Step::Ok(reply.echo),
            Err(error) => Step::BadReply(error.to_string()),
        }
    }
}

struct Nothing;

impl Checker for Nothing {
    fn check(&self, _history: &History, _context: &Context) -> CheckResult {
        CheckResult::default()
    }
}

fn plan(seed: u64) -> Plan {
    let program = NodeProgram::Embedded { name: "echo".into(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, "echo");
    plan.set_node_count(3);
    plan.concurrency = 6;
    plan.rate = Rate::PerSecond(20.0);
    plan.time_limit = 2 * glomers_history::SECOND;
    plan
}

fn run(plan: &Plan, observer: &mut dyn Observer) -> Outcome {
    let factory = Box::new(|_| Ok(Box::new(EchoNode) as Box<dyn Process>));
    let mut host = InProcessHost::new(plan, factory);
    run_virtual(plan, &mut EchoWorkload, &mut host, observer, None).unwrap()
}

/// Everything that an observer can see, as text.
#[derive(Default)]
struct Transcript(String);

impl Observer for Transcript {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Operation(op) => edn::write_op(op, &mut self.0),
            Event::Sent { message, src, dest } => {
                let (id, payload) = (message.id, message.payload);
                self.0 += &format!("{} {id} {src}>{dest} {payload:?}\n", time.0);
            }
            Event::Received(message) => self.0 += &format!("{} {} received\n", time.0, message.id),
            _ => {}
        }
    }
}

fn transcript(plan: &Plan) -> String {
    let mut transcript = Transcript::default();
    run(plan, &mut transcript);
    transcript.0
}

#[test]
fn operations_are_answered() {
    let outcome = run(&plan(1), &mut glomers_history::Unobserved);
    let ops = outcome.history.ops();
    let count = |kind| ops.iter().filter(|op| op.kind == kind).count();
    assert!((30..=50).contains(&count(OpKind::Invoke)), "{}", count(OpKind::Invoke));
    assert_eq!(count(OpKind::Invoke), count(OpKind::Ok));
    // Init and echo, each a request and a reply.
    assert_eq!(outcome.net.clients.sent, 2 * (3 + count(OpKind::Ok) as u64));
    assert_eq!(outcome.net.clients.received, outcome.net.clients.sent);
    assert_eq!(outcome.net.servers.sent, 0);
}

#[test]
fn same_seed_same_run_byte_for_byte() {
    for seed in 0..20 {
        let first = transcript(&plan(seed));
        assert_eq!(first, transcript(&plan(seed)));
        let json = Plan { wire: Wire::Json, ..plan(seed) };
        assert_eq!(first, transcript(&json), "--wire json changes the run");
        assert_ne!(first, transcript(&plan(seed + 1)));
    }
}

#[test]
fn service_time_makes_operations_overlap() {
    let overlap = |service_time| {
        let mut plan = plan(3);
        plan.service_time = service_time;
        plan.rate = Rate::PerSecond(2000.0);
        let outcome = run(&plan, &mut glomers_history::Unobserved);
        let ops = outcome.history.ops();
        ops.windows(2).filter(|pair| pair.iter().all(|op| op.kind == OpKind::Invoke)).count()
    };
    assert_eq!(overlap(ServiceTime::Off), 0);
    assert!(overlap(ServiceTime::DEFAULT) > 100);
}

#[test]
fn an_inbox_like_maelstroms_does_not_delay_clients_that_find_it_empty() {
    let mut plan = plan(1);
    plan.service_time = ServiceTime::Off;
    plan.latency = Latency { mean_ms: 100, ..plan.latency };
    plan.inbox = Inbox::Maelstrom;
    let outcome = run(&plan, &mut glomers_history::Unobserved);
    let ops = outcome.history.ops();
    let pairs = outcome.history.pairs();
    assert!(ops.iter().zip(pairs).all(|(op, other)| ops[other.unwrap()].time == op.time));
}

#[test]
fn rate_max_keeps_every_worker_busy_and_rate_zero_none() {
    let mut plan = plan(1);
    plan.rate = Rate::Max;
    let busy = run(&plan, &mut glomers_history::Unobserved);
    // Six workers, three nodes, 0.5 ms an operation: about 12,000 in 2 s.
    assert!((11_000..13_000).contains(&busy.net.operations), "{}", busy.net.operations);
    plan.rate = Rate::PerSecond(0.0);
    let idle = run(&plan, &mut glomers_history::Unobserved);
    assert!(idle.history.is_empty());
    assert!(idle.length.as_secs_f64() >= 2.0);
}
