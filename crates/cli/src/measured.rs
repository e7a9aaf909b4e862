//! Executables that are measured beside embedded nodes, by `compare` and `frontier`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use glomers_bench::Interrupt;
use glomers_session::{Session, SessionError, all};
use glomers_sim::{Ended, Host, NodeProgram, Plan, PlanError, Schedule};
use glomers_trials::EMBEDDED;
use glomers_trials::frontier::{Figures, Meter};
use glomers_workload::make;

use crate::arguments::values::TimeArgument;
use crate::error::CliError;
use crate::number;
use crate::progress::Progress;

/// How many seeds there are if an executable is measured and nobody says: its runs
/// may take as long as the clock on the wall says.
pub(crate) const SEEDS: u64 = 3;

/// The longest that runs in real time may take together.
const LONGEST: Duration = Duration::from_secs(3600);

/// About how long a run takes beside its operations and what comes after them:
/// processes start and end.
const AROUND: Duration = Duration::from_secs(1);

/// What nodes run, and where.
pub(crate) type Runs = (NodeProgram, Host);

/// Options of an executable that is measured.
#[derive(Debug, Default, Args)]
pub(crate) struct ProgramArguments {
    /// Measure this executable; its arguments follow, after -- where they could be
    /// taken for other options
    #[arg(long, value_name = "FILE", help_heading = "Executables")]
    pub(crate) bin: Option<PathBuf>,

    /// Whose clock executables follow [default: real]
    #[arg(long, value_enum, help_heading = "Executables")]
    pub(crate) time: Option<TimeArgument>,

    /// How long an executable may take to answer init, in seconds; waiting for a
    /// processor does not count [default: 10]
    #[arg(long, value_name = "S", value_parser = number::seconds, help_heading = "Executables")]
    pub(crate) init_timeout: Option<Duration>,

    /// Arguments of the executable
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) node_arguments: Vec<String>,
}

impl ProgramArguments {
    /// The executable that `--bin` names.
    ///
    /// # Errors
    /// If it cannot be run, or there are arguments and nothing that takes them.
    pub(crate) fn named(&self) -> Result<Option<Runs>, CliError> {
        match &self.bin {
            Some(bin) => self.program(bin.clone(), self.node_arguments.clone()).map(Some),
            None if self.node_arguments.is_empty() => Ok(None),
            None => Err(CliError::usage("arguments after -- are for an executable").hint(
                "name it with --bin FILE; those of an embedded node stand in quotes with it",
            )),
        }
    }

    /// An executable as the clock wants it.
    ///
    /// # Errors
    /// If it cannot be run.
    pub(crate) fn program(&self, file: PathBuf, arguments: Vec<String>) -> Result<Runs, CliError> {
        let path = glomers_bench::check_program(&file)?;
        crate::shell::relative_files(&arguments).iter().for_each(crate::out::note);
        let path = path
            .to_str()
            .ok_or_else(|| CliError::usage("the path of an executable must be valid UTF-8"))?
            .to_owned();
        let host = match self.time {
            Some(TimeArgument::Virtual) => Host::Traced { schedule: Schedule::default() },
            Some(TimeArgument::Real) | None => Host::Processes,
        };
        Ok((NodeProgram::Program { path, arguments }, host))
    }

    /// Refuses options of executables where there is none.
    ///
    /// # Errors
    /// If one was typed.
    pub(crate) fn refuse_without_one(&self) -> Result<(), CliError> {
        let flag = match (self.time, self.init_timeout) {
            (Some(_), _) => "--time",
            (_, Some(_)) => "--init-timeout",
            (None, None) => return Ok(()),
        };
        Err(CliError::usage(format!("{flag} means nothing to embedded nodes and stores"))
            .hint("it is about an executable, which --bin FILE names; leave it out"))
    }

    /// Puts into a Plan what is asked of executables.
    pub(crate) fn apply(&self, plan: &mut Plan) {
        if let Some(timeout) = self.init_timeout {
            plan.init_timeout = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        }
    }
}

/// What an executable is called: its file without folders.
pub(crate) fn name((program, _): &Runs) -> String {
    let (NodeProgram::Embedded { name: path, .. } | NodeProgram::Program { path, .. }) = program;
    let file = Path::new(path).file_name();
    file.map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned())
}

