//! From conditions to a Plan.

use std::time::Duration;

use glomers_history::{MILLISECOND, SECOND, Value};
use glomers_nodes::Hazard;
use glomers_sim::nemesis::Kind;
use glomers_sim::{
    Cut, Distribution, Fault, FaultEvent, FaultList, Kill, Latency, ListedOperation, Nemesis,
    NodeProgram, Partition, Pause, Plan, PlanError, Rate, SERVICES,
};

use super::conditions::{Asked, Conditions, Faults, Step, Turn};

/// The Plan of a run under these conditions.
///
/// # Errors
/// If they are invalid.
///
/// # Panics
/// If an operation by hand has an argument that is no JSON.
pub fn plan(
    under: &Conditions,
    workload: &str,
    program: NodeProgram,
    seed: u64,
) -> Result<Plan, PlanError> {
    let mut plan = Plan::builder(seed, program, workload);
    let distribution = match under.latency_ms {
        0 => Distribution::Constant,
        _ => Distribution::Exponential,
    };
    plan.nodes(under.nodes)
        .workers_per_node(under.clients)
        .rate(Rate::PerSecond(under.rate))
        .time_limit(Duration::from_secs(under.seconds))
        .latency(Latency { mean_ms: under.latency_ms, distribution })
        .loss(under.loss)
        .sync_time(Duration::from_millis(under.sync_ms))
        .fault_services(under.fault_services);
    for (name, value) in under.options {
        plan.option(name, value);
    }
    match under.faults {
        Faults::None => {}
        Faults::Drawn { kinds, every_ms } => {
            let kinds: Vec<Kind> = self::kinds(kinds);
            plan.nemesis(Nemesis::new(&kinds, Duration::from_millis(every_ms)));
        }
        Faults::InTurn { what, for_ms } => {
            let end = under.seconds * SECOND;
            plan.faults(in_turn(what, under.nodes, for_ms * MILLISECOND, end));
        }
        Faults::Script(steps) => {
            plan.faults(by_script(under.nodes, steps));
        }
    }
    if !under.operations.is_empty() {
        plan.operations(under.operations.iter().map(listed).collect());
    }
    plan.build()
}

fn listed(asked: &Asked) -> ListedOperation {
    ListedOperation {
        at: asked.at_ms * MILLISECOND,
        worker: asked.client,
        node: None,
        f: asked.f.to_owned(),
        value: Value::from_json(asked.value).expect("the registry has arguments in JSON"),
        number: None,
        is_final: false,
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

fn by_script(nodes: u32, steps: &[(u64, Step)]) -> Vec<FaultEvent> {
    let mut list = FaultList::default();
    for &(at_ms, step) in steps {
        let at = at_ms * MILLISECOND;
        match step {
            Step::Only(these, those) => {
                list.end(at, is_partition);
                list.begin(at, only(nodes, these, those));
            }
            Step::Heal => {
                list.end(at, is_partition);
            }
            Step::Kill(nodes) => list.begin(at, Kill::nodes(nodes.to_vec())),
            Step::Start(nodes) => {
                let kill = Kill::nodes(nodes.to_vec()).into();
                list.end(at, |fault| *fault == kill);
            }
        }
    }
    list.into_events()
}

fn is_partition(fault: &Fault) -> bool {
    matches!(fault, Fault::Partition(_))
}

/// Faults of `period` ns with as much time between them, as long as they end
/// before the end.
fn in_turn(what: Turn, nodes: u32, period: u64, end: u64) -> Vec<FaultEvent> {
    let mut list = FaultList::default();
    let mut at = period;
    for turn in 0.. {
        let node = turn % nodes;
        let steps: Vec<Fault> = match what {
            Turn::Apart(count) => {
                let is_apart = |&other: &u32| (other + nodes - node) % nodes < count;
                let (few, most) = (0..nodes).partition(is_apart);
                vec![Partition::by_hand(Cut::components(&[few, most])).into()]
            }
            Turn::FromServices => {
                let services = (nodes..nodes + SERVICES.len() as u32).collect();
                vec![Partition::by_hand(Cut::components(&[vec![node], services])).into()]
            }
            Turn::Pause => vec![Pause::nodes(vec![node]).into()],
            Turn::Kill => vec![Kill::nodes(vec![node]).into()],
            Turn::Rivals => {
                let pairs = [(0, 1), (0, 2), (4, 2), (4, 3)];
                let rivals = all_but(nodes, |a, b| pairs.contains(&(a, b)));
                vec![all_but(nodes, |_, _| false).into(), rivals.into()]
            }
        };
        if at + steps.len() as u64 * period > end {
            break;
        }
        for fault in steps {
            list.during(at, at + period, fault);
            at += period;
        }
        at += period;
    }
    list.into_events()
}

/// Cuts all links but those between these nodes and those.
fn only(nodes: u32, these: &[u32], those: &[u32]) -> Partition {
    all_but(nodes, |a, b| these.contains(&a) && those.contains(&b))
}

/// Cuts all links but these, in both directions.
fn all_but(nodes: u32, is_kept: impl Fn(u32, u32) -> bool) -> Partition {
    let pairs = (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b)));
    Partition::by_hand(Cut::links(
        pairs.filter(|&(a, b)| a != b && !is_kept(a, b) && !is_kept(b, a)),
    ))
}
