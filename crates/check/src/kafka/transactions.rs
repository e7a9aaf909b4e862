//! What an operation did, once it is known how it ended.

use std::ops::Range;

use glomers_history::OpKind;

use crate::places::NONE;

/// A send, a poll, several of both, or an assignment of keys.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    /// Where it begins in the history, [`NONE`] if it does not.
    pub(super) begin: u32,
    /// Where it ends, [`NONE`] if it does not.
    pub(super) end: u32,
    /// How it ended; `Info` if it did not.
    pub(super) kind: OpKind,
    /// Which process.
    pub(super) process: u32,
    /// Its sends: a range of [`super::parse::Parsed::sends`].
    pub(super) sends: (u32, u32),
    /// Its polls: a range of [`super::parse::Parsed::polls`], those of a key together.
    pub(super) polls: (u32, u32),
    /// The keys that it assigns, if that is what it does.
    pub(super) assigns: Option<Box<[u32]>>,
}

impl Transaction {
    /// Where it shows in the history: its end, or its beginning if it has none.
    pub(super) fn place(&self) -> u32 {
        if self.end == NONE { self.begin } else { self.end }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.kind == OpKind::Ok
    }
}

/// A message that was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Send {
    pub(super) key: u32,
    pub(super) message: u32,
    /// The offset that the node named, if it did.
    pub(super) offset: Option<i64>,
}

/// What a poll got of one key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Poll {
    pub(super) key: u32,
    /// A range of [`super::parse::Parsed::polled`].
    pub(super) messages: (u32, u32),
}

/// A range as an index.
pub(super) fn range((from, to): (u32, u32)) -> Range<usize> {
    from as usize..to as usize
}

/// A message: a value sent to a key.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) key: u32,
    pub(super) value: glomers_history::Value,
    /// The transaction that sent it first, [`NONE`] if nobody did.
    pub(super) writer: u32,
    /// Whether it was sent more than once.
    pub(super) sent_again: bool,
    /// Whether two transactions sent it.
    pub(super) sent_by_two: bool,
    /// Where a send of it was first acknowledged, [`NONE`] if none was.
    pub(super) sent_ok: u32,
    /// Whether some send of it failed.
    pub(super) sent_fail: bool,
    /// Whether some send of it must have happened.
    pub(super) committed: bool,
    /// Whether anybody polled it.
    pub(super) read: bool,
    /// Where an answered poll first has it, [`NONE`] if none has.
    pub(super) read_ok: u32,
}

impl Message {
    /// Whether some send of it was acknowledged.
    pub(super) fn is_sent_ok(&self) -> bool {
        self.sent_ok != NONE
    }

    /// Whether an answered poll has it.
    pub(super) fn is_read_ok(&self) -> bool {
        self.read_ok != NONE
    }
}
