//! A stored run, opened again: judged, and its files derived.

use std::path::{Path, PathBuf};
use std::time::Duration;

use glomers_check::Validity;
use glomers_history::{History, Value};
use glomers_sim::{Ended, Outcome, Plan, Recorder, Workload};
use glomers_store::{Lock, Recovered, StoreError};

use crate::error::SessionError;
use crate::judge::{RunOptions, RunReport, judge_outcome};
use crate::replay_file::ReplayFile;
use crate::results::results;
use crate::run::Executed;

/// A stored run, judged anew.
#[derive(Debug)]
pub struct Recovery {
    /// What was read.
    pub recovered: Recovered,
    /// What repeats it.
    pub replay: ReplayFile,
    /// What it amounts to.
    pub executed: Executed,
    _lock: Lock,
}

/// Judges what a store holds. Nothing is written yet; nobody else may write to it.
///
/// # Errors
/// If there is no store, somebody writes to it, or its Plan is invalid here.
pub fn recover(directory: &Path) -> Result<Recovery, SessionError> {
    let directory = checked(directory)?;
    let lock = Lock::of_run(&directory).map_err(SessionError::Open)?;
    let recovered = open(&directory)?;
    let replay = ReplayFile::read(recovered.replay())?;
    let mut report = judged(&recovered, &replay.plan, &replay.judge)?;
    if recovered.is_damaged() {
        // Nobody can say what the rest would have shown.
        for verdict in [&mut report.verdict.strict, &mut report.verdict.compat] {
            if *verdict == Validity::Valid {
                *verdict = Validity::Unknown;
            }
        }
    }
    let executed = Executed {
        report,
        directory: Some(directory),
        wall_time: Duration::ZERO,
        traced: None,
        remarks: Vec::new(),
    };
    Ok(Recovery { recovered, replay, executed, _lock: lock })
}

impl Recovery {
    /// Derives the files of the store. Gives the names of those that were kept, as they
    /// may have been made of more than there is now.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn derive(&self) -> Result<Vec<&'static str>, StoreError> {
        let results = results(&self.executed.report, None);
        let results = if self.recovered.is_damaged() { unproven(results) } else { results };
        let mut kept = self.recovered.derive()?;
        kept.extend(self.recovered.save_results(&results)?);
        Ok(kept)
    }

    /// The command that repeats the run, which is in its log.
    pub fn command(&self) -> Option<String> {
        let log = std::fs::read_to_string(self.recovered.directory().join("run.log")).ok()?;
        log.lines().find_map(|line| line.strip_prefix("command: ").map(str::to_owned))
    }
}

/// The verdict on what a store holds.
///
/// # Errors
/// If the Plan names a workload that there is not.
pub fn judged(
    recovered: &Recovered,
    plan: &Plan,
    options: &RunOptions,
) -> Result<RunReport, SessionError> {
    let workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)?;
    Ok(judge_outcome(outcome(recovered, plan, &*workload)?, &*workload, options))
}

/// Opens the store in a directory.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn open(directory: &Path) -> Result<Recovered, SessionError> {
    Recovered::open(&checked(directory)?).map_err(SessionError::Open)
}

/// Opens the store of a run that is just over and whose history is at hand.
///
/// # Errors
/// As [`open`].
pub fn just_over(directory: &Path, history: &History) -> Result<Recovered, SessionError> {
    Recovered::just_over(&checked(directory)?, history).map_err(SessionError::Open)
}

/// The directory itself, where a link leads to it.
fn checked(directory: &Path) -> Result<PathBuf, SessionError> {
    if !directory.is_dir() {
        let (path, exists) = (directory.to_owned(), directory.exists());
        return Err(SessionError::NoDirectory { path, exists });
    }
    // What a link points to may change while we look.
    Ok(directory.canonicalize().unwrap_or_else(|_| directory.to_owned()))
}

/// Results that say "unknown" where they said "valid".
fn unproven(results: Value) -> Value {
    let Value::Map(pairs) = &results else { return results };
    let verdict = Value::keyword("valid?");
    Value::map(pairs.iter().map(|(key, value)| {
        let is_meant = *key == verdict && *value == Value::Bool(true);
        (key.clone(), if is_meant { Value::keyword("unknown") } else { value.clone() })
    }))
}

/// What a store lacks of a whole run, in lines.
pub fn losses(recovered: &Recovered) -> Vec<String> {
    let mut lines: Vec<String> = recovered.replay_damage().map(str::to_owned).into_iter().collect();
    lines.extend(recovered.losses().iter().map(ToString::to_string));
    if recovered.is_damaged() {
        lines.push("The store is damaged; this is what can be proven to be as it was.".to_owned());
    } else if !recovered.is_complete() {
        lines.push("The run was cut short; this is what there was until then.".to_owned());
    }
    lines
}

/// What the two streams tell of a run.
fn outcome(
    recovered: &Recovered,
    plan: &Plan,
    workload: &dyn Workload,
) -> Result<Outcome, SessionError> {
    let mut recorder = Recorder::new(plan, workload);
    recovered.play(&|name| plan.endpoint(name), &mut recorder)?;
    let mut outcome = recorder.finish(plan);
    if outcome.ended == Ended::Completed && !recovered.is_complete() {
        outcome.ended = Ended::Interrupted;
    }
    Ok(outcome)
}
