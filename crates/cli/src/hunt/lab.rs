//! Runs the Plans of a hunt.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use glomers_bench::Interrupt;
use glomers_check::Availability;
use glomers_history::{Observer, Stop};
use glomers_hunt::{Hunt, Lab, Run, Tally, is_calm};
use glomers_session::{RunOptions, Session};
use glomers_sim::Plan;
use glomers_trials::EMBEDDED;

use super::{Found, shrunk};
use crate::error::CliError;
use crate::execute::execute;
use crate::log_net::Show;
use crate::progress::Progress;

/// How runs are judged in which nothing is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calm {
    /// Every request must have an answer, unless something else was said.
    IsAnswered,
    /// As all runs.
    AsSaid,
}

/// Runs Plans as `glomers test` does, without a store.
pub(crate) struct CliLab {
    calm: Calm,
    pub(crate) session: Session<'static>,
    pub(crate) interrupt: Interrupt,
    broken: Mutex<Broken>,
}

/// What was broken in runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Broken {
    /// In how many runs each kind of fault was.
    kinds: BTreeMap<&'static str, u64>,
    /// In how many runs nothing was broken.
    calm: u64,
}

impl Broken {
    fn count(&mut self, plan: &Plan) {
        let mut kinds: BTreeSet<&'static str> =
            plan.faults.iter().filter_map(|event| Some(event.fault()?.name())).collect();
        if plan.loss > 0.0 {
            kinds.insert("loss");
        }
        if !plan.overrides.is_empty() {
            kinds.insert("late messages");
        }
        self.calm += u64::from(kinds.is_empty());
        for kind in kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }

    /// `partition in 12 runs, kill in 8; nothing in 3`.
    pub(crate) fn words(&self) -> String {
        let mut kinds: Vec<(&str, u64)> = self.kinds.iter().map(|(kind, n)| (*kind, *n)).collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut runs = Some(" runs");
        let mut words: Vec<String> = Vec::new();
        for (kind, count) in kinds {
            let noun = if count == 1 { " run" } else { " runs" };
            words.push(format!("{kind} in {count}{}", runs.take().map_or("", |_| noun)));
        }
        let calm = match (self.calm, words.is_empty()) {
            (0, _) => return words.join(", "),
            (_, true) => return "nothing in any run".to_owned(),
            (calm, false) => calm,
        };
        format!("{}; nothing in {calm}", words.join(", "))
    }
}

impl CliLab {
    pub(crate) fn new(mut judge: RunOptions, calm: Calm, interrupt: Interrupt) -> CliLab {
        let stops = interrupt.clone();
        judge.stop = Stop::when(move || stops.is_requested());
        let session = Session {
            embedded: &EMBEDDED,
            judge,
            interrupt: Some(interrupt.clone()),
            ..Session::default()
        };
        CliLab { calm, session, interrupt, broken: Mutex::default() }
    }

    /// What was broken in the runs so far.
    pub(super) fn broken(&self) -> Broken {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same for a few runs that are to come to their end, whoever wants to stop.
    pub(super) fn unstoppable(&self) -> CliLab {
        let lab = self.until(|| false);
        CliLab { session: Session { interrupt: None, ..lab.session }, ..lab }
    }

    /// The same for runs of which none is judged to its end once the time is over.
    pub(crate) fn until(&self, is_over: impl Fn() -> bool + Send + Sync + 'static) -> CliLab {
        let judge = RunOptions { stop: Stop::when(is_over), ..self.session.judge.clone() };
        let session = Session { judge, ..self.session.clone() };
        let interrupt = self.interrupt.clone();
        CliLab { calm: self.calm, session, interrupt, broken: Mutex::default() }
    }

    /// How a Plan is judged.
    pub(super) fn judge_of(&self, plan: &Plan) -> RunOptions {
        let mut judge = self.session.judge.clone();
        let asks_for_answers = self.calm == Calm::IsAnswered && is_calm(plan);
        if judge.availability == Availability::None && asks_for_answers {
            judge.availability = Availability::Answered;
        }
        judge
    }

    /// Runs a Plan once more and stores it: where it is.
    pub(crate) fn store(
        &self,
        plan: &Plan,
        root: &Path,
        command: &str,
    ) -> Result<PathBuf, CliError> {
        let session = Session {
            store: Some(root.to_owned()),
            command: command.to_owned(),
            judge: self.judge_of(plan),
            // Also what was found before somebody stopped the hunt is kept.
            interrupt: None,
            ..self.session.clone()
        };
        let executed = execute(&session, plan, Show::default(), &Progress::none())?;
        Ok(executed.directory.unwrap_or_default())
    }

    /// Stores the smallest run of each group: where each is.
    pub(super) fn store_smallest(
        &self,
        hunt: &Hunt,
        tally: &Tally,
        out: &Path,
    ) -> Result<Vec<Found>, CliError> {
        let mut stored: Vec<(u64, PathBuf)> = Vec::new();
        let mut found = Vec::new();
        for group in tally.groups().in_order() {
            let seed = group.smallest.seed;
            let directory = match stored.iter().find(|(other, _)| *other == seed) {
                Some((_, directory)) => directory.clone(),
                None => {
                    let drawn = tally.drawn(hunt, seed).map_err(CliError::machine)?;
                    let command = format!("glomers hunt, seed {seed}");
                    let directory = self.store(&drawn.plan, &out.join("store"), &command)?;
                    stored.push((seed, directory.clone()));
                    directory
                }
            };
            let command = shrunk::replay(&directory, &hunt.base.plan);
            found.push(Found { signature: group.signature.clone(), command });
        }
        Ok(found)
    }
}

impl Lab for CliLab {
    fn watch(&self, plan: &Plan, observer: &mut dyn Observer) -> Result<Option<Run>, String> {
        let stop = self.session.judge.stop.again();
        let judge = RunOptions { stop: stop.clone(), ..self.judge_of(plan) };
        let session = Session { judge, ..self.session.clone() };
        let executed = session.run(plan, observer).map_err(|error| error.to_string())?;
        let report = executed.report;
        let validity = report.validity(&session.judge);
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).count(plan);
        let run = Run { validity, findings: report.verdict.findings, outcome: report.outcome };
        // A verdict for which a checker was stopped says nothing.
        Ok(Some(run).filter(|run| run.is_complete() && !stop.has_stopped()))
    }
}
