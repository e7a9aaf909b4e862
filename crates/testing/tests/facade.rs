//! What a user of the facade relies on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use glomers_node::protocol::rpc::broadcast::{
    Broadcast as BroadcastRequest, BroadcastOk, Read, ReadOk, Topology as TopologyRequest,
    TopologyOk,
};
use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};
use glomers_testing::*;

#[derive(Default)]
struct Stale {
    neighbours: Vec<NodeId>,
    values: glomers_nodes::broadcast::Values,
    /// What reads are answered with.
    copy: Option<List>,
}

/// A broadcast node with a cache that is invalidated in one place of two: when a
/// client broadcasts, but not when a value comes from another node.
///
/// A read that is merely old is legal (the value shows later, which is only a
/// latency). But here what comes after the last broadcast of the node's own
/// clients never shows at all, so the final reads lack it.
fn stale() -> Node<Stale> {
    Node::<Stale>::new()
        .on(async |cx, TopologyRequest { topology }| {
            let neighbours = topology.get(cx.id()).cloned().unwrap_or_default();
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async |cx, BroadcastRequest { message }| {
            if cx.with(|state| state.values.insert(&message)) {
                let neighbours = cx.with(|state| state.neighbours.clone());
                let others = neighbours.iter().filter(|peer| *peer != cx.src());
                cx.send_all(others, BroadcastRequest { message });
                if cx.src().is_client() {
                    cx.with(|state| state.copy = None);
                }
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| {
            let messages = cx.with(|state| {
                let values = &state.values;
                state.copy.get_or_insert_with(|| values.to_list()).clone()
            });
            Ok(ReadOk { messages })
        })
}

/// Ids that count, without the name of the node.
fn counting() -> Node<i64> {
    Node::<i64>::new().on(async |cx, Generate {}| {
        let id = cx.with(|count| {
            *count += 1;
            *count
        });
        Ok(GenerateOk { id: id.into() })
    })
}

fn stale_run(seed: u64) -> TestRun {
    Simulation::seed(seed).nodes(5, stale).workload(Broadcast::rate(100.0)).run_for(20 * S)
}

/// How many of 100 seeds find a node out, and by which finding.
fn found(run: impl Fn(u64) -> TestRun, name: &str) -> usize {
    let is_found = |seed: &u64| {
        let run = run(*seed);
        let named = |finding: &Finding| finding.name == name;
        assert_eq!(!run.is_valid(), run.verdict.findings.iter().any(named), "seed {seed}");
        !run.is_valid()
    };
    (0..100).filter(is_found).count()
}

/// It keeps what its own clients broadcast.
fn alone() -> Node<glomers_nodes::broadcast::Values> {
    Node::<glomers_nodes::broadcast::Values>::new()
        .on(async |_cx, TopologyRequest { .. }| Ok(TopologyOk {}))
        .on(async |cx, BroadcastRequest { message }| {
            cx.with(|values| values.insert(&message));
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|values| values.to_list()) }))
}

#[test]
fn nodes_that_never_tell_each_other_are_pointed_out() {
    let warned = |run: &TestRun| {
        let words = "no node ever sent a message to another or to a service";
        run.warnings.iter().any(|text| text.contains(words))
    };
    let run = |nodes| {
        let load = Broadcast::rate(100.0);
        Simulation::seed(1).nodes(nodes, alone).workload(load).run_for(5 * S)
    };
    assert!(warned(&run(3)) && !warned(&run(1)));
    assert!(!warned(&stale_run(1)), "these do");
    // Nobody need tell anybody.
    let ids = Simulation::seed(1).nodes(3, counting).workload(UniqueIds::rate(100.0));
    assert!(!warned(&ids.run_for(5 * S)));
}

#[test]
fn stale_copies_are_found_out_without_latency_or_faults() {
    let found = found(stale_run, "missing-at-end");
    println!("found out in {found} of 100 seeds");
    assert!(found >= 95, "in {found} of 100 seeds");
}

#[test]
fn ids_without_the_nodes_name_are_found_out_without_latency_or_faults() {
    let run = |seed| {
        Simulation::seed(seed).nodes(3, counting).workload(UniqueIds::rate(100.0)).run_for(20 * S)
    };
    let found = found(run, "duplicate-id");
    println!("found out in {found} of 100 seeds");
    assert!(found >= 95, "in {found} of 100 seeds");
}

#[test]
fn a_failure_says_the_seed_the_verdict_and_where_it_is_stored() {
    let run = (0..).map(stale_run).find(|run| !run.is_valid()).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| run.assert_valid())).unwrap_err();
    let text = panic.downcast_ref::<String>().expect("panics carry their text");
    let first = format!("the run with seed {} is invalid\n", run.plan.seed);
    assert!(text.starts_with(&first), "{text}");
    assert!(text.contains(&run.verdict.findings[0].summary), "{text}");
    let path = text.lines().find_map(|line| line.strip_prefix("store: ")).expect("has a path");
    let test = "a_failure_says_the_seed_the_verdict_and_where_it_is_stored";
    assert!(path.ends_with(&format!("target/glomers/{test}/{}", run.plan.seed)), "{path}");
    let stored = glomers_session::open(std::path::Path::new(path)).unwrap();
    assert!(stored.is_complete());
    assert_eq!(stored.history().ops(), run.outcome.history.ops());
    let judge = glomers_session::ReplayFile::read(stored.replay()).unwrap().judge;
    let report = glomers_session::judged(&stored, &run.plan, &judge).unwrap();
    assert_eq!(report.verdict, run.verdict);
    let traced = glomers_session::trace::Trace::read(&stored, &run.plan).unwrap();
    assert!(traced.events.len() > 100);
    let trace = run.trace();
    assert!(trace.contains("n0 → n1") && trace.contains(":invoke"));
    // The same seed fails in the same way.
    let again = stale_run(run.plan.seed);
    assert_eq!(again.trace(), trace);
    assert_eq!(again.verdict, run.verdict);
}

