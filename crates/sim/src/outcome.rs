use std::time::Duration;

use glomers_check::{Context, Finding};
use glomers_history::{History, Time};

use crate::faults::FaultReport;
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

/// How the names of notes begin, which are stored like findings and are none.
pub const NOTE: &str = "note-";

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
    /// What is odd about nodes and yet allowed. The name of each begins with
    /// [`NOTE`].
    pub notes: Vec<Finding>,
    /// How long clients waited for a reply.
    pub rpc_timeout: Duration,
    /// What each fault did.
    pub faults: Vec<FaultReport>,
    /// How soon the cluster had to serve again once all faults were over.
    pub recovery_bound: Duration,
    /// Whether the Plan has clients ask nothing (rate 0): then there is nothing to
    /// judge but what nodes did by themselves.
    pub asks_nothing: bool,
    /// How it ended.
    pub ended: Ended,
    /// How long it lasted, from the start of the nodes to their end.
    pub length: Time,
    /// When all nodes were initialised: operations and marks count from here.
    pub origin: Time,
}
