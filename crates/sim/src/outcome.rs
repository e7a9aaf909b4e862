//! What a run leaves.

use std::time::Duration;

use glomers_history::{Context, Ended, Finding, History, Time};

use crate::faults::FaultReport;
use crate::plan::{Clock, Operations, Plan, Rate};
use crate::statistics::NetStatistics;

/// How the names of notes begin, which are stored like findings and are none.
pub const NOTE: &str = "note-";

/// How much clients were to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Operations per second, if they were to be generated at such a rate.
    pub rate: Option<f64>,
    /// For how long.
    pub length: Duration,
    /// How many clients there were.
    pub workers: u32,
    /// Whether time is that of the machine, which may be too slow.
    pub is_real: bool,
}

impl Asked {
    /// Whether clients were to ask nothing (rate 0): then there is nothing to judge but
    /// what nodes did by themselves.
    pub fn is_nothing(&self) -> bool {
        self.rate == Some(0.0)
    }

    /// What a Plan asks.
    pub fn of(plan: &Plan) -> Asked {
        let rate = match (plan.rate, &plan.operations) {
            (Rate::PerSecond(rate), Operations::Generated) => Some(rate),
            _ => None,
        };
        let length = Duration::from_nanos(plan.time_limit);
        let is_real = plan.clock == Clock::Real;
        Asked { rate, length, workers: plan.concurrency, is_real }
    }
}

/// What a run leaves.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What clients and nemesis did.
    pub history: History,
    /// What checkers may know besides the history.
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
    /// Faults of the Plan that never began, a sentence for each.
    pub never_began: Vec<String>,
    /// Faults that were asked for and cannot touch this cluster
    /// ([`Plan::left_out`]).
    pub left_out: Vec<String>,
    /// How much clients were to do.
    pub asked: Asked,
    /// How soon the cluster had to serve again once all faults were over.
    pub recovery_bound: Duration,
    /// The share of messages that are lost whether there are faults or not, 0 to 1
    /// ([`Plan::steady_loss`]).
    pub steady_loss: f64,
    /// How it ended.
    pub ended: Ended,
    /// How long it lasted, from the start of the nodes to their end.
    pub length: Time,
    /// When all nodes were initialised: operations and marks count from here.
    pub origin: Time,
    /// When clients began, counted as operations are: moments of the Plan count from
    /// here.
    pub main_start: Time,
}
