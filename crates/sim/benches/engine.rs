//! What a message costs the engine in virtual time: nodes with async handlers that
//! ask each other without end, each answer followed by the next question, and
//! clients beside them; service time on. Prints messages delivered per CPU second
//! of this process, one figure a line: without a journal, and with the journal of
//! a stored run.
//!
//! `cargo bench -p glomers-sim --bench engine [-- SECONDS]` (of virtual time; 30
//! are about a million messages)

use std::time::{Duration, SystemTime};

use glomers_history::{Observer, SECOND, Unobserved};
use glomers_node::protocol::rpc::echo::{Echo as Ask, EchoOk};
use glomers_node::{IntoProcess, Message, Node};
use glomers_sim::{InProcessHost, NodeProgram, Plan, Rate, run_virtual};
use glomers_workload::Echo;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

const NODES: u32 = 25;

/// What nodes ask each other.
#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = PingOk)]
struct Ping {
    number: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct PingOk {
    number: u64,
}

fn node() -> Node {
    Node::new()
        .on_start(async |cx: glomers_node::Context| {
            let peers = cx.peers().clone();
            for number in 0_u64.. {
                let peer = &peers[cx.random_below(peers.len() as u64) as usize];
                let limit = Duration::from_secs(1);
                match cx.rpc(peer, Ping { number }).timeout(limit).await {
                    Ok(answer) => assert_eq!(answer.number, number),
                    Err(error) => cx.log(format!("{peer} did not answer {number}: {error}")),
                }
            }
        })
        .on(async |_cx, Ping { number }| Ok(PingOk { number }))
        .on(async |_cx, Ask { echo }| Ok(EchoOk { echo }))
}

/// Seconds of CPU time that this process has used.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn run(seconds: u64, observer: &mut dyn Observer) -> u64 {
    let program = NodeProgram::Embedded { name: "ping".into(), arguments: Vec::new() };
    let mut plan = Plan::new(1, program, "echo");
    plan.set_node_count(NODES);
    plan.concurrency = NODES;
    plan.rate = Rate::PerSecond(100.0);
    plan.latency.mean_ms = 1;
    plan.time_limit = seconds * SECOND;
    let factory = Box::new(|_| Ok(node().into_process()));
    let mut host = InProcessHost::new(&plan, factory);
    let outcome = run_virtual(&plan, &mut Echo, &mut host, observer, None);
    let outcome = outcome.expect("the plan makes sense");
    assert_eq!(outcome.findings, []);
    outcome.net.all().received
}

fn report(name: &str, run: impl Fn() -> u64) {
    // The best of three: other work on the machine only ever slows a run down.
    let rates = (0..3).map(|_| {
        let before = cpu_seconds();
        let messages = run() as f64;
        messages / (cpu_seconds() - before)
    });
    let best = rates.fold(0.0, f64::max);
    println!("engine {name}-messages-per-cpu-second {best:.0}");
}

fn main() {
    // Cargo passes --bench.
    let seconds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(30);
    report("bare", || run(seconds, &mut Unobserved));
    report("journal", || {
        let folder = tempfile::tempdir().expect("there is room for a store");
        let store = glomers_store::Store::create(folder.path(), "bench", SystemTime::UNIX_EPOCH)
            .expect("a new folder can be written");
        let mut writer = store.writer(b"{}").expect("a new folder can be written");
        let messages = run(seconds, &mut writer);
        writer.finish().expect("the store can be written");
        messages
    });
}
