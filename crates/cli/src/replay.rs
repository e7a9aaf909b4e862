//! `glomers replay`: a stored run again.

use std::path::Path;
use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_history::History;
use glomers_protocol::printable;
use glomers_report::trace::to_text;
use glomers_session::trace::Trace;
use glomers_session::{BUILD, Comparison, ReplayFile, Scratch, Session, SessionError, Test};
use glomers_sim::{Host, NodeProgram, Plan, run_virtual_to};
use glomers_store::Recovered;
use glomers_trials::EMBEDDED;

use crate::arguments::ReplayArguments;
use crate::error::CliError;
use crate::execute::{blame, execute, store_root};
use crate::log_net::Show;
use crate::progress::Progress;
use crate::replay_log::Watch;
use crate::shell::quoted;
use crate::trust::TrustArguments;
use crate::{out, summary};

/// How many events before a difference are shown.
const SHARED: usize = 6;
/// How many events from a difference on.
const SHOWN: usize = 6;

pub(crate) fn run(arguments: &ReplayArguments) -> Result<ExitCode, CliError> {
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    run_until(arguments, &interrupt)
}

/// As [`run`], until somebody wishes that it ends.
pub(crate) fn run_until(
    arguments: &ReplayArguments,
    interrupt: &Interrupt,
) -> Result<ExitCode, CliError> {
    let recovered = glomers_session::open(&arguments.directory)?;
    let ReplayFile { build, plan: stored, judge } = ReplayFile::read(recovered.replay())?;
    if let Some(test) = Test::of(recovered.directory()) {
        return of_test(arguments, &test, &recovered, &stored);
    }
    if build != BUILD && !arguments.anyway {
        return Err(CliError::usage(format!(
            "this run was made by build {build}, but this is build {BUILD}: the same Plan may run \
             otherwise here"
        ))
        .hint("use that build, or --anyway to see how it runs here"));
    }
    let mut plan = match &arguments.plan {
        None => stored.clone(),
        Some(file) => {
            let bytes = std::fs::read(file).map_err(|error| {
                CliError::usage(format!("{} cannot be read: {error}", file.display()))
            })?;
            ReplayFile::read(&bytes)?.plan
        }
    };
    plan.validate().map_err(SessionError::from)?;
    plan.program = arguments.nodes.program(&plan, "replay", "store")?;
    let session = Session {
        embedded: &EMBEDDED,
        judge,
        interrupt: Some(interrupt.clone()),
        command: format!("glomers replay {}", arguments.directory.display()),
        ..Session::default()
    };
    match plan.host {
        Host::Processes => return processes(arguments, &plan, session, interrupt),
        Host::Traced { .. } if !arguments.anyway => {
            glomers_session::check_files(recovered.directory())?;
        }
        _ => {}
    }
    recovered.replay_damage().iter().for_each(out::error);
    if arguments.log || arguments.until.is_some() {
        return look(arguments, &plan, &session);
    }
    let scratch = Scratch::new()?;
    let session = Session {
        store: Some(scratch.path.clone()),
        derives: recovered.has_derived_files(),
        // Byte for byte, whichever build wrote it.
        replay: arguments.plan.is_none().then(|| recovered.replay().to_owned()),
        ..session
    };
    let executed = execute(&session, &plan, Show::default(), &Progress::none())
        .map_err(|error| blame(&scratch, error))?;
    if interrupt.is_requested() {
        out::line("Interrupted: nothing was compared.");
        return Ok(ExitCode::from(130));
    }
    let directory = executed.directory.as_deref().unwrap_or(&scratch.path);
    let comparison = Comparison::of((&recovered, &stored), (directory, &plan))?;
    let history = &executed.report.outcome.history;
    let verdict = summary::word(executed.report.validity(&session.judge));
    Ok(tell(&comparison, &recovered, history, verdict))
}

/// Has a test do its run again, and compares. Its nodes live in the test's program, so
/// nothing else can run them.
fn of_test(
    arguments: &ReplayArguments,
    test: &Test,
    recovered: &Recovered,
    plan: &Plan,
) -> Result<ExitCode, CliError> {
    let ReplayArguments { log, until, plan: edited, nodes, .. } = arguments;
    let TrustArguments { bin, trust, .. } = nodes;
    if *log || until.is_some() || edited.is_some() || bin.is_some() {
        return Err(CliError::usage("the nodes of this run live in a test, which only repeats it")
            .hint(
                "leave out --log, --until, --plan and --bin; glomers trace shows what happened",
            ));
    }
    let (program, name) = (test.program.to_string_lossy(), &test.name);
    if !trust {
        let words = format!("{} --exact {}", quoted(&program), quoted(name));
        return Err(CliError::usage(format!("a test did this run: {}", printable(&words))).hint(
            "a store may come from anybody, so replay starts nothing that it names: say --trust if \
             the test is your own",
        ));
    }
    let scratch = Scratch::new()?;
    let (replay, again) = (scratch.path.join("replay.json"), scratch.path.join("run"));
    std::fs::write(&replay, recovered.replay())
        .map_err(|error| CliError::machine(format!("{}: {error}", replay.display())))?;
    if !test.run_again(&replay, &again)? {
        return Err(CliError::usage(format!("the test {} has no such run now", printable(name)))
            .hint("it was changed since, or ended before it came to this run"));
    }
    let comparison = Comparison::of((recovered, plan), (&again, plan))?;
    Ok(tell(&comparison, recovered, recovered.history(), verdict_in(&again)))
}

