//! What the command line takes. Maelstrom's flags keep their names.

mod network;
pub(crate) mod traced;
pub(crate) mod values;
pub(crate) mod workload;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use glomers_check::Availability;

use crate::challenge;
use crate::ci::CiArguments;
use crate::compare::CompareArguments;
use crate::doc::DocArguments;
use crate::export::ExportArguments;
use crate::faults::FaultArguments;
use crate::frontier::FrontierArguments;
use crate::gallery::GalleryArguments;
use crate::hunt::HuntArguments;
use crate::merge::MergeArguments;
use crate::new::NewArguments;
use crate::number::{self, Concurrency, RateArgument};
use crate::report::ReportArguments;
use crate::serve::ServeArguments;
use crate::shrink::ShrinkArguments;
use crate::trust::TrustArguments;
pub(crate) use network::NetworkModels;
use traced::TracedArguments;
use values::{AroundArgument, InboxArgument, StoreFormat, TimeArgument, WireArgument};
use workload::{WorkloadArguments, workloads_and_nodes};

const EXAMPLES: &str = "\
Examples:
  glomers challenge                       the Gossip Glomers challenges on the reference nodes
  glomers test -w broadcast --nemesis partition
                                          five reference nodes, partitions, 60 s in virtual time
  glomers test -w echo --bin ./my_node.py --time-limit 10
                                          your own node, in any language
  glomers test -w broadcast --node flood --seed 7 --check-determinism
                                          one seed, one run: proved by running twice

Exit status: 0 valid, 1 invalid, 2 unknown, 130 interrupted, 254 usage, 255 machine.";

/// A workbench for distributed algorithms: runs a cluster of your nodes on a
/// simulated network, breaks things on purpose, and says what went wrong.
#[derive(Debug, Parser)]
#[command(name = "glomers", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a cluster under a workload and check what it did
    Test(Box<TestArguments>),
    /// Run the Gossip Glomers challenges (Fly.io) and compare with their marks
    Challenge(ChallengeArguments),
    /// Run a scenario file: a cluster, step by step, with its expected output
    Run(ScenarioArguments),
    /// Measure the broadcast family: messages against latency, with lower bounds
    Frontier(Box<FrontierArguments>),
    /// Run the checkers on broken nodes and on their correct twins
    Gallery(GalleryArguments),
    /// Hunt for mistakes: many seeds, each under conditions of its own
    Hunt(Box<HuntArguments>),
    /// Shrink a run with a finding to the smallest run that still has it
    Shrink(ShrinkArguments),
    /// Put together the parts of a hunt that --shard made
    Merge(MergeArguments),
    /// Compare two nodes over the same seeds, or two stores
    Compare(Box<CompareArguments>),
    /// Check a recorded history: Jepsen's EDN or log, or the history.jsonl of a run
    Check(CheckArguments),
    /// Run a stored run again and compare; stop it at a moment; show logs
    Replay(ReplayArguments),
    /// Show who said what to whom in a stored run
    Trace(TraceArguments),
    /// Show a stored run as a page for the browser: findings, plots, the whole trace
    Report(ReportArguments),
    /// Write a stored run for another tool: Perfetto, ShiViz, lines of JSON
    Export(ExportArguments),
    /// Show stores in the browser: a server that only reads
    Serve(ServeArguments),
    /// Finish the store of a run that was cut short: check and derive its files
    Recover(RecoverArguments),
    /// Write a node to begin with, in Python, Go, JavaScript or Rust
    New(NewArguments),
    /// Read the guide: a chapter, a finding, a workload, a service
    Doc(DocArguments),
    /// Run a reference node or a broken one as a process that speaks the protocol on
    /// standard input and output, for example under another workbench
    Node {
        /// Which: a name such as raft, or broken/NAME
        name: String,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check whether this machine can run executables in virtual time
    Doctor,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    #[command(hide = true, name = "__man")]
    Man { folder: PathBuf },
    #[command(hide = true, name = "__watchdog")]
    Watchdog,
}

#[derive(Debug, Args)]
// So that "-1" is refused as a number, not as a flag that does not exist.
#[command(allow_negative_numbers = true, after_help = workloads_and_nodes())]
pub(crate) struct TestArguments {
    /// What clients do; the workloads are listed below
    #[arg(short, long, default_value = "broadcast")]
    pub(crate) workload: String,

    /// Run this executable as a node; its arguments follow after --
    #[arg(long, value_name = "FILE", conflicts_with = "node", help_heading = "Nodes")]
    pub(crate) bin: Option<PathBuf>,