#[test]
fn a_valid_run_passes_and_does_not_say_anything() {
    let node = || glomers_nodes::entry("flood").map(|entry| (entry.make)(&[]).unwrap()).unwrap();
    let run = Simulation::seed(1).nodes(5, node).workload(Broadcast::rate(50.0)).run_for(5 * S);
    run.assert_valid();
    assert!(run.is_valid() && run.warnings.is_empty());
}

#[test]
fn a_fault_that_touches_nothing_is_told_and_can_be_refused() {
    let simulation = || {
        Simulation::seed(1)
            .nodes(2, glomers_nodes::echo::node)
            .workload(Echo::rate(10.0))
            .fault(Partition::halves().between(1 * S..2 * S))
    };
    let run = simulation().run_for(5 * S);
    assert_eq!(run.warnings.len(), 1);
    run.assert_valid();
    let run = simulation().require_faults().run_for(5 * S);
    assert!(!run.is_valid());
    assert_eq!(run.verdict.findings[0].name, "fault-without-effect");
}

#[test]
fn require_faults_fails_where_no_fault_could_touch() {
    let simulation = || {
        Simulation::seed(1)
            .nodes(3, || glomers_nodes::broadcast::flood_retry::node(Default::default()))
            .workload(Broadcast::rate(50.0))
            .require_faults()
    };
    let told = |run: TestRun| {
        let finding = run.verdict.findings.first().expect("it is refused");
        assert_eq!(finding.name, "fault-without-effect");
        finding.to_string()
    };
    assert!(told(simulation().run_for(5 * S)).contains("there was none"));
    let late = Kill::nodes([0]).between(70 * S..80 * S);
    let late = told(simulation().fault(late).run_for(5 * S));
    assert!(late.contains("the kill at 70 s never began: operations ended at 5 s"), "{late}");
    let empty = Partition::halves().between(2 * S..2 * S);
    let empty = told(simulation().fault(empty).run_for(5 * S));
    assert!(empty.contains("its time, from 2 s to 2 s, is empty"), "{empty}");
    let real = Partition::halves().between(1 * S..3 * S);
    simulation().fault(real).run_for(5 * S).assert_valid();
}

