//! Transactions of many clients that contend for one root.

use std::time::Duration;

use glomers_testing::history::Process;
use glomers_testing::workload::TxnRwRegister;
use glomers_testing::{Exponential, Load, MS, OpKind, S, Simulation, TestRun, Time};

const NODES: u32 = 7;
const LENGTH: Duration = Duration::from_secs(20);

fn run(seed: u64) -> TestRun {
    let entry = glomers_nodes::entry("rw-register").expect("the node exists");
    Simulation::seed(seed)
        .nodes(NODES, move || (entry.make)(&[]).expect("it takes no arguments"))
        .fault_services()
        .latency(Exponential(50 * MS))
        .clients_per_node(2)
        .workload(Load::each(TxnRwRegister::default, 60.0))
        .run_for(LENGTH)
}

/// For how long a node served nothing that writes, at the longest.
fn longest_wait(run: &TestRun) -> Duration {
    let mut last = [Time::ZERO; NODES as usize];
    let mut longest = Duration::ZERO;
    for op in run.outcome.history.ops() {
        let writes = op.value.to_string().contains(":w");
        let Process::Client(process) = op.process else { continue };
        if writes && op.kind == OpKind::Ok && op.time <= Time::ZERO + LENGTH {
            let node = (process % (2 * NODES) % NODES) as usize;
            longest = longest.max(op.time.since(last[node]));
            last[node] = op.time;
        }
    }
    let end = Time::ZERO + LENGTH;
    last.iter().fold(longest, |longest, last| longest.max(end.since(*last)))
}

/// Found by hunts: one node lost against the others for 10 s.
#[test]
fn no_node_is_starved_by_the_others() {
    for seed in 0..4 {
        let run = run(seed);
        run.assert_valid();
        let wait = longest_wait(&run);
        println!("seed {seed}: the longest wait was {wait:?}");
        assert!(wait < 6 * S, "with seed {seed} a node waited for {wait:?}");
    }
}
