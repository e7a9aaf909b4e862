//! A cluster with one node less.

use glomers_sim::{Cut, Fault, FaultEvent, Links, Operations, Plan, Targets};

use super::windows::{schedule, windows};

/// What becomes of the operations that asked a node that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orphans {
    /// They go, too.
    Go,
    /// They ask the first node.
    Move,
}

/// The Plan without a node; `None` if it has no other. Faults that were about it alone
/// are about nothing and go.
pub(crate) fn without_node(plan: &Plan, gone: u32, orphans: Orphans) -> Option<Plan> {
    let count = plan.nodes.len() as u32;
    if count < 2 || gone >= count {
        return None;
    }
    let mut less = plan.clone();
    less.nodes.remove(gone as usize);
    if less.nodes.iter().zip(&plan.nodes).all(|(a, b)| a == b) || is_usual(plan) {
        less.set_node_count(count - 1);
    }
    if let Operations::Listed(list) = &mut less.operations {
        for listed in list.iter_mut() {
            let asks = listed.node.unwrap_or(listed.worker % count);
            listed.node = match moved(asks, gone) {
                Some(place) => Some(place),
                None if orphans == Orphans::Move => Some(0),
                None => None,
            };
        }
        // Those that ask nobody any more.
        list.retain(|listed| listed.node.is_some());
    }
    less.links = plan
        .links
        .iter()
        .filter_map(|rule| {
            let end = |place: Option<u32>| match place {
                Some(place) => moved(place, gone).map(Some),
                None => Some(None),
            };
            let mut rule = rule.clone();
            (rule.src, rule.dest) = (end(rule.src)?, end(rule.dest)?);
            Some(rule)
        })
        .collect();
    less.overrides = super::messages::without_node(&plan.overrides, gone);
    less.faults = faults(&plan.faults, gone);
    Some(less)
}

/// The faults without a place.
fn faults(faults: &[FaultEvent], gone: u32) -> Vec<FaultEvent> {
    let mut windows = windows(faults);
    windows.retain_mut(|window| match fault(&window.fault, gone) {
        Some(of_less) => {
            window.fault = of_less;
            true
        }
        None => false,
    });
    schedule(&windows)
}

/// The Plan with services that faults do not touch. Faults that were about these alone go.
pub(crate) fn without_services(plan: &Plan) -> Plan {
    let mut less = plan.clone();
    less.fault_services = false;
    // From the last: what is before it stays in its place.
    for place in (plan.nodes.len()..plan.place_names().len()).rev() {
        less.faults = faults(&less.faults, place as u32);
    }
    less
}

/// Whether nodes are named n0, n1, …: then those that are left are, too.
fn is_usual(plan: &Plan) -> bool {
    plan.nodes.iter().enumerate().all(|(place, name)| *name == format!("n{place}"))
}

/// Where a place is when one before it has gone.
pub(crate) fn moved(place: u32, gone: u32) -> Option<u32> {
    match place.cmp(&gone) {
        std::cmp::Ordering::Less => Some(place),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(place - 1),
    }
}

fn targets(targets: &Targets, gone: u32) -> Option<Targets> {
    match targets {
        Targets::Nodes(nodes) => {
            let left: Vec<u32> = nodes.iter().filter_map(|&node| moved(node, gone)).collect();
            Some(left).filter(|left| !left.is_empty()).map(Targets::Nodes)
        }
        Targets::Marked(_) => Some(targets.clone()),
    }
}

fn links(links: &Links, gone: u32) -> Option<Links> {
    match links {
        Links::All => Some(Links::All),
        Links::Around(nodes) => targets(nodes, gone).map(Links::Around),
        Links::Single(single) => {
            let pair = |&(a, b): &(u32, u32)| Some((moved(a, gone)?, moved(b, gone)?));
            let left: Vec<(u32, u32)> = single.iter().filter_map(pair).collect();
            Some(left).filter(|left| !left.is_empty()).map(Links::Single)
        }
    }
}

fn fault(fault: &Fault, gone: u32) -> Option<Fault> {
    let mut less = fault.clone();
    match &mut less {
        Fault::Partition(partition) => {
            let pairs: Vec<(u32, u32)> = partition
                .cut
                .iter()
                .flat_map(|(to, sources)| sources.iter().map(move |&from| (to, from)))
                .filter_map(|(a, b)| Some((moved(a, gone)?, moved(b, gone)?)))
                .collect();
            if pairs.is_empty() && !partition.cut.is_empty() {
                return None;
            }
            partition.cut = Cut::links(pairs);
        }
        Fault::Kill(kill) => kill.nodes = targets(&kill.nodes, gone)?,
        Fault::Pause(pause) => pause.nodes = targets(&pause.nodes, gone)?,
        Fault::Loss(loss) => loss.links = links(&loss.links, gone)?,
        Fault::Duplicate(duplicate) => duplicate.links = links(&duplicate.links, gone)?,
        Fault::Reorder(reorder) => reorder.links = links(&reorder.links, gone)?,
        Fault::SlowLinks(slow) => slow.links = links(&slow.links, gone)?,
        Fault::SlowNodes(slow) => slow.nodes = targets(&slow.nodes, gone)?,
        Fault::WrongClocks(clocks) => clocks.nodes = targets(&clocks.nodes, gone)?,
        Fault::BadDisks(bad) => bad.nodes = targets(&bad.nodes, gone)?,
    }
    Some(less)
}
