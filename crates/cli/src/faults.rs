//! What to break, as the command line says it.

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use glomers_sim::nemesis::{KINDS, Kind, Target};
use glomers_sim::{Host, Nemesis};

use crate::error::CliError;
use crate::number;

/// Reads a kind of fault by its name; the help lists them all.
pub(crate) fn kind() -> impl TypedValueParser<Value = Kind> {
    let names = KINDS.iter().map(|entry| PossibleValue::new(entry.name).help(entry.about));
    PossibleValuesParser::new(names).map(|name| {
        let entry = KINDS.iter().find(|entry| entry.name == name);
        entry.expect("the parser takes no other name").kind
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetArgument {
    /// Chance decides how many nodes, and which
    Any,
    /// One node
    One,
    /// The most nodes that are no majority: 2 of 5
    Minority,
    /// The fewest nodes that are a majority: 3 of 5
    Majority,
    /// Nodes that say they lead (by their mark "leader")
    Leader,
}

impl From<TargetArgument> for Target {
    fn from(argument: TargetArgument) -> Target {
        match argument {
            TargetArgument::Any => Target::Any,
            TargetArgument::One => Target::One,
            TargetArgument::Minority => Target::Minority,
            TargetArgument::Majority => Target::Majority,
            TargetArgument::Leader => Target::Leader,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Faults")]
pub(crate) struct FaultArguments {
    /// What to break, with commas between
    #[arg(long, value_name = "KIND,KIND", value_parser = kind(), value_delimiter = ',')]
    pub(crate) nemesis: Vec<Kind>,

    /// Mean time between faults' beginnings and ends, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = number::interval)]
    pub(crate) nemesis_interval: Duration,

    /// Mean length of a fault, in seconds [default: the interval]
    #[arg(long, value_name = "S", value_parser = number::interval)]
    pub(crate) nemesis_length: Option<Duration>,

    /// Whom faults hit
    #[arg(long, value_name = "WHOM", value_enum, default_value = "any")]
    pub(crate) nemesis_target: TargetArgument,

    /// loss: the fraction of messages that is lost
    #[arg(long, value_name = "P", default_value = "0.2", value_parser = number::fraction)]
    pub(crate) fault_loss: f64,

    /// duplicate: the fraction of messages that comes twice
    #[arg(long, value_name = "P", default_value = "0.2", value_parser = number::fraction)]
    pub(crate) fault_duplicate: f64,

    /// reorder: the fraction of messages that is held up
    #[arg(long, value_name = "P", default_value = "0.2", value_parser = number::fraction)]
    pub(crate) fault_reorder: f64,

    /// reorder and duplicate: how much later a message or its copy comes at
    /// most, in ms
    #[arg(long, value_name = "MS", default_value = "500", value_parser = number::milliseconds)]
    pub(crate) fault_delay: Duration,

    /// slow: how many times as long links or nodes take; links without latency
    /// take so many ms
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) fault_slow: u32,

    /// clock: how wrong wall clocks are at most, in ms
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = number::milliseconds)]
    pub(crate) fault_clock: Duration,

    /// Let faults and loss hit the links to services (lin-kv, seq-kv, lww-kv,
    /// lin-tso), too; partitions put each service on one side
    #[arg(long)]
    pub(crate) fault_services: bool,

    /// How soon nodes must serve again once all faults are over, in seconds
    /// [default: the recovery time]
    #[arg(long, value_name = "S", value_parser = number::seconds)]
    pub(crate) recovery_bound: Option<Duration>,

    /// Fail if a fault touched nothing, or if there was none
    #[arg(long)]
    pub(crate) require_faults: bool,
}

impl FaultArguments {
    /// What is broken at random in a run on this host.
    ///
    /// # Errors
    /// If some of it cannot be done there.
    pub(crate) fn nemesis(&self, host: Host) -> Result<Nemesis, CliError> {
        if host.has_processes() {
            self.refuse_for_processes(host == Host::Processes)?;
        }
        Ok(Nemesis {
            length: self.nemesis_length,
            target: self.nemesis_target.into(),
            loss: self.fault_loss,
            duplicate: self.fault_duplicate,
            reorder: self.fault_reorder,
            delay: self.fault_delay,
            slow: self.fault_slow,
            clock: self.fault_clock,
            ..Nemesis::new(&self.nemesis, self.nemesis_interval)
        })
    }

    /// What cannot be done to executables is not left out in silence.
    fn refuse_for_processes(&self, is_real: bool) -> Result<(), CliError> {
        if is_real && self.nemesis.contains(&Kind::Clock) {
            return Err(CliError::usage(
                "--nemesis clock cannot be done to executables: their clock is the machine's",
            )
            .hint("leave out clock, or add --time virtual"));
        }
        if self.nemesis.contains(&Kind::Disk) {
            return Err(CliError::usage("nothing can be wrong with the disks of processes")
                .hint("leave disk out of --nemesis, or run an embedded node in virtual time"));
        }
        if self.nemesis_target == TargetArgument::Leader {
            return Err(CliError::usage(
                "--nemesis-target leader works with embedded nodes only: executables cannot say \
                 that they lead",
            )
            .hint("choose another target, or run an embedded node in virtual time"));
        }
        Ok(())
    }
}
