//! `glomers report`: a stored run as a page for the browser.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use glomers_history::Value;
use glomers_report::page::{About, Fault, Page};
use glomers_session::{Executed, ReplayFile, RunOptions, RunReport, judged, losses, results};
use glomers_sim::{FaultReport, Plan};
use glomers_store::Recovered;

use crate::error::CliError;
use crate::{out, summary};

/// The name of the page in a run's directory.
pub(crate) const FILE: &str = "report.html";

/// The name of the page of two runs.
const PAIR: &str = "side-by-side.html";

/// Facts that a page tells elsewhere, or that depend on the machine.
const ELSEWHERE: [&str; 5] = ["logs", "store", "took", "repeat", "faster"];

const EXAMPLES: &str = "\
Examples:
  glomers report                           the last run: writes store/latest/report.html
  glomers report store/latest --out a.html the page as a file of its own, to send or attach
  glomers report store/broadcast/A store/broadcast/B
                                           two runs side by side

The page is one file and needs no network. Open it in a browser.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArguments {
    /// The run's directory
    #[arg(default_value = "store/latest", value_name = "STORE")]
    directory: PathBuf,

    /// Another run, to see both side by side, aligned where they differ first
    #[arg(value_name = "OTHER")]
    other: Option<PathBuf>,

    /// Write the page into this file; - is standard output [default: report.html in the
    /// run's directory; of two runs side-by-side.html here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ReportArguments) -> Result<ExitCode, CliError> {
    let html = match &arguments.other {
        None => of_store(&arguments.directory, None)?,
        Some(other) => of_two(&arguments.directory, other)?,
    };
    let file = match &arguments.out {
        Some(file) if file.as_os_str() == "-" => {
            out::text(&html);
            return Ok(ExitCode::SUCCESS);
        }
        Some(file) => file.clone(),
        None if arguments.other.is_some() => PathBuf::from(PAIR),
        None => arguments.directory.join(FILE),
    };
    write(&file, &html)?;
    out::line(format_args!(
        "Wrote {} ({} KB). Open it in a browser.",
        file.display(),
        kilobytes(&html)
    ));
    Ok(ExitCode::SUCCESS)
}

fn kilobytes(html: &str) -> usize {
    html.len().div_ceil(1000)
}

/// Writes a page in one step: whoever looks sees the old one or the whole new one.
pub(crate) fn write(file: &Path, html: &str) -> Result<(), CliError> {
    let part = file.with_extension("html.part");
    let written = std::fs::write(&part, html).and_then(|()| std::fs::rename(&part, file));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        CliError::machine(format!("{} cannot be written: {error}", file.display()))
            .hint("--out names another file, as in --out report.html")
    })
}

/// The page of a stored run, judged anew. `bodies`: where a server has them whole.
pub(crate) fn of_store(directory: &Path, bodies: Option<String>) -> Result<String, CliError> {
    let judged = Judged::open(directory)?;
    let about = judged.about(bodies);
    Ok(read(&judged.recovered, &about)?.to_html())
}

/// Two stored runs side by side.
pub(crate) fn of_two(left: &Path, right: &Path) -> Result<String, CliError> {
    let (left, right) = (Judged::open(left)?, Judged::open(right)?);
    let (about_left, about_right) = (left.about(None), right.about(None));
    let left = read(&left.recovered, &about_left)?;
    Ok(left.beside(&read(&right.recovered, &about_right)?))
}

/// A stored run and the verdict on it.
struct Judged {
    recovered: Recovered,
    plan: Plan,
    options: RunOptions,
    executed: Executed,
    results: Value,
    command: String,
}

impl Judged {
    fn open(directory: &Path) -> Result<Judged, CliError> {
        let recovered = glomers_session::open(directory)?;
        let ReplayFile { plan, judge: options, .. } = ReplayFile::read(recovered.replay())?;
        let report = judged(&recovered, &plan, &options)?;
        let command = command(recovered.directory());
        let results = results(&report, None);
        let executed = Executed {
            report,
            directory: None,
            wall_time: Duration::ZERO,
            traced: None,
            remarks: Vec::new(),
        };
        Ok(Judged { recovered, plan, options, executed, results, command })
    }

    fn about(&self, bodies: Option<String>) -> About<'_> {
        let Judged { recovered, plan, options, executed, results, command } = self;
        About { bodies, ..about(recovered, plan, executed, options, results, command) }
    }
}

fn read<'a>(recovered: &'a Recovered, about: &'a About<'a>) -> Result<Page<'a>, CliError> {
    Page::read(recovered, about)
        .map_err(|error| CliError::machine(format!("the store cannot be read: {error}")))
}

/// Writes the page of a run that is just over, if it is stored.
pub(crate) fn after(
    plan: &Plan,
    executed: &Executed,
    options: &RunOptions,
    command: &str,
) -> Result<(), CliError> {
    let Some(directory) = &executed.directory else { return Ok(()) };
    let recovered = glomers_session::just_over(directory, &executed.report.outcome.history)?;
    let results = results(&executed.report, executed.traced.as_ref());
    let about = about(&recovered, plan, executed, options, &results, command);
    let html = read(&recovered, &about)?.to_html();
    if let Err(error) = write(&directory.join(FILE), &html) {
        // The verdict is worth more than the page.
        out::error(&error);
    }
    Ok(())
}

fn about<'a>(
    recovered: &Recovered,
    plan: &'a Plan,
    executed: &'a Executed,
    options: &RunOptions,
    results: &'a Value,
    command: &str,
) -> About<'a> {
    let report = &executed.report;
    let facts = summary::facts(plan, executed, options, command)
        .into_iter()
        .map(|(name, value)| (name.trim().to_owned(), value))
        .filter(|(name, _)| !ELSEWHERE.contains(&&**name))
        .map(|(name, value)| (name, value.replace(" (explained below)", "")))
        .collect();
    About {
        title: title(plan),
        workload: &plan.workload.name,
        nodes: &plan.nodes,
        concurrency: plan.concurrency,
        validity: unproven(recovered, report, options),
        facts,
        findings: &report.verdict.findings,
        context: &report.outcome.context,
        stuck: None,
        results,
        faults: report.outcome.faults.iter().map(fault).collect(),
        command: command.to_owned(),
        store: Some(recovered.directory().display().to_string()),
        missing: losses(recovered),
        bodies: None,
    }
}

/// The command that repeats the run, which is in its log.
fn command(directory: &Path) -> String {
    let log = std::fs::read_to_string(directory.join("run.log")).unwrap_or_default();
    let told = log.lines().find_map(|line| line.strip_prefix("command: "));
    told.unwrap_or("unknown: run.log, which says it, cannot be read").to_owned()
}

/// Nobody can say what the lost part of a damaged store would have shown.
fn unproven(
    recovered: &Recovered,
    report: &RunReport,
    options: &RunOptions,
) -> glomers_check::Validity {
    use glomers_check::Validity;
    match report.validity(options) {
        Validity::Valid if recovered.is_damaged() => Validity::Unknown,
        validity => validity,
    }
}

fn title(plan: &Plan) -> String {
    let count = plan.nodes.len();
    format!(
        "{}, {count} node{} ({}), {} s, seed {}",
        plan.workload.name,
        if count == 1 { "" } else { "s" },
        summary::program(plan),
        plan.time_limit as f64 / 1e9,
        plan.seed
    )
}

pub(crate) fn fault(report: &FaultReport) -> Fault {
    Fault {
        kind: report.kind.to_owned(),
        description: report.description.clone(),
        effects: report.effects(),
        from: report.from,
        until: report.until,
    }
}