/// The counter of each node stands in a service that it does not reach for a while.
#[test]
fn services_are_places_on_the_network_where_that_is_asked() {
    let simulation = |fault: FaultSpec| {
        Simulation::seed(3)
            .nodes(3, glomers_nodes::counter::seq_kv::node)
            .workload(GCounter::rate(50.0))
            .fault_services()
            .fault(fault)
            .require_faults()
    };
    let cut = |run: &TestRun| run.outcome.faults[0].messages_cut;
    let run = simulation(Partition::from_services([0]).between(2 * S..6 * S)).run_for(10 * S);
    run.assert_valid();
    assert!(cut(&run) > 0);
    let trace = run.trace();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let lines: Vec<Vec<String>> = trace.lines().map(words).collect();
    let is_cut = |id: &String| lines.iter().any(|l| l[1..] == [id.clone(), "partitioned".into()]);
    let sent = lines.iter().filter(|line| line.get(3).is_some_and(|arrow| arrow == "→"));
    let cut_ones: Vec<_> = sent.filter(|line| is_cut(&line[1])).collect();
    assert_eq!(cut_ones.len() as u64, cut(&run));
    assert!(cut_ones.iter().all(|line| line[2] == "n0" || line[4] == "n0"));
    simulation(Loss::of(0.5).between(2 * S..6 * S)).run_for(10 * S).assert_valid();
    let doubled = simulation(Duplicate::of(0.5, 300 * MS).between(2 * S..6 * S)).run_for(10 * S);
    doubled.assert_valid();
    assert!(doubled.outcome.faults[0].messages_doubled > 0);
    simulation(Reorder::of(0.5, 300 * MS).between(2 * S..6 * S)).run_for(10 * S).assert_valid();
    let slow = simulation(Slow::links(1, 200 * MS).between(2 * S..6 * S)).run_for(10 * S);
    slow.assert_valid();
    assert!(slow.outcome.faults[0].messages_slowed > 0);
    // Else they are out of reach of faults.
    let run = Simulation::seed(3)
        .nodes(3, glomers_nodes::counter::seq_kv::node)
        .workload(GCounter::rate(50.0))
        .fault(Partition::halves().between(2 * S..6 * S))
        .run_for(10 * S);
    assert_eq!(cut(&run), 0);
}

/// Two clients have no time for what is asked of a node that takes a second.
#[test]
fn a_rate_that_was_not_reached_is_told_with_the_reason() {
    let slow = || {
        Node::<()>::new().on(async |cx, ask: glomers_node::protocol::rpc::echo::Echo| {
            cx.sleep(1 * S).await;
            Ok(glomers_node::protocol::rpc::echo::EchoOk { echo: ask.echo })
        })
    };
    let run = Simulation::seed(1).nodes(2, slow).workload(Echo::rate(50.0)).run_for(20 * S);
    run.assert_valid();
    let warning = run.warnings.iter().find(|text| text.contains("the rate was not reached"));
    let warning = warning.expect("it is told");
    assert!(warning.contains("50 op/s were asked, but 2.0 op/s began"), "{warning}");
    assert!(warning.contains("an answer took 1.0"), "{warning}");
    let quick = Simulation::seed(1).nodes(2, glomers_nodes::echo::node);
    let quick = quick.workload(Echo::rate(50.0)).run_for(20 * S);
    assert_eq!(quick.warnings, [""; 0]);
}

