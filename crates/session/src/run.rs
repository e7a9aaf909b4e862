//! One run: from a Plan to a verdict and a store.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use glomers_history::Observer;
use glomers_sim::{Engine, Plan};
use glomers_store::{Remark, Store, StoreWriter};
use glomers_workload::make;

use crate::embedded::{Embedded, NoNodes};
use crate::error::SessionError;
use crate::fingerprint;
use crate::job::{Job, Traced};
use crate::judge::{RunOptions, RunReport, judge_outcome};
use crate::replay_file::{BUILD, ReplayFile};
use crate::results::results;
use crate::tee::Tee;

/// How Plans are run, besides what they say.
#[derive(Clone)]
pub struct Session<'a> {
    /// The nodes that live in this program.
    pub embedded: &'a dyn Embedded,
    /// How runs are judged.
    pub judge: RunOptions,
    /// Where runs are stored, each in a directory of its own; `None`: nowhere.
    pub store: Option<PathBuf>,
    /// Whether stores have the files that follow from the two streams, which
    /// `recover` makes, too.
    pub derives: bool,
    /// The longest line that a node may write, bytes.
    pub max_line: usize,
    /// How many bytes the stored log of a node may have.
    pub max_log: u64,
    /// Whether what executables in real time log goes to standard error, too.
    pub log_stderr: bool,
    /// What is stored as `replay.json`, if it is not made of the Plan.
    pub replay: Option<Vec<u8>>,
    /// Where the stops of traced nodes are written.
    pub record_stops: Option<PathBuf>,
    /// The command that repeats the run, for `run.json`.
    pub command: String,
    /// What ends runs early.
    #[cfg(feature = "processes")]
    pub interrupt: Option<glomers_bench::Interrupt>,
}

impl Default for Session<'_> {
    fn default() -> Self {
        Session {
            embedded: &NoNodes,
            judge: RunOptions::default(),
            store: None,
            derives: true,
            max_line: 32 << 20,
            max_log: 64 << 20,
            log_stderr: false,
            replay: None,
            record_stops: None,
            command: String::new(),
            #[cfg(feature = "processes")]
            interrupt: None,
        }
    }
}

/// A run that is over.
#[derive(Debug)]
pub struct Executed {
    /// What it amounts to.
    pub report: RunReport,
    /// Where it is stored.
    pub directory: Option<PathBuf>,
    /// How long it took.
    pub wall_time: Duration,
    /// What the tracer says, if nodes were traced.
    pub traced: Option<Traced>,
    /// What the user should know about the store.
    pub remarks: Vec<Remark>,
}

impl Session<'_> {
    /// Runs a Plan, judges the run and stores it.
    ///
    /// # Errors
    /// If the Plan is invalid, its nodes cannot be started or the run cannot be
    /// stored. What nodes do wrong is no error, but a finding.
    pub fn run(&self, plan: &Plan, observer: &mut dyn Observer) -> Result<Executed, SessionError> {
        self.run_watched(plan, observer, &|_| {})
    }

    /// As [`Session::run`]; a run in real time tells about ten times a second how far
    /// it is.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_watched(
        &self,
        plan: &Plan,
        observer: &mut dyn Observer,
        progress: &dyn Fn(&Engine<'_>),
    ) -> Result<Executed, SessionError> {
        #[expect(clippy::disallowed_methods, reason = "run.json says how long the machine took")]
        let (started, clock) = (SystemTime::now(), Instant::now());
        let mut executed = match &self.store {
            None => {
                let (report, traced) = self.judged(plan, observer, progress, None, None)?;
                Executed {
                    report,
                    directory: None,
                    wall_time: Duration::ZERO,
                    traced,
                    remarks: Vec::new(),
                }
            }
            Some(root) => {
                let store = Store::create(root, &plan.workload.name, started)?;
                self.run_into(store, plan, observer, progress, clock)?
            }
        };
        executed.wall_time = clock.elapsed();
        Ok(executed)
    }

    fn run_into(
        &self,
        mut store: Store,
        plan: &Plan,
        observer: &mut dyn Observer,
        progress: &dyn Fn(&Engine<'_>),
        clock: Instant,
    ) -> Result<Executed, SessionError> {
        let made;
        let replay = match &self.replay {
            Some(bytes) => bytes,
            None => {
                made = ReplayFile::new(plan, &self.judge).to_bytes();
                &made
            }
        };
        let mut writer = store.writer(replay)?;
        writer.bound_logs(self.max_log);
        if self.derives {
            writer.remember();
        }
        store.log(&format!("command: {}", self.command))?;
        let directory = store.directory().to_owned();
        let result = self.judged(plan, observer, progress, Some(&directory), Some(&mut writer));
        let finished = writer.finish();
        #[cfg(feature = "processes")]
        remove_empty(&directory.join(crate::job::NODE_DATA));
        let (report, traced) = result?;
        let written = finished?;
        if self.derives {
            store.derive(&report.outcome.history, written)?;
        }
        store.save_results(&results(&report, traced.as_ref()))?;
        for warning in &report.warnings {
            store.log(&format!("warning: {warning}"))?;
        }
        let mut facts = serde_json::Map::new();
        facts.insert("command".into(), self.command.clone().into());
        facts.insert("build".into(), BUILD.into());
        let time = serde_json::to_value(plan.clock).expect("a clock is always JSON");
        facts.insert("time".into(), time);
        if let Some(traced) = &traced {
            facts.insert("stops".into(), traced.stops.into());
            facts.insert("cluster_seconds".into(), report.outcome.length.as_secs_f64().into());
            facts.insert("messages".into(), report.outcome.net.all().sent.into());
            facts.insert(fingerprint::FILES.into(), fingerprint::of(&traced.files));
        }
        let wall_time = clock.elapsed();
        facts.insert("wall_seconds".into(), wall_time.as_secs_f64().into());
        store.save_run(facts)?;
        let remarks = store.remarks().to_vec();
        Ok(Executed { report, directory: Some(directory), wall_time, traced, remarks })
    }

    fn judged(
        &self,
        plan: &Plan,
        observer: &mut dyn Observer,
        progress: &dyn Fn(&Engine<'_>),
        directory: Option<&Path>,
        store: Option<&mut StoreWriter>,
    ) -> Result<(RunReport, Option<Traced>), SessionError> {
        let mut workload = make(&plan.workload.name, &plan.workload.options)?;
        let has_failed = Cell::new(false);
        let mut observer = Tee { store, has_failed: &has_failed, other: observer };
        let job = Job {
            workload: &mut *workload,
            observer: &mut observer,
            has_failed: &has_failed,
            directory,
            progress,
        };
        let (outcome, traced) = self.host(plan, job)?;
        Ok((judge_outcome(outcome, &*workload, &self.judge), traced))
    }

    /// Whether somebody wished that runs end.
    pub(crate) fn is_interrupted(&self) -> bool {
        #[cfg(feature = "processes")]
        return self.interrupt.as_ref().is_some_and(glomers_bench::Interrupt::is_requested);
        #[cfg(not(feature = "processes"))]
        false
    }
}

/// Removes the folders in which no node kept anything.
#[cfg(feature = "processes")]
fn remove_empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Only what is empty can be removed so.
        let _ = std::fs::remove_dir(entry.path());
    }
    let _ = std::fs::remove_dir(folder);
}
