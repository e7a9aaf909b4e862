//! One run: from a Plan to a verdict and a store.

use std::cell::Cell;
use std::mem::Discriminant;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use glomers_bench::{Interrupt, RealOptions, run_real};
use glomers_sim::{InProcessHost, Plan, run_virtual_until};
use glomers_store::{Remark, Store, StoreWriter};
use glomers_testing::{RunOptions, RunReport, embedded_factory, judge_outcome};
use glomers_workload::make;

use glomers_sim::NodeProgram;
use glomers_warp::{Report, TracedHost, TracedOptions};

use crate::arguments::TimeArgument;
use crate::error::CliError;
use crate::fingerprint;
use crate::log_net::Shown;
use crate::panics::Quiet;
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::{out, replay_file, summary};

/// Where nodes that are processes may keep data.
const NODE_DATA: &str = "node-data";

/// How to run, beside the Plan.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) time: TimeArgument,
    pub(crate) judge: RunOptions,
    /// Where runs are stored.
    pub(crate) store: Option<PathBuf>,
    pub(crate) max_line: usize,
    /// How many bytes the log of a node may have.
    pub(crate) max_log: u64,
    pub(crate) log_stderr: bool,
    pub(crate) log_net_send: bool,
    pub(crate) log_net_recv: bool,
    pub(crate) interrupt: Interrupt,
    /// What is stored as `replay.json`, if it is not made of the Plan.
    pub(crate) replay: Option<Vec<u8>>,
    /// Where the stops of traced nodes are written.
    pub(crate) record_stops: Option<PathBuf>,
    /// The command that repeats the run, for `run.json`.
    pub(crate) command: String,
}

/// A run that is over.
pub(crate) struct Executed {
    pub(crate) report: RunReport,
    /// Where it is stored.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) wall_time: Duration,
    /// What the tracer says, if nodes were traced.
    pub(crate) traced: Option<Traced>,
}

/// What the tracer says of its nodes.
pub(crate) struct Traced {
    pub(crate) report: Report,
    /// The files whose code ran.
    pub(crate) files: Vec<PathBuf>,
}

/// What `--store` says.
pub(crate) fn store_root(argument: &str) -> Result<Option<PathBuf>, CliError> {
    match argument {
        "" => Err(CliError::usage("--store is empty")
            .hint("name a directory, as in --store runs, or say --store none")),
        "none" => Ok(None),
        directory => Ok(Some(PathBuf::from(directory))),
    }
}

/// Runs a Plan, checks it and stores it.
pub(crate) fn execute(
    plan: &Plan,
    settings: &Settings,
    progress: &Progress,
) -> Result<Executed, CliError> {
    #[expect(clippy::disallowed_methods, reason = "run.json says how long the machine took")]
    let (started, clock) = (SystemTime::now(), Instant::now());
    let Some(root) = &settings.store else {
        let (report, traced) = run(plan, settings, progress, None, None)?;
        return Ok(Executed { report, directory: None, wall_time: clock.elapsed(), traced });
    };
    let mut store = Store::create(root, &plan.workload.name, started)?;
    tell(&store);
    let made;
    let replay = match &settings.replay {
        Some(bytes) => bytes,
        None => {
            made = replay_file::write(plan, &settings.judge);
            &made
        }
    };
    let mut writer = store.writer(replay)?;
    writer.bound_logs(settings.max_log);
    store.log(&format!("command: {}", settings.command))?;
    let directory = store.directory().to_owned();
    let result = run(plan, settings, progress, Some(&directory), Some(&mut writer));
    if let Ok((report, _)) = &result {
        writer.ended(summary::ended(report.outcome.ended));
    }
    let finished = writer.finish();
    remove_empty(&directory.join(NODE_DATA));
    let (report, traced) = result?;
    finished?;
    store.derive(&report.outcome.history)?;
    let results = summary::results(&report, traced.as_ref().map(|traced| &traced.report));
    store.save_results(&results)?;
    for warning in &report.warnings {
        store.log(&format!("warning: {warning}"))?;
    }
    let mut facts = serde_json::Map::new();
    facts.insert("command".into(), settings.command.clone().into());
    facts.insert("build".into(), replay_file::BUILD.into());
    let time = if settings.time == TimeArgument::Virtual { "virtual" } else { "real" };
    facts.insert("time".into(), time.into());
    if let Some(traced) = &traced {
        facts.insert("stops".into(), traced.report.stops.into());
        facts.insert("cluster_seconds".into(), report.outcome.length.as_secs_f64().into());
        facts.insert("messages".into(), report.outcome.net.all().sent.into());
        facts.insert(fingerprint::FILES.into(), fingerprint::of(&traced.files));
    }
    let wall_time = clock.elapsed();
    facts.insert("wall_seconds".into(), wall_time.as_secs_f64().into());
    store.save_run(facts)?;
    Ok(Executed { report, directory: Some(directory), wall_time, traced })
}

