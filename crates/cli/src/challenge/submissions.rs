//! Many submissions: each is graded by a process of its own, so that one that hangs, or
//! takes the machine's memory, does not hold up the others.

use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant};

use glomers_bench::{Interrupt, Why, run_until};
use serde_json::{Value as Json, json};

use super::json::VERSION;
use crate::arguments::ChallengeArguments;
use crate::arguments::values::TimeArgument;
use crate::error::{CRASHED, CliError};
use crate::out;
use crate::progress::Progress;
use crate::shell::relative_files;
use crate::summary::counted;

/// What came of a submission.
struct Graded {
    name: String,
    /// A document of `glomers challenge --json` for each seed.
    runs: Vec<Json>,
    /// How many parts of challenges passed, over all seeds.
    passed: u64,
    /// Of so many.
    parts: u64,
    /// Why there is no more, if something kept it from being graded.
    error: Option<String>,
    why: Why,
    /// The machine failed, not the submission.
    is_ours: bool,
}

/// Grades all submissions; `parts`: how many runs there are with each seed.
pub(super) fn run(arguments: &ChallengeArguments, parts: usize) -> Result<ExitCode, CliError> {
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let _guard = interrupt.guard();
    relative_files(&arguments.node_arguments).iter().for_each(out::note);
    let seeds: Vec<u64> = match arguments.seeds {
        Some(seeds) if seeds.end.is_none() => {
            return Err(CliError::usage("--seeds must have an end here")
                .hint("write for example --seeds 1..=3"));
        }
        Some(seeds) => seeds.of(None).collect(),
        None => vec![arguments.seed],
    };
    let progress = Progress::of_submissions(arguments.submissions.len() as u64);
    let mut all = Vec::new();
    for submission in &arguments.submissions {
        all.push(grade(arguments, submission, (&seeds, parts), &interrupt)?);
        progress.advance();
        if interrupt.is_requested() {
            break;
        }
    }
    progress.clear();
    let is_interrupted = interrupt.is_requested();
    match arguments.json {
        true => out::text(&document(&all, arguments.submissions.len(), is_interrupted)),
        false => out::text(&table(&all, is_interrupted)),
    }
    Ok(match () {
        () if is_interrupted => ExitCode::from(130),
        () if all.iter().any(|graded| graded.is_ours) => ExitCode::from(CRASHED),
        () if all.iter().all(Graded::passes) => ExitCode::SUCCESS,
        () => ExitCode::from(1),
    })
}

/// Runs all challenges with all seeds on a submission, until its time is over.
fn grade(
    arguments: &ChallengeArguments,
    submission: &Path,
    (seeds, parts): (&[u64], usize),
    interrupt: &Interrupt,
) -> Result<Graded, CliError> {
    #[expect(clippy::disallowed_methods, reason = "a limit of real time")]
    let deadline = Instant::now() + arguments.submission_limit;
    let mut graded = Graded {
        name: submission.display().to_string(),
        runs: Vec::new(),
        passed: 0,
        parts: (parts * seeds.len()) as u64,
        error: None,
        why: Why::Itself,
        is_ours: false,
    };
    for seed in seeds {
        let mut command = command(arguments, submission, *seed)?;
        let (output, why) = run_until(&mut command, deadline, interrupt)
            .map_err(|error| CliError::machine(format!("glomers cannot be started: {error}")))?;
        graded.take(&output, why, arguments.submission_limit);
        if why != Why::Itself || graded.error.is_some() {
            break;
        }
    }
    Ok(graded)
}

/// This program, told to grade one submission.
fn command(
    arguments: &ChallengeArguments,
    submission: &Path,
    seed: u64,
) -> Result<Command, CliError> {
    let program = std::env::current_exe()
        .map_err(|error| CliError::machine(format!("this program cannot be found: {error}")))?;
    let time = match arguments.time {
        TimeArgument::Virtual => "virtual",
        TimeArgument::Real => "real",
    };
    let mut command = Command::new(program);
    command.arg("challenge").args(&arguments.ids).arg("--bin").arg(submission);
    command.args(["--time", time, "--json", "--store", &arguments.store]);
    command.args(["--seed", &seed.to_string()]);
    command.args(["--init-timeout", &arguments.init_timeout.as_secs_f64().to_string()]);
    command.arg("--").args(&arguments.node_arguments);
    Ok(command)
}

