//! What can be broken: one file for each kind of fault.
//!
//! Every fault has a beginning and an end, and any number may be on at once. What a
//! fault does is data that the engine asks for ([`Effect`]); what it did follows from
//! events. A new kind of fault of the network is a file here and a line in [`faults!`];
//! to be drawn by chance it needs a line in the registry of
//! [`nemesis`](crate::nemesis), too.

mod clock;
mod disk;
mod duplicate;
mod kill;
mod leaders;
mod list;
mod loss;
mod partition;
mod passage;
mod pause;
mod reorder;
mod report;
mod slow_links;
mod slow_nodes;
mod target;
mod unused;

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use crate::disk::DiskCondition;
use crate::partition::Cut;

pub(crate) use leaders::LEADER;
pub use leaders::leads;
pub use list::FaultList;
pub(crate) use passage::Passage;
pub use report::{FaultReport, faults_of};
pub(crate) use report::{Harm, Touch, reports_from};
pub(crate) use target::LinkSet;
pub use target::{Links, Marked, Targets};
pub(crate) use unused::never_began;

/// Makes one type of all kinds of faults.
macro_rules! faults {
    ($($(#[$about:meta])* $module:ident::$kind:ident,)*) => {
        $(pub use $module::$kind;)*

        /// What is broken. Nodes are given by their places in the list.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Fault {
            $($(#[$about])* $kind($kind),)*
        }

        $(impl From<$kind> for Fault {
            fn from(fault: $kind) -> Fault {
                Fault::$kind(fault)
            }
        })*

        impl Fault {
            fn kind(&self) -> &dyn Breaks {
                match self {
                    $(Fault::$kind(fault) => fault,)*
                }
            }
        }

        /// How each kind shows in histories.
        const WORDS: &[&Words] = &[$(&$module::WORDS),*];
    };
}

faults! {
    /// Links are cut.
    partition::Partition,
    /// Nodes are killed: what they had in memory and what was on its way to them is
    /// gone. At its end they are started again, with a fresh `init`.
    kill::Kill,
    /// Nodes are stopped where they are.
    pause::Pause,
    /// Messages between nodes get lost.
    loss::Loss,
    /// Messages between nodes are delivered twice.
    duplicate::Duplicate,
    /// Messages between nodes overtake each other.
    reorder::Reorder,
    /// Links are slow.
    slow_links::SlowLinks,
    /// Nodes are slow (stepped hosts only).
    slow_nodes::SlowNodes,
    /// Wall clocks are wrong (stepped hosts only).
    clock::WrongClocks,
    /// Something is wrong with the disks of nodes (stepped hosts only).
    disk::BadDisks,
}

/// A fault begins or ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultEvent {
    /// When, ns from the beginning of the main phase.
    pub at: u64,
    /// What.
    pub change: Change,
}

/// The beginning or the end of a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It begins.
    Begin {
        /// Its number, which no other fault of the Plan has.
        id: u32,
        /// What it is.
        fault: Fault,
    },
    /// It ends. A fault without an end lasts until all faults are over.
    End {
        /// Its number.
        id: u32,
    },
}

impl FaultEvent {
    /// The beginning of a fault.
    pub fn begin(at: u64, id: u32, fault: impl Into<Fault>) -> FaultEvent {
        FaultEvent { at, change: Change::Begin { id, fault: fault.into() } }
    }

    /// The end of the fault of this number.
    pub fn end(at: u64, id: u32) -> FaultEvent {
        FaultEvent { at, change: Change::End { id } }
    }

    /// The fault, if it begins.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.change {
            Change::Begin { fault, .. } => Some(fault),
            Change::End { .. } => None,
        }
    }

    /// The number of the fault.
    pub fn id(&self) -> u32 {
        match self.change {
            Change::Begin { id, .. } | Change::End { id } => id,
        }
    }
}

/// How a kind of fault shows in histories and reports.
pub(crate) struct Words {
    /// The kind in reports.
    pub(crate) kind: &'static str,
    /// The operation of the nemesis that begins it.
    pub(crate) begin: &'static str,
    /// The operation that ends it.
    pub(crate) end: &'static str,
    /// What the end says that it did, where it names no nodes.
    pub(crate) mended: &'static str,
    /// What it does to messages or nodes, if that is counted.
    harm: Option<Harm>,
    /// The fault in words, from what the history says that it is about to do, and that
    /// it did.
    describe: fn(&Value, &Value) -> String,
}

