//! Shrinking: the smallest run that still shows one finding.
//!
//! What was generated is written down as a list first. Then whatever can go goes: what
//! comes after the evidence, kinds of faults, single faults, operations by worker and one
//! by one, nodes, delays of messages; what stays becomes shorter, rounder and simpler. To
//! a fixpoint: in the end no single operation, fault, node or exception can go.

mod delete;
mod freeze;
mod messages;
mod oracle;
mod places;
mod recovery;
mod reduce;
mod simplify;
mod windows;
mod words;

use glomers_history::{Finding, SECOND};
use glomers_sim::{Host, Operations, Plan};

use crate::row::{Lab, Run};
use crate::signature::Signature;
use oracle::Oracle;
use recovery::Recovery;
pub use words::in_words;

/// How many other seeds are tried for what could not go.
const NEARBY: u64 = 3;

/// What was made of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// The Plan that is left.
    pub plan: Plan,
    /// Its finding.
    pub finding: Finding,
    /// What the finding has in common with that of the run it was made from.
    pub signature: Signature,
    /// When all operations have ended, ns from the beginning of the main phase, in whole
    /// seconds.
    pub until: u64,
    /// Other findings that were met on the way.
    pub others: Vec<Signature>,
    /// How many runs it took.
    pub tests: u64,
    /// Whether no single operation, fault, node or exception can go. Not known if the time
    /// was over first.
    pub is_minimal: bool,
    /// How large it was.
    pub before: Extent,
    /// How large it is.
    pub after: Extent,
}

/// How large a Plan is, with the messages of its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extent {
    /// Nodes.
    pub nodes: u64,
    /// Operations.
    pub operations: u64,
    /// Faults that begin.
    pub faults: u64,
    /// Messages.
    pub messages: u64,
}

impl Extent {
    fn of(plan: &Plan, run: &Run) -> Extent {
        Extent {
            nodes: plan.nodes.len() as u64,
            operations: run.outcome.net.operations,
            faults: windows::begun(&plan.faults) + plan.overrides.len() as u64,
            messages: run.outcome.net.all().sent,
        }
    }
}

/// Why a run cannot be shrunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    /// Its nodes follow the clock on the wall.
    #[error(
        "its nodes are free processes: no two of its runs are the same, so nothing can be left \
             out to see whether it mattered"
    )]
    Free,
    /// It has no finding now.
    #[error("a run of it finds {}", names(.0))]
    Gone(Vec<Signature>),
    /// It cannot be run.
    #[error("{0}")]
    Run(String),
    /// It was stopped before the run itself was judged.
    #[error("it was stopped before its end")]
    Stopped,
}

fn names(found: &[Signature]) -> String {
    match found {
        [] => "nothing".to_owned(),
        found => {
            let names: Vec<String> = found.iter().map(ToString::to_string).collect();
            format!("something else: {}", names.join(", "))
        }
    }
}

/// Shrinks a Plan that has this finding, or, if none is named, its first. Ends early, with
/// what there is, once `is_over` says so.
///
/// # Errors
/// If it has no such finding, or its nodes are free processes.
pub fn shrink(
    plan: &Plan,
    wanted: Option<&Signature>,
    lab: &dyn Lab,
    is_over: &dyn Fn() -> bool,
) -> Result<Shrunk, ShrinkError> {
    if plan.host == Host::Processes {
        return Err(ShrinkError::Free);
    }
    let run = lab.run(plan).map_err(ShrinkError::Run)?.ok_or(ShrinkError::Stopped)?;
    let found = run.findings.iter().map(|finding| Signature::of(finding, &run.outcome.history));
    let found: Vec<Signature> = found.collect();
    let wanted = match wanted {
        Some(wanted) if found.contains(wanted) => wanted.clone(),
        None if !found.is_empty() => found[0].clone(),
        _ => return Err(ShrinkError::Gone(found)),
    };
    let before = Extent::of(plan, &run);
    let place = found.iter().position(|one| *one == wanted).unwrap_or_default();
    let mut oracle = Oracle::new(lab, wanted.clone(), is_over);
    let mut left = plan.clone();
    let is_written_down = write_down(&mut left, &run, &mut oracle);
    if oracle.last.is_none() {
        oracle.last = Some((run.findings[place].clone(), run));
    }
    if is_written_down {
        oracle.recovery = Recovery::of(&left, &wanted);
        reduce::to_the_end(&mut left, &mut oracle);
    } else {
        reduce::without_operations(&mut left, &mut oracle);
    }
    let is_minimal = !oracle.ended && left.operations != Operations::Generated;
    let (others, tests) = (oracle.others.into_iter().collect(), oracle.tests);
    // Even if somebody has stopped it there is what was reached.
    let (finding, run) = oracle.last.ok_or(ShrinkError::Stopped)?;
    let after = Extent::of(&left, &run);
    let ends = run.outcome.history.ops().iter().map(|op| op.time.0).max().unwrap_or_default();
    let until = ends.saturating_sub(run.outcome.main_start.0) / SECOND * SECOND + SECOND;
    Ok(Shrunk {
        plan: left,
        finding,
        signature: wanted,
        until,
        others,
        tests,
        is_minimal,
        before,
        after,
    })
}

/// Writes down what was generated, if the list has the finding, too: under another seed
/// nearby if not under its own.
fn write_down(plan: &mut Plan, run: &Run, oracle: &mut Oracle<'_>) -> bool {
    let exact = freeze::freeze(plan, &run.outcome);
    let mut frozen = exact.clone();
    simplify::separate(&mut frozen);
    for more in 0..=5 * NEARBY {
        for frozen in [&frozen, &exact] {
            let candidate = Plan { seed: plan.seed.wrapping_add(more), ..frozen.clone() };
            if candidate == *plan || oracle.accept(plan, candidate) {
                return true;
            }
        }
    }
    false
}
