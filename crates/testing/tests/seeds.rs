//! Many seeds of one simulation.

#![expect(clippy::disallowed_types, reason = "that a map of random order is caught is tested here")]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast as BroadcastRequest, BroadcastOk, Read, ReadOk, Topology as TopologyRequest,
    TopologyOk,
};
use glomers_testing::prelude::*;

/// Tells each value to the others once: what is lost stays lost.
fn flood() -> impl glomers_testing::IntoProcess {
    glomers_nodes::broadcast::flood::node()
}

fn file(name: &str) -> PathBuf {
    let name = format!("glomers-{name}-{}.regressions", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn message(run: &glomers_testing::SeedsRun) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| run.assert_valid())).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn all_seeds_are_run() {
    let run =
        Simulation::seeds(1..=40).nodes(3, flood).workload(Broadcast::rate(20.0)).run_for(2 * S);
    run.assert_valid();
    assert_eq!(run.runs, 40);
}

/// Latency, loss and faults are drawn by the seed, within the claims, and are the same again.
#[test]
fn conditions_are_drawn_from_families() {
    let plan = |seed: u64| {
        let run = Simulation::seed(seed)
            .nodes(3, || glomers_nodes::broadcast::flood_retry::node(Default::default()))
            .workload(Broadcast::rate(20.0))
            .families(["swarm", "quiet"])
            .claims(["pause", "duplicate"])
            .run_for(4 * S);
        run.assert_valid();
        run.plan
    };
    let plans: Vec<glomers_testing::Plan> = (1..=12).map(plan).collect();
    assert_eq!(plans[3], plan(4));
    assert!(plans.iter().all(|plan| plan.nodes.len() == 3 && plan.loss == 0.0));
    assert!(plans.iter().all(|plan| plan.time_limit == 4_000_000_000));
    assert!(plans.iter().any(|plan| plan.latency != plans[0].latency));
    let text = format!("{:?}", plans.iter().map(|plan| &plan.faults).collect::<Vec<_>>());
    assert!(text.contains("Pause") && !text.contains("Kill") && !text.contains("Partition"));
}

/// What is found in drawn conditions is shrunk, and its Plan repeats it.
#[test]
fn what_families_find_is_shrunk() {
    let run = Simulation::seeds(1..=60)
        .nodes(3, flood)
        .workload(Broadcast::rate(5.0))
        .families(["link"])
        .claims(["partition"])
        .regressions(file("families"))
        .run_for(3 * S);
    assert!(run.failed_seed().is_some());
    assert!(message(&run).contains("Two nodes, "), "{}", message(&run));
}

#[test]
fn families_that_are_not_there_are_named() {
    let said = |simulation: fn() -> Simulation| {
        *catch_unwind(simulation).err().unwrap().downcast::<String>().unwrap()
    };
    let family = said(|| Simulation::seed(1).families(["swarn"]));
    assert!(family.starts_with("there is no family \"swarn\"; there are swarm, "), "{family}");
    let kind = said(|| Simulation::seed(1).claims(["los"]));
    assert!(kind.starts_with("there is no kind of fault \"los\"; there are "), "{kind}");
}

fn lossy(regressions: PathBuf) -> glomers_testing::SeedsRun {
    Simulation::seeds(5..=60)
        .nodes(3, flood)
        .loss(0.02)
        .workload(Broadcast::rate(5.0))
        .regressions(regressions)
        .run_for(2 * S)
}