    /// Run this embedded node; its arguments follow after -- [default: the
    /// reference node of the workload]
    #[arg(long, value_name = "NAME", help_heading = "Nodes")]
    pub(crate) node: Option<String>,

    /// How many nodes [default: 5]
    #[arg(long, value_name = "N", help_heading = "Nodes",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) node_count: Option<u32>,

    /// The names of the nodes, with commas between
    #[arg(long, value_name = "A,B", value_delimiter = ',', help_heading = "Nodes")]
    pub(crate) nodes: Option<Vec<String>>,

    /// Arguments of the node
    #[arg(last = true, value_name = "ARGUMENTS", help_heading = "Nodes")]
    pub(crate) node_arguments: Vec<String>,

    /// Operations per second of all clients together, or max
    #[arg(long, default_value = "5", help_heading = "Workload")]
    pub(crate) rate: RateArgument,

    /// How long operations go on, in seconds
    #[arg(long, value_name = "S", default_value = "60", value_parser = number::seconds,
          help_heading = "Workload")]
    pub(crate) time_limit: Duration,

    /// How many clients: a number, or so many for each node (4n) [default: 1n, of
    /// lin-kv 4n]
    #[arg(long, value_name = "N", help_heading = "Workload")]
    pub(crate) concurrency: Option<Concurrency>,

    #[command(flatten)]
    pub(crate) options: WorkloadArguments,

    /// How long the cluster is left alone before final reads, in seconds
    #[arg(long, value_name = "S", default_value = "10", value_parser = number::seconds,
          help_heading = "Workload")]
    pub(crate) recovery: Duration,

    /// Mean latency of messages between nodes, in whole ms
    #[arg(long, value_name = "MS", default_value = "0", value_parser = number::latency,
          help_heading = "Network")]
    pub(crate) latency: u64,

    #[command(flatten)]
    pub(crate) models: NetworkModels,

    /// Latencies of single links: a file with lines such as "n0 -> n1 300" or
    /// "* -> n3 50 exponential"; the last line that fits counts
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) link_latency: Option<PathBuf>,

    /// The fraction of messages between nodes that is lost, 0 to 1
    #[arg(long, value_name = "P", default_value = "0", value_parser = number::fraction,
          help_heading = "Network")]
    pub(crate) loss: f64,

    /// How messages wait for their receiver
    #[arg(long, value_enum, default_value = "ideal", help_heading = "Network")]
    pub(crate) inbox: InboxArgument,

    /// Mean time that an embedded node takes for a message, in ms; 0: none.
    /// Without it operations would never overlap at latency 0
    #[arg(long, value_name = "MS", default_value = "0.5", value_parser = number::milliseconds,
          help_heading = "Network")]
    pub(crate) service_time: Duration,

    /// Mean time that the disk of an embedded node takes to sync, in ms
    #[arg(long, value_name = "MS", default_value = "1", value_parser = number::milliseconds,
          help_heading = "Network")]
    pub(crate) sync_time: Duration,

    /// How bodies travel between embedded nodes
    #[arg(long, value_enum, default_value = "typed", help_heading = "Network")]
    pub(crate) wire: WireArgument,

    #[command(flatten)]
    pub(crate) faults: FaultArguments,

    /// The fraction of operations that must succeed: total, or 0 to 1; or answered: each
    /// that began after the first 5 s must have an answer, even if it is an error
    #[arg(long, value_parser = number::availability, help_heading = "Verdict")]
    pub(crate) availability: Option<Availability>,

    /// Let the verdict that Jepsen would give count, not the stricter one
    #[arg(long, help_heading = "Verdict")]
    pub(crate) jepsen_compat: bool,

    /// Fail if no two writers of a key overlapped: the test can hardly fail then
    /// (lin-kv)
    #[arg(long, help_heading = "Verdict")]
    pub(crate) require_overlap: bool,

    /// The seed of all that is random [default: a new one, which is printed]
    #[arg(long, help_heading = "Run", value_parser = number::seed)]
    pub(crate) seed: Option<u64>,

    /// Whose clock the run follows [default: virtual with an embedded node, real
    /// with --bin]
    #[arg(long, value_enum, help_heading = "Run")]
    pub(crate) time: Option<TimeArgument>,

    /// How often to run, each time with the next seed; stops at the first run
    /// that is not valid
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Run",
          value_parser = number::count)]
    pub(crate) test_count: u64,

    /// How many runs go on at once in virtual time [default: one a core]
    #[arg(long, value_name = "N", help_heading = "Run",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    #[command(flatten)]
    pub(crate) traced: TracedArguments,

    /// Run twice and compare everything; show the first difference
    #[arg(long, help_heading = "Run")]
    pub(crate) check_determinism: bool,

    /// Where runs are stored, or none
    #[arg(long, value_name = "DIR", default_value = "store", help_heading = "Output")]
    pub(crate) store: String,

    /// What is stored. glomers recover makes the other files of a run that was stored as
    /// journal
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub(crate) store_format: StoreFormat,

    #[command(flatten)]
    pub(crate) ci: CiArguments,

    /// Show what nodes log
    #[arg(long, help_heading = "Output")]
    pub(crate) log_stderr: bool,

    /// Show every message as it is sent
    #[arg(long, help_heading = "Output")]
    pub(crate) log_net_send: bool,

    /// Show every message as it is delivered
    #[arg(long, help_heading = "Output")]
    pub(crate) log_net_recv: bool,

    /// How long an executable may take to answer init, in seconds; waiting for a
    /// processor does not count
    #[arg(long, value_name = "S", default_value = "10", value_parser = number::seconds,
          help_heading = "Run")]
    pub(crate) init_timeout: Duration,

    /// The longest line that an executable may write
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = number::size,
          help_heading = "Run")]
    pub(crate) max_line: usize,

    /// How much of a node's log is stored; of a longer one the beginning and the end
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = number::size,
          help_heading = "Output")]
    pub(crate) max_log: usize,

    /// What was typed, by the names of these fields.
    #[arg(skip)]
    pub(crate) given: std::collections::BTreeSet<String>,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = challenge::about(),
          group(clap::ArgGroup::new("program").args(["bin", "submissions"])))]
