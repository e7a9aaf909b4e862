//! How to test a node whose messages Glomers does not know, from the types to the
//! verdict: a counter that clients add to at any node, and read at any node.
//!
//! Five things are needed: the messages, a node, a workload with its client, a
//! checker, and, if you like, an invariant. Each is a few lines; read from top to
//! bottom.

use std::collections::BTreeMap;
use std::sync::Arc;

use glomers_testing::*;
use serde::{Deserialize, Serialize};

// 1. The messages. The `type` of a body is the name of its struct in snake case.
//    `reply` says what answers a request; a message without one has no answer.

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = AddOk)]
struct Add {
    delta: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct AddOk {}

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = TotalOk)]
struct Total {}

#[derive(Serialize, Deserialize, Clone, Message)]
struct TotalOk {
    total: u64,
}

/// What nodes tell each other: how much was added at each node.
#[derive(Serialize, Deserialize, Clone, Message)]
struct Gossip {
    counts: BTreeMap<NodeId, u64>,
}

// 2. A node. This one is right: what it tells the others is the whole state, and
//    to hear it twice, late or never changes nothing in the end. It marks what an
//    invariant should know: what clients added here, and what it takes the total
//    for.

#[derive(Default)]
struct Counts(BTreeMap<NodeId, u64>);

