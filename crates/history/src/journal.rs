//! The events of a run as they stand in files, and what can become of a message.

use serde::{Deserialize, Serialize, Serializer};

use crate::{Ended, StopReason, Time};

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
    /// Drawn by a fault.
    Fault,
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
            DropReason::Fault => "lost-by-fault",
        }
    }
}

/// What a fault did to a message that it did not swallow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Disturbance {
    /// A copy of it was sent, too.
    Doubled,
    /// It was held up, so that others may overtake it.
    Delayed,
    /// Its link was slow.
    SlowLink,
    /// Its receiver was slow to take it.
    SlowNode,
    /// It waited at its receiver, which was paused.
    Waited,
}

impl Disturbance {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Disturbance::Doubled => "doubled",
            Disturbance::Delayed => "delayed",
            Disturbance::SlowLink => "slow-link",
            Disturbance::SlowNode => "slow-node",
            Disturbance::Waited => "waited",
        }
    }
}

/// One event of the journal. Times count from the beginning of the run, which
/// is before the nodes are initialised.
///
/// Names (of nodes, clients, types and labels) are written once and are numbers
/// from then on: a record is some ten bytes, and needs no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// From here on the number stands for the name. Numbers count from 0, each
    /// one more than the last.
    Name {
        /// The number.
        number: u32,
        /// The name.
        text: &'a str,
    },
    /// A message was sent.
    Send {
        /// When.
        time: Time,
        /// The message's network id.
        id: u64,
        /// The number of who sent it.
        src: u32,
        /// The number of who is to receive it.
        dest: u32,
        /// The number of the body's type, if it has one. Not left to be read
        /// from the body, where it may stand behind the cut.
        kind: Option<u32>,
        /// The body as JSON, cut at [`BODY_LIMIT`] bytes.
        #[serde(serialize_with = "as_bytes")]
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
    /// All nodes are initialised: operations count from here.
    Initialised {
        /// When.
        time: Time,
    },
    /// A node did something wrong against the protocol.
    Finding {
        /// When, as operations are counted.
        time: Time,
        /// The number of the node's name.
        node: u32,
        /// The finding's name.
        name: &'a str,
        /// What is wrong, in one sentence.
        summary: &'a str,
        /// What proves it, line by line.
        evidence: &'a str,
    },
    /// A node said something about itself.
    Mark {
        /// When.
        time: Time,
        /// The number of the node's name.
        node: u32,
        /// The number of the label: what about.
        label: u32,
        /// What, as JSON.
        value: &'a str,
    },
    /// The journal ends here: one without this was cut off.
    End,
    /// A fault did something to a message and let it go on. One message may have
    /// several.
    Disturb {
        /// When.
        time: Time,
        /// The message's network id.
        id: u64,
        /// What.
        how: Disturbance,
    },
    /// A node looked at its wall clock while a fault made that wrong.
    ClockRead {
        /// When.
        time: Time,
        /// The number of the node's name.
        node: u32,
    },
    /// A block of records begins. Blocks count from 0, so one that is missing,
    /// doubled or in another place is noticed.
    Block {
        /// The block's number.
        number: u64,
    },
    /// What repeats the run: a copy of `replay.json`, which serves where that file
    /// is damaged.
    Replay {
        /// The bytes of the file.
        #[serde(serialize_with = "as_bytes")]
        bytes: &'a [u8],
    },
    /// How the run ended, as earlier builds say it.
    Ended {
        /// The word: `completed`, `broken` or `interrupted`.
        how: &'a str,
    },
    /// An operation was written to the history: one such record for each line, in
    /// their order, so a line that is changed or missing is noticed.
    Operation {
        /// The CRC-32 of the line, without its end.
        sum: u32,
    },
    /// A node was started.
    Started {
        /// When.
        time: Time,
        /// The number of the node's name.
        node: u32,
        /// How often it was started before.
        incarnation: u32,
    },
    /// A node has ended.
    Stopped {
        /// When.
        time: Time,
        /// The number of the node's name.
        node: u32,
        /// Why.
        why: StopReason,
    },
    /// Operations begin: moments of the Plan count from here.
    MainBegan {
        /// When.
        time: Time,
    },
    /// The run is over.
    Over {
        /// When.
        time: Time,
        /// How it came to its end.
        how: Ended,
    },
    /// As `Send`, of a body of which a part stands in the last long body that the same
    /// node or client sent. Files hold it; who reads them is told a `Send`.
    SendAlike {
        /// When.
        time: Time,
        /// Its network id; counts up.
        id: u64,
        /// The number of the sender's name.
        src: u32,
        /// The number of the receiver's name.
        dest: u32,
        /// The number of the body's type.
        kind: Option<u32>,
        /// What comes before the part.
        #[serde(serialize_with = "as_bytes")]
        head: &'a [u8],
        /// Where the part begins in the earlier body.
        from: u32,
        /// How many bytes it has.
        count: u32,
        /// What comes after it.
        #[serde(serialize_with = "as_bytes")]
        tail: &'a [u8],
        /// How long the body is.
        body_length: u64,
    },
}

/// Without this serde writes one byte at a time.
fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// How many bytes of a body are kept.
pub const BODY_LIMIT: usize = 4096;

/// How many bytes a body must have to be long: a part of such a one may be written as one
/// of the last that its sender sent.
pub const LONG_BODY: usize = 256;
