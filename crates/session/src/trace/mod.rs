//! A run as events in order of time: what a space-time view shows.
//!
//! [`Trace::read`] takes it from a store, [`Trace::select`] takes a part of it.

mod read;
mod select;

use serde::Serialize;

pub use select::Selection;

/// A run, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The names of the nodes, in the order of their columns.
    pub nodes: Vec<String>,
    /// What happened, in order of time.
    pub events: Vec<Event>,
    /// How many events come before those.
    pub before: usize,
    /// How many come after.
    pub after: usize,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, ns from the moment from which operations count; before it negative.
    pub time: i64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A message was sent.
    Sent {
        /// Which.
        #[serde(flatten)]
        message: Message,
        /// What became of it, in words: `lost`. `None`: it arrived.
        fate: Option<String>,
        /// When that was, ns; `None`: not within the run.
        until: Option<i64>,
        /// Its body, as JSON.
        body: String,
    },
    /// A message arrived.
    Arrived {
        /// Which.
        #[serde(flatten)]
        message: Message,
        /// When it was sent, ns.
        sent: i64,
    },
    /// An operation of a client began or ended.
    Operation {
        /// Its index in the history.
        index: u64,
        /// The node that was asked, if it is known.
        node: Option<String>,
        /// The index at which it began.
        began: u64,
        /// The operation in words: `invoke read by process 3`.
        text: String,
    },
    /// A fault begins or ends.
    Fault {
        /// Its number, so that beginning and end can be matched.
        number: usize,
        /// Whether it begins.
        begins: bool,
        /// It in words.
        text: String,
    },
    /// Nodes change their state.
    State {
        /// Which.
        nodes: Vec<String>,
        /// The state.
        state: NodeState,
    },
    /// A node said something about itself.
    Mark {
        /// Which.
        node: String,
        /// What about.
        label: String,
        /// What, as JSON.
        value: String,
    },
    /// A node did something wrong.
    Finding {
        /// Which.
        node: String,
        /// The finding, in words.
        text: String,
    },
}

/// A message, but for its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its network id.
    pub id: u64,
    /// Who sent it.
    pub src: String,
    /// For whom it is.
    pub dest: String,
    /// The type of its body; empty if it has none.
    pub kind: String,
}

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// It runs.
    Up,
    /// It has been stopped where it was.
    Paused,
    /// It has been killed.
    Down,
}

impl What {
    /// The nodes, clients and services that an event is about.
    fn names(&self) -> Vec<&str> {
        match self {
            What::Sent { message, .. } | What::Arrived { message, .. } => {
                vec![&message.src, &message.dest]
            }
            What::Operation { node, .. } => node.iter().map(String::as_str).collect(),
            What::Mark { node, .. } | What::Finding { node, .. } => vec![node],
            What::State { nodes, .. } => nodes.iter().map(String::as_str).collect(),
            What::Fault { .. } => Vec::new(),
        }
    }
}
