//! `glomers test`.

use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_sim::{Ended, NodeProgram, Plan};
use glomers_testing::{RunOptions, RunReport};
use rayon::prelude::*;

use crate::arguments::{TestArguments, TimeArgument};
use crate::ci::{Run, Runs};
use crate::error::CliError;
use crate::execute::{Executed, Settings, execute, store_root};
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::stops::Stops;
use crate::{ignored, out, plan, summary};

/// What reports call the runs of this command.
const SUITE: &str = "glomers test";

pub(crate) fn run(arguments: &TestArguments) -> Result<ExitCode, CliError> {
    let (program, time) = plan::program(arguments)?;
    let seed = arguments.seed.unwrap_or_else(new_seed);
    // Mistakes are told before anything runs.
    plan::plan(arguments, &program, seed)?;
    ignored::notes(arguments, &program).iter().for_each(out::note);
    let settings = Settings {
        time,
        judge: RunOptions {
            availability: arguments.availability.unwrap_or_default(),
            jepsen_compat: arguments.jepsen_compat,
            require_faults: arguments.faults.require_faults,
            require_overlap: arguments.require_overlap,
        },
        store: store_root(&arguments.store)?,
        max_line: arguments.max_line,
        max_log: arguments.max_log as u64,
        log_stderr: arguments.log_stderr,
        log_net_send: arguments.log_net_send,
        log_net_recv: arguments.log_net_recv,
        interrupt: Interrupt::install_signal_handlers()
            .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?,
        replay: None,
        record_stops: arguments.traced.record_stops.clone(),
        command: command_of(seed, arguments.test_count),
    };
    if arguments.check_determinism {
        if arguments.ci.junit.is_some() || arguments.ci.one_line {
            return Err(CliError::usage("--check-determinism says itself what came of it")
                .hint("leave out --junit and --one-line, or run without --check-determinism"));
        }
        if time == TimeArgument::Real {
            return Err(CliError::usage("executables in real time are never deterministic")
                .hint("add --time virtual, or name an embedded node with --node"));
        }
        return check_determinism(arguments, &program, seed, &settings);
    }
    if arguments.test_count > 1 {
        return many(arguments, &program, seed, &settings);
    }
    let plan = plan::plan(arguments, &program, seed)?;
    let mut runs = Runs::new(&arguments.ci, SUITE)?;
    let progress = match time {
        TimeArgument::Real => Progress::of_run(&arguments.workload),
        TimeArgument::Virtual => Progress::none(),
    };
    let executed = execute(&plan, &settings, &progress)?;
    progress.clear();
    let run = Run {
        plan: &plan,
        executed: &executed,
        options: &settings.judge,
        command: &settings.command,
    };
    runs.add(&run);
    runs.show(&run);
    runs.finish()?;
    Ok(exit_code(&executed.report, &settings.judge))
}

/// The exit status that a verdict has.
pub(crate) fn exit_code(report: &RunReport, options: &RunOptions) -> ExitCode {
    if report.outcome.ended == Ended::Interrupted {
        return ExitCode::from(130);
    }
    match report.validity(options) {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    }
}

/// A seed that nobody asked for: short enough to type.
fn new_seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the one thing that is meant to differ")]
    let now = std::time::SystemTime::now();
    let nanos =
        now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    glomers_sim::draws::keyed_seed(nanos, glomers_sim::draws::Purpose::Choice, 1, 0, 0) % 1_000_000
}

