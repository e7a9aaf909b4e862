//! `glomers replay`: a stored run again.

use std::path::Path;
use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_protocol::printable;
use glomers_report::trace::{Event, Trace, What};
use glomers_sim::{InProcessHost, NodeProgram, Plan, SteppedHost, run_virtual_to};
use glomers_store::Recovered;
use glomers_testing::{RunOptions, embedded_factory};
use glomers_warp::{TracedHost, TracedOptions};

use crate::arguments::{ReplayArguments, TimeArgument};
use crate::error::CliError;
use crate::execute::{Executed, Settings, execute, store_root};
use crate::fingerprint;
use crate::panics::Quiet;
use crate::progress::Progress;
use crate::replay_log::Watch;
use crate::scratch::Scratch;
use crate::test::quoted;
use crate::{out, recover, replay_file, summary, trace};

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
    let recovered = recover::open(&arguments.directory)?;
    let build = replay_file::build(recovered.replay())?;
    if build != replay_file::BUILD && !arguments.anyway {
        return Err(CliError::usage(format!(
            "this run was made by build {build}, but this is build {}: the same Plan may run \
             otherwise here",
            replay_file::BUILD
        ))
        .hint("use that build, or --anyway to see how it runs here"));
    }
    let (stored, options) = replay_file::read(recovered.replay())?;
    let mut plan = match &arguments.plan {
        None => stored.clone(),
        Some(file) => {
            let bytes = std::fs::read(file).map_err(|error| {
                CliError::usage(format!("{} cannot be read: {error}", file.display()))
            })?;
            replay_file::read(&bytes)?.0
        }
    };
    plan.validate().map_err(|error| CliError::usage(error.to_string()))?;
    if let Some(program) = program(arguments, &plan)? {
        plan.program = program;
    }
    match plan.program {
        NodeProgram::Program { .. } => return processes(arguments, &plan, &options, interrupt),
        NodeProgram::Traced { .. } if !arguments.anyway => {
            fingerprint::check(recovered.directory())?;
        }
        _ => {}
    }
    recovered.replay_damage().iter().for_each(out::error);
    if arguments.log || arguments.until.is_some() {
        return look(arguments, &plan);
    }
    let scratch = Scratch::new()?;
    let settings = Settings {
        store: Some(scratch.path.clone()),
        // Byte for byte, whichever build wrote it.
        replay: arguments.plan.is_none().then(|| recovered.replay().to_owned()),
        ..settings(arguments, options, interrupt.clone())
    };
    let executed =
        execute(&plan, &settings, &Progress::none()).map_err(|error| scratch.blame(error))?;
    if interrupt.is_requested() {
        out::line("Interrupted: nothing was compared.");
        return Ok(ExitCode::from(130));
    }
    let directory = executed.directory.as_deref().unwrap_or(&scratch.path);
    compare(&recovered, &stored, directory, &plan, &executed, &settings.judge)
}

/// The executable that a replay of free processes runs. A store may come from
/// anybody, so none that it names is started unless its user says so; a node of
/// Glomers itself is run by this Glomers, wherever the store says that one was.
fn program(arguments: &ReplayArguments, plan: &Plan) -> Result<Option<NodeProgram>, CliError> {
    let (path, stored, schedule) = match &plan.program {
        NodeProgram::Program { path, arguments } => (path, arguments, None),
        NodeProgram::Traced { path, arguments, schedule } => (path, arguments, Some(*schedule)),
        NodeProgram::Embedded { .. } => {
            return match arguments.bin.is_some() || arguments.trust {
                false => Ok(None),
                true => Err(CliError::usage("this run was one of embedded nodes")
                    .hint("--bin and --trust are for runs of executables; leave them out")),
            };
        }
    };
    let program = |path: &Path, arguments: &[String]| {
        let path = path.to_str().ok_or_else(|| CliError::usage("--bin must be valid UTF-8"))?;
        let (path, arguments) = (path.to_owned(), arguments.to_owned());
        Ok(Some(match schedule {
            None => NodeProgram::Program { path, arguments },
            Some(schedule) => NodeProgram::Traced { path, arguments, schedule },
        }))
    };
    if let Some(bin) = &arguments.bin {
        return program(&glomers_bench::check_program(bin)?, &arguments.node_arguments);
    }
    if stored.first().is_some_and(|word| word == "__node") {
        let own = std::env::current_exe().map_err(|error| {
            CliError::machine(format!("the path of this program cannot be found: {error}"))
        })?;
        return program(&own, stored);
    }
    if arguments.trust {
        return Ok(Some(plan.program.clone()));
    }
    let words: Vec<String> =
        std::iter::once(path).chain(stored).map(|word| printable(&quoted(word)).into()).collect();
    Err(CliError::usage(format!("this run started an executable: {}", words.join(" "))).hint(
        "a store may come from anybody, so replay starts nothing that it names: name it yourself \
         with --bin FILE -- ARGUMENTS, or say --trust if the run is your own",
    ))
}

/// How a replay runs, but for what stops it.
fn settings(arguments: &ReplayArguments, judge: RunOptions, interrupt: Interrupt) -> Settings {
    Settings {
        time: TimeArgument::Virtual,
        judge,
        store: None,
        max_line: 32 << 20,
        max_log: 64 << 20,
        log_stderr: false,
        log_net_send: false,
        log_net_recv: false,
        interrupt,
        replay: None,
        record_stops: None,
        command: format!("glomers replay {}", arguments.directory.display()),
    }
}

