//! What stays, made simpler: no latency, shorter faults, round times, small values.

use std::collections::BTreeMap;

use glomers_history::{MILLISECOND, SECOND, Value};
use glomers_sim::{
    Distribution, Fault, Inbox, Kill, Operations, Pause, Plan, ServiceTime, Targets,
};

use super::oracle::Oracle;
use super::places::without_services;
use super::recovery::bounds;
use super::windows::{schedule, windows};

/// Settings: none at all, or else always the same.
pub(crate) fn settings(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let sync_time = plan.sync_time;
    let mut change = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        oracle.accept(plan, candidate)
    };
    change(&|plan| plan.loss = 0.0);
    change(&|plan| plan.loss_bursts = None);
    change(&|plan| plan.bandwidth = None);
    change(&|plan| plan.in_order = false);
    change(&|plan| plan.latency_steps.clear());
    change(&|plan| plan.latency_correlation = 0.0);
    change(&|plan| plan.links.clear());
    change(&|plan| *plan = without_services(plan));
    change(&|plan| plan.inbox = Inbox::Ideal);
    let none = |plan: &mut Plan| {
        plan.latency.mean_ms = 0;
        plan.latency.distribution = Distribution::Constant;
    };
    if !change(&none) {
        change(&|plan| plan.latency.distribution = Distribution::Constant);
        for mean_ms in [1, 10, 100] {
            if change(&|plan| plan.latency.mean_ms = plan.latency.mean_ms.min(mean_ms)) {
                break;
            }
        }
    }
    change(&|plan| plan.service_time = ServiceTime::Off);
    let millisecond = ServiceTime::Exponential { mean: MILLISECOND };
    let is_short = [ServiceTime::Off, millisecond].contains(&sync_time);
    if !change(&|plan| plan.sync_time = ServiceTime::Off) && !is_short {
        change(&|plan| plan.sync_time = millisecond);
    }
    change(&|plan| plan.workload.options.retain(|name, _| name != "key-count"));
    change(&|plan| {
        let Operations::Listed(list) = &plan.operations else { return };
        let workers = list.iter().map(|listed| listed.worker + 1).max().unwrap_or(1);
        plan.concurrency = workers.max(plan.nodes.len() as u32);
    });
}

