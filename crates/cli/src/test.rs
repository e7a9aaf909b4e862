//! `glomers test`.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_session::{Executed, RunOptions, RunReport, Scratch, Session, many};
use glomers_sim::{Ended, Host, NodeProgram, Plan};
use glomers_trials::EMBEDDED;

use crate::arguments::TestArguments;
use crate::arguments::values::StoreFormat;
use crate::ci::{Run, Runs};
use crate::error::CliError;
use crate::execute::{blame, execute, store_root};
use crate::log_net::Show;
use crate::progress::Progress;
use crate::shell::quoted;
use crate::stops::Stops;
use crate::{ignored, out, plan, summary};

/// What reports call the runs of this command.
const SUITE: &str = "glomers test";

pub(crate) fn run(arguments: &TestArguments) -> Result<ExitCode, CliError> {
    let (program, host) = plan::program(arguments)?;
    let seed = arguments.seed.unwrap_or_else(new_seed);
    // Mistakes are reported before anything runs.
    plan::plan(arguments, (&program, host), seed)?;
    ignored::notes(arguments, host).iter().for_each(out::note);
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let session = Session {
        embedded: &EMBEDDED,
        judge: RunOptions {
            availability: arguments.availability.unwrap_or_default(),
            jepsen_compat: arguments.jepsen_compat,
            require_faults: arguments.faults.require_faults,
            require_overlap: arguments.require_overlap,
            ..RunOptions::default()
        },
        store: store_root(&arguments.store)?,
        derives: arguments.store_format == StoreFormat::Full,
        max_line: arguments.max_line,
        max_log: arguments.max_log as u64,
        log_stderr: arguments.log_stderr,
        interrupt: Some(interrupt.clone()),
        record_stops: arguments.traced.record_stops.clone(),
        command: command_of(seed, arguments.test_count),
        ..Session::default()
    };
    let command = TestRuns { arguments, program: &program, host, first: seed, interrupt };
    if arguments.check_determinism {
        if arguments.ci.junit.is_some() || arguments.ci.one_line {
            return Err(CliError::usage("--check-determinism prints its own result")
                .hint("leave out --junit and --one-line, or run without --check-determinism"));
        }
        if host == Host::Processes {
            return Err(CliError::usage("executables in real time are never deterministic")
                .hint("add --time virtual, or name an embedded node with --node"));
        }
        return command.check_determinism(&session);
    }
    if arguments.test_count > 1 {
        return command.many(&session);
    }
    let plan = plan::plan(arguments, (&program, host), seed)?;
    let mut runs = Runs::new(&arguments.ci, SUITE)?;
    let progress = match host {
        Host::Processes => Progress::of_run(&arguments.workload),
        _ => Progress::none(),
    };
    let executed = execute(&session, &plan, command.show(), &progress)?;
    progress.clear();
    let run = Run {
        plan: &plan,
        executed: &executed,
        options: &session.judge,
        command: &session.command,
    };
    runs.add(&run);
    runs.page(&run, true)?;
    runs.show(&run);
    runs.finish()?;
    Ok(exit_code(&executed.report, &session.judge))
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

/// The runs of one command.
struct TestRuns<'a> {
    arguments: &'a TestArguments,
    program: &'a NodeProgram,
    host: Host,
    first: u64,
    interrupt: Interrupt,
}

