//! What machines that test want: a report that they can read, and few words.

use std::path::PathBuf;

use clap::Args;
use glomers_check::Validity;
use glomers_sim::{Ended, Plan};
use glomers_testing::RunOptions;

use crate::error::CliError;
use crate::execute::Executed;
use crate::junit::{self, Case};
use crate::{findings, out, summary};

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CiArguments {
    /// Write a report as JUnit does (XML) into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Say in one line what came of it
    #[arg(long)]
    pub(crate) one_line: bool,
}

/// The runs of a command, for its report.
pub(crate) struct Runs<'a> {
    arguments: &'a CiArguments,
    suite: &'static str,
    cases: Vec<Case>,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(arguments: &'a CiArguments, suite: &'static str) -> Runs<'a> {
        Runs { arguments, suite, cases: Vec::new() }
    }

    /// Takes a run into the report. `also` is what else is wrong with it than its
    /// verdict.
    pub(crate) fn add(
        &mut self,
        plan: &Plan,
        executed: &Executed,
        options: &RunOptions,
        also: Option<&str>,
    ) {
        let report = &executed.report;
        let is_good = report.validity(options) == Validity::Valid
            && report.outcome.ended == Ended::Completed
            && also.is_none();
        let failure = (!is_good).then(|| {
            let details = findings::text(&report.verdict.findings);
            (also.map_or_else(|| verdict(executed, options), str::to_owned), details)
        });
        self.cases.push(Case { name: name(plan), wall_time: executed.wall_time, failure });
    }

    /// Writes the report, if one is wanted.
    pub(crate) fn finish(&self) -> Result<(), CliError> {
        match &self.arguments.junit {
            Some(path) => junit::write(path, self.suite, &self.cases),
            None => Ok(()),
        }
    }

    /// Shows one run: as a person wants it, or in one line.
    pub(crate) fn show(
        &self,
        plan: &Plan,
        executed: &Executed,
        options: &RunOptions,
        command: &str,
    ) {
        if self.arguments.one_line {
            out::line(one_line(plan, executed, options));
        } else {
            out::text(&summary::whole(plan, executed, options, command));
        }
    }
}

fn name(plan: &Plan) -> String {
    let count = plan.nodes.len();
    let s = if count == 1 { "" } else { "s" };
    let (workload, program) = (&plan.workload.name, summary::program(plan));
    format!("{workload}, {program}, {count} node{s}, seed {}", plan.seed)
}

/// `valid`, `INVALID (lost)`, `valid so far (interrupted)`.
fn verdict(executed: &Executed, options: &RunOptions) -> String {
    let report = &executed.report;
    let mut text = summary::word(report.validity(options)).to_owned();
    if report.outcome.ended == Ended::Interrupted {
        text += " so far (interrupted)";
    }
    let names = findings::names(&report.verdict.findings);
    if !names.is_empty() {
        text += &format!(" ({names})");
    }
    text
}

/// A run in one line: verdict, what was run, how much, where it is stored.
fn one_line(plan: &Plan, executed: &Executed, options: &RunOptions) -> String {
    let outcome = &executed.report.outcome;
    let count = |number: u64, noun: &str| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    let mut text = format!(
        "{}: {}: {}",
        verdict(executed, options),
        name(plan),
        count(outcome.net.operations, "operation")
    );
    if !outcome.faults.is_empty() {
        text += &format!(", {}", count(outcome.faults.len() as u64, "fault"));
    }
    if !executed.report.warnings.is_empty() {
        text += &format!(", {}", count(executed.report.warnings.len() as u64, "warning"));
    }
    if let Some(directory) = &executed.directory {
        text += &format!("; {}", directory.display());
    }
    text
}
