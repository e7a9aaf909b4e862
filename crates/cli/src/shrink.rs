//! `glomers shrink`: the smallest run that still shows a finding.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use glomers_bench::Interrupt;
use glomers_hunt::{Lab as _, Signature};
use glomers_session::{ReplayFile, RunOptions};
use glomers_sim::{Host, Plan};
use glomers_trials::scenario::Scenario;

use crate::error::CliError;
use crate::hunt::lab::{Calm, CliLab};
use crate::hunt::shrunk;
use crate::trust::TrustArguments;
use crate::{number, out};

const EXAMPLES: &str = "\
Examples:
  glomers test -w broadcast --node flood --loss 0.1 --seed 3
  glomers shrink store/latest             the last run, as small as possible
  glomers shrink my.scenario --finding not-linearizable --budget 5m
                                          of several findings this one, for five minutes

Leaves a scenario, which glomers run repeats, and a store, for glomers trace.

Exit status: 0 shrunk, 130 interrupted (what there is then is written), 254 usage or no such
finding, 255 machine.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShrinkArguments {
    /// The run: its directory, or a scenario file
    #[arg(value_name = "STORE|SCENARIO", default_value = "store/latest")]
    pub(crate) run: PathBuf,

    /// The finding to keep [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) finding: Option<String>,

    /// How long it may take: 60s, 5m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = number::span)]
    pub(crate) budget: Duration,

    /// Where the scenario and the store go
    #[arg(long, value_name = "DIR", default_value = "hunt")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) nodes: TrustArguments,
}

pub(crate) fn run(arguments: &ShrinkArguments) -> Result<ExitCode, CliError> {
    let (mut plan, options, what) = read(&arguments.run)?;
    // Of free processes it is said below why they cannot be shrunk.
    if plan.host != Host::Processes {
        plan.program = arguments.nodes.program(&plan, "shrink", what)?;
    }
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let lab = CliLab::new(options, Calm::AsSaid, interrupt);
    let wanted = match &arguments.finding {
        Some(name) => Some(find(&plan, name, &lab)?),
        None => None,
    };
    let small = shrunk::write_down(&plan, wanted.as_ref(), &lab, arguments.budget, &arguments.out)?;
    out::text(&small.text());
    Ok(match lab.interrupt.is_requested() {
        true => ExitCode::from(130),
        false => ExitCode::SUCCESS,
    })
}

/// The Plan of a stored run or of a scenario, how it is judged, and which of them it is.
fn read(path: &Path) -> Result<(Plan, RunOptions, &'static str), CliError> {
    let refuse = |reason: String| {
        CliError::usage(format!("{} cannot be shrunk: {reason}", path.display()))
            .hint("name the directory of a run, as store/latest, or a scenario file")
    };
    if path.is_dir() {
        let replay = path.join("replay.json");
        let bytes = std::fs::read(&replay)
            .map_err(|error| refuse(format!("{}: {error}", replay.display())))?;
        let file = ReplayFile::read(&bytes)?;
        return Ok((file.plan, file.judge, "store"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let name = path.display().to_string();
    let scenario =
        Scenario::parse(&text, &name).map_err(|error| CliError::usage(error.to_string()))?;
    Ok((scenario.plan().clone(), scenario.judge().clone(), "scenario"))
}

/// The finding of this name.
fn find(plan: &Plan, name: &str, lab: &CliLab) -> Result<Signature, CliError> {
    if plan.host == Host::Processes {
        // Nothing is run that cannot be shrunk.
        return Ok(Signature {
            name: name.to_owned(),
            object: String::new(),
            shape: String::new(),
        });
    }
    let run = lab.run(plan).map_err(CliError::machine)?;
    let found: Vec<Signature> = run.map_or(Vec::new(), |run| {
        let history = &run.outcome.history;
        run.findings.iter().map(|finding| Signature::of(finding, history)).collect()
    });
    found.iter().find(|one| one.name == name).cloned().ok_or_else(|| {
        let mut names: Vec<&str> = found.iter().map(|one| &*one.name).collect();
        names.dedup();
        let has = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        CliError::usage(format!("a run of it does not find {name:?}, but {has}"))
    })
}