pub(crate) struct ChallengeArguments {
    /// Which: 1, 2, 3a, 3b, 3c, 3d, 3e, 4, 5a, 5b, 5c, 6a, 6b, 6c [default: all]
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,

    /// Run this executable, not the reference nodes; its arguments follow after --
    #[arg(long, value_name = "FILE")]
    pub(crate) bin: Option<PathBuf>,

    /// How long an executable may take to answer init, in seconds; waiting for a
    /// processor does not count
    #[arg(long, value_name = "S", default_value = "10", value_parser = number::seconds)]
    pub(crate) init_timeout: Duration,
    /// Whose clock the executable follows
    #[arg(long, value_enum, default_value = "real", requires = "program")]
    pub(crate) time: TimeArgument,

    /// The seed: the same seed gives the same table
    #[arg(long, default_value_t = 1, value_parser = number::seed)]
    pub(crate) seed: u64,

    /// Where runs are stored, or none
    #[arg(long, value_name = "DIR", default_value = "store")]
    pub(crate) store: String,

    /// Grade these executables one after another, as --bin would run each. One that hangs or
    /// crashes does not hold up the others
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Many submissions",
          conflicts_with_all = ["junit", "one_line", "report"])]
    pub(crate) submissions: Vec<PathBuf>,

    /// Run the challenges with each of these seeds: 1..=3
    #[arg(
        long,
        value_name = "A..B",
        help_heading = "Many submissions",
        requires = "submissions",
        conflicts_with = "seed"
    )]
    pub(crate) seeds: Option<glomers_hunt::Seeds>,

    /// How long a submission may take by the clock, all challenges and seeds together, in
    /// seconds; then it is ended and has not passed
    #[arg(long, value_name = "S", default_value = "600", value_parser = number::seconds,
          help_heading = "Many submissions", requires = "submissions")]
    pub(crate) submission_limit: Duration,

    /// Print the result as JSON, for programs
    #[arg(long, help_heading = "Output", conflicts_with = "one_line")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) ci: CiArguments,

    /// Arguments of the node
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) node_arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ScenarioArguments {
    /// The file
    pub(crate) file: PathBuf,

    /// Write the output into the file as what is expected
    #[arg(long)]
    pub(crate) update: bool,

    #[command(flatten)]
    pub(crate) nodes: TrustArguments,
}

/// What a history without a workload is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelArgument {
    /// A linearizable register with read and write
    Register,
    /// A linearizable register with read, write and cas
    CasRegister,
    /// A linearizable lock with acquire and release
    Mutex,
    /// A linearizable queue with enqueue and dequeue, first in, first out
    FifoQueue,
    /// The same, but elements may come out in any order
    UnorderedQueue,
    /// A linearizable set with add, remove and read
    Set,
    /// A linearizable value for each key, with get, put and append of [key value]
    KeyValue,
    /// Accounts with transfer and read (Jepsen's bank): the total stays
    Bank,
    /// Transactions that write one key or read several (Jepsen's long-fork)
    LongFork,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("by").args(["workload", "model"]).required(true)))]