/// Whom a fault hits.
pub(crate) enum Whom<'a> {
    Nodes(&'a Targets),
    Links(&'a Links),
    /// What is cut is in its [`Effect`].
    Cut,
}

/// What a fault does while it is on: what the engine asks.
pub(crate) enum Effect<'a> {
    /// Its nodes are down.
    Down,
    /// Its nodes stand still.
    Paused,
    /// These links are cut; `None`: those around who leads.
    Cut(Option<&'a Cut>),
    /// Each message on its links passes [`Breaks::pass`].
    Messages,
    /// Its nodes take so many times as long for a message.
    ServiceTime(u32),
    /// The clocks of its nodes jump by so many ns, and are so many millionths too fast.
    Clock { jump: i64, drift: i64 },
    /// The disks of its nodes are so.
    Disk(DiskCondition),
}

/// What each kind of fault says of itself.
pub(crate) trait Breaks {
    /// How it shows in histories.
    fn words(&self) -> &'static Words;

    /// What it does.
    fn effect(&self) -> Effect<'_>;

    /// Whom it hits.
    fn whom(&self) -> Whom<'_>;

    /// As histories show it, with those whom it hits.
    fn to_value(&self, whom: Value) -> Value;

    /// Tests what the types do not, beside the places that it names.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }

    /// What becomes of a message on one of its links.
    fn pass(&self, message: &mut Passage<'_>) {
        let _ = message;
    }
}

impl Fault {
    /// How it shows in histories.
    pub(crate) fn words(&self) -> &'static Words {
        self.kind().words()
    }

    /// The kind in reports: `partition`, `kill`, `loss`.
    pub fn name(&self) -> &'static str {
        self.words().kind
    }

    pub(crate) fn effect(&self) -> Effect<'_> {
        self.kind().effect()
    }

    pub(crate) fn whom(&self) -> Whom<'_> {
        self.kind().whom()
    }

    pub(crate) fn to_value(&self, whom: Value) -> Value {
        self.kind().to_value(whom)
    }

    pub(crate) fn pass(&self, message: &mut Passage<'_>) {
        self.kind().pass(message);
    }

    /// Tests what the types do not, for a cluster of `count` nodes and a network of
    /// `places`: the nodes and, where faults touch them, the services.
    ///
    /// # Errors
    /// Says what is invalid.
    pub(crate) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        self.kind().validate()?;
        if let Effect::Cut(Some(cut)) = self.effect() {
            target::validate_places(cut.nodes(), count, places)?;
        }
        match self.whom() {
            Whom::Nodes(nodes) => nodes.validate(count),
            Whom::Links(links) => links.validate(count, places),
            Whom::Cut => Ok(()),
        }
    }

    /// Why processes of their own cannot suffer it, if they cannot.
    pub fn impossible_for_processes(&self) -> Option<&'static str> {
        match self.effect() {
            Effect::Clock { .. } => Some("the clock of a process is that of the machine"),
            Effect::ServiceTime(_) => Some("a process takes the time that it takes"),
            _ => self.impossible_for_traced(),
        }
    }

    /// Why this cannot be done to processes in virtual time, if so.
    pub fn impossible_for_traced(&self) -> Option<&'static str> {
        match self.effect() {
            Effect::Disk(_) => Some("the disk of a process is that of the machine"),
            _ => None,
        }
    }
}

/// Tests a list of faults, for a cluster of `count` nodes and a network of `places`.
///
/// # Errors
/// Names the first that is invalid.
pub(crate) fn validate(events: &[FaultEvent], count: u32, places: u32) -> Result<(), String> {
    let mut begun = std::collections::BTreeMap::new();
    for event in events {
        match &event.change {
            Change::Begin { id, fault } => {
                fault.validate(count, places)?;
                if begun.insert(id, true).is_some() {
                    return Err(format!("two faults have the number {id}"));
                }
            }
            Change::End { id } => match begun.get_mut(id) {
                Some(is_on) if *is_on => *is_on = false,
                Some(_) => return Err(format!("the fault with the number {id} ends twice")),
                None => return Err(format!("a fault ends that has not begun: number {id}")),
            },
        }
    }
    Ok(())
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
