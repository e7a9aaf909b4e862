//! What `glomers hunt` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use glomers_check::Availability;
use glomers_hunt::{Seeds, Shard};
use glomers_sim::Distribution;
use glomers_sim::nemesis::{KINDS, Kind};

use crate::arguments::traced::ScheduleArgument;
use crate::arguments::values::TimeArgument;
use crate::arguments::workload::WorkloadArguments;
use crate::faults::{TargetArgument, kind};
use crate::number::{self, Concurrency, RateArgument};

const EXAMPLES: &str = "\
Examples:
  glomers hunt -w broadcast --node flood --seeds 1..2000
                                          two thousand runs, each under conditions of its own
  glomers hunt -w lin-kv --node raft --claims partition,kill,pause --for 60s
                                          for a minute, under what the node claims to survive
  glomers hunt -w lin-kv --node raft --family leader --node-count 5 --seeds 1..500
                                          one family, and five nodes in every run
  glomers hunt -w echo --bin ./my_node --time virtual --for 10m
                                          your own node, in any language (Linux)
  glomers hunt -w kafka --seeds 1..=8000 --shard 3/8 --out parts
                                          the third of eight parts; glomers merge parts

Families are distributions over runs: swarm, quiet, leader, disk, link, clock and steady, or a
TOML file of yours. What you say on the command line is held fixed in all runs.

Exit status, as of glomers test: 0 nothing found, 1 something found, 2 no run could be judged,
130 interrupted, 254 usage, 255 machine.";

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = EXAMPLES)]
pub(crate) struct HuntArguments {
    /// What clients do (glomers test --help lists the workloads)
    #[arg(short, long, default_value = "broadcast")]
    pub(crate) workload: String,

    /// Run this executable as a node; its arguments follow after --
    #[arg(long, value_name = "FILE", conflicts_with = "node", help_heading = "Nodes")]
    pub(crate) bin: Option<PathBuf>,

    /// Run this embedded node; its arguments follow after -- [default: the
    /// reference node of the workload]
    #[arg(long, value_name = "NAME", help_heading = "Nodes")]
    pub(crate) node: Option<String>,

    /// Arguments of the node
    #[arg(last = true, value_name = "ARGUMENTS", help_heading = "Nodes")]
    pub(crate) node_arguments: Vec<String>,

    /// Which seeds: 1..500 (without 500), 1..=500, or 17 alone [default: all, from 1,
    /// for as long as --for says]
    #[arg(long, value_name = "A..B", help_heading = "Hunt")]
    pub(crate) seeds: Option<Seeds>,

    /// For how long: 60s, 10m, 2h [default: 60s, unless --seeds have an end]
    #[arg(long = "for", value_name = "TIME", value_parser = number::span, help_heading = "Hunt")]
    pub(crate) duration: Option<Duration>,

    /// A family: one that is shipped, or a TOML file; may be given several times
    /// [default: all that are shipped]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Hunt")]
    pub(crate) family: Vec<String>,

    /// The faults that the node claims to survive, with commas between, or none. Only these
    /// are drawn. And only with this option it is a finding if the cluster does not serve in
    /// time
    #[arg(long, value_name = "KIND,KIND", value_delimiter = ',', value_parser = claim(),
          help_heading = "Hunt")]
    pub(crate) claims: Option<Vec<Claim>>,

    /// Begin with the weights in this file, as glomers merge writes it
    #[arg(long, value_name = "FILE", help_heading = "Hunt")]
    pub(crate) weights: Option<PathBuf>,

    /// Only the i-th of n parts of the seeds, with weights that do not change: 3/8
    /// [default: what the environment says: a Slurm array, an Indexed Job of Kubernetes,
    /// CI_NODE_INDEX, TEST_SHARD_INDEX]
    #[arg(long, value_name = "I/N", help_heading = "Hunt")]
    pub(crate) shard: Option<Shard>,

    /// How many shards there are, where the environment says only which one this is
    #[arg(long, value_name = "N", value_parser = number::count, help_heading = "Hunt",
          conflicts_with = "shard")]
    pub(crate) shards: Option<u64>,

    /// Go on where a hunt in the same folder stopped
    #[arg(long, help_heading = "Hunt")]
    pub(crate) resume: bool,

    /// Do not shrink: store the smallest run of each finding as it was
    #[arg(long, help_heading = "Hunt")]
    pub(crate) no_shrink: bool,

    /// How long each finding may be shrunk
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = number::span,
          help_heading = "Hunt")]
    pub(crate) budget: Duration,

    /// How many runs go on at once [default: one a core]
    #[arg(long, value_name = "N", help_heading = "Hunt",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Where the rows, the reports and the runs that found something go
    #[arg(long, value_name = "DIR", default_value = "hunt", help_heading = "Output")]
    pub(crate) out: PathBuf,

    /// Write a report as JUnit does (XML) into this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) junit: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) fixed: FixedArguments,

    #[command(flatten)]
    pub(crate) options: WorkloadArguments,

    /// What was typed and decides what is drawn, as words.
    #[arg(skip)]
    pub(crate) typed: Vec<String>,
}

