//! For each fault a node of a few lines that fails under it and passes without:
//! what docs/src/faults.md names. `GLOMERS_SEEDS=100` tries more seeds than usual.

use std::collections::{BTreeMap, BTreeSet};

use glomers_node::protocol::rpc::counter;
use glomers_node::protocol::rpc::g_set::{Add, AddOk, Read, ReadOk};
use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};
use glomers_testing::*;
use glomers_workload::{GCounter, GSet};
use serde::{Deserialize, Serialize};

fn seeds() -> u64 {
    let number = std::env::var("GLOMERS_SEEDS");
    number.map_or(10, |text| text.parse().expect("GLOMERS_SEEDS is a number"))
}

/// Runs a cluster with the fault and without: it must be found out in 95 of 100
/// seeds with, each time by a fault that touched something, and never without.
#[track_caller]
fn bites<N: IntoProcess>(
    node: impl Fn() -> N + Clone + 'static,
    load: impl Fn() -> Load,
    fault: FaultSpec,
) {
    let seeds = seeds();
    let mut found = 0;
    for seed in 0..seeds {
        let cluster = || {
            Simulation::seed(seed)
                .nodes(3, node.clone())
                .latency(Constant(10 * MS))
                .recovery(2 * S)
                .workload(load())
        };
        cluster().run_for(10 * S).assert_valid();
        let run = cluster().fault(fault.clone()).run_for(10 * S);
        let fault = &run.outcome.faults[0];
        assert!(!fault.touched_nothing(), "seed {seed}: {}: {}", fault.kind, fault.idle_reason());
        found += u64::from(!run.is_valid());
    }
    println!("found out in {found} of {seeds} seeds");
    assert!(found * 100 >= 95 * seeds, "{found} of {seeds} seeds");
}

fn sets() -> Load {
    Load::new(GSet::default(), 50.0)
}

fn counts() -> Load {
    Load::new(GCounter, 50.0)
}

