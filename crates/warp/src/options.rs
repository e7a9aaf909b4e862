//! What a traced host is told, and why it refuses.

use std::path::PathBuf;
use std::time::Duration;

/// How nodes are traced, apart from what the Plan says.
#[derive(Debug, Clone, Default)]
pub struct TracedOptions {
    /// The longest line that a node may print, bytes; 0: 32 MiB.
    pub max_line: usize,
    /// How much may wait for a node that does not read, bytes; 0: 256 MiB.
    pub max_queued: usize,
    /// Where what nodes leave in their data folders is put after the run.
    pub keep_data: Option<PathBuf>,
    /// What is made the same in every run.
    pub pins: Pins,
    /// How long a thread may compute without a system call, in a processor's time;
    /// zero: 30 s. Longer, and it counts as endless.
    pub longest_computation: Duration,
    /// A folder that gets the stops of each node as text.
    pub record_stops: Option<PathBuf>,
}

/// One thing that is made the same in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pin {
    /// The time stamp counter of the processor.
    Counter,
    /// What `CPUID` says; without it programs may use random instructions.
    Identity,
    /// Addresses in memory.
    Layout,
    /// `getrandom`, the random bytes at the start, `/dev/urandom`.
    Random,
    /// Numbers of processes and threads.
    Numbers,
    /// Variables of the environment that belong to a session.
    Environment,
    /// How many processors there are, and which.
    Processors,
    /// Files in `/proc` and `/sys` that say how busy the machine is.
    Files,
}

impl Pin {
    /// All there are.
    pub const ALL: [Pin; 8] = [
        Pin::Counter,
        Pin::Identity,
        Pin::Layout,
        Pin::Random,
        Pin::Numbers,
        Pin::Environment,
        Pin::Processors,
        Pin::Files,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Pin::Counter => "counter",
            Pin::Identity => "identity",
            Pin::Layout => "layout",
            Pin::Random => "random",
            Pin::Numbers => "numbers",
            Pin::Environment => "environment",
            Pin::Processors => "processors",
            Pin::Files => "files",
        }
    }
}

/// Which pins are in. By default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    without: Vec<Pin>,
}

impl Pins {
    /// All but one more; for tests that show what it is good for.
    #[must_use]
    pub fn without(mut self, pin: Pin) -> Pins {
        self.without.push(pin);
        self
    }

    /// Whether a pin is in.
    pub fn has(&self, pin: Pin) -> bool {
        !self.without.contains(&pin)
    }
}

/// Why nodes cannot be traced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarpError {
    /// This system or machine is none that it works on.
    #[error("a program can run in virtual time only on Linux on x86-64, and this is {0}")]
    NotHere(String),
    /// The Plan names no program.
    #[error("this Plan names no program in virtual time")]
    NoProgram,
    /// A fault that cannot be done to a process.
    #[error("this fault cannot be done to processes in virtual time: {0}")]
    ImpossibleFault(&'static str),
    /// Tracing is forbidden.
    #[error("this system does not let a program be traced: {0}")]
    Forbidden(String),
    /// The program is in no form that can be traced.
    #[error("{path} cannot run in virtual time: {reason}")]
    BadProgram {
        /// The file.
        path: String,
        /// Why not, in words.
        reason: String,
    },
    /// The system lets too few files be open for so many nodes.
    #[error(
        "{nodes} nodes in virtual time need {needed} open files, but at most {allowed} are allowed \
         here; raise the limit (ulimit -n {needed}, or LimitNOFILE= of the service) or use fewer \
         nodes"
    )]
    OpenFiles {
        /// How many nodes.
        nodes: usize,
        /// How many files.
        needed: u64,
        /// How many the system allows.
        allowed: u64,
    },
    /// The system refuses something else.
    #[error("{0}")]
    System(String),
}