impl Counts {
    fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

fn right() -> Node<Counts> {
    Node::<Counts>::new()
        .on_start(async |cx| {
            cx.every(200 * MS, async |cx| {
                let counts = cx.with(|state| state.0.clone());
                cx.send_all(cx.others(), Gossip { counts });
            });
        })
        .on(async |cx, Add { delta }| {
            let id = cx.id().clone();
            let total = cx.with(|state| {
                *state.0.entry(id).or_default() += delta;
                state.total()
            });
            cx.mark("added", delta);
            cx.mark("total", total);
            Ok(AddOk {})
        })
        .on_message(async |cx, Gossip { counts }| {
            let total = cx.with(|state| {
                for (node, theirs) in counts {
                    let ours = state.0.entry(node).or_default();
                    *ours = theirs.max(*ours);
                }
                state.total()
            });
            cx.mark("total", total);
        })
        .on(async |cx, Total {}| Ok(TotalOk { total: cx.with(|state| state.total()) }))
}

//    And one that is wrong in a way that is easily overlooked: it passes each
//    addition on until that is acknowledged. When the acknowledgement is lost, the
//    same addition is counted twice.

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = ShareOk)]
struct Share {
    delta: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct ShareOk {}

#[derive(Default)]
struct Sum(u64);

fn wrong() -> Node<Sum> {
    Node::<Sum>::new()
        .on(async |cx, Add { delta }| {
            cx.mark("added", delta);
            count(&cx, delta);
            for peer in cx.others() {
                let call = cx.rpc(peer, Share { delta }).timeout(300 * MS);
                cx.spawn(async { call.retry(Retry::forever()).await.map(|_| ()) });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Share { delta }| {
            count(&cx, delta);
            Ok(ShareOk {})
        })
        .on(async |cx, Total {}| Ok(TotalOk { total: cx.with(|sum| sum.0) }))
}

fn count(cx: &glomers_node::Context<Sum>, delta: u64) {
    let total = cx.with(|sum| {
        sum.0 += delta;
        sum.0
    });
    cx.mark("total", total);
}

// 3. The workload: which operations there are, and a client that makes a request
//    of each and a result of each reply. All that is random comes from `draws`,
//    so that one seed is one run.

struct Counter;

impl Workload for Counter {
    fn name(&self) -> &str {
        "counter"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        match draws.below(2) {
            0 => NextOperation { f: "add".into(), value: Value::from(1 + draws.below(9)) },
            _ => NextOperation { f: "total".into(), value: Value::Null },
        }
    }

    // What every client does at the end, when all is healed and had time to heal.
    fn final_operation(&self) -> Option<NextOperation> {
        Some(NextOperation { f: "total".into(), value: Value::Null })
    }

    // A read that had no answer did not happen; of an addition nobody knows.
    fn is_idempotent(&self, f: &str) -> bool {
        f == "total"
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(CounterClient { adds: false })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(CounterChecker)
    }
}

struct CounterClient {
    adds: bool,
}

impl Client for CounterClient {
    fn invoke(&mut self, op: &Op) -> Step {
        self.adds = &*op.f == "add";
        match op.value.as_int() {
            Some(delta) if self.adds => Step::Request(Arc::new(Add { delta: delta as u64 })),
            _ => Step::Request(Arc::new(Total {})),
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        if self.adds {
            return match reply.decode::<AddOk>() {
                Ok(AddOk {}) => Step::Done,
                Err(error) => Step::BadReply(error.to_string()),
            };
        }
        match reply.decode::<TotalOk>() {
            Ok(TotalOk { total }) => Step::Ok(Value::from(total)),
            Err(error) => Step::BadReply(error.to_string()),
        }
    }
}

// 4. The checker sees the history and nothing else: a final total must be the sum
//    of what was acknowledged, and of any part of what nobody knows of.

struct CounterChecker;

impl Checker for CounterChecker {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let sum = |kind| {
            let ops = history.ops().iter();
            let adds = ops.filter(|op| op.kind == kind && &*op.f == "add");
            adds.filter_map(|op| op.value.as_int()).sum::<i64>()
        };
        // For brevity: any number between is taken for possible.
        let least = sum(OpKind::Ok);
        let most = least + sum(OpKind::Info);
        let mut findings = Vec::new();
        for op in history.ops().iter().filter(|op| op.is_final && op.kind == OpKind::Ok) {
            let total = op.value.as_int().unwrap_or(-1);
            if !(least..=most).contains(&total) {
                let node = context.node_of(op).unwrap_or("a node");
                let mut finding = Finding::new(
                    "wrong-total",
                    format!("In the end {node} said {total}, but clients added {least} to {most}."),
                );
                finding.operations = vec![op.index];
                finding.node = Some(node.to_owned());
                finding.time = Some(op.time);
                findings.push(finding);
            }
        }
        CheckResult::of_findings(findings)
    }
}

// 5. The test. The invariant is asked at every event; it may remember what it
//    has seen. It finds the fault where it happens, long before the final reads.

fn run<N: IntoProcess + 'static>(seed: u64, node: fn() -> N) -> TestRun {
    let mut added = 0;
    Simulation::seed(seed)
        .nodes(5, node)
        .latency(Exponential(30 * MS))
        .loss(0.1)
        .workload(Load::new(Counter, 20.0))
        .fault(Partition::halves().between(3 * S..6 * S))
        .invariant(move |cluster| {
            let Some(mark) = cluster.newest() else { return Ok(()) };
            let number = mark.value.as_int().expect("both marks are numbers");
            match &*mark.label {
                "added" => added += number,
                _ if number > added => {
                    return Err(format!("a node counts {number}, but only {added} was added"));
                }
                _ => {}
            }
            Ok(())
        })
        .run_for(10 * S)
}

#[test]
fn the_right_counter_is_right_whatever_happens() {
    for seed in 0..50 {
        run(seed, right).assert_valid();
    }
}

#[test]
fn the_wrong_counter_is_found_out() {
    let mut found = 0;
    for seed in 0..50 {
        let run = run(seed, wrong);
        let names: Vec<&str> = run.verdict.findings.iter().map(|f| &*f.name).collect();
        found += u32::from(!run.is_valid());
        assert_eq!(names.contains(&"wrong-total"), names.contains(&"invariant-violated"));
    }
    println!("found out in {found} of 50 seeds");
    assert!(found >= 45, "in {found} of 50 seeds");
}

/// The same mistake without anything that it does not need: two nodes, one operation.
fn small(seed: u64) -> TestRun {
    Simulation::seed(seed)
        .nodes(2, wrong)
        .loss(0.3)
        .clients_per_node(1)
        .workload(Load::new(Counter, 1.0))
        .run_for(1 * S)
}

/// The guide shows what happens in it, line by line.
#[test]
fn the_smallest_run_is_the_one_that_the_guide_shows() {
    let run = small(37);
    let trace = format!("{}\n{}", run.trace(), run.verdict.findings[0]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/own-nodes.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, shown) = page.split_once("```text\n").expect("the page shows a trace");
    let mut lines = trace.lines();
    for shown in shown.lines().take_while(|line| *line != "```").filter(|line| *line != "…") {
        assert!(lines.any(|line| line == shown), "{shown}\nis not, or not there, in\n{trace}");
    }
    let fixed = Simulation::seed(37).nodes(2, right).loss(0.3).clients_per_node(1);
    fixed.workload(Load::new(Counter, 1.0)).run_for(1 * S).assert_valid();
}

/// A reader who copies the code of the chapter has all of it: what stands above the tests here, in
/// pieces and in another order.
#[test]
fn the_guide_shows_all_of_it() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/own-nodes.md");
    let page = std::fs::read_to_string(page).unwrap();
    let page: std::collections::BTreeSet<&str> = page.lines().map(str::trim).collect();
    let (code, _) = include_str!("own_messages.rs").split_once("#[test]").unwrap();
    for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        assert!(page.contains(line), "docs/src/own-nodes.md lacks: {line}");
    }
}

#[test]
fn it_is_the_same_run_over_json() {
    let history = |wire| {
        let simulation = Simulation::seed(3).nodes(5, right).wire(wire).loss(0.1);
        let run = simulation.workload(Load::new(Counter, 20.0)).run_for(5 * S);
        run.outcome.history
    };
    assert_eq!(history(Wire::Typed), history(Wire::Json));
}
