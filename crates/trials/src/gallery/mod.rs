//! Broken nodes must be found out, and right ones accepted.
//!
//! Each node of the gallery ([`glomers_broken_nodes::entries`]) is run over
//! seeds under its own conditions ([`cases`]), and its twin, which is right, beside it. And
//! each reference node is run under every hazard that it claims to survive.

mod cases;
mod claims;
mod conditions;
mod guide;
mod scripts;
mod tally;
mod to_plan;
mod words;

use glomers_check::{Availability, Finding, Validity};
use glomers_history::Unobserved;
use glomers_sim::{Host, NodeProgram, Plan, PlanError, Schedule};

use glomers_session::{RunOptions, SessionError};

use crate::run::run_plan;

pub use cases::{Case, cases};
pub use claims::{Claim, claims};
pub use conditions::{Asked, Conditions, Faults, Step, Turn};
pub use guide::guide;
pub use tally::{Accepted, Caught, ENOUGH};
pub use to_plan::plan;
pub use words::in_words;

/// One run, and what came of it.
#[derive(Debug)]
pub struct Attempt {
    /// Its seed.
    pub seed: u64,
    /// The strict verdict.
    pub validity: Validity,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// How the nodes of the gallery run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nodes {
    /// In this process.
    #[default]
    Embedded,
    /// As programs in virtual time: this program, told to be that node.
    Traced,
}

impl Nodes {
    fn run(self, mut plan: Plan, total: bool) -> Result<Attempt, SessionError> {
        if self == Nodes::Traced {
            plan.host = Host::Traced { schedule: Schedule::Fifo };
        }
        let availability = if total { Availability::Total } else { Availability::None };
        let options = RunOptions { availability, ..RunOptions::default() };
        let verdict = run_plan(&plan, &options, &mut Unobserved)?.verdict;
        Ok(Attempt { seed: plan.seed, validity: verdict.strict, findings: verdict.findings })
    }
}

/// The Plan of a broken node under its conditions.
///
/// # Errors
/// If its conditions are invalid.
pub fn broken_plan(case: &Case, seed: u64) -> Result<Plan, PlanError> {
    plan(&case.under, case.entry().workload, program(&format!("broken/{}", case.name), case), seed)
}

/// The Plan of its twin under the same conditions.
///
/// # Errors
/// If its conditions are invalid.
pub fn twin_plan(case: &Case, seed: u64) -> Result<Plan, PlanError> {
    plan(&case.under, case.entry().workload, program(case.twin, case), seed)
}

fn program(name: &str, case: &Case) -> NodeProgram {
    let arguments = case.arguments.iter().map(|&argument| argument.to_owned()).collect();
    NodeProgram::Embedded { name: name.to_owned(), arguments }
}

/// Runs a broken node.
///
/// # Errors
/// If its conditions are invalid.
pub fn try_broken(case: &Case, seed: u64, nodes: Nodes) -> Result<Attempt, SessionError> {
    nodes.run(broken_plan(case, seed)?, case.under.total)
}

/// Runs the twin of a broken node.
///
/// # Errors
/// If its conditions are invalid.
pub fn try_twin(case: &Case, seed: u64, nodes: Nodes) -> Result<Attempt, SessionError> {
    nodes.run(twin_plan(case, seed)?, case.under.total)
}

impl Attempt {
    /// The finding of this name, if there is one.
    pub fn finding(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }
}
