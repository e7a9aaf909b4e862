//! What a run looks like at one moment.

use glomers_history::Time;

/// A run that was stopped at a moment. Times count as operations do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The moment.
    pub time: Time,
    /// The nodes, in the order of the Plan.
    pub nodes: Vec<NodeSnapshot>,
    /// Messages on their way, by when they are due.
    pub messages: Vec<PendingMessage>,
    /// Whether the run was over by then; the nodes are as they were when it ended.
    pub is_over: bool,
}

/// A node at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSnapshot {
    /// Its name.
    pub name: String,
    /// How often it was started before.
    pub incarnation: u32,
    /// Whether it runs; a paused node does.
    pub is_up: bool,
    /// Whether it is stopped where it is.
    pub is_paused: bool,
    /// When its timers are due.
    pub timers: Vec<Time>,
    /// When its syncs will be done.
    pub syncs: Vec<Time>,
}

/// A message that has been sent and neither delivered nor dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingMessage {
    /// Its network id.
    pub id: u64,
    /// Who sent it.
    pub src: String,
    /// For whom it is.
    pub dest: String,
    /// The type of its body.
    pub kind: String,
    /// When it is due; before [`Snapshot::time`] if it waits at its receiver.
    pub due: Time,
    /// Its body, as JSON.
    pub body: String,
}