/// A set that tells each other node once of what is added.
fn tells_once() -> Node<BTreeSet<i64>> {
    Node::<BTreeSet<i64>>::new()
        .on(async |cx, Add { element }| {
            cx.with(|set| set.insert(element.as_int().unwrap_or_default()));
            if cx.src().is_client() {
                cx.send_all(cx.others(), Add { element });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| {
            let set: Vec<i64> = cx.with(|set| set.iter().copied().collect());
            Ok(ReadOk { value: List::from_integers(&set) })
        })
}

#[test]
fn a_set_that_tells_once_fails_under_partitions() {
    for partition in [
        Partition::halves(),
        Partition::one(),
        Partition::bridge(),
        Partition::single_link(),
        Partition::one_way([(0, 1)]),
    ] {
        bites(tells_once, sets, partition.between(3 * S..6 * S));
    }
}

#[test]
fn a_set_that_tells_once_fails_under_loss() {
    bites(tells_once, sets, Loss::of(0.2).between(3 * S..6 * S));
    bites(tells_once, sets, Loss::of(0.5).around([2]).between(3 * S..6 * S));
    bites(tells_once, sets, Loss::of(0.5).on([(0, 1)]).between(3 * S..6 * S));
}

#[test]
fn a_set_in_memory_fails_under_kills() {
    bites(tells_once, sets, Kill::nodes([1]).between(3 * S..4 * S));
}

/// A set at the node that says it leads; the others pass all on to it.
fn one_leader() -> Node<BTreeSet<i64>> {
    let leader = || NodeId::new("n0");
    Node::<BTreeSet<i64>>::new()
        .on_start(async |cx| {
            if &**cx.id() == "n0" {
                cx.mark("leader", true);
            }
        })
        .on(async move |cx, Add { element }| {
            if *cx.id() == leader() {
                cx.with(|set| set.insert(element.as_int().unwrap_or_default()));
                return Ok(AddOk {});
            }
            cx.rpc(&leader(), Add { element }).retry(Retry::forever()).await
        })
        .on(async move |cx, Read {}| {
            if *cx.id() == leader() {
                let set: Vec<i64> = cx.with(|set| set.iter().copied().collect());
                return Ok(ReadOk { value: List::from_integers(&set) });
            }
            cx.rpc(&leader(), Read {}).retry(Retry::forever()).await
        })
}

#[test]
fn a_set_at_a_leader_fails_when_that_is_killed() {
    bites(one_leader, sets, Kill::leader().between(3 * S..4 * S));
}

#[derive(Clone, Serialize, Deserialize, Message)]
struct Alive {}

#[derive(Default)]
struct Members {
    set: BTreeSet<i64>,
    heard: BTreeMap<NodeId, glomers_node::Time>,
    gone: BTreeSet<NodeId>,
}

/// A set that tells only those from whom it hears all the time: who was silent for
/// a second is gone for good.
fn forgets_the_silent() -> Node<Members> {
    Node::<Members>::new()
        .on_start(async |cx| {
            cx.every(100 * MS, async |cx| {
                let now = cx.now();
                let others: Vec<NodeId> = cx.others().cloned().collect();
                cx.with(|members| {
                    for other in &others {
                        let heard = *members.heard.entry(other.clone()).or_insert(now);
                        if now.since(heard) > S {
                            members.gone.insert(other.clone());
                        }
                    }
                });
                cx.send_all(&others, Alive {});
            });
        })
        .on_message(async |cx, Alive {}| {
            let (from, now) = (cx.src().clone(), cx.now());
            cx.with(|members| members.heard.insert(from, now));
        })
        .on(async |cx, Add { element }| {
            cx.with(|members| members.set.insert(element.as_int().unwrap_or_default()));
            if cx.src().is_client() {
                let present: Vec<NodeId> = cx
                    .others()
                    .filter(|other| cx.with(|members| !members.gone.contains(*other)))
                    .cloned()
                    .collect();
                cx.send_all(&present, Add { element });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| {
            let set: Vec<i64> = cx.with(|members| members.set.iter().copied().collect());
            Ok(ReadOk { value: List::from_integers(&set) })
        })
}

#[test]
fn a_set_that_forgets_the_silent_fails_under_pauses() {
    bites(forgets_the_silent, sets, Pause::nodes([1]).between(3 * S..6 * S));
}

#[derive(Clone, Serialize, Deserialize, Message)]
struct Told {
    delta: i64,
    number: u64,
}

#[derive(Default)]
struct Sums {
    sum: i64,
    sent: u64,
    /// From each node the last number that was heard.
    heard: BTreeMap<NodeId, u64>,
}

/// A counter that tells the others each addition once, with a number.
fn tells_deltas(heeds_order: bool) -> Node<Sums> {
    Node::<Sums>::new()
        .on(async |cx, counter::Add { delta }| {
            let number = cx.with(|sums| {
                sums.sum += delta;
                sums.sent += 1;
                sums.sent
            });
            cx.send_all(cx.others(), Told { delta, number });
            Ok(counter::AddOk {})
        })
        .on_message(async move |cx, Told { delta, number }| {
            let from = cx.src().clone();
            cx.with(|sums| {
                let last = sums.heard.entry(from).or_default();
                // Wrong: what was overtaken is new all the same.
                if heeds_order && number <= *last {
                    return;
                }
                *last = number;
                sums.sum += delta;
            });
        })
        .on(async |cx, counter::Read {}| Ok(counter::ReadOk { value: cx.with(|sums| sums.sum) }))
}

#[test]
fn a_counter_that_does_not_know_repetitions_fails_under_duplicates() {
    let fault = Duplicate::of(0.2, 100 * MS).between(3 * S..6 * S);
    bites(|| tells_deltas(false), counts, fault);
}

#[test]
fn a_counter_that_takes_the_overtaken_for_old_fails_under_reordering() {
    let fault = Reorder::of(0.2, 500 * MS).between(3 * S..6 * S);
    bites(|| tells_deltas(true), counts, fault);
}

/// A counter that repeats what is not acknowledged within 50 ms, and counts what
/// is repeated again.
fn repeats_soon() -> Node<i64> {
    Node::<i64>::new()
        .on(async |cx, counter::Add { delta }| {
            cx.with(|sum| *sum += delta);
            for peer in cx.others().filter(|_| cx.src().is_client()) {
                let rpc = cx.rpc(peer, counter::Add { delta }).timeout(50 * MS);
                let rpc = rpc.retry(Retry::forever());
                cx.spawn(async { rpc.await.map(|_| ()) });
            }
            Ok(counter::AddOk {})
        })
        .on(async |cx, counter::Read {}| Ok(counter::ReadOk { value: cx.with(|sum| *sum) }))
}

#[test]
fn a_counter_that_repeats_too_soon_fails_under_slow_links_and_slow_nodes() {
    bites(repeats_soon, counts, Slow::links(10, std::time::Duration::ZERO).between(3 * S..6 * S));
    bites(repeats_soon, counts, Slow::links_around([2], 1, 50 * MS).between(3 * S..6 * S));
    bites(repeats_soon, counts, Slow::nodes([1], 100).between(3 * S..6 * S));
}

#[derive(Default)]
struct Ids {
    millisecond: u64,
    count: u64,
}

/// Ids from the wall clock and a counter for each of its milliseconds.
fn ids_by_the_clock() -> Node<Ids> {
    Node::<Ids>::new().on(async |cx, Generate {}| {
        let now = cx.wall_clock().0 / 1_000_000;
        let count = cx.with(|ids| {
            if ids.millisecond != now {
                *ids = Ids { millisecond: now, count: 0 };
            }
            ids.count += 1;
            ids.count
        });
        Ok(GenerateOk { id: Value::string(format!("{}-{now}-{count}", cx.id())) })
    })
}

#[test]
fn ids_by_the_wall_clock_fail_when_that_jumps_back_or_drifts() {
    let load = || UniqueIds::rate(1000.0);
    bites(ids_by_the_clock, load, Clock::behind([1], 2 * S).between(3 * S..6 * S));
    // Too fast for three seconds: when it is set right, its time comes again.
    bites(ids_by_the_clock, load, Clock::drift([1], 500_000).between(3 * S..6 * S));
}
