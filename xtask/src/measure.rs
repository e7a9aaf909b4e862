//! What a command uses: CPU time, time on the wall, memory.
//!
//! The kernel tells the usage of all children that a process has waited for, so
//! each command is run by a process of its own: this program again.

use std::ffi::OsStr;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// What precedes the figures, which are the last line of the output.
const WORD: &str = "__measured";

/// What a command used, with all processes that it started and waited for.
pub(crate) struct Measured {
    /// Seconds.
    pub(crate) cpu: f64,
    /// Seconds.
    pub(crate) wall: f64,
    /// The most that one of these processes had resident, MB.
    pub(crate) memory: f64,
    pub(crate) exit: i32,
    /// What it printed.
    pub(crate) output: String,
}

/// Runs a command in the folder `directory` and measures it.
pub(crate) fn run<S: AsRef<OsStr>>(
    program: &std::path::Path,
    arguments: &[S],
    directory: &std::path::Path,
) -> Result<Measured, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(this)
        .arg("__measure")
        .arg(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} cannot be measured: {error}", program.display()))?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let refuse = || format!("{} was not measured", program.display());
    let (before, figures) = output.rsplit_once(WORD).ok_or_else(refuse)?;
    let figures: Vec<f64> = figures.split_whitespace().filter_map(|f| f.parse().ok()).collect();
    let [cpu, wall, memory, exit] = figures[..] else { return Err(refuse()) };
    Ok(Measured { cpu, wall, memory, exit: exit as i32, output: before.to_owned() })
}

/// The hidden command: runs another, then prints what it used.
pub(crate) fn measure(command: &[String]) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "this measures real time")]
    let started = Instant::now();
    let status = match Command::new(&command[0]).args(&command[1..]).status() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{} cannot be run: {error}", command[0]);
            return ExitCode::from(255);
        }
    };
    let wall = started.elapsed().as_secs_f64();
    let usage = match getrusage(UsageWho::RUSAGE_CHILDREN) {
        Ok(usage) => usage,
        Err(error) => {
            eprintln!("the usage is not known: {error}");
            return ExitCode::from(255);
        }
    };
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    // In KiB, but in bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    let memory = usage.max_rss() as f64 * unit / 1e6;
    println!("\n{WORD} {cpu} {wall} {memory} {}", status.code().unwrap_or(-1));
    ExitCode::SUCCESS
}
