use glomers_check::{Context, Finding};
use glomers_history::{History, Time};

use crate::statistics::NetStatistics;

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As planned.
    Completed,
    /// A node broke so badly that going on made no sense; a finding says how.
    Broken,
    /// Somebody stopped it.
    Interrupted,
}

/// What one fault did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultReport {
    /// What kind: `partition`, `kill`, `pause`.
    pub kind: &'static str,
    /// Which, in words: `majority: n1 n2 | n0 n3 n4`.
    pub description: String,
    /// When it began, counted as operations are.
    pub from: Time,
    /// When it ended; `None` if the run ended first.
    pub until: Option<Time>,
    /// Messages between nodes that it swallowed.
    pub messages_cut: u64,
    /// Operations of clients that were under way during it.
    pub operations_in_flight: u64,
}

impl FaultReport {
    /// Whether the run would have been the same without it, as far as can be
    /// seen.
    pub fn touched_nothing(&self) -> bool {
        match self.kind {
            "partition" => self.messages_cut == 0,
            _ => self.messages_cut == 0 && self.operations_in_flight == 0,
        }
    }
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// What clients and nemesis did.
    pub history: History,
    /// What checkers may know beside the history.
    pub context: Context,
    /// Messages, counted.
    pub net: NetStatistics,
    /// What nodes did wrong against the protocol.
    pub findings: Vec<Finding>,
    /// What each fault did.
    pub faults: Vec<FaultReport>,
    /// How it ended.
    pub ended: Ended,
    /// How long it lasted, from the start of the nodes to their end.
    pub length: Time,
    /// When all nodes were initialised: operations and marks count from here.
    pub origin: Time,
}