/// Nodes that count in a service that may show old states are told so.
#[test]
fn who_trusts_seq_kv_is_told_that_it_may_be_stale() {
    let trusting = || {
        Node::<()>::new()
            .on(async |cx, add: glomers_node::protocol::rpc::counter::Add| {
                cx.seq_kv().update("sum", |sum: Option<i64>| sum.unwrap_or(0) + add.delta).await?;
                Ok(glomers_node::protocol::rpc::counter::AddOk {})
            })
            .on(async |cx, _: glomers_node::protocol::rpc::counter::Read| {
                let value = cx.seq_kv().get::<i64>("sum").await?.unwrap_or(0);
                Ok(glomers_node::protocol::rpc::counter::ReadOk { value })
            })
    };
    let stale = (0..20).find_map(|seed| {
        let run = Simulation::seed(seed).nodes(3, trusting).workload(GCounter::rate(50.0));
        let run = run.run_for(5 * S);
        let findings = run.verdict.findings;
        findings.into_iter().find(|finding| finding.name == "wrong-final-count")
    });
    let told = stale.expect("some final read is stale").evidence.join("\n");
    assert!(told.contains("asked seq-kv, where a read may be stale"), "{told}");
    assert!(told.contains("write something new to any of its keys before you read"), "{told}");
}

#[test]
fn what_a_node_writes_reaches_no_terminal_raw() {
    const EVIL: &str = "\u{1b}[31m\u{7}\0\u{9b}\u{202e}\nnone of ours";
    let node = || {
        Node::<()>::new().on(async |cx, Generate {}| -> Result<GenerateOk, RpcError> {
            cx.log(EVIL);
            panic!("{EVIL}")
        })
    };
    let run = Simulation::seed(1).nodes(1, node).workload(UniqueIds::rate(10.0)).run_for(1 * S);
    let panic = catch_unwind(AssertUnwindSafe(|| run.assert_valid())).unwrap_err();
    let said = panic.downcast_ref::<String>().expect("panics carry their text");
    for text in [said, &run.trace()] {
        assert!(text.contains(r"\u001b[31m\u0007\u0000\u009b\u202e"), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'));
        assert!(!text.lines().any(|line| line.starts_with("none of ours")), "{text}");
    }
}

/// Both are on, and each ends by itself. (What only killed nodes had is lost.)
#[test]
fn two_faults_of_one_kind_may_overlap() {
    let run = Simulation::seed(1)
        .nodes(3, || glomers_nodes::broadcast::flood_retry::node(Default::default()))
        .workload(Broadcast::rate(50.0))
        .fault(Partition::groups([&[0], &[1, 2]]).between(1 * S..5 * S))
        .fault(Partition::groups([&[0, 1], &[2]]).between(2 * S..3 * S))
        .fault(Kill::nodes([1]).between(1 * S..3 * S))
        .fault(Kill::nodes([1, 2]).between(2 * S..4 * S))
        .run_for(6 * S);
    let told: Vec<(&str, u64, Option<u64>)> = run
        .outcome
        .faults
        .iter()
        .map(|fault| {
            let seconds = |time: glomers_history::Time| time.0 / 1_000_000_000;
            (&*fault.description, seconds(fault.from), fault.until.map(seconds))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("by-hand: n0 | n1 n2", 1, Some(5)),
            ("n1", 1, Some(4)),
            ("by-hand: n0 n1 | n2", 2, Some(3)),
            ("n1 n2", 2, Some(4)),
        ]
    );
}

/// In whichever order they are written.
#[test]
fn a_fault_may_begin_when_another_of_its_kind_ends() {
    let run = Simulation::seed(1)
        .nodes(3, || glomers_nodes::broadcast::flood_retry::node(Default::default()))
        .workload(Broadcast::rate(50.0))
        .fault(Partition::one().between(3 * S..5 * S))
        .fault(Partition::halves().between(1 * S..3 * S))
        .run_for(6 * S);
    run.assert_valid();
    let times: Vec<_> =
        run.outcome.faults.iter().map(|fault| fault.until.unwrap().0 / 100_000_000).collect();
    assert_eq!(times, [30, 50]);
}
