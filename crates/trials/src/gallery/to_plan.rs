//! From conditions to a Plan.

use glomers_history::{MILLISECOND, SECOND, Value};
use glomers_nodes::Hazard;
use glomers_sim::nemesis::{Kind, Schedule};
use glomers_sim::{
    Cut, Distribution, Fault, FaultEvent, Latency, ListedOperation, NodeProgram, Operations,
    PartitionKind, Plan, Rate, SERVICES, ServiceTime,
};

use super::conditions::{Asked, Conditions, Faults, Step, Turn};

/// The Plan of a run under these conditions.
///
/// # Panics
/// If an operation by hand has an argument that is no JSON.
pub fn plan(under: &Conditions, workload: &str, program: NodeProgram, seed: u64) -> Plan {
    let mut plan = Plan::new(seed, program, workload);
    plan.set_node_count(under.nodes);
    plan.concurrency = under.nodes * under.clients;
    plan.rate = Rate::PerSecond(under.rate);
    plan.time_limit = under.seconds * SECOND;
    plan.latency = match under.latency_ms {
        0 => Latency { mean_ms: 0, distribution: Distribution::Constant },
        mean_ms => Latency { mean_ms, distribution: Distribution::Exponential },
    };
    plan.loss = under.loss;
    plan.sync_time = ServiceTime::Exponential { mean: under.sync_ms * MILLISECOND };
    let option = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    plan.workload.options.extend(under.options.iter().map(option));
    plan.fault_services = under.fault_services;
    plan.faults = faults(under, seed, plan.time_limit);
    if !under.operations.is_empty() {
        plan.operations = Operations::Listed(under.operations.iter().map(listed).collect());
    }
    plan
}

fn listed(asked: &Asked) -> ListedOperation {
    ListedOperation {
        at: asked.at_ms * MILLISECOND,
        worker: asked.client,
        node: None,
        f: asked.f.to_owned(),
        value: Value::from_json(asked.value).expect("the registry has arguments in JSON"),
    }
}

/// The kind that the nemesis has for a hazard; latency and loss are there all the
/// time.
fn kind(hazard: Hazard) -> Option<Kind> {
    Some(match hazard {
        Hazard::Latency | Hazard::Loss => return None,
        Hazard::Duplicate => Kind::Duplicate,
        Hazard::Reorder => Kind::Reorder,
        Hazard::Slow => Kind::Slow,
        Hazard::Clock => Kind::Clock,
        Hazard::Partition => Kind::Partition,
        Hazard::OneWay => Kind::OneWay,
        Hazard::Pause => Kind::Pause,
        Hazard::Kill => Kind::Kill,
        Hazard::Disk => Kind::Disk,
    })
}

/// The kinds that are drawn for these hazards.
pub(super) fn kinds(hazards: &[Hazard]) -> Vec<Kind> {
    hazards.iter().copied().filter_map(kind).collect()
}

fn faults(under: &Conditions, seed: u64, end: u64) -> Vec<FaultEvent> {
    match under.faults {
        Faults::None => Vec::new(),
        Faults::Drawn { kinds, every_ms } => {
            let kinds: Vec<Kind> = self::kinds(kinds);
            let usual = Schedule::new(seed, &kinds, under.nodes, every_ms * MILLISECOND, end);
            let services = if under.fault_services { SERVICES.len() as u32 } else { 0 };
            Schedule { services, ..usual }.draw()
        }
        Faults::InTurn { what, for_ms } => in_turn(what, under.nodes, for_ms * MILLISECOND, end),
        Faults::Script(steps) => {
            let event = |&(at_ms, step): &(u64, Step)| {
                let fault = match step {
                    Step::Only(these, those) => only(under.nodes, these, those),
                    Step::Heal => Fault::StopPartition,
                    Step::Kill(nodes) => Fault::Kill { nodes: nodes.to_vec().into() },
                    Step::Start(nodes) => Fault::Start { nodes: nodes.to_vec().into() },
                };
                FaultEvent { at: at_ms * MILLISECOND, fault }
            };
            steps.iter().map(event).collect()
        }
    }
}

/// Faults of `period` ns with as much time between them, as long as they end
/// before the end.
fn in_turn(what: Turn, nodes: u32, period: u64, end: u64) -> Vec<FaultEvent> {
    let mut events = Vec::new();
    let mut at = period;
    for turn in 0.. {
        let node = turn % nodes;
        let steps = match what {
            Turn::Apart(count) => {
                let is_apart = |&other: &u32| (other + nodes - node) % nodes < count;
                let (few, most) = (0..nodes).partition(is_apart);
                vec![by_hand(Cut::components(&[few, most])), Fault::StopPartition]
            }
            Turn::FromServices => {
                let services = (nodes..nodes + SERVICES.len() as u32).collect();
                vec![by_hand(Cut::components(&[vec![node], services])), Fault::StopPartition]
            }
            Turn::Pause => {
                vec![
                    Fault::Pause { nodes: vec![node].into() },
                    Fault::Resume { nodes: vec![node].into() },
                ]
            }
            Turn::Kill => {
                vec![
                    Fault::Kill { nodes: vec![node].into() },
                    Fault::Start { nodes: vec![node].into() },
                ]
            }
            Turn::Rivals => {
                let pairs = [(0, 1), (0, 2), (4, 2), (4, 3)];
                let rivals = all_but(nodes, |a, b| pairs.contains(&(a, b)));
                vec![all_but(nodes, |_, _| false), rivals, Fault::StopPartition]
            }
        };
        if at + (steps.len() as u64 - 1) * period > end {
            break;
        }
        for fault in steps {
            events.push(FaultEvent { at, fault });
            at += period;
        }
    }
    events
}

/// Cuts all links but those between these nodes and those.
fn only(nodes: u32, these: &[u32], those: &[u32]) -> Fault {
    all_but(nodes, |a, b| these.contains(&a) && those.contains(&b))
}

/// Cuts all links but these, in both directions.
fn all_but(nodes: u32, is_kept: impl Fn(u32, u32) -> bool) -> Fault {
    let pairs = (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b)));
    by_hand(Cut::links(pairs.filter(|&(a, b)| a != b && !is_kept(a, b) && !is_kept(b, a))))
}

fn by_hand(cut: Cut) -> Fault {
    Fault::StartPartition { kind: PartitionKind::ByHand, cut }
}
