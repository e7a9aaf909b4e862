//! Nodes of sets.

use std::collections::BTreeSet;

use glomers_node::protocol::rpc::g_set::{Add, AddOk, Read, ReadOk};
use glomers_sim::nemesis::Kind;
use glomers_testing::*;
use glomers_workload::GSet;

use super::trial::{Trial, found};

#[test]
fn the_reference_node_is_accepted() {
    let trial = Trial { nodes: 5, ..Trial::new("g-set", "g-set") };
    trial.is_accepted();
    Trial { faults: &[Kind::Partition, Kind::Pause], mean_ms: 20, ..trial.clone() }.is_accepted();
    Trial { faults: &[Kind::OneWay], loss: 0.2, ..trial.clone() }.is_accepted();
    Trial { nodes: 1, ..trial }.is_accepted();
}

/// A set as a list, passed on once; what is in the list, each twin decides.
fn list(add: fn(&mut Vec<i64>, i64), tells: bool) -> Node<Vec<i64>> {
    Node::<Vec<i64>>::new()
        .on(async move |cx, Add { element }| {
            cx.with(|list| add(list, element.as_int().unwrap_or_default()));
            if tells && cx.src().is_client() {
                cx.send_all(cx.others(), Add { element });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|list| List::from_integers(list)) }))
}

fn run(seed: u64, node: impl Fn() -> Node<Vec<i64>> + 'static) -> TestRun {
    let simulation = Simulation::seed(seed).nodes(3, node).recovery(2 * S);
    simulation.workload(Load::new(GSet::default(), 50.0)).run_for(10 * S)
}

#[test]
fn a_node_that_holds_what_is_added_again_twice_is_found_out() {
    let node = || list(|list, element| list.push(element), true);
    assert_eq!(found(20, "duplicated", |seed| run(seed, node)), 20);
}

#[test]
fn a_node_that_takes_away_what_is_added_again_is_found_out() {
    let toggle = |list: &mut Vec<i64>, element| match list.iter().position(|e| *e == element) {
        Some(place) => drop(list.remove(place)),
        None => list.push(element),
    };
    let found = found(20, "missing-at-end", |seed| run(seed, move || list(toggle, true)));
    assert!(found >= 19, "{found}");
}

#[test]
fn a_node_that_tells_nobody_is_found_out() {
    let node = || list(|list, element| list.push(element), false);
    assert_eq!(found(20, "missing-at-end", |seed| run(seed, node)), 20);
}

#[test]
fn a_node_that_tells_once_is_found_out_by_loss() {
    let once = |list: &mut Vec<i64>, element| {
        let set: BTreeSet<i64> = list.iter().copied().chain([element]).collect();
        *list = set.into_iter().collect();
    };
    let run = |seed, loss| {
        let simulation = Simulation::seed(seed).nodes(3, move || list(once, true)).loss(loss);
        simulation.workload(Load::new(GSet::default(), 50.0)).run_for(10 * S)
    };
    assert_eq!(found(20, "missing-at-end", |seed| run(seed, 0.05)), 20);
    run(1, 0.0).assert_valid();
}