/// Its arguments.
pub(crate) fn arguments((program, _): &Runs) -> &[String] {
    let (NodeProgram::Embedded { arguments, .. } | NodeProgram::Program { arguments, .. }) =
        program;
    arguments
}

/// Whether runs of this take as long as their clock says.
pub(crate) fn is_real((_, host): &Runs) -> bool {
    *host == Host::Processes
}

/// What so many runs like this one take in real time, as a sentence.
///
/// # Errors
/// If that is longer than anybody waits for.
pub(crate) fn announced(plan: &Plan, runs: u64) -> Result<String, CliError> {
    let has_end = make(&plan.workload.name, &plan.workload.options)
        .is_ok_and(|workload| workload.final_operation().is_some());
    let after = if has_end { plan.recovery } else { 0 };
    let one = Duration::from_nanos(plan.time_limit.saturating_add(after)) + AROUND;
    let all = one.saturating_mul(u32::try_from(runs).unwrap_or(u32::MAX));
    let each = format!("{runs} runs in real time, one after another, of about {}", span(one));
    if all > LONGEST {
        return Err(CliError::usage(format!(
            "that would take about {}: {each}; the most is {}",
            span(all),
            span(LONGEST)
        ))
        .hint(
            "ask for fewer --seeds or a shorter --time-limit; with --time virtual the executable's \
             time passes as fast as it can be computed",
        ));
    }
    Ok(format!("this takes about {}: {each}", span(all)))
}

/// A length of time as one says it.
fn span(length: Duration) -> String {
    match length.as_secs() {
        0..120 => format!("{} s", length.as_secs()),
        120..7200 => format!("{} min", length.as_secs().saturating_add(30) / 60),
        seconds => format!("{} h", seconds.saturating_add(1800) / 3600),
    }
}

/// Runs and measures so many Plans: those in virtual time on all cores; afterwards, when
/// nothing else takes the processor, those in real time, one after another. `None`
/// stands for what an interrupt left out.
///
/// # Errors
/// If a Plan cannot be run.
pub(crate) fn measure_all(
    count: usize,
    plan: impl Fn(usize) -> Result<Plan, PlanError> + Sync,
    is_real: impl Fn(usize) -> bool + Sync,
    interrupt: &Interrupt,
) -> Result<Vec<Option<Figures>>, CliError> {
    let progress = Progress::of_runs(count as u64);
    let one = |number: usize| {
        if interrupt.is_requested() {
            return Ok(None);
        }
        let plan = plan(number).map_err(SessionError::from)?;
        let figures = measure(&plan, interrupt)?;
        progress.advance();
        Ok::<_, CliError>(figures)
    };
    let mut figures: Vec<Option<Figures>> = all(count as u64, None, |number| {
        let number = number as usize;
        if is_real(number) { Ok(None) } else { one(number) }
    })?;
    for number in (0..count).filter(|number| is_real(*number)) {
        figures[number] = one(number)?;
    }
    progress.clear();
    Ok(figures)
}

/// Runs a Plan and measures it. `None` if it was interrupted.
fn measure(plan: &Plan, interrupt: &Interrupt) -> Result<Option<Figures>, CliError> {
    let session =
        Session { embedded: &EMBEDDED, interrupt: Some(interrupt.clone()), ..Session::default() };
    let mut meter = Meter::new(plan.nodes.len());
    let report = session.run(plan, &mut meter)?.report;
    let is_whole = report.outcome.ended != Ended::Interrupted;
    Ok(is_whole.then(|| Figures::of(&report, &meter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_takes_is_said_before_and_has_a_bound() {
        let program = NodeProgram::Program { path: "./a".into(), arguments: Vec::new() };
        let mut plan = Plan::new(1, program, "broadcast");
        plan.time_limit = 20_000_000_000;
        plan.recovery = 10_000_000_000;
        let said = announced(&plan, 6).unwrap();
        let expected =
            "this takes about 3 min: 6 runs in real time, one after another, of about 31 s";
        assert_eq!(said, expected);
        let error = announced(&plan, 2000).unwrap_err().to_string();
        assert!(error.contains("about 17 h: 2000 runs") && error.contains("--time virtual"));
        // Echo has no final operations to wait for.
        plan.workload.name = "echo".to_owned();
        assert!(announced(&plan, 2).unwrap().starts_with("this takes about 42 s: 2 runs"));
        plan.time_limit = u64::MAX;
        announced(&plan, u64::MAX).unwrap_err();
    }
}
