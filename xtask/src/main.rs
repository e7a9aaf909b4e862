//! Chores of the repository: `cargo xtask targets`, `cargo xtask determinism`,
//! `cargo xtask runtimes`, `cargo xtask dist`.
//! The house rules are tests of this package.

mod build;
mod deb;
mod determinism;
mod dist;
mod measure;
mod readings;
mod runtimes;
mod table;
mod targets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Chores of the repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure every target and print goals and figures as one table
    Targets {
        /// Leave out what takes long or runs in real time
        #[arg(long)]
        quick: bool,
        /// Only rows whose names contain this
        #[arg(value_name = "WORDS")]
        only: Option<String>,
    },
    /// Show that one seed leaves one store: twice, on 1 and 8 threads, debug and
    /// release, with bodies typed and as JSON
    Determinism {
        /// How many seeds of each workload
        #[arg(long, value_name = "N", default_value_t = 50,
              value_parser = clap::value_parser!(u64).range(2..))]
        seeds: u64,
        /// Only run twice in release, but every node under every fault
        #[arg(long)]
        twice: bool,
    },
    /// Run a node of each runtime that this machine has in virtual time, each seed
    /// twice, under faults
    Runtimes {
        /// How many seeds with 5 nodes; a fifth as many with 25
        #[arg(long, value_name = "N", default_value_t = 12)]
        seeds: u64,
        /// Only runtimes whose names contain this
        #[arg(value_name = "WORDS")]
        only: Option<String>,
        /// In place of that: so many runs over all runtimes, every fifth of them killed;
        /// none may hang or leave a process behind
        #[arg(long, value_name = "N", conflicts_with = "seeds")]
        soak: Option<u64>,
        /// In place of that: how much faster than real time nodes are that broadcast
        #[arg(long, conflicts_with_all = ["seeds", "soak"])]
        speed: bool,
        /// A command that is built already, in place of a release build
        #[arg(long, value_name = "FILE")]
        glomers: Option<std::path::PathBuf>,
    },
    /// Build what a release offers: a static program with man pages, completions and
    /// licences, as an archive with its checksum
    Dist {
        /// The folder to write it to
        #[arg(long, value_name = "DIR", default_value = "target/dist")]
        out: std::path::PathBuf,
        /// Build once more in another folder and compare the bytes
        #[arg(long)]
        twice: bool,
        /// Make the Debian package, too; install it into an empty root, try it, remove it
        #[arg(long)]
        deb: bool,
    },
    /// Runs a command and says what it used
    #[command(hide = true, name = "__measure")]
    Measure {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Targets { quick, only } => targets::run(quick, only.as_deref()),
        Command::Determinism { seeds, twice } => determinism::run(seeds, twice),
        Command::Runtimes { seeds, only, soak, speed, glomers } => {
            runtimes::run(&runtimes::Chore { seeds, only, soak, speed, glomers })
        }
        Command::Dist { out, twice, deb } => dist::run(&build::root().join(out), twice, deb),
        Command::Measure { command } => return measure::measure(&command),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(255)
        }
    }
}
