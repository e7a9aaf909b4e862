//! Workload kafka: logs by key, read from any offset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::schema::{Field, Schema};

/// An offset for each key.
pub type Offsets = BTreeMap<String, i64>;

/// Messages of a log, each with its offset.
pub type Messages = Vec<(i64, Value)>;

/// Asks a node to append a message to a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// Which log.
    pub key: String,
    /// Any JSON; the workload's own are 1, 2, 3, … in each log.
    pub msg: Value,
}

/// The message is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendOk {
    /// Where. Offsets grow, and may leave some out.
    pub offset: i64,
}

/// Asks for messages of some logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// From which offset on (included), for each log.
    pub offsets: Offsets,
}

/// Messages, without a gap from the first offset asked for. There may be more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollOk {
    /// For each log, in the order of their offsets. In JSON an empty list may be
    /// null, as a nil slice of Go is.
    #[serde(deserialize_with = "null_is_empty")]
    pub msgs: BTreeMap<String, Messages>,
}

fn null_is_empty<'de, D>(source: D) -> Result<BTreeMap<String, Messages>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let logs = BTreeMap::<String, Option<Messages>>::deserialize(source)?;
    Ok(logs.into_iter().map(|(key, log)| (key, log.unwrap_or_default())).collect())
}

/// Tells that a client is done with all messages up to some offsets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitOffsets {
    /// The last offset (included), for each log.
    pub offsets: Offsets,
}

/// The offsets are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitOffsetsOk {}

/// Asks how far logs have been committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCommittedOffsets {
    /// Which logs.
    pub keys: Vec<String>,
}

/// How far logs have been committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCommittedOffsetsOk {
    /// For each log that was committed at all.
    pub offsets: Offsets,
}

super::messages! {
    Send = "send" => SendOk,
    SendOk = "send_ok",
    Poll = "poll" => PollOk,
    PollOk = "poll_ok",
    CommitOffsets = "commit_offsets" => CommitOffsetsOk,
    CommitOffsetsOk = "commit_offsets_ok",
    ListCommittedOffsets = "list_committed_offsets" => ListCommittedOffsetsOk,
    ListCommittedOffsetsOk = "list_committed_offsets_ok",
}

/// The form of a [`SendOk`].
pub const SEND_OK: Schema = Schema { kind: "send_ok", fields: &[("offset", Field::Offset)] };
/// The form of a [`PollOk`].
pub const POLL_OK: Schema = Schema { kind: "poll_ok", fields: &[("msgs", Field::Messages)] };
/// The form of a [`CommitOffsetsOk`].
pub const COMMIT_OFFSETS_OK: Schema = Schema { kind: "commit_offsets_ok", fields: &[] };
/// The form of a [`ListCommittedOffsetsOk`].
pub const LIST_COMMITTED_OFFSETS_OK: Schema =
    Schema { kind: "list_committed_offsets_ok", fields: &[("offsets", Field::Offsets)] };
