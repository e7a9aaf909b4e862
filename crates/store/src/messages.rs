//! Messages with their fates, marks and findings: what a journal tells.

use std::sync::Arc;

use glomers_history::Time;
use glomers_history::journal::{Disturbance, DropReason};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Its receiver got it.
    Delivered,
    /// It will never be delivered.
    Dropped(DropReason),
    /// The run ended, or its journal was cut off, before it arrived.
    InFlight,
}

impl Fate {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Delivered => "delivered",
            Fate::Dropped(reason) => reason.name(),
            Fate::InFlight => "in-flight",
        }
    }
}

/// A message, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Its network id.
    pub id: u64,
    /// When it was sent.
    pub sent_at: Time,
    /// When it was delivered.
    pub received_at: Option<Time>,
    /// When it became certain that it never will be.
    pub dropped_at: Option<Time>,
    /// Who sent it.
    pub src: &'a str,
    /// Who was to receive it.
    pub dest: &'a str,
    /// The body's type.
    pub kind: Option<&'a str>,
    /// The body as JSON, cut at
    /// [`BODY_LIMIT`](glomers_history::journal::BODY_LIMIT) bytes.
    pub body: &'a str,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// What became of it; of one that was doubled, the better of two fates.
    pub fate: Fate,
    /// All its ends: of one that was doubled there may be two.
    pub endings: &'a [Ending],
    /// What faults did to it on its way.
    pub disturbances: &'a [Disturbed],
}

/// The end of a message, or of its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub(crate) id: u64,
    /// When.
    pub time: Time,
    /// Why it was not delivered, if it was not.
    pub dropped: Option<DropReason>,
}

/// What a fault did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disturbed {
    pub(crate) id: u64,
    /// When.
    pub time: Time,
    /// What.
    pub how: Disturbance,
}

/// A message with its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its network id.
    pub id: u64,
    /// When it was sent.
    pub sent_at: Time,
    /// When it was delivered.
    pub received_at: Option<Time>,
    /// When it became certain that it never will be.
    pub dropped_at: Option<Time>,
    /// Who sent it.
    pub src: Arc<str>,
    /// Who was to receive it.
    pub dest: Arc<str>,
    /// The body's type.
    pub kind: Option<Arc<str>>,
    /// The body as JSON, cut at
    /// [`BODY_LIMIT`](glomers_history::journal::BODY_LIMIT) bytes.
    pub body: String,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// What became of it.
    pub fate: Fate,
    /// All its ends.
    pub endings: Vec<Ending>,
    /// What faults did to it on its way.
    pub disturbances: Vec<Disturbed>,
}

impl Message {
    pub(crate) fn borrowed(&self) -> MessageRef<'_> {
        MessageRef {
            id: self.id,
            sent_at: self.sent_at,
            received_at: self.received_at,
            dropped_at: self.dropped_at,
            src: &self.src,
            dest: &self.dest,
            kind: self.kind.as_deref(),
            body: &self.body,
            body_length: self.body_length,
            fate: self.fate,
            endings: &self.endings,
            disturbances: &self.disturbances,
        }
    }
}

impl From<MessageRef<'_>> for Message {
    fn from(message: MessageRef<'_>) -> Message {
        Message {
            id: message.id,
            sent_at: message.sent_at,
            received_at: message.received_at,
            dropped_at: message.dropped_at,
            src: message.src.into(),
            dest: message.dest.into(),
            kind: message.kind.map(Arc::from),
            body: message.body.to_owned(),
            body_length: message.body_length,
            fate: message.fate,
            endings: message.endings.to_vec(),
            disturbances: message.disturbances.to_vec(),
        }
    }
}

/// What a node said about itself, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkRef<'a> {
    /// When.
    pub time: Time,
    /// Which node.
    pub node: &'a str,
    /// What about.
    pub label: &'a str,
    /// What, as JSON.
    pub value: &'a str,
}

/// What a node said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub time: Time,
    /// Which node.
    pub node: String,
    /// What about.
    pub label: String,
    /// What, as JSON.
    pub value: String,
}

impl From<MarkRef<'_>> for Mark {
    fn from(mark: MarkRef<'_>) -> Mark {
        Mark {
            time: mark.time,
            node: mark.node.to_owned(),
            label: mark.label.to_owned(),
            value: mark.value.to_owned(),
        }
    }
}

/// What a node did wrong, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingRef<'a> {
    /// When, as operations are counted.
    pub time: Time,
    /// Which node.
    pub node: &'a str,
    /// The finding's name.
    pub name: &'a str,
    /// What is wrong, in one sentence.
    pub summary: &'a str,
    /// What proves it, line by line.
    pub evidence: &'a str,
}

/// What is read from a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message; these come in the order of their ids.
    Message(MessageRef<'a>),
    /// A mark; these come in the order of their times.
    Mark(MarkRef<'a>),
    /// What a node did wrong; these come in the order of their times.
    Finding(FindingRef<'a>),
    /// A node looked at its wall clock while a fault made that wrong; these come
    /// in the order of their times.
    ClockRead {
        /// When.
        time: Time,
        /// Which node.
        node: &'a str,
    },
}