/// What the results of a run say, in a word.
fn verdict_in(directory: &Path) -> &'static str {
    let bytes = std::fs::read(directory.join("results.json")).unwrap_or_default();
    let results: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    summary::word(match results["valid?"].as_bool() {
        Some(true) => Validity::Valid,
        Some(false) => Validity::Invalid,
        None => Validity::Unknown,
    })
}

/// Says what came of comparing the two runs.
fn tell(
    comparison: &Comparison,
    recovered: &Recovered,
    history: &History,
    verdict: &str,
) -> ExitCode {
    match comparison {
        Comparison::Differs { before, now, place } => {
            out::line("The replay differs from the stored run. The first difference:\n");
            out::text(&side_by_side(before, now, *place));
            ExitCode::from(1)
        }
        Comparison::FilesDiffer(difference) => {
            out::line("What happened is the same, but files of the store differ. The first:\n");
            out::line(difference);
            ExitCode::from(1)
        }
        Comparison::SameSoFar { events } => {
            recovered.losses().iter().for_each(out::line);
            if *events == 0 {
                out::line(
                    "Nothing is left of the stored run that a replay could be compared with.",
                );
                return ExitCode::from(2);
            }
            if recovered.is_damaged() {
                out::line(format_args!(
                    "The replay is the same as far as the stored run can be read, which is \
                     {events} events; the rest is damaged and could not be compared."
                ));
                return ExitCode::from(2);
            }
            out::line(format_args!(
                "The stored run was cut off after {events} events; the replay is the same until \
                 then."
            ));
            ExitCode::SUCCESS
        }
        Comparison::Same { messages } => {
            let operations = history.ops().iter().filter(|op| op.process.is_client()).count();
            out::line(format_args!(
                "The same run, byte for byte: {messages} messages, {operations} beginnings and \
                 ends of operations.\nIts verdict: {verdict}."
            ));
            ExitCode::SUCCESS
        }
    }
}

fn side_by_side(before: &Trace, now: &Trace, place: usize) -> String {
    let part = |trace: &Trace, from: usize, to: usize| Trace {
        nodes: trace.nodes.clone(),
        events: trace.events[from.min(trace.events.len())..to.min(trace.events.len())].to_vec(),
        before: from,
        after: 0,
    };
    let mut text = to_text(&part(before, place.saturating_sub(SHARED), place));
    let mut side = |name: &str, trace: &Trace| {
        text += &format!("\n{name}\n");
        let shown = Trace { before: 0, ..part(trace, place, place + SHOWN) };
        match shown.events.is_empty() {
            true => text += "  (over: nothing more happens)\n",
            false => text += &to_text(&shown),
        }
    };
    side("stored:", before);
    side("replayed:", now);
    text
}

/// Runs until a moment and shows what there is then, or shows the nodes' logs.
fn look(
    arguments: &ReplayArguments,
    plan: &Plan,
    session: &Session<'_>,
) -> Result<ExitCode, CliError> {
    let usage = |error: String| CliError::usage(error);
    let mut workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| usage(error.to_string()))?;
    let mut host = session.stepped_host(plan)?;
    let mut watch = Watch::new(&plan.nodes, arguments.log);
    let moment = match arguments.until {
        Some(until) => glomers_history::Time::ZERO + until,
        None => glomers_history::Time::MAX,
    };
    let snapshot = run_virtual_to(plan, &mut *workload, &mut *host, &mut watch, moment)
        .map_err(|error| usage(error.to_string()))?;
    if arguments.until.is_some() {
        out::text(&watch.describe(&snapshot));
    }
    Ok(ExitCode::SUCCESS)
}

/// Repeats the schedule of operations and faults with processes.
fn processes(
    arguments: &ReplayArguments,
    plan: &Plan,
    session: Session<'_>,
    interrupt: &Interrupt,
) -> Result<ExitCode, CliError> {
    if arguments.until.is_some() || arguments.log {
        return Err(CliError::usage("--until and --log need a run in virtual time")
            .hint("this one was of free processes, which nobody can stop at a moment"));
    }
    out::line(
        "Free processes keep their own time. The schedule of operations and faults is repeated,\n\
         and that is all that can be: what the nodes do in between may differ.\n",
    );
    if let NodeProgram::Program { path, .. } = &plan.program {
        glomers_bench::check_program(Path::new(path))?;
    }
    let _guard = interrupt.guard();
    let session = Session { store: store_root(&arguments.store)?, ..session };
    let progress = Progress::of_run("replay");
    let executed = execute(&session, plan, Show::default(), &progress)?;
    progress.clear();
    out::text(&summary::whole(plan, &executed, &session.judge, &session.command));
    Ok(crate::test::exit_code(&executed.report, &session.judge))
}
