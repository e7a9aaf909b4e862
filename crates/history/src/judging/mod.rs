//! What a checker is and what it answers, below all checkers: whoever runs a workload names
//! its checker without knowing any.

mod measured;
mod replies;
mod verdict;

use glomers_protocol::Value;

pub use measured::{AnsweredCount, Measured, OperationCounts, Quantiles};
pub use replies::{is_refused, malformed_reply, was_served};
pub use verdict::{CheckResult, Checker, Validity};

/// What an operation does with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which key; workloads with one object have one.
    pub key: Value,
    /// Whether it may change it.
    pub is_write: bool,
}

/// The mark of a node from when on Maelstrom ignores what it prints; the value says
/// why.
pub const WOULD_IGNORE: &str = "maelstrom-ignores";
/// The mark of an operation (its invocation's index) that ended by a message that
/// Maelstrom would not have heard.
pub const WOULD_NOT_HEAR: &str = "maelstrom-does-not-hear";
/// The mark of a node for whose `init_ok`, or answer to the set-up, Maelstrom would
/// have waited in vain.
pub const WOULD_CRASH: &str = "maelstrom-crashes";