/// Compares the two runs: every file if the stored run came to its end, else what
/// happened until it was cut off.
fn compare(
    recovered: &Recovered,
    stored: &Plan,
    directory: &Path,
    plan: &Plan,
    executed: &Executed,
    judge: &RunOptions,
) -> Result<ExitCode, CliError> {
    let again = recover::open(directory)?;
    let (before, now) = (trace::trace(recovered, stored)?, trace::trace(&again, plan)?);
    let differ = |before: &Trace, now: &Trace, place| {
        out::line("The replay differs from the stored run. The first difference:\n");
        out::text(&side_by_side(before, now, place));
        Ok(ExitCode::from(1))
    };
    if !recovered.is_complete() {
        // Its two streams may have been cut off at different moments.
        for stream in [of_history, of_journal] {
            let (before, now) = (stream(&before), stream(&now));
            let same = |(a, b): &(&Event, &Event)| a == b || is_cut_off(a, b);
            let place = before.events.iter().zip(&now.events).take_while(same).count();
            if place < before.events.len() {
                return differ(&before, &now, place);
            }
        }
        recovered.losses().iter().for_each(out::line);
        let count = before.events.len();
        if count == 0 {
            out::line("Nothing is left of the stored run that a replay could be compared with.");
            return Ok(ExitCode::from(2));
        }
        if recovered.is_damaged() {
            out::line(format_args!(
                "The replay is the same as far as the stored run can be read, which is {count} \
                 events; the rest is damaged and could not be compared."
            ));
            return Ok(ExitCode::from(2));
        }
        out::line(format_args!(
            "The stored run was cut off after {count} events; the replay is the same until then."
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let place = before.events.iter().zip(&now.events).take_while(|(a, b)| a == b).count();
    if place < before.events.len().max(now.events.len()) {
        return differ(&before, &now, place);
    }
    let difference = glomers_store::compare(recovered.directory(), directory);
    if let Some(difference) = difference.map_err(|error| CliError::machine(error.to_string()))? {
        out::line("What happened is the same, but files of the store differ. The first:\n");
        out::line(difference);
        return Ok(ExitCode::from(1));
    }
    let history = &executed.report.outcome.history;
    let operations = history.ops().iter().filter(|op| op.process.is_client()).count();
    out::line(format_args!(
        "The same run, byte for byte: {} messages, {operations} beginnings and ends of operations.\n\
         Its verdict: {}.",
        again.message_count(),
        summary::word(executed.report.validity(judge)),
    ));
    Ok(ExitCode::SUCCESS)
}

/// What the history tells.
fn of_history(trace: &Trace) -> Trace {
    let is_in_it = |what: &What| {
        matches!(what, What::Operation { .. } | What::Fault { .. } | What::State { .. })
    };
    part_of(trace, is_in_it)
}

/// What the journal tells.
fn of_journal(trace: &Trace) -> Trace {
    let is_in_it = |what: &What| {
        !matches!(what, What::Operation { .. } | What::Fault { .. } | What::State { .. })
    };
    part_of(trace, is_in_it)
}

fn part_of(trace: &Trace, is_in_it: impl Fn(&What) -> bool) -> Trace {
    let events = trace.events.iter().filter(|event| is_in_it(&event.what));
    Trace { nodes: trace.nodes.clone(), events: events.cloned().collect(), ..Trace::default() }
}

/// Whether a message's fate is not known only because the stored run was cut off.
fn is_cut_off(stored: &Event, replayed: &Event) -> bool {
    let (
        What::Sent { message: a, fate: None, until: None, body: x },
        What::Sent { message: b, body: y, .. },
    ) = (&stored.what, &replayed.what)
    else {
        return false;
    };
    (stored.time, a, x) == (replayed.time, b, y)
}

fn side_by_side(before: &Trace, now: &Trace, place: usize) -> String {
    let part = |trace: &Trace, from: usize, to: usize| Trace {
        nodes: trace.nodes.clone(),
        events: trace.events[from.min(trace.events.len())..to.min(trace.events.len())].to_vec(),
        before: from,
        after: 0,
    };
    let mut text = part(before, place.saturating_sub(SHARED), place).to_text();
    let mut side = |name: &str, trace: &Trace| {
        text += &format!("\n{name}\n");
        let shown = Trace { before: 0, ..part(trace, place, place + SHOWN) };
        match shown.events.is_empty() {
            true => text += "  (over: nothing more happens)\n",
            false => text += &shown.to_text(),
        }
    };
    side("stored:", before);
    side("replayed:", now);
    text
}

/// Runs until a moment and shows what there is then, or shows the nodes' logs.
fn look(arguments: &ReplayArguments, plan: &Plan) -> Result<ExitCode, CliError> {
    let usage = |error: String| CliError::usage(error);
    let mut workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| usage(error.to_string()))?;
    let mut host: Box<dyn SteppedHost> = match plan.program {
        NodeProgram::Traced { .. } => Box::new(TracedHost::new(plan, TracedOptions::default())?),
        _ => {
            let factory = embedded_factory(plan).map_err(|error| usage(error.to_string()))?;
            Box::new(Quiet(InProcessHost::new(plan, factory)))
        }
    };
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
    options: &RunOptions,
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
    let settings = Settings {
        time: TimeArgument::Real,
        store: store_root(&arguments.store)?,
        ..settings(arguments, options.clone(), interrupt.clone())
    };
    let progress = Progress::of_run("replay");
    let executed = execute(plan, &settings, &progress)?;
    progress.clear();
    out::text(&summary::whole(plan, &executed, options, &settings.command));
    Ok(crate::test::exit_code(&executed.report, options))
}
