//! Nodes that use the services of the cluster: a counter that every node adds to.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::{
    CheckResult, Checker, Context, History, Op, OpKind, SECOND, Unobserved, Value,
};
use glomers_node::protocol::rpc::echo::{Echo, EchoOk};
use glomers_node::{IntoProcess, Node, Payload, Retry};
use glomers_sim::draws::Draws;
use glomers_sim::{
    Client, InProcessHost, NextOperation, NodeProgram, Outcome, Plan, Rate, Step, Wire, Workload,
    run_virtual,
};

struct Adds;

impl Workload for Adds {
    fn name(&self) -> &str {
        "adds"
    }
    fn generate(&mut self, _worker: u32, _draws: &mut Draws) -> NextOperation {
        NextOperation { f: Arc::from("add"), value: Value::Int(1) }
    }
    fn client(&self) -> Box<dyn Client> {
        Box::new(AddsClient)
    }
    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Nothing)
    }
}

struct AddsClient;

impl Client for AddsClient {
    fn invoke(&mut self, op: &Op) -> Step {
        Step::Request(Arc::new(Echo { echo: op.value.clone() }))
    }
    fn reply(&mut self, reply: &Payload) -> Step {
        reply
            .decode::<EchoOk>()
            .map_or_else(|error| Step::BadReply(error.to_string()), |reply| Step::Ok(reply.echo))
    }
}

struct Nothing;

impl Checker for Nothing {
    fn check(&self, _history: &History, _context: &Context) -> CheckResult {
        CheckResult::default()
    }
}

/// Adds one to a counter in `lin-kv` and answers with the sum.
fn counter() -> Node {
    Node::new().on(async |cx, Echo { echo: _ }| {
        let kv = cx.lin_kv().retry(Retry::forever());
        let sum: u64 = kv.update("sum", |old: Option<u64>| old.unwrap_or(0) + 1).await?;
        Ok(EchoOk { echo: Value::from(sum) })
    })
}

fn run(wire: Wire) -> Outcome {
    let program = NodeProgram::Embedded { name: "counter".into(), arguments: Vec::new() };
    let mut plan = Plan::new(7, program, "adds");
    plan.set_node_count(3);
    plan.concurrency = 3;
    plan.rate = Rate::PerSecond(50.0);
    plan.time_limit = 5 * SECOND;
    plan.latency.mean_ms = 10;
    plan.wire = wire;
    let factory = Box::new(|_| Ok(counter().into_process()));
    let mut host = InProcessHost::new(&plan, factory);
    run_virtual(&plan, &mut Adds, &mut host, &mut Unobserved, None).unwrap()
}

/// Regression: nodes that created the key at once, with the same value, both
/// succeeded.
#[test]
fn a_compare_and_set_loop_on_lin_kv_loses_no_addition() {
    let outcome = run(Wire::Typed);
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    let ops = outcome.history.ops();
    let mut sums: Vec<i64> = ops
        .iter()
        .filter(|op| op.kind == OpKind::Ok)
        .map(|op| op.value.as_int().unwrap())
        .collect();
    sums.sort_unstable();
    let expected: Vec<i64> = (1..=sums.len() as i64).collect();
    assert_eq!(sums, expected, "each sum once");
    assert!(sums.len() > 100, "{}", sums.len());
    // Two round trips of 20 ms at least: the services are as far as any node.
    let pairs = outcome.history.pairs();
    let fastest = ops
        .iter()
        .zip(&pairs)
        .filter(|(op, _)| op.kind == OpKind::Ok)
        .map(|(op, invoke)| op.time - ops[invoke.unwrap()].time)
        .min();
    assert!(fastest >= Some(Duration::from_millis(40)), "{fastest:?}");
    // Messages to and from services are traffic between servers.
    assert!(outcome.net.servers.sent >= 4 * sums.len() as u64);
    assert_eq!(outcome.history, run(Wire::Json).history);
}
