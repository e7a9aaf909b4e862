//! A generated run as a list: what was drawn, written down.

use std::collections::BTreeMap;

use glomers_history::{OpKind, Process};
use glomers_sim::{Fault, FaultEvent, ListedOperation, Operations, Outcome, Plan};

use super::windows::windows;

/// The Plan of the run that this outcome is of, with every operation in a list, those at
/// the end, too, and with the ends of all faults. The same happens as before.
pub(crate) fn freeze(plan: &Plan, outcome: &Outcome) -> Plan {
    let mut frozen = plan.clone();
    let start = outcome.main_start.0;
    let listed = Operations::listed(plan, &outcome.history, outcome.main_start);
    let Operations::Listed(mut list) = listed else { return frozen };
    if plan.operations == Operations::Generated {
        list.extend(finals(plan, outcome, start));
    }
    let last = list.iter().map(|listed| listed.at).max().unwrap_or_default();
    frozen.faults.retain(|event| event.at < plan.time_limit);
    if plan.operations == Operations::Generated {
        frozen.faults.extend(ends(plan, outcome, start));
    }
    frozen.time_limit = plan.time_limit.max(last.saturating_add(1));
    frozen.operations = Operations::Listed(list);
    frozen
}

/// The operations at the end.
fn finals(plan: &Plan, outcome: &Outcome, start: u64) -> Vec<ListedOperation> {
    let nodes = plan.nodes.len() as u32;
    let mut numbers: BTreeMap<u32, u64> = BTreeMap::new();
    let ops = outcome.history.ops().iter();
    let begun = ops.filter(|op| op.is_final && op.kind == OpKind::Invoke);
    let listed = begun.filter_map(|op| {
        let Process::Client(process) = op.process else { return None };
        let worker = process % plan.concurrency;
        let number = numbers.entry(worker).or_default();
        *number += 1;
        Some(ListedOperation {
            at: op.time.0.saturating_sub(start),
            worker,
            node: Some(worker % nodes),
            f: op.f.to_string(),
            value: op.value.clone(),
            number: Some(*number - 1),
            is_final: true,
        })
    });
    listed.collect()
}

/// The ends of faults that were on until the cluster was left alone.
fn ends(plan: &Plan, outcome: &Outcome, start: u64) -> Vec<FaultEvent> {
    let nemesis = outcome.history.ops().iter().filter(|op| op.process == Process::Nemesis);
    let times = nemesis.map(|op| op.time.0.saturating_sub(start));
    let Some(at) = times.max().filter(|&at| at >= plan.time_limit) else { return Vec::new() };
    let begun: Vec<FaultEvent> =
        plan.faults.iter().filter(|event| event.at < plan.time_limit).cloned().collect();
    // As the engine ends them: nodes come back to a network that is whole.
    let rank = |fault: &Fault| match fault {
        Fault::Kill(_) => 2,
        Fault::Pause(_) => 1,
        _ => 0,
    };
    let mut on = windows(&begun);
    on.retain(|window| window.until.is_none());
    on.sort_by_key(|window| rank(&window.fault));
    on.iter().map(|window| FaultEvent::end(at, window.id)).collect()
}