impl Graded {
    fn take(&mut self, output: &Output, why: Why, limit: Duration) {
        self.why = why;
        match serde_json::from_slice::<Json>(&output.stdout) {
            Ok(run) => {
                self.passed += run["passed"].as_u64().unwrap_or_default();
                self.runs.push(run);
            }
            Err(_) if why == Why::Itself => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = said.trim().trim_start_matches("error: ");
                self.error = Some(match said {
                    "" => format!("it could not be graded: {}", output.status),
                    said => said.to_owned(),
                });
                self.is_ours = output.status.code() == Some(i32::from(CRASHED));
            }
            Err(_) => {}
        }
        if why == Why::TimeOver {
            let limit = limit.as_secs_f64();
            self.error = Some(format!("it took more than {limit} s and was ended"));
        }
    }

    fn passes(&self) -> bool {
        self.why == Why::Itself && self.error.is_none() && self.passed == self.parts
    }

    /// The first thing that is wrong.
    fn problem(&self) -> Option<String> {
        let wrong = self.runs.iter().find_map(|run| {
            let attempts = run["challenges"].as_array()?;
            let attempt = attempts.iter().find(|attempt| attempt["passed"] == false)?;
            let texts = |list: &Json, name: Option<&str>| -> Vec<String> {
                let text =
                    |one: &Json| name.map_or(one, |name| &one[name]).as_str().map(str::to_owned);
                list.as_array().into_iter().flatten().filter_map(text).collect()
            };
            let mut reasons = texts(&attempt["findings"], Some("name"));
            reasons.extend(texts(&attempt["missed"], None));
            if reasons.is_empty() {
                reasons.extend(attempt["verdict"].as_str().map(str::to_owned));
            }
            reasons.dedup();
            let (id, seed) = (attempt["id"].as_str()?, attempt["seed"].as_u64()?);
            Some(format!("challenge {id}, seed {seed}: {}", reasons.join(", ")))
        });
        // What was cut short is no mistake that the submission made.
        let wrong = wrong.filter(|_| self.why == Why::Itself || self.runs.len() > 1);
        match (&self.error, wrong) {
            (Some(error), _) => Some(error.lines().next().unwrap_or_default().to_owned()),
            (None, wrong) => wrong,
        }
    }
}

/// What came of all, for programs.
fn document(all: &[Graded], wanted: usize, is_interrupted: bool) -> String {
    let submissions = all.iter().map(|graded| {
        json!({
            "submission": graded.name,
            "passed": graded.passes(),
            "parts_passed": graded.passed,
            "parts": graded.parts,
            "timed_out": graded.why == Why::TimeOver,
            "interrupted": graded.why == Why::Interrupted,
            "error": graded.error,
            "problem": graded.problem(),
            "runs": graded.runs,
        })
    });
    let whole = json!({
        "version": VERSION,
        "passed": all.iter().filter(|graded| graded.passes()).count(),
        "total": wanted,
        "interrupted": is_interrupted,
        "submissions": submissions.collect::<Vec<Json>>(),
    });
    format!("{whole:#}\n")
}

/// A line for each.
fn table(all: &[Graded], is_interrupted: bool) -> String {
    let width = all.iter().map(|graded| graded.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for graded in all {
        let Graded { name, passed, parts, .. } = graded;
        let verdict = if graded.passes() { "passed" } else { "NOT passed" };
        let problem = graded.problem().map_or(String::new(), |problem| format!("  {problem}"));
        let line = format!("{name:<width$}  {verdict:<10}  {passed} of {parts}{problem}");
        text += &format!("{}\n", glomers_protocol::printable(&line));
    }
    let passed = all.iter().filter(|graded| graded.passes()).count();
    text += &format!("\n{passed} of {} passed.\n", counted(all.len() as u64, "submission"));
    if is_interrupted {
        text +=
            "Interrupted: the last line is what there was until then; others were not graded.\n";
    }
    text
}