/// The command line that repeats this: what was typed, with the seed and the
/// number of runs.
fn command_of(seed: u64, runs: u64) -> String {
    let mut words: Vec<String> = vec!["glomers".to_owned()];
    let mut typed = std::env::args().skip(1).peekable();
    while let Some(word) = typed.next_if(|word| word != "--") {
        let is_ours = |flag: &str| {
            word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        if is_ours("--seed") || is_ours("--test-count") {
            // Its value follows, unless it came with it.
            if !word.contains('=') {
                typed.next();
            }
            continue;
        }
        words.push(quoted(&word));
    }
    words.push(format!("--seed {seed}"));
    if runs > 1 {
        words.push(format!("--test-count {runs}"));
    }
    words.extend(typed.map(|word| quoted(&word)));
    words.join(" ")
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Several seeds; the first run that is not valid ends it.
fn many(
    arguments: &TestArguments,
    program: &NodeProgram,
    first: u64,
    settings: &Settings,
) -> Result<ExitCode, CliError> {
    let threads = match (settings.time, arguments.threads) {
        (TimeArgument::Real, _) => 1,
        (TimeArgument::Virtual, Some(threads)) => usize::from(threads),
        (TimeArgument::Virtual, None) => 0,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| CliError::machine(format!("threads cannot be started: {error}")))?;
    let progress = Progress::of_runs(arguments.test_count);
    let mut total = Totals::default();
    let mut runs = Runs::new(&arguments.ci, SUITE)?;
    // In blocks, so that what is printed is in order and a failure ends it soon.
    let block = 8 * pool.current_num_threads() as u64;
    let mut done = 0;
    // A Ctrl-C between two runs counts as one in the next.
    let _guard = settings.interrupt.guard();
    while done < arguments.test_count {
        let seeds: Vec<u64> = (done..(done + block).min(arguments.test_count))
            .map(|n| first.wrapping_add(n))
            .collect();
        let results: Vec<Result<(Plan, Executed), CliError>> = pool.install(|| {
            seeds
                .par_iter()
                .map(|&seed| {
                    let plan = plan::plan(arguments, program, seed)?;
                    let executed = execute(&plan, settings, &Progress::none())?;
                    progress.advance();
                    Ok((plan, executed))
                })
                .collect()
        });
        for result in results {
            let (plan, executed) = result?;
            done += 1;
            let is_good = executed.report.validity(&settings.judge) == Validity::Valid
                && executed.report.outcome.ended == Ended::Completed;
            total.add(&executed);
            let command = command_of(plan.seed, 1);
            let run = Run {
                plan: &plan,
                executed: &executed,
                options: &settings.judge,
                command: &command,
            };
            runs.add(&run);
            if is_good {
                continue;
            }
            progress.clear();
            runs.finish()?;
            if arguments.ci.one_line {
                runs.show(&run);
                return Ok(exit_code(&executed.report, &settings.judge));
            }
            let seed = plan.seed;
            out::line(match executed.report.outcome.ended {
                Ended::Interrupted => {
                    format!("{done} runs; the last, seed {seed}, was cut short:\n")
                }
                _ => format!("{done} runs; the last, seed {seed}, is not valid:\n"),
            });
            out::text(&summary::whole(&plan, &executed, &settings.judge, &command));
            return Ok(exit_code(&executed.report, &settings.judge));
        }
    }
    progress.clear();
    runs.finish()?;
    if arguments.ci.one_line {
        out::line(total.head(first, settings));
        return Ok(ExitCode::SUCCESS);
    }
    out::line(total.text(first, settings));
    out::line("\nEverything looks good! ヽ(‘ー`)ノ");
    Ok(ExitCode::SUCCESS)
}

/// What many runs have in common.
#[derive(Default)]
struct Totals {
    runs: u64,
    messages_per_operation: f64,
    observed: [i64; 4],
    with_latencies: i64,
    idle_faults: usize,
}

impl Totals {
    fn add(&mut self, executed: &Executed) {
        self.runs += 1;
        self.messages_per_operation += executed.report.outcome.net.servers_per_operation();
        self.idle_faults += executed.report.idle_faults;
        if let Some(found) = summary::latencies(&executed.report, "stable-latencies") {
            self.with_latencies += 1;
            for (sum, value) in self.observed.iter_mut().zip(found) {
                *sum += value;
            }
        }
    }

    /// In one line.
    fn head(&self, first: u64, settings: &Settings) -> String {
        let last = first.wrapping_add(self.runs - 1);
        let stored = settings.store.as_ref();
        let stored = stored.map_or(String::new(), |path| format!(" Stored in {}.", path.display()));
        format!("{} runs, seeds {first} to {last}: all valid.{stored}", self.runs)
    }

    fn text(&self, first: u64, settings: &Settings) -> String {
        let mut text = format!(
            "{}\n  means: {:.3} messages between servers per operation",
            self.head(first, settings),
            self.messages_per_operation / self.runs as f64
        );
        if self.with_latencies > 0 {
            let [median, p95, p99, max] = self.observed.map(|sum| sum / self.with_latencies);
            text += &format!(
                "; stable latencies: median {median} ms, 0.95 {p95} ms, 0.99 {p99} ms, max {max} ms"
            );
        }
        if self.idle_faults > 0 {
            text += &format!("\n  warning: {} faults touched nothing", self.idle_faults);
        }
        text
    }
}

/// Runs every seed twice and compares every file.
fn check_determinism(
    arguments: &TestArguments,
    program: &NodeProgram,
    first: u64,
    settings: &Settings,
) -> Result<ExitCode, CliError> {
    let scratch = if settings.store.is_none() { Some(Scratch::new()?) } else { None };
    let root = match (&settings.store, &scratch) {
        (Some(root), _) => root.clone(),
        (None, scratch) => scratch.as_ref().map(|scratch| scratch.path.clone()).unwrap_or_default(),
    };
    let stored = Settings { store: Some(root), ..settings.clone() };
    let _guard = settings.interrupt.guard();
    let mut last = None;
    for seed in (0..arguments.test_count).map(|n| first.wrapping_add(n)) {
        let plan = plan::plan(arguments, program, seed)?;
        let is_traced = matches!(program, NodeProgram::Traced { .. });
        let stops = Stops::new(is_traced, settings)?;
        let run = |name: &str| -> Result<_, CliError> {
            let stored = Settings { record_stops: stops.folder(name), ..stored.clone() };
            let mut executed =
                execute(&plan, &stored, &Progress::none()).map_err(|error| match &scratch {
                    Some(scratch) => scratch.blame(error),
                    None => error,
                })?;
            let directory = executed.directory.clone();
            if settings.store.is_none() {
                // It will not be there for long.
                executed.directory = None;
            }
            Ok((executed, directory.unwrap_or_default()))
        };
        let ((_, a), (second, b)) = (run("a")?, run("b")?);
        if settings.interrupt.is_requested() {
            // Two runs cut short at two moments differ, and that proves nothing.
            last = Some((plan, second));
            break;
        }
        if let Some(difference) = glomers_store::compare(&a, &b)? {
            out::line(format_args!(
                "NOT deterministic: two runs of seed {seed} differ. {difference}"
            ));
            if settings.store.is_some() {
                out::line(format_args!("  a is {}\n  b is {}", a.display(), b.display()));
            }
            match stops.difference() {
                Some(difference) => out::text(&difference),
                None if is_traced => {}
                None => out::line(
                    "A node may only use cx.now(), cx.rng() and glomers_node::{Map, Set}.",
                ),
            }
            return Ok(ExitCode::from(1));
        }
        let is_good = second.report.validity(&settings.judge) == Validity::Valid;
        last = Some((plan, second));
        if !is_good {
            break;
        }
    }
    let Some((plan, executed)) = last else { unreachable!("there is one run at least") };
    if !settings.interrupt.is_requested() {
        let runs = match plan.seed.wrapping_sub(first) {
            0 => format!("two runs of seed {first}"),
            _ => format!("two runs of each seed from {first} to {}", plan.seed),
        };
        let net = &executed.report.outcome.net;
        out::line(format_args!(
            "Deterministic: {runs} left the same bytes (the last: {} operations, {} messages).",
            net.operations,
            net.all().sent
        ));
    }
    out::text(&summary::whole(&plan, &executed, &settings.judge, &settings.command));
    Ok(exit_code(&executed.report, &settings.judge))
}