impl TestRuns<'_> {
    fn show(&self) -> Show {
        let TestArguments { log_stderr, log_net_send, log_net_recv, .. } = *self.arguments;
        Show { logs: log_stderr, sent: log_net_send, received: log_net_recv }
    }

    fn plan(&self, number: u64) -> Result<Plan, CliError> {
        plan::plan(self.arguments, (self.program, self.host), self.first.wrapping_add(number))
    }

    /// Several seeds; the first run that is not valid ends it.
    fn many(&self, session: &Session<'_>) -> Result<ExitCode, CliError> {
        let threads = match (self.host, self.arguments.threads) {
            (Host::Processes, _) => NonZero::new(1),
            (_, threads) => threads.map(usize::from).and_then(NonZero::new),
        };
        let count = self.arguments.test_count;
        let progress = Progress::of_runs(count);
        let mut total = Totals::default();
        let mut runs = Runs::new(&self.arguments.ci, SUITE)?;
        // A Ctrl-C between two runs counts as one in the next.
        let _guard = self.interrupt.guard();
        let job = |number| {
            let plan = self.plan(number)?;
            let executed = execute(session, &plan, self.show(), &Progress::none())?;
            progress.advance();
            Ok((plan, executed))
        };
        let last = many(count, threads, job, |_, result: Result<(Plan, Executed), CliError>| {
            let (plan, executed) = match result {
                Ok(ran) => ran,
                Err(error) => return ControlFlow::Break(Err(error)),
            };
            total.add(&executed);
            let command = command_of(plan.seed, 1);
            let run = Run {
                plan: &plan,
                executed: &executed,
                options: &session.judge,
                command: &command,
            };
            runs.add(&run);
            if let Err(error) = runs.page(&run, false) {
                return ControlFlow::Break(Err(error));
            }
            match run.is_good() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(Ok((plan, executed, command))),
            }
        });
        progress.clear();
        let last = last.transpose()?;
        runs.finish()?;
        let Some((plan, executed, command)) = last else {
            out::line(total.text(self.first, session, self.arguments.ci.one_line));
            if !self.arguments.ci.one_line {
                out::line("\nEverything looks good! ヽ(‘ー`)ノ");
            }
            return Ok(ExitCode::SUCCESS);
        };
        let run =
            Run { plan: &plan, executed: &executed, options: &session.judge, command: &command };
        if !self.arguments.ci.one_line {
            let (done, seed) = (summary::counted(total.runs, "run"), plan.seed);
            out::line(match executed.report.outcome.ended {
                Ended::Interrupted => {
                    format!("{done}; the last, seed {seed}, was cut short:\n")
                }
                _ => format!("{done}; the last, seed {seed}, is not valid:\n"),
            });
        }
        runs.show(&run);
        Ok(exit_code(&executed.report, &session.judge))
    }

    /// Runs every seed twice and compares every file.
    fn check_determinism(&self, session: &Session<'_>) -> Result<ExitCode, CliError> {
        let scratch = if session.store.is_none() { Some(Scratch::new()?) } else { None };
        let root = match (&session.store, &scratch) {
            (Some(root), _) => root.clone(),
            (None, scratch) => {
                scratch.as_ref().map(|scratch| scratch.path.clone()).unwrap_or_default()
            }
        };
        let stored = Session { store: Some(root), ..session.clone() };
        let _guard = self.interrupt.guard();
        let mut last = None;
        for number in 0..self.arguments.test_count {
            let plan = self.plan(number)?;
            let seed = plan.seed;
            let is_traced = matches!(self.host, Host::Traced { .. });
            let stops = Stops::new(is_traced, session)?;
            let run = |name: &str| -> Result<_, CliError> {
                let stored = Session { record_stops: stops.folder(name), ..stored.clone() };
                let mut executed = execute(&stored, &plan, self.show(), &Progress::none())
                    .map_err(|error| match &scratch {
                        Some(scratch) => blame(scratch, error),
                        None => error,
                    })?;
                let directory = executed.directory.clone();
                if session.store.is_none() {
                    // It will not be there for long.
                    executed.directory = None;
                }
                Ok((executed, directory.unwrap_or_default()))
            };
            let ((_, a), (second, b)) = (run("a")?, run("b")?);
            if self.interrupt.is_requested() {
                // Two runs cut short at two moments differ, and that proves nothing.
                last = Some((plan, second));
                break;
            }
            if let Some(difference) = glomers_store::compare(&a, &b)? {
                out::line(format_args!(
                    "NOT deterministic: two runs of seed {seed} differ. {difference}"
                ));
                if session.store.is_some() {
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
            let is_good = second.report.validity(&session.judge) == Validity::Valid;
            last = Some((plan, second));
            if !is_good {
                break;
            }
        }
        let Some((plan, executed)) = last else { unreachable!("there is one run at least") };
        if !self.interrupt.is_requested() {
            let runs = match plan.seed.wrapping_sub(self.first) {
                0 => format!("two runs of seed {}", self.first),
                _ => format!("two runs of each seed from {} to {}", self.first, plan.seed),
            };
            let net = &executed.report.outcome.net;
            out::line(format_args!(
                "Deterministic: {runs} left the same bytes (the last: {} operations, {} messages).",
                net.operations,
                net.all().sent
            ));
        }
        out::text(&summary::whole(&plan, &executed, &session.judge, &session.command));
        Ok(exit_code(&executed.report, &session.judge))
    }
}

/// What many runs have in common.
#[derive(Default)]
struct Totals {
    runs: u64,
    messages_per_operation: f64,
    observed: [u64; 4],
    with_latencies: u64,
    idle_faults: usize,
}

impl Totals {
    fn add(&mut self, executed: &Executed) {
        self.runs += 1;
        self.messages_per_operation += executed.report.outcome.net.servers_per_operation();
        self.idle_faults += executed.report.idle_faults;
        if let Some(found) = executed.report.verdict.measured.observed {
            self.with_latencies += 1;
            let found = [found.median, found.p95, found.p99, found.max];
            for (sum, value) in self.observed.iter_mut().zip(found) {
                *sum += value;
            }
        }
    }

    /// In one line.
    fn head(&self, first: u64, session: &Session<'_>) -> String {
        let last = first.wrapping_add(self.runs - 1);
        let stored = session.store.as_ref();
        let stored = stored.map_or(String::new(), |path| format!(" Stored in {}.", path.display()));
        format!("{} runs, seeds {first} to {last}: all valid.{stored}", self.runs)
    }

    fn text(&self, first: u64, session: &Session<'_>, one_line: bool) -> String {
        if one_line {
            return self.head(first, session);
        }
        let mut text = format!(
            "{}\n  means: {:.3} messages between servers per operation",
            self.head(first, session),
            self.messages_per_operation / self.runs as f64
        );
        if self.with_latencies > 0 {
            let [median, p95, p99, max] = self.observed.map(|sum| sum / self.with_latencies);
            text += &format!(
                "; stable latencies: median {median} ms, 0.95 {p95} ms, 0.99 {p99} ms, max {max} ms"
            );
        }
        if self.idle_faults > 0 {
            let faults = summary::counted(self.idle_faults as u64, "fault");
            text += &format!("\n  warning: {faults} touched nothing");
        }
        text
    }
}