#[test]
fn the_first_that_fails_is_shrunk_and_comes_first_the_next_time() {
    let path = file("first");
    let run = lossy(path.clone());
    let seed = run.failed_seed().expect("some message is lost");
    let before = Simulation::seed(seed)
        .nodes(3, flood)
        .loss(0.02)
        .workload(Broadcast::rate(5.0))
        .run_for(2 * S);
    assert!(!before.is_valid());
    let valid = (5..seed).all(|seed| {
        let one = Simulation::seed(seed).nodes(3, flood).loss(0.02);
        one.workload(Broadcast::rate(5.0)).run_for(2 * S).is_valid()
    });
    assert!(valid, "{seed} is the first");
    let shrunk = run.shrunk().expect("it can be shrunk");
    assert!(shrunk.after.operations <= 3, "{:?}", shrunk.after);
    let said = message(&run);
    assert!(said.contains(&format!("GLOMERS_SEED={seed} cargo test")), "{said}");
    assert!(said.contains("shrunk: Two nodes") || said.contains("shrunk: Three nodes"), "{said}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&format!("\"seed\":{seed},")), "{text}");
    // The next time it comes first, and is written down once.
    let again = lossy(path.clone());
    assert_eq!((again.runs, again.failed_seed()), (1, Some(seed)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    std::fs::remove_file(path).unwrap();
}

/// Tells its peers in the order of a map of `std`, which is another in each run.
#[derive(Default)]
struct Unordered {
    peers: HashMap<NodeId, ()>,
    values: glomers_nodes::broadcast::Values,
}

fn unordered() -> Node<Unordered> {
    Node::<Unordered>::new()
        .on(async |cx, TopologyRequest { .. }| {
            let peers = cx.others().cloned().map(|peer| (peer, ())).collect();
            cx.with(|state| state.peers = peers);
            Ok(TopologyOk {})
        })
        .on(async |cx, BroadcastRequest { message }| {
            if cx.with(|state| state.values.insert(&message)) {
                let peers: Vec<NodeId> = cx.with(|state| state.peers.keys().cloned().collect());
                cx.send_all(&peers, BroadcastRequest { message });
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}

#[test]
fn a_node_that_is_not_deterministic_is_caught() {
    let path = file("unordered");
    let seeds = || Simulation::seeds(1..=3).workload(Broadcast::rate(20.0)).regressions(&path);
    let run = seeds().nodes(8, unordered).check_determinism().run_for(2 * S);
    let said = message(&run);
    assert!(said.contains("two runs of seed") && said.contains("of the trace is"), "{said}");
    let _ = std::fs::remove_file(&path);
    seeds().nodes(3, flood).check_determinism().run_for(2 * S).assert_valid();
}

#[test]
fn a_node_knows_its_place() {
    let make = |place: u32| {
        assert!(place < 3);
        flood()
    };
    Simulation::seeds(1..=2)
        .nodes(3, make)
        .workload(Broadcast::rate(10.0))
        .run_for(S)
        .assert_valid();
}

#[test]
fn an_invariant_that_panics_is_a_failure_with_its_seed() {
    let path = file("panic");
    let run = Simulation::seeds(7..=9)
        .nodes(3, flood)
        .workload(Broadcast::rate(10.0))
        .invariant(|_| panic!("on purpose"))
        .regressions(&path)
        .run_for(S);
    let said = message(&run);
    assert!(said.contains("Invariant number 1 panicked: on purpose"), "{said}");
    assert!(said.contains("the run with seed 7 is invalid"), "{said}");
    assert!(said.contains("glomers trace "), "{said}");
    assert!(said.contains("GLOMERS_SEED=7"), "{said}");
    std::fs::remove_file(path).unwrap();
}

/// Also run by the next test, with an environment of its own.
#[test]
fn counts() {
    let run = Simulation::seeds(1..=4).nodes(1, flood).workload(Broadcast::rate(5.0)).run_for(S);
    println!("ran {}", run.runs);
}

#[test]
fn the_environment_chooses_the_seeds() {
    let run = |name: &str, value: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "counts", "--nocapture"]);
        command.env_remove("GLOMERS_SEED").env_remove("GLOMERS_SEEDS").env(name, value);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(run("OTHER", "1").contains("ran 4"));
    assert!(run("GLOMERS_SEED", "17").contains("ran 1"));
    assert!(run("GLOMERS_SEEDS", "25").contains("ran 25"));
    assert!(run("GLOMERS_SEED", "x").contains("which is no whole number"));
}