/// Options that differ between the parts of a campaign, or decide nothing that is drawn.
pub(crate) const OF_ONE_PROCESS: [&str; 10] = [
    "seeds",
    "duration",
    "weights",
    "shard",
    "shards",
    "resume",
    "no_shrink",
    "threads",
    "out",
    "junit",
];

/// Options that are held fixed in all runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Held fixed in all runs if given")]
pub(crate) struct FixedArguments {
    /// How many nodes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) node_count: Option<u32>,

    /// Operations per second of all clients together, or max
    #[arg(long)]
    pub(crate) rate: Option<RateArgument>,

    /// How long operations go on, in seconds
    #[arg(long, value_name = "S", value_parser = number::seconds)]
    pub(crate) time_limit: Option<Duration>,

    /// How many clients: a number, or so many for each node (4n)
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<Concurrency>,

    /// Mean latency of messages between nodes, in whole ms
    #[arg(long, value_name = "MS", value_parser = number::latency)]
    pub(crate) latency: Option<u64>,

    /// How latencies are spread: constant, uniform, exponential, lognormal:SIGMA and so on,
    /// as glomers test has them
    #[arg(long, value_name = "HOW")]
    pub(crate) latency_dist: Option<Distribution>,

    /// The fraction of messages between nodes that is lost, 0 to 1
    #[arg(long, value_name = "P", value_parser = number::fraction)]
    pub(crate) loss: Option<f64>,

    /// Mean time that a node takes for a message, in ms
    #[arg(long, value_name = "MS", value_parser = number::milliseconds)]
    pub(crate) service_time: Option<Duration>,

    /// Mean time that the disk of an embedded node takes to sync, in ms
    #[arg(long, value_name = "MS", value_parser = number::milliseconds)]
    pub(crate) sync_time: Option<Duration>,

    /// What to break in every run, with commas between
    #[arg(long, value_name = "KIND,KIND", value_parser = kind(), value_delimiter = ',')]
    pub(crate) nemesis: Option<Vec<Kind>>,

    /// Mean time between faults' beginnings and ends, in seconds
    #[arg(long, value_name = "S", value_parser = number::interval)]
    pub(crate) nemesis_interval: Option<Duration>,

    /// Mean length of a fault, in seconds
    #[arg(long, value_name = "S", value_parser = number::interval)]
    pub(crate) nemesis_length: Option<Duration>,

    /// Whom faults hit
    #[arg(long, value_name = "WHOM", value_enum)]
    pub(crate) nemesis_target: Option<TargetArgument>,

    /// Let faults and loss hit the links to services, too
    #[arg(long)]
    pub(crate) fault_services: bool,

    /// How long the cluster is left alone before final reads, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = number::seconds)]
    pub(crate) recovery: Duration,

    /// The fraction of operations that must succeed: total, or 0 to 1 [default: answered in
    /// runs in which nothing is broken: each that began after the first 5 s must have an
    /// answer, even if it is an error]
    #[arg(long, value_parser = number::availability)]
    pub(crate) availability: Option<Availability>,

    /// Whose clock runs follow [default: virtual]
    #[arg(long, value_enum)]
    pub(crate) time: Option<TimeArgument>,

    /// Which thread of an executable in virtual time goes on when several could
    #[arg(long, value_enum, default_value = "fifo")]
    pub(crate) schedule: ScheduleArgument,
}

/// Something that a node claims to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    Kind(Kind),
    /// Every node must survive that messages take time.
    Latency,
    /// Nothing at all.
    None,
}

fn claim() -> impl clap::builder::TypedValueParser<Value = Claim> {
    let names = KINDS.iter().map(|entry| entry.name).chain(["latency", "none"]);
    PossibleValuesParser::new(names).map(|name| match &*name {
        "latency" => Claim::Latency,
        "none" => Claim::None,
        name => glomers_hunt::family::kind(name).map_or(Claim::None, Claim::Kind),
    })
}
