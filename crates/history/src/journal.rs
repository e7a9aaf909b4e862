//! What the network did with each message.

use serde::{Deserialize, Serialize};

use crate::Time;

/// Why a message was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DropReason {
    /// Drawn by the loss rate.
    Loss,
    /// Cut by a partition.
    Partition,
    /// The receiver was not running, or was killed before it took the message.
    NodeDown,
    /// The Plan says so.
    Override,
    /// The client that it was for has gone.
    ClientGone,
}

impl DropReason {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Loss => "lost",
            DropReason::Partition => "partitioned",
            DropReason::NodeDown => "node-down",
            DropReason::Override => "dropped-by-plan",
            DropReason::ClientGone => "client-gone",
        }
    }
}

/// One event of the journal. Times count from the beginning of the run, which
/// is before the nodes are initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A message was sent.
    Send {
        /// When.
        time: Time,
        /// The message's network id.
        id: u64,
        /// Who sent it.
        src: &'a str,
        /// Who is to receive it.
        dest: &'a str,
        /// The body as JSON, cut at [`BODY_LIMIT`] bytes.
        body: &'a [u8],
        /// The length of the whole body in bytes.
        body_length: u64,
    },
    /// A message was delivered.
    Receive {
        /// When.
        time: Time,
        /// The message's network id.
        id: u64,
    },
    /// A message will never be delivered.
    Drop {
        /// When that became certain.
        time: Time,
        /// The message's network id.
        id: u64,
        /// Why.
        reason: DropReason,
    },
    /// A node said something about itself.
    Mark {
        /// When.
        time: Time,
        /// Which node.
        node: &'a str,
        /// What about.
        label: &'a str,
        /// What, as JSON.
        value: &'a str,
    },
}

/// How many bytes of a body are kept.
pub const BODY_LIMIT: usize = 4096;