fn run(
    plan: &Plan,
    settings: &Settings,
    progress: &Progress,
    directory: Option<&Path>,
    store: Option<&mut StoreWriter>,
) -> Result<(RunReport, Option<Traced>), CliError> {
    let mut workload = make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let has_failed = Cell::new(false);
    let mut shown = Shown {
        store,
        has_failed: &has_failed,
        sent: settings.log_net_send,
        received: settings.log_net_recv,
        // The driver of real time shows logs as they come.
        logs: settings.log_stderr && settings.time == TimeArgument::Virtual,
    };
    let is_traced = matches!(plan.program, NodeProgram::Traced { .. });
    let mut traced = None;
    let outcome = match settings.time {
        TimeArgument::Virtual if is_traced => {
            let options = TracedOptions {
                max_line: settings.max_line,
                keep_data: directory.map(|directory| directory.join(NODE_DATA)),
                record_stops: settings.record_stops.clone(),
                ..TracedOptions::default()
            };
            let mut host = TracedHost::new(plan, options)?;
            let _guard = settings.interrupt.guard();
            let interrupted = || settings.interrupt.is_requested() || has_failed.get();
            let outcome =
                run_virtual_until(plan, &mut *workload, &mut host, &mut shown, None, &interrupted)
                    .map_err(|error| CliError::usage(error.to_string()))?;
            traced = Some(Traced {
                report: host.report(),
                files: host.files().iter().cloned().collect(),
            });
            outcome
        }
        TimeArgument::Virtual => {
            let factory = embedded_factory(plan).map_err(glomers_testing::RunError::from)?;
            let mut host = Quiet(InProcessHost::new(plan, factory));
            // As with processes: the first Ctrl-C ends the run, which is checked.
            let _guard = settings.interrupt.guard();
            let interrupted = || settings.interrupt.is_requested() || has_failed.get();
            run_virtual_until(plan, &mut *workload, &mut host, &mut shown, None, &interrupted)
                .map_err(|error| CliError::usage(error.to_string()))?
        }
        TimeArgument::Real => {
            // Nodes have disks whether the run is stored or not.
            let scratch = match directory {
                None => Some(Scratch::new()?),
                Some(_) => None,
            };
            let room = directory.or(scratch.as_ref().map(|scratch| &*scratch.path));
            let options = RealOptions {
                max_line: settings.max_line,
                log_stderr: settings.log_stderr,
                data_dir: room.map(|room| room.join(NODE_DATA)),
                interrupt: Some(settings.interrupt.clone()),
                progress: Some(Box::new(|engine| {
                    progress.show(engine);
                    if has_failed.get() {
                        // Nothing more can be stored; the error says why.
                        settings.interrupt.trigger();
                    }
                })),
                ..RealOptions::default()
            };
            run_real(plan, &mut *workload, &mut shown, options)?
        }
    };
    Ok((judge_outcome(outcome, &*workload, &settings.judge), traced))
}

/// Says what the user should know about the store: of many runs once.
fn tell(store: &Store) {
    static SAID: Mutex<Vec<Discriminant<Remark>>> = Mutex::new(Vec::new());
    let Ok(mut said) = SAID.lock() else { return };
    for remark in store.remarks() {
        let kind = std::mem::discriminant(remark);
        if !said.contains(&kind) {
            said.push(kind);
            out::error(format_args!("note: {remark}"));
        }
    }
}

/// Removes the folders in which no node kept anything.
fn remove_empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Only what is empty can be removed so.
        let _ = std::fs::remove_dir(entry.path());
    }
    let _ = std::fs::remove_dir(folder);
}
