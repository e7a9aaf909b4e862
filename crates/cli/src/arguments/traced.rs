//! Options of executables in virtual time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use glomers_sim::Schedule;

/// Which thread of a node goes on when several could.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleArgument {
    /// The one that has waited longest
    #[default]
    Fifo,
    /// A drawn one, interrupted anywhere: finds races, and finds them again
    Random,
}

impl From<ScheduleArgument> for Schedule {
    fn from(argument: ScheduleArgument) -> Schedule {
        match argument {
            ScheduleArgument::Fifo => Schedule::Fifo,
            ScheduleArgument::Random => Schedule::Random,
        }
    }
}

/// Options that count for executables with `--time virtual`.
#[derive(Debug, Args)]
pub(crate) struct TracedArguments {
    /// Which thread of an executable in virtual time goes on when several could
    #[arg(long, value_enum, default_value = "fifo", help_heading = "Run")]
    pub(crate) schedule: ScheduleArgument,

    /// Write every stop of executables in virtual time as text into this folder
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) record_stops: Option<PathBuf>,
}
