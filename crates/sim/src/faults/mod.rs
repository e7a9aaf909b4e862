//! What can be broken: the events of a Plan, one file for each kind of fault.
//!
//! Every fault has a beginning and an end. Faults of different kinds may be on
//! at once; of one kind the later replaces the earlier. A new kind is a file
//! here, two variants of [`Fault`], a line in `WINDOWS` and a line in the
//! registry of [`nemesis`](crate::nemesis).

mod clock;
mod disk;
mod duplicate;
mod leaders;
mod loss;
mod reorder;
mod report;
mod slow;
mod target;
mod unused;

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use crate::partition::{Cut, PartitionKind};

pub use clock::WrongClocks;
pub use disk::BadDisks;
pub use duplicate::Duplicate;
pub(crate) use leaders::{LEADER, leads};
pub use loss::Loss;
pub use reorder::Reorder;
pub use report::{FaultReport, faults_of};
pub(crate) use report::{Harm, Touch, reports_from};
pub use slow::{SlowLinks, SlowNodes};
pub(crate) use target::LinkSet;
pub use target::{Links, Marked, Targets};
pub(crate) use unused::never_began;

/// Something that is broken or mended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultEvent {
    /// When, ns from the beginning of the main phase.
    pub at: u64,
    /// What.
    pub fault: Fault,
}

/// What is broken or mended. Nodes are given by their places in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Cuts links, instead of those that were cut before.
    StartPartition {
        /// How the cut was chosen.
        kind: PartitionKind,
        /// What is cut. Not used with [`PartitionKind::Leader`], which is
        /// resolved when it begins.
        cut: Cut,
    },
    /// Mends all links.
    StopPartition,
    /// Kills nodes: what they had in memory and what was on its way to them is
    /// gone.
    Kill {
        /// Which.
        nodes: Targets,
    },
    /// Starts those of the nodes that are down, with a fresh `init`.
    Start {
        /// Which; `Leader`: those that the last kill of leaders hit.
        nodes: Targets,
    },
    /// Stops nodes where they are.
    Pause {
        /// Which.
        nodes: Targets,
    },
    /// Lets paused nodes go on.
    Resume {
        /// Which; `Leader`: those that the last pause of leaders hit.
        nodes: Targets,
    },
    /// Messages between nodes get lost.
    StartLoss(Loss),
    /// No more than the Plan's own loss.
    StopLoss,
    /// Messages between nodes are delivered twice.
    StartDuplicate(Duplicate),
    /// Each is delivered once.
    StopDuplicate,
    /// Messages between nodes overtake each other.
    StartReorder(Reorder),
    /// They take their latency.
    StopReorder,
    /// Links are slow.
    StartSlowLinks(SlowLinks),
    /// Links are as fast as before.
    StopSlowLinks,
    /// Nodes are slow (stepped hosts only).
    StartSlowNodes(SlowNodes),
    /// Nodes are as fast as before.
    StopSlowNodes,
    /// Wall clocks are wrong (stepped hosts only).
    StartClock(WrongClocks),
    /// Wall clocks are right.
    StopClock,
    /// Something is wrong with the disks of nodes (stepped hosts only).
    StartDisk(BadDisks),
    /// All disks are well again.
    StopDisk,
}

/// A kind of fault that is on from one operation of the nemesis to another, as
/// histories show it.
struct Window {
    /// The kind in reports.
    kind: &'static str,
    /// The operation that begins it.
    begin: &'static str,
    /// The operation that ends it.
    end: &'static str,
    /// What it does to messages or nodes, if that is counted.
    harm: Option<Harm>,
    /// The fault in words, from what the history says that it did.
    describe: fn(&Value) -> String,
}

const WINDOWS: [Window; 7] = [
    loss::WINDOW,
    duplicate::WINDOW,
    reorder::WINDOW,
    slow::LINKS,
    slow::NODES,
    clock::WINDOW,
    disk::WINDOW,
];

impl Fault {
    /// Tests what the types do not, for a cluster of `count` nodes and a network of
    /// `places`: the nodes and, where faults touch them, the services.
    ///
    /// # Errors
    /// Says what makes no sense.
    pub(crate) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        match self {
            Fault::StartPartition { cut, .. } => {
                target::validate_places(cut.nodes(), count, places)
            }
            Fault::Kill { nodes }
            | Fault::Start { nodes }
            | Fault::Pause { nodes }
            | Fault::Resume { nodes } => nodes.validate(count),
            Fault::StartLoss(loss) => loss.validate(count, places),
            Fault::StartDuplicate(duplicate) => duplicate.validate(count, places),
            Fault::StartReorder(reorder) => reorder.validate(count, places),
            Fault::StartSlowLinks(slow) => slow.validate(count, places),
            Fault::StartSlowNodes(slow) => slow.validate(count),
            Fault::StartClock(clocks) => clocks.validate(count),
            Fault::StartDisk(bad) => bad.validate(count),
            Fault::StopPartition
            | Fault::StopLoss
            | Fault::StopDuplicate
            | Fault::StopReorder
            | Fault::StopSlowLinks
            | Fault::StopSlowNodes
            | Fault::StopClock
            | Fault::StopDisk => Ok(()),
        }
    }

    /// The operation of the nemesis that it begins with, if it is a beginning.
    pub(crate) fn begins(&self) -> Option<&'static str> {
        Some(match self {
            Fault::StartPartition { .. } => "start-partition",
            Fault::Kill { .. } => "kill",
            Fault::Pause { .. } => "pause",
            Fault::StartLoss(_) => loss::WINDOW.begin,
            Fault::StartDuplicate(_) => duplicate::WINDOW.begin,
            Fault::StartReorder(_) => reorder::WINDOW.begin,
            Fault::StartSlowLinks(_) => slow::LINKS.begin,
            Fault::StartSlowNodes(_) => slow::NODES.begin,
            Fault::StartClock(_) => clock::WINDOW.begin,
            Fault::StartDisk(_) => disk::WINDOW.begin,
            Fault::Start { .. }
            | Fault::Resume { .. }
            | Fault::StopPartition
            | Fault::StopLoss
            | Fault::StopDuplicate
            | Fault::StopReorder
            | Fault::StopSlowLinks
            | Fault::StopSlowNodes
            | Fault::StopClock
            | Fault::StopDisk => return None,
        })
    }

    /// Why processes of their own cannot suffer it, if they cannot.
    pub fn impossible_for_processes(&self) -> Option<&'static str> {
        match self {
            Fault::StartClock(_) => Some("the clock of a process is that of the machine"),
            Fault::StartDisk(_) => Some("the disk of a process is that of the machine"),
            Fault::StartSlowNodes(_) => Some("a process takes the time that it takes"),
            _ => None,
        }
    }

    /// Why this cannot be done to processes in virtual time, if so.
    pub fn impossible_for_traced(&self) -> Option<&'static str> {
        match self {
            Fault::StartDisk(_) => Some("the disk of a process is that of the machine"),
            _ => None,
        }
    }
}

/// Refuses what is no probability.
fn validate_probability(probability: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&probability) {
        return Ok(());
    }
    Err(format!("the probability of a fault must be from 0 to 1, but it is {probability}"))
}

/// The field of a map that says how a fault is, for descriptions.
fn number(value: &Value, field: &str) -> f64 {
    match value.get(field) {
        Some(Value::Float(number)) => *number,
        Some(Value::Int(number)) => *number as f64,
        _ => 0.0,
    }
}
