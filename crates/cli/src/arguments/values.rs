//! Values that options take.

use clap::ValueEnum;

/// Whose clock a run follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeArgument {
    /// Jump from event to event, always the same run: embedded nodes anywhere,
    /// executables on Linux (x86-64)
    Virtual,
    /// The clock on the wall: any executable, never quite the same run
    Real,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InboxArgument {
    /// Each message is delivered when it is due
    Ideal,
    /// As Maelstrom: one message at a time sleeps until it is due, others wait
    Maelstrom,
}

/// What a stored run has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreFormat {
    /// All files
    #[default]
    Full,
    /// Only the two streams, the results and the logs
    Journal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WireArgument {
    /// Embedded nodes exchange Rust values
    Typed,
    /// Every body goes through JSON text; the run is the same
    Json,
}

/// What a view is centred on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AroundArgument {
    Operation(u64),
    Message(u64),
}