/// Every moment of a Plan.
fn moments(plan: &Plan) -> Vec<u64> {
    let mut all: Vec<u64> = plan.faults.iter().map(|event| event.at).collect();
    if let Operations::Listed(list) = &plan.operations {
        all.extend(list.iter().map(|listed| listed.at));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The Plan with every moment moved by the same rule, which keeps their order.
fn moved(plan: &Plan, rule: impl Fn(u64) -> u64) -> Plan {
    let mut candidate = plan.clone();
    candidate.faults.iter_mut().for_each(|event| event.at = rule(event.at));
    let mut last = candidate.faults.iter().map(|event| event.at).max().unwrap_or_default();
    if let Operations::Listed(list) = &mut candidate.operations {
        list.iter_mut().for_each(|listed| listed.at = rule(listed.at));
        last = last.max(list.iter().map(|listed| listed.at).max().unwrap_or_default());
    }
    candidate.time_limit = last + 1;
    separate(&mut candidate);
    candidate
}

/// Lets nothing happen at the same moment as something else: in a scenario, too, one thing
/// happens after the other. The order is the engine's, and little moves.
pub(crate) fn separate(plan: &mut Plan) {
    let mut all: Vec<&mut u64> = plan.faults.iter_mut().map(|event| &mut event.at).collect();
    if let Operations::Listed(list) = &mut plan.operations {
        all.extend(list.iter_mut().map(|listed| &mut listed.at));
    }
    // Stable: at one moment faults come first.
    all.sort_by_key(|at| **at);
    let mut free = 0;
    for at in all {
        *at = (*at).max(free);
        free = *at + 1;
    }
    plan.time_limit = plan.time_limit.max(free);
}

/// Ends the Plan with the last thing that happens.
pub(crate) fn cut_end(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let candidate = moved(plan, |at| at);
    oracle.accept(plan, candidate);
}

/// Shortens faults, and the time between things that happen, by bisection.
pub(crate) fn durations(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    // All at once first: most runs have much time in which nothing happens.
    // The time to recover stays.
    loop {
        let (last, end) = match (oracle.recovery.and_then(|_| bounds(plan)), moments(plan).last()) {
            (Some(bounds), _) => bounds,
            (None, last) => (last.copied().unwrap_or_default(), u64::MAX),
        };
        if last <= 10 * MILLISECOND || oracle.ended {
            break;
        }
        let half = |at: u64| at / 2 / MILLISECOND * MILLISECOND;
        let candidate =
            moved(plan, |at| if at < end { half(at) } else { at - (last - half(last)) });
        if !oracle.accept(plan, candidate) {
            break;
        }
    }
    let first = moments(plan).first().copied().unwrap_or_default();
    let candidate = moved(plan, |at| at - first);
    oracle.accept(plan, candidate);
    for place in 0..windows(&plan.faults).len() {
        shorten(plan, place, oracle);
    }
    let mut place = 1;
    while place < moments(plan).len() && !oracle.ended {
        let moments = moments(plan);
        let (before, here) = (moments[place - 1], moments[place]);
        let gap = here - before;
        for less in [gap - gap / 10, gap / 2] {
            let candidate = moved(plan, |at| if at >= here { at - less } else { at });
            if gap > 2 * MILLISECOND && oracle.accept(plan, candidate) {
                break;
            }
        }
        place += 1;
    }
}

/// Shortens one fault as far as it goes.
fn shorten(plan: &mut Plan, place: usize, oracle: &mut Oracle<'_>) {
    let all = windows(&plan.faults);
    let Some(begin) = all.get(place).map(|window| window.from) else { return };
    let Some(end) = all[place].until else { return };
    let (mut works, mut fails) = (end - begin, 0);
    // To a tenth of its length.
    while works - fails > (works / 10).max(MILLISECOND) && !oracle.ended {
        let middle = fails + (works - fails) / 2;
        let mut less = all.clone();
        less[place].until = Some(begin + middle);
        let candidate = Plan { faults: schedule(&less), ..plan.clone() };
        if oracle.accept(plan, candidate) {
            works = middle;
        } else {
            fails = middle;
        }
    }
}

/// Rounds all moments, as coarsely as goes: all together, else each alone.
pub(crate) fn round(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    for unit in [SECOND, SECOND / 10, SECOND / 100, MILLISECOND] {
        let candidate = moved(plan, |at| (at + unit / 2) / unit * unit);
        if oracle.accept(plan, candidate) {
            return;
        }
    }
    for moment in moments(plan) {
        for unit in [SECOND, SECOND / 10, SECOND / 100, MILLISECOND, MILLISECOND / 10] {
            let rounded = (moment + unit / 2) / unit * unit;
            let candidate = moved(plan, |at| if at == moment { rounded } else { at });
            let is_in_order = moments(&candidate).len() == moments(plan).len();
            if is_in_order && oracle.accept(plan, candidate) {
                break;
            }
        }
    }
}

/// How many seeds are tried for new numbers: what they are decides what is drawn.
const SEEDS_FOR_NUMBERS: u64 = 30;

/// Clients, operations and faults are numbered as they stand, under one seed or another: in a
/// scenario nothing more needs to be said then.
pub(crate) fn numbers(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let mut plain = plan.clone();
    let nodes = plan.nodes.len() as u32;
    let mut workers: BTreeMap<u32, u32> = BTreeMap::new();
    if let Operations::Listed(list) = &mut plain.operations {
        for listed in list.iter_mut() {
            // The first client that belongs to the node that it asks.
            let node = listed.node.unwrap_or(listed.worker % nodes);
            let free = |number: &u32| workers.values().all(|taken| taken != number);
            let next = (node..).step_by(nodes as usize).find(free).unwrap_or(listed.worker);
            listed.worker = *workers.entry(listed.worker).or_insert(next);
            listed.number = None;
        }
    }
    let highest = workers.values().max().map_or(0, |highest| highest + 1);
    plain.concurrency = highest.max(nodes);
    let mut faults = windows(&plan.faults);
    faults.sort_by_key(|window| window.from);
    let mut next = 0;
    for window in &mut faults {
        window.id = next;
        next += match &window.fault {
            // A scenario kills and pauses each node by itself.
            Fault::Kill(Kill { nodes: Targets::Nodes(nodes) })
            | Fault::Pause(Pause { nodes: Targets::Nodes(nodes) }) => nodes.len() as u32,
            _ => 1,
        };
    }
    plain.faults = schedule(&faults);
    if plain == *plan {
        return;
    }
    for seed in [0, plan.seed].into_iter().chain(1..=SEEDS_FOR_NUMBERS) {
        if oracle.accept(plan, Plan { seed, ..plain.clone() }) {
            return;
        }
    }
}

/// Numbers in arguments become 0, 1, 2, … in their order.
pub(crate) fn values(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    let Operations::Listed(list) = &plan.operations else { return };
    let mut numbers: BTreeMap<i64, i64> = BTreeMap::new();
    for listed in list {
        collect(&listed.value, &mut numbers);
    }
    for (place, small) in (0..).zip(numbers.values_mut()) {
        *small = place;
    }
    let mut candidate = plan.clone();
    if let Operations::Listed(list) = &mut candidate.operations {
        list.iter_mut().for_each(|listed| listed.value = replaced(&listed.value, &numbers));
    }
    oracle.accept(plan, candidate);
}

fn collect(value: &Value, numbers: &mut BTreeMap<i64, i64>) {
    if let Value::Int(number) = value {
        numbers.insert(*number, *number);
    }
    if let Some(list) = value.as_list() {
        list.iter().for_each(|one| collect(&one, numbers));
    }
}

fn replaced(value: &Value, numbers: &BTreeMap<i64, i64>) -> Value {
    match value {
        Value::Int(number) => Value::Int(numbers.get(number).copied().unwrap_or(*number)),
        value => match value.as_list() {
            Some(list) => Value::list(list.iter().map(|one| replaced(&one, numbers))),
            None => value.clone(),
        },
    }
}
