//! The command `glomers`: reads arguments, runs Plans, says what came of it.

mod arguments;
mod challenge;
mod check;
mod ci;
mod compare;
mod doctor;
mod error;
mod execute;
mod faults;
mod findings;
mod fingerprint;
mod frontier;
mod gallery;
mod junit;
mod links;
mod log_net;
mod number;
mod out;
mod panics;
mod plan;
mod progress;
mod recover;
mod replay;
mod replay_file;
mod replay_log;
mod scenario;
mod stops;
mod summary;
mod test;
mod trace;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use arguments::{Arguments, Command};
use error::CliError;

fn main() -> ExitCode {
    panics::caught(command)
}

fn command() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked_for = matches!(
                error.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            // If nobody reads what is printed, there is nobody to tell.
            let _ = error.print();
            return if asked_for { ExitCode::SUCCESS } else { ExitCode::from(error::USAGE) };
        }
    };
    // What a node as a process says about its panics belongs into its log.
    if !matches!(arguments.command, Command::Node { .. }) {
        panics::install_hook();
    }
    let result = match arguments.command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Challenge(arguments) => challenge::run(&arguments),
        Command::Run(arguments) => scenario::run(&arguments),
        Command::Frontier(arguments) => frontier::run(&arguments),
        Command::Gallery(arguments) => gallery::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Recover(arguments) => recover::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            // Into memory first: the generator panics if nobody reads on.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "glomers", &mut script);
            out::text(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor => doctor::run(),
        Command::Watchdog => Ok(glomers_bench::watchdog_main()),
        Command::Node { name, arguments } => node(&name, &arguments),
    };
    result.unwrap_or_else(|error: CliError| {
        out::error(&error);
        ExitCode::from(error.exit)
    })
}

/// Runs an embedded node on stdin and stdout: how `--time real` makes free
/// processes of them.
fn node(name: &str, arguments: &[String]) -> Result<ExitCode, CliError> {
    let process = glomers_testing::make_embedded(name, arguments)
        .map_err(|error| CliError::usage(error.to_string()))?;
    Ok(glomers_node::run(process))
}