pub(crate) struct CheckArguments {
    /// The history; - reads standard input
    pub(crate) file: PathBuf,

    /// The workload that made it: echo, unique-ids, broadcast, g-set, g-counter,
    /// pn-counter, kafka, lin-kv, txn-list-append or txn-rw-register
    #[arg(short, long, value_name = "NAME")]
    pub(crate) workload: Option<String>,

    /// What it is about, where no workload of ours made it
    #[arg(long, value_enum)]
    pub(crate) model: Option<ModelArgument>,

    /// There is a register (with --model) or a set (g-set) for each key: all values
    /// are [key value] [default: if they are, and each read begins with [key nil]]
    #[arg(long, conflicts_with = "unkeyed")]
    pub(crate) keyed: bool,

    /// There is one register or set, whatever values look like
    #[arg(long)]
    pub(crate) unkeyed: bool,

    /// What transactions must satisfy: read-committed, snapshot-isolation and so on,
    /// with commas between; strict-serializable if nothing is said
    #[arg(long, value_name = "MODELS")]
    pub(crate) consistency_models: Option<String>,

    /// Let the verdict that Jepsen would give count, not the stricter one
    #[arg(long)]
    pub(crate) jepsen_compat: bool,

    /// Judge refusals of registers, too: errors 20 (no such key) and 22 (from does
    /// not hold), and each cas that failed without an error, must be true; with
    /// --workload lin-kv a cas may have been refused because of its own first attempt
    #[arg(long)]
    pub(crate) check_refusals: bool,

    /// How much the search for an order may take, on each register or over all
    /// transactions, in million steps of some ns each; registers take a little more
    /// than 1 MiB of memory for each million
    #[arg(long, value_name = "N", default_value_t = 150,
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) budget: u32,

    /// Show what the verdict rests on: for registers the longest order that was found, what
    /// they could hold after it, and the operation that does not fit
    #[arg(long)]
    pub(crate) explain: bool,

    /// Draw what is wrong into this file: the cycle of transactions, or the operations around it
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write verdict, findings and operations into this file, as a page for the browser
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The run's directory
    #[arg(default_value = "store/latest")]
    pub(crate) directory: PathBuf,

    /// Replay even if another build made the run
    #[arg(long)]
    pub(crate) anyway: bool,

    /// Run this Plan, an edited copy of the run's replay.json, and compare with the
    /// run
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,

    /// Stop at this moment and show marks, timers and messages under way: 2s,
    /// 2500ms
    #[arg(long, value_name = "TIME", value_parser = number::moment)]
    pub(crate) until: Option<Duration>,

    /// Show what nodes log, with its time and the message that caused it
    #[arg(long)]
    pub(crate) log: bool,

    /// Where the new run is stored if it is one of free processes, or none
    #[arg(long, value_name = "DIR", default_value = "store")]
    pub(crate) store: String,

    #[command(flatten)]
    pub(crate) nodes: TrustArguments,
}

const TRACE_EXAMPLES: &str = "\
Examples:
  glomers trace --between 2s 2.5s          half a second of the last run
  glomers trace --around \"op 17\"          an operation, and what happened before and after
  glomers trace --type sync --only n0,n3   messages of one type, to and from two nodes

Signs: ● sends, ▶ where an arrow goes, ▼ arrives, ✗ on an arrow: never arrives,
◆ a client's operation, • a node's mark, ┊ paused, ║ at the left: a fault is on.";

#[derive(Debug, Args)]
#[command(after_help = TRACE_EXAMPLES)]
pub(crate) struct TraceArguments {
    /// The run's directory
    #[arg(default_value = "store/latest")]
    pub(crate) directory: PathBuf,

    /// Only this operation or message and what happened before and after: op 17,
    /// or message 203
    #[arg(long, value_name = "WHAT", value_parser = number::around)]
    pub(crate) around: Option<AroundArgument>,

    /// Only from this time until that: 2s 2.5s, or 2000ms 2500ms
    #[arg(long, num_args = 2, value_names = ["FROM", "UNTIL"], value_parser = number::moment)]
    pub(crate) between: Option<Vec<Duration>>,

    /// Only these nodes, with commas between
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Only messages of these types, with commas between
    #[arg(long = "type", value_name = "A,B", value_delimiter = ',')]
    pub(crate) kind: Vec<String>,

    /// Messages of clients, too; their operations are shown in any case
    #[arg(long)]
    pub(crate) clients: bool,

    /// The most events; 0: all
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) limit: usize,

    /// One JSON object a line, times in ns
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArguments {
    /// The run's directory, or a link to it such as store/latest
    pub(crate) directory: PathBuf,
}
