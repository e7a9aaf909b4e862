//! The order in which things go.

use std::collections::BTreeSet;

use glomers_history::Value;
use glomers_sim::{ListedOperation, Operations, Plan};

use super::NEARBY;
use super::delete::delete;
use super::messages;
use super::oracle::Oracle;
use super::places::{Orphans, without_node};
use super::simplify;
use super::windows::{Window, schedule, windows};

/// Shrinks a Plan of listed operations as far as it goes.
pub(crate) fn to_the_end(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    messages::named_by_cause(plan, oracle);
    after_the_evidence(plan, oracle);
    to_a_fixpoint(plan, oracle);
    loop {
        let before = size(plan);
        messages::named_by_place(plan, oracle);
        messages::round(plan, oracle);
        simplify::round(plan, oracle);
        simplify::values(plan, oracle);
        simplify::numbers(plan, oracle);
        to_a_fixpoint(plan, oracle);
        if oracle.ended {
            return;
        }
        // What is less now may have simpler numbers.
        if size(plan) == before && !under_another_seed(plan, oracle) {
            return;
        }
        to_a_fixpoint(plan, oracle);
    }
}

/// Of how much a Plan consists.
fn size(plan: &Plan) -> [usize; 4] {
    [plan.nodes.len(), list(plan).len(), plan.faults.len(), plan.overrides.len()]
}

/// Shrinks all but the operations, where these cannot be written down.
pub(crate) fn without_operations(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    faults(plan, oracle);
    exceptions(plan, oracle);
    simplify::settings(plan, oracle);
}

fn to_a_fixpoint(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    loop {
        let before = plan.clone();
        faults(plan, oracle);
        operations(plan, oracle);
        messages::listed(plan, oracle);
        exceptions(plan, oracle);
        nodes(plan, oracle);
        simplify::cut_end(plan, oracle);
        simplify::settings(plan, oracle);
        simplify::durations(plan, oracle);
        if *plan == before || oracle.ended {
            return;
        }
    }
}

fn list(plan: &Plan) -> Vec<ListedOperation> {
    match &plan.operations {
        Operations::Listed(list) => list.clone(),
        Operations::Generated => Vec::new(),
    }
}

fn with_list(plan: &Plan, list: &[ListedOperation]) -> Plan {
    Plan { operations: Operations::Listed(list.to_vec()), ..plan.clone() }
}

fn with_windows(plan: &Plan, windows: &[Window]) -> Plan {
    Plan { faults: schedule(windows), ..plan.clone() }
}

/// What begins after the last thing that proves it cannot have caused it.
fn after_the_evidence(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let Some((finding, run)) = oracle.find(plan) else { return };
    let ops = run.outcome.history.ops();
    let times = finding.operations.iter().filter_map(|&index| ops.get(index as usize));
    let Some(last) = times.map(|op| op.time).chain(finding.time).max() else { return };
    let at = last.0.saturating_sub(run.outcome.main_start.0);
    let mut some = windows(&plan.faults);
    some.retain(|window| window.from <= at);
    let mut candidate = with_windows(plan, &some);
    if let Operations::Listed(list) = &mut candidate.operations {
        list.retain(|listed| listed.at <= at || oracle.recovery.is_some() && listed.is_final);
    }
    oracle.accept(plan, candidate);
}

fn faults(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let kinds: BTreeSet<&str> =
        plan.faults.iter().filter_map(|event| Some(event.fault()?.name())).collect();
    for one in kinds {
        let mut some = windows(&plan.faults);
        some.retain(|window| window.fault.name() != one);
        let candidate = with_windows(plan, &some);
        oracle.accept(plan, candidate);
    }
    let all = windows(&plan.faults);
    let left = delete(&all, |some| oracle.holds(&with_windows(plan, some)));
    if left.len() < all.len() {
        *plan = with_windows(plan, &left);
    }
    // Without their ends: a fault may last as long as the run.
    let all = plan.faults.clone();
    let left = delete(&all, |some| oracle.holds(&Plan { faults: some.to_vec(), ..plan.clone() }));
    plan.faults = left;
}

fn operations(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    if plan.operations == Operations::Generated {
        return;
    }
    let workers: BTreeSet<u32> = list(plan).iter().map(|listed| listed.worker).collect();
    for worker in workers {
        without(plan, oracle, |listed| listed.worker == worker);
    }
    let mut keys: Vec<Value> = Vec::new();
    for key in list(plan).iter().filter_map(key) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for one in keys {
        without(plan, oracle, |listed| key(listed).as_ref() == Some(&one));
    }
    let left = delete(&list(plan), |some| oracle.holds(&with_list(plan, some)));
    *plan = with_list(plan, &left);
}

/// Takes out the operations of one group, if they can go.
fn without(plan: &mut Plan, oracle: &mut Oracle<'_>, is_of: impl Fn(&ListedOperation) -> bool) {
    let mut some = list(plan);
    some.retain(|listed| !is_of(listed));
    let candidate = with_list(plan, &some);
    oracle.accept(plan, candidate);
}

/// The key that an operation is about, where its argument begins with one.
fn key(listed: &ListedOperation) -> Option<Value> {
    listed.value.as_list()?.get(0).filter(|key| matches!(key, Value::Int(_) | Value::String(_)))
}

fn exceptions(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let all = plan.overrides.clone();
    let left =
        delete(&all, |some| oracle.holds(&Plan { overrides: some.to_vec(), ..plan.clone() }));
    plan.overrides = left;
}

fn nodes(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let mut place = plan.nodes.len() as u32;
    while place > 0 && !oracle.ended {
        place -= 1;
        for orphans in [Orphans::Go, Orphans::Move] {
            let Some(candidate) = without_node(plan, place, orphans) else { continue };
            if oracle.accept(plan, candidate) {
                break;
            }
        }
    }
}

/// Tries once more under other seeds what could not go under its own.
fn under_another_seed(plan: &mut Plan, oracle: &mut Oracle<'_>) -> bool {
    let (all, faults) = (list(plan), windows(&plan.faults));
    let mut candidates: Vec<Plan> = Vec::new();
    let without = |place: usize| {
        let mut some = all.clone();
        some.remove(place);
        with_list(plan, &some)
    };
    candidates.extend(
        (0..plan.nodes.len() as u32)
            .flat_map(|gone| [Orphans::Go, Orphans::Move].into_iter().map(move |how| (gone, how)))
            .filter_map(|(gone, how)| without_node(plan, gone, how)),
    );
    candidates.extend((0..faults.len()).map(|place| {
        let mut some = faults.clone();
        some.remove(place);
        with_windows(plan, &some)
    }));
    candidates.extend((0..all.len()).map(without));
    candidates.extend((0..plan.overrides.len()).map(|place| {
        let mut less = plan.clone();
        less.overrides.remove(place);
        less
    }));
    // Messages that are lost in one cluster are others in a smaller one.
    let others = candidates.iter().filter(|less| less.nodes.len() < plan.nodes.len());
    let others: Vec<Plan> = others.filter_map(messages::lost_by_chance).collect();
    candidates.extend(others);
    for more in 1..=NEARBY {
        for candidate in &candidates {
            let candidate = Plan { seed: plan.seed.wrapping_add(more), ..candidate.clone() };
            if oracle.accept(plan, candidate) {
                return true;
            }
        }
    }
    false
}
