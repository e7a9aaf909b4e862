//! The command `glomers`: reads arguments, runs Plans, says what came of it.

mod arguments;
mod challenge;
mod check;
mod ci;
mod compare;
#[cfg(test)]
mod damage;
mod doc;
mod doctor;
mod error;
mod execute;
mod export;
mod faults;
mod findings;
mod frontier;
mod gallery;
mod hunt;
mod ignored;
mod junit;
mod links;
mod log_net;
mod measured;
mod merge;
mod new;
mod next_step;
mod node_choice;
mod number;
mod out;
mod panics;
mod plan;
mod progress;
mod recover;
mod replay;
mod replay_log;
mod report;
mod scenario;
mod serve;
mod shell;
mod shrink;
mod stops;
mod summary;
mod test;
mod trace;
mod trust;
mod typed;

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};

use arguments::{Arguments, Command};
use error::CliError;

fn main() -> ExitCode {
    panics::caught(command)
}

fn command() -> ExitCode {
    let parsed = match parsed() {
        Ok(parsed) => parsed,
        Err(error) => {
            out::error(&error);
            return ExitCode::from(error.exit);
        }
    };
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(mut error) => {
            // That a word may stand behind `--` is true, and never what was meant.
            error.remove(ContextKind::Suggested);
            let asked_for = matches!(
                error.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            let printed = error.print();
            if !asked_for {
                return ExitCode::from(error::USAGE);
            }
            out::printed(printed);
            return out::finish(ExitCode::SUCCESS);
        }
    };
    // A file that may not grow is an error that is reported, not the end of the program. If the
    // system refuses, it is as before.
    let _ = signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, Arc::default());
    // What a node as a process says about its panics belongs into its log.
    if !matches!(arguments.command, Command::Node { .. }) {
        panics::install_hook();
    }
    out::finish(dispatch(arguments.command).unwrap_or_else(|error: CliError| {
        out::error(&error);
        ExitCode::from(error.exit)
    }))
}

/// Does what was asked for.
fn dispatch(command: Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Challenge(arguments) => challenge::run(&arguments),
        Command::Run(arguments) => scenario::run(&arguments),
        Command::Frontier(arguments) => frontier::run(&arguments),
        Command::Gallery(arguments) => gallery::run(&arguments),
        Command::Hunt(arguments) => hunt::run(&arguments),
        Command::Shrink(arguments) => shrink::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Recover(arguments) => recover::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            // Into memory first: the generator panics if nobody reads on.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "glomers", &mut script);
            out::text(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
        Command::Doc(arguments) => doc::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Doctor => doctor::run(),
        Command::Man { folder } => man(&folder),
        Command::Watchdog => Ok(glomers_bench::watchdog_main()),
        Command::Node { name, arguments } => node(&name, &arguments),
    }
}

/// What was typed: as it is taken here, then parsed.
fn parsed() -> Result<Result<Arguments, clap::Error>, CliError> {
    // Of several values of one flag the last counts, as in Maelstrom.
    let parser = Arguments::command().mut_subcommands(|command| command.args_override_self(true));
    let words: Result<Vec<String>, _> =
        std::env::args_os().map(std::ffi::OsString::into_string).collect();
    let matches = match words {
        Ok(words) => {
            let typed = typed::prepare(words, &parser)?;
            typed.notes.iter().for_each(out::note);
            parser.try_get_matches_from(typed.words)
        }
        // What is no Unicode is the parser's to refuse.
        Err(_) => parser.try_get_matches(),
    };
    Ok(matches.and_then(|matches| {
        let mut arguments = Arguments::from_arg_matches(&matches)?;
        if let (Command::Test(test), Some(("test", given))) =
            (&mut arguments.command, matches.subcommand())
        {
            test.given = ignored::given(given);
        }
        if let (Command::Hunt(hunt), Some(("hunt", given))) =
            (&mut arguments.command, matches.subcommand())
            && let Some(command) = Arguments::command().find_subcommand("hunt")
        {
            hunt.typed = ignored::words(command, given, &hunt::OF_ONE_PROCESS);
        }
        Ok(arguments)
    }))
}

/// Runs an embedded node on stdin and stdout: how `--time real` makes free
/// processes of them.
fn node(name: &str, arguments: &[String]) -> Result<ExitCode, CliError> {
    let arguments = glomers_nodes::process_arguments(name, arguments.to_vec());
    let process = glomers_trials::make_embedded(name, &arguments)
        .map_err(|error| CliError::usage(error.to_string()))?;
    Ok(glomers_node::run(process))
}

/// Writes a page for each command, as `man` reads it.
fn man(folder: &std::path::Path) -> Result<ExitCode, CliError> {
    let written = clap_mangen::generate_to(Arguments::command(), folder);
    written.map_err(|error| CliError::machine(format!("{}: {error}", folder.display())))?;
    Ok(ExitCode::SUCCESS)
}
