//! Where nodes run, and by whose clock.

use serde::{Deserialize, Serialize};

use super::{NodeProgram, Plan, PlanError};

/// Where nodes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// In this process, step by step: embedded nodes.
    InProcess,
    /// As processes under a tracer, step by step.
    Traced {
        /// Which of their threads goes on when several could.
        #[serde(default)]
        schedule: Schedule,
    },
    /// As processes that nobody holds up.
    Processes,
}

/// Which thread of a traced node goes on when several could.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The one that has waited longest.
    #[default]
    Fifo,
    /// A drawn one, and it may be interrupted anywhere.
    Random,
}

/// Whose clock a run follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// It jumps from event to event.
    Virtual,
    /// The one on the wall.
    Real,
}

impl Host {
    /// Whether nodes are processes of their own, whose disks and messages are theirs.
    pub fn has_processes(self) -> bool {
        self != Host::InProcess
    }
}

impl Plan {
    /// Whether host, clock and program go together.
    pub(super) fn validate_host(&self) -> Result<(), PlanError> {
        let why = match (self.host, self.clock, &self.program) {
            (Host::InProcess, _, NodeProgram::Program { .. }) => {
                "an executable cannot run inside this process: its host is traced or processes"
            }
            (Host::InProcess | Host::Traced { .. }, Clock::Real, _) => {
                "nodes that run step by step have virtual time; the clock on the wall is for \
                 processes"
            }
            (Host::Processes, Clock::Virtual, _) => {
                "processes that nobody holds up keep the clock on the wall; under a tracer they \
                 have virtual time"
            }
            _ => return Ok(()),
        };
        Err(PlanError::Value(why.to_owned()))
    }
}
