//! `glomers serve`: stores in the browser.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use glomers_serve::{Options, Reports, Server};
use glomers_session::Interrupt;

use crate::error::CliError;
use crate::{out, report};

/// The fewest letters of a token.
const SHORTEST: usize = 16;

const EXAMPLES: &str = "\
Examples:
  glomers serve                            the runs in store, at http://127.0.0.1:8080/
  glomers serve runs --port 0              another folder, at a port that is free
  glomers serve --host 0.0.0.0 --token \"$(openssl rand -hex 16)\"
                                           for others, who must know the token

It only reads: no request changes a file or starts a program.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// The folder of the stores
    #[arg(default_value = "store", value_name = "DIR")]
    root: PathBuf,

    /// The address to listen at; one that others can reach needs --token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,

    /// The port; 0: one that is free
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,

    /// What visitors must know: letters, digits, - and _, 16 at least
    #[arg(long, value_name = "TEXT")]
    token: Option<String>,
}

pub(crate) fn run(arguments: &ServeArguments) -> Result<ExitCode, CliError> {
    let ServeArguments { root, host, port, token } = arguments;
    if !root.is_dir() {
        return Err(CliError::usage(format!("{} is no folder", root.display()))
            .hint("name the folder of the stores; glomers test makes one, called store"));
    }
    if !host.is_loopback() && token.is_none() {
        return Err(CliError::usage(format!("others can reach {host}, and there is no --token"))
            .hint("add --token with 16 letters or more that nobody guesses"));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if token.as_ref().is_some_and(|token| token.len() < SHORTEST || !token.chars().all(is_plain)) {
        return Err(CliError::usage(format!(
            "--token takes letters, digits, - and _, and {SHORTEST} of them at least"
        ))
        .hint("openssl rand -hex 16 makes one"));
    }
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let options = Options { root: root.clone(), host: *host, port: *port, token: token.clone() };
    let server = Server::bind(options).map_err(|error| {
        CliError::machine(format!("{host}, port {port}, cannot be listened at: {error}"))
            .hint("--port 0 takes a port that is free")
    })?;
    let _guard = interrupt.guard();
    let query = token.as_ref().map_or(String::new(), |token| format!("?token={token}"));
    out::line(format_args!("Serving {} at http://{}/{query}", root.display(), server.address));
    out::line("Ctrl-C ends it.");
    let stopped = {
        let interrupt = interrupt.clone();
        move || interrupt.is_requested()
    };
    server
        .run(Box::new(Pages), stopped)
        .map_err(|error| CliError::machine(format!("the server ended: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

/// Judges runs and makes their pages.
struct Pages;

impl Reports for Pages {
    fn report(&self, run: &Path, bodies: &str) -> Result<String, String> {
        report::of_store(run, Some(bodies.to_owned())).map_err(|error| error.to_string())
    }

    fn side_by_side(&self, left: &Path, right: &Path) -> Result<String, String> {
        report::of_two(left, right).map_err(|error| error.to_string())
    }
}
