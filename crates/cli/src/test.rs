//! `glomers test`.

use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_sim::{Ended, NodeProgram, Plan};
use glomers_testing::{RunOptions, RunReport};
use rayon::prelude::*;

use crate::arguments::{TestArguments, TimeArgument};
use crate::error::CliError;
use crate::execute::{Executed, Settings, execute, store_root};
use crate::progress::Progress;
use crate::{plan, summary};

pub(crate) fn run(arguments: &TestArguments) -> Result<ExitCode, CliError> {
    let (program, time) = plan::program(arguments)?;
    let seed = arguments.seed.unwrap_or_else(new_seed);
    // Mistakes are told before anything runs.
    plan::plan(arguments, &program, seed)?;
    let settings = Settings {
        time,
        judge: RunOptions {
            availability: arguments.availability.unwrap_or_default(),
            jepsen_compat: arguments.jepsen_compat,
            require_faults: arguments.require_faults,
        },
        store: store_root(&arguments.store),
        max_line: arguments.max_line,
        log_stderr: arguments.log_stderr,
        log_net_send: arguments.log_net_send,
        log_net_recv: arguments.log_net_recv,
        interrupt: Interrupt::install_signal_handlers()
            .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?,
        command: command_of(seed),
    };
    if arguments.check_determinism {
        if time == TimeArgument::Real {
            return Err(CliError::usage("executables in real time are never deterministic")
                .hint("--check-determinism works with embedded nodes in virtual time"));
        }
        return check_determinism(&plan::plan(arguments, &program, seed)?, &settings);
    }
    if arguments.test_count > 1 {
        return many(arguments, &program, seed, &settings);
    }
    let plan = plan::plan(arguments, &program, seed)?;
    let progress = match time {
        TimeArgument::Real => Progress::of_run(&arguments.workload),
        TimeArgument::Virtual => Progress::none(),
    };
    let executed = execute(&plan, &settings, &progress)?;
    progress.clear();
    print!("{}", summary::whole(&plan, &executed, &settings.judge, &settings.command));
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

/// The command line that repeats this run: what was typed, with the seed.
fn command_of(seed: u64) -> String {
    let mut words: Vec<String> = vec!["glomers".to_owned()];
    let mut typed = std::env::args().skip(1).peekable();
    let mut has_seed = false;
    while let Some(word) = typed.next_if(|word| word != "--") {
        has_seed |= word == "--seed" || word.starts_with("--seed=");
        words.push(quoted(&word));
    }
    if !has_seed {
        words.push(format!("--seed {seed}"));
    }
    words.extend(typed.map(|word| quoted(&word)));
    words.join(" ")
}

fn quoted(word: &str) -> String {
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
    // In blocks, so that what is printed is in order and a failure ends it soon.
    let block = 8 * pool.current_num_threads() as u64;
    let mut done = 0;
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
            if is_good {
                continue;
            }
            progress.clear();
            println!("{done} runs; the last, seed {}, is not valid:\n", plan.seed);
            let command = format!(
                "{} (with --seed {} and without --test-count)",
                settings.command, plan.seed
            );
            print!("{}", summary::whole(&plan, &executed, &settings.judge, &command));
            return Ok(exit_code(&executed.report, &settings.judge));
        }
    }
    progress.clear();
    println!("{}", total.text(first));
    println!("\nEverything looks good! ヽ(‘ー`)ノ");
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
        self.idle_faults += executed.report.warnings.len();
        if let Some(found) = summary::latencies(&executed.report, "stable-latencies") {
            self.with_latencies += 1;
            for (sum, value) in self.observed.iter_mut().zip(found) {
                *sum += value;
            }
        }
    }

    fn text(&self, first: u64) -> String {
        let mut text = format!(
            "{} runs, seeds {first} to {}: all valid.\n  means: {:.3} messages between servers per operation",
            self.runs,
            first.wrapping_add(self.runs - 1),
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

/// Runs twice and compares every file, or everything that can be observed.
fn check_determinism(plan: &Plan, settings: &Settings) -> Result<ExitCode, CliError> {
    let scratch;
    let root = match &settings.store {
        Some(root) => root.clone(),
        None => {
            scratch = Scratch::new()?;
            scratch.path.clone()
        }
    };
    let stored = Settings { store: Some(root), ..settings.clone() };
    let first = execute(plan, &stored, &Progress::none())?;
    let second = execute(plan, &stored, &Progress::none())?;
    let (Some(a), Some(b)) = (&first.directory, &second.directory) else {
        return Err(CliError::machine("the runs were not stored"));
    };
    match glomers_store::compare(a, b)? {
        None => {
            println!(
                "Deterministic: two runs of seed {} left the same bytes ({} operations, {} messages).",
                plan.seed,
                first.report.outcome.net.operations,
                first.report.outcome.net.all().sent
            );
            print!("{}", summary::whole(plan, &second, &settings.judge, &settings.command));
            Ok(exit_code(&second.report, &settings.judge))
        }
        Some(difference) => {
            println!("NOT deterministic: two runs of seed {} differ.\n{difference}", plan.seed);
            println!("  a: {}\n  b: {}", a.display(), b.display());
            println!("A node may only use cx.now(), cx.rng() and glomers_node::{{Map, Set}}.");
            Ok(ExitCode::from(1))
        }
    }
}

/// A folder that is gone afterwards.
struct Scratch {
    path: std::path::PathBuf,
}

impl Scratch {
    fn new() -> Result<Scratch, CliError> {
        let path = std::env::temp_dir().join(format!("glomers-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| {
            CliError::machine(format!("{} cannot be made: {error}", path.display()))
        })?;
        Ok(Scratch { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
