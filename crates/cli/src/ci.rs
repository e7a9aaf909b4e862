//! What machines that test want: a report that they can read, and few words.

use std::path::PathBuf;

use clap::Args;
use glomers_check::Validity;
use glomers_session::{Executed, RunOptions};
use glomers_sim::{Ended, Plan};

use crate::error::CliError;
use crate::junit::{self, Case};
use crate::summary::{self, counted};
use crate::{findings, out, report as page};

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CiArguments {
    /// Write a report as JUnit does (XML) into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Print the result in one line
    #[arg(long)]
    pub(crate) one_line: bool,

    /// Write report.html, a page for the browser, into the store of every run; a
    /// single run that is invalid has one anyway
    #[arg(long)]
    pub(crate) report: bool,
}

/// A run that is over, and what is told of it.
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) executed: &'a Executed,
    pub(crate) options: &'a RunOptions,
    /// The command that repeats it.
    pub(crate) command: &'a str,
}

/// The runs of a command, for its report.
pub(crate) struct Runs<'a> {
    arguments: &'a CiArguments,
    suite: &'static str,
    cases: Vec<Case>,
}

impl<'a> Runs<'a> {
    /// Writes a report that says that nothing came to its end, if one is wanted:
    /// so it is known at once that it can be written, and whoever finds it after a
    /// crash does not take an older one for it.
    pub(crate) fn new(
        arguments: &'a CiArguments,
        suite: &'static str,
    ) -> Result<Runs<'a>, CliError> {
        let runs = Runs { arguments, suite, cases: Vec::new() };
        runs.write(&[junit::unfinished()])?;
        Ok(runs)
    }

    /// Writes the page of a run that is stored, if one is wanted. `single`: it is the
    /// only run of its command, so that one that is invalid has a page anyway.
    pub(crate) fn page(&self, run: &Run<'_>, single: bool) -> Result<(), CliError> {
        let is_invalid = run.executed.report.validity(run.options) == Validity::Invalid;
        match self.arguments.report || single && is_invalid {
            true => page::after(run.plan, run.executed, run.options, run.command),
            false => Ok(()),
        }
    }

    /// Takes a run into the report.
    pub(crate) fn add(&mut self, run: &Run<'_>) {
        self.cases.push(run.case(name(run.plan), &[]));
    }

    /// Takes an attempt at a challenge into the report: `3d (broadcast, fast)`, with
    /// the marks that it misses.
    pub(crate) fn add_challenge(&mut self, run: &Run<'_>, challenge: &str, missed: &[String]) {
        let name = format!("challenge {challenge}: {}", name(run.plan));
        self.cases.push(run.case(name, missed));
    }

    /// Writes the report, if one is wanted.
    pub(crate) fn finish(&self) -> Result<(), CliError> {
        self.write(&self.cases)
    }

    fn write(&self, cases: &[Case]) -> Result<(), CliError> {
        match &self.arguments.junit {
            Some(path) => junit::write(path, self.suite, cases),
            None => Ok(()),
        }
    }

    /// Shows one run: as a person wants it, or in one line.
    pub(crate) fn show(&self, run: &Run<'_>) {
        if self.arguments.one_line {
            out::line(run.one_line());
        } else {
            out::text(&summary::whole(run.plan, run.executed, run.options, run.command));
        }
    }
}

impl Run<'_> {
    pub(crate) fn is_good(&self) -> bool {
        let report = &self.executed.report;
        report.validity(self.options) == Validity::Valid && report.outcome.ended == Ended::Completed
    }

    fn case(&self, name: String, missed: &[String]) -> Case {
        let failure = (!self.is_good() || !missed.is_empty()).then(|| {
            let mut message = self.verdict();
            if !missed.is_empty() {
                message += &format!(", and misses its marks: {}", missed.join(", "));
            }
            let verdict = &self.executed.report.verdict;
            (message, findings::text(&verdict.findings) + &verdict.notes.join("\n"))
        });
        let stored = self.executed.directory.as_ref();
        let mut output =
            stored.map_or(String::new(), |path| format!("stored in {}\n", path.display()));
        output += &format!("repeat with {}\n", self.command);
        Case { name, wall_time: self.executed.wall_time, failure, output }
    }

    /// `valid`, `INVALID (lost)`, `valid so far (interrupted)`.
    fn verdict(&self) -> String {
        let report = &self.executed.report;
        let mut text = summary::word(report.validity(self.options)).to_owned();
        if report.outcome.ended == Ended::Interrupted {
            text += " so far (interrupted)";
        }
        let names = findings::names(&report.verdict.findings);
        if !names.is_empty() {
            text += &format!(" ({names})");
        }
        text
    }

    /// In one line: verdict, what was run, how much, where it is stored.
    fn one_line(&self) -> String {
        let outcome = &self.executed.report.outcome;
        let operations = counted(outcome.net.operations, "operation");
        let mut text = format!("{}: {}: {operations}", self.verdict(), name(self.plan));
        if !outcome.faults.is_empty() {
            text += &format!(", {}", counted(outcome.faults.len() as u64, "fault"));
        }
        if !self.executed.report.warnings.is_empty() {
            let warnings = self.executed.report.warnings.len() as u64;
            text += &format!(", {}", counted(warnings, "warning"));
        }
        if let Some(directory) = &self.executed.directory {
            text += &format!("; {}", directory.display());
        }
        text
    }
}

fn name(plan: &Plan) -> String {
    let count = plan.nodes.len();
    let s = if count == 1 { "" } else { "s" };
    let (workload, program) = (&plan.workload.name, summary::program(plan));
    format!("{workload}, {program}, {count} node{s}, seed {}", plan.seed)
}
