//! Nodes of counters.

use std::collections::BTreeMap;

use glomers_node::protocol::rpc::counter::{Add, AddOk, Read, ReadOk};
use glomers_sim::nemesis::Kind;
use glomers_testing::*;
use glomers_workload::{GCounter, PnCounter};
use serde::{Deserialize, Serialize};

use super::trial::{Trial, found};

#[test]
fn the_counter_by_gossip_is_accepted() {
    for workload in ["g-counter", "pn-counter"] {
        let trial = Trial { nodes: 5, ..Trial::new(workload, "crdt-counter") };
        trial.is_accepted();
        let faults = &[Kind::Partition, Kind::Pause];
        Trial { faults, mean_ms: 20, ..trial.clone() }.is_accepted();
        Trial { faults: &[Kind::OneWay], loss: 0.2, ..trial }.is_accepted();
    }
}

/// Challenge 4, and worse.
#[test]
fn the_counter_on_seq_kv_is_accepted() {
    let trial = Trial { rate: 100.0, ..Trial::new("g-counter", "counter-seq-kv") };
    Trial { faults: &[Kind::Partition], ..trial.clone() }.is_accepted();
    Trial { workload: "pn-counter", workers_per_node: 3, mean_ms: 20, ..trial.clone() }
        .is_accepted();
    Trial { faults: &[Kind::Kill, Kind::Pause], mean_ms: 20, ..trial }.is_accepted();
}

/// A counter in one key of a service, read and written without compare-and-set.
fn without_cas() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            let kv = cx.lin_kv();
            let sum: Option<i64> = kv.get("sum").await?;
            kv.write("sum", sum.unwrap_or(0) + delta).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.lin_kv().get("sum").await?.unwrap_or(0) }))
}

/// As the reference node, but reads what `seq-kv` chooses to show.
fn stale() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            let add = |sum: Option<i64>| sum.unwrap_or(0) + delta;
            cx.seq_kv().update("sum", add).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.seq_kv().get("sum").await?.unwrap_or(0) }))
}

#[derive(Clone, Serialize, Deserialize, Message)]
struct Totals {
    totals: BTreeMap<String, i64>,
}

/// Gossip of totals of either sign, of which the larger is taken for the newer.
fn forgets_negatives() -> Node<BTreeMap<String, i64>> {
    Node::<BTreeMap<String, i64>>::new()
        .on(async |cx, Add { delta }| {
            let totals = cx.with(|totals| {
                *totals.entry(cx.id().to_string()).or_default() += delta;
                totals.clone()
            });
            cx.send_all(cx.others(), Totals { totals });
            Ok(AddOk {})
        })
        .on_message(async |cx, Totals { totals }| {
            cx.with(|mine| {
                for (node, total) in totals {
                    let known = mine.entry(node).or_insert(total);
                    *known = total.max(*known);
                }
            });
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|totals| totals.values().sum()) }))
}

/// Tells all others to add, again until they answer; who answers late adds twice.
fn counts_twice() -> Node<i64> {
    Node::<i64>::new()
        .on(async |cx, Add { delta }| {
            cx.with(|sum| *sum += delta);
            for peer in cx.others().filter(|_| cx.src().is_client()) {
                let rpc = cx.rpc(peer, Add { delta }).timeout(50 * MS).retry(Retry::forever());
                cx.spawn(async { rpc.await.map(|_| ()) });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|sum| *sum) }))
}

#[test]
fn reading_and_writing_without_cas_is_found_out_without_latency() {
    let run = |seed| {
        let load = Load::new(GCounter, 100.0);
        Simulation::seed(seed).nodes(3, without_cas).workload(load).run_for(20 * S)
    };
    let found = found(100, FINDING, run);
    assert!(found >= 95, "{found} of 100");
}

#[test]
fn stale_reads_are_found_out() {
    let run = |seed| {
        let load = Load::new(GCounter, 100.0);
        Simulation::seed(seed).nodes(3, stale).workload(load).run_for(10 * S)
    };
    assert!(found(20, FINDING, run) >= 10);
}

#[test]
fn maxima_of_totals_forget_negatives_and_are_found_out() {
    let run = |seed| {
        let load = Load::new(PnCounter, 50.0);
        Simulation::seed(seed).nodes(3, forgets_negatives).workload(load).run_for(10 * S)
    };
    assert!(found(20, FINDING, run) >= 19);
    let load = Load::new(GCounter, 50.0);
    Simulation::seed(1).nodes(3, forgets_negatives).workload(load).run_for(10 * S).assert_valid();
}

#[test]
fn repeated_additions_are_found_out_by_loss() {
    let run = |seed, loss| {
        let load = Load::new(GCounter, 50.0);
        let simulation = Simulation::seed(seed).nodes(3, counts_twice).loss(loss);
        simulation.workload(load).run_for(10 * S)
    };
    assert!(found(20, FINDING, |seed| run(seed, 0.1)) >= 19);
    run(1, 0.0).assert_valid();
}

/// The counter checker's word for a final read that no additions explain.
const FINDING: &str = "wrong-final-count";
