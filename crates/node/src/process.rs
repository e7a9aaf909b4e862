use glomers_protocol::{Header, NodeId, Payload};

use crate::cx::Cx;

/// A node as a state machine without I/O.
///
/// Whoever drives it calls [`Process::handle`] with one input at a time; what the
/// node wants done collects in the [`Cx`] and is applied in order when the call
/// returns. The node sees no clock but [`Cx::now`] and no randomness but
/// [`Cx::rng`], so the same inputs at the same times have the same effects.
///
/// # Panics
/// A panic ends the node, under every driver.
pub trait Process {
    /// Takes one input.
    fn handle(&mut self, input: Input, cx: &mut Cx);
}

impl Process for Box<dyn Process> {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        (**self).handle(input, cx);
    }
}

/// What can happen to a node.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input {
    /// The node knows its id and peers ([`Cx::id`], [`Cx::peers`]) and begins.
    /// Always the first input; `init_ok` is sent after it.
    Start {
        /// Whether an earlier incarnation left something on the disk.
        recovered: bool,
    },
    /// A message arrived. Messages that come before the node is initialised are
    /// held back until after `Start`.
    Message(Incoming),
    /// A timer that was set with [`Cx::set_timer`] and not cancelled is due.
    Timer(TimerId),
    /// All that was written before this sync was asked for is durable.
    Synced(SyncId),
}

/// A message that arrived.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Who sent it.
    pub src: NodeId,
    /// The reserved fields of its body.
    pub header: Header,
    /// Its body.
    pub payload: Payload,
}

/// Names a timer of one incarnation of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId {
    pub(crate) at: glomers_history::Time,
    pub(crate) number: u64,
    /// The key of its going off.
    pub(crate) key: u64,
}

/// Names a sync of one incarnation of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SyncId(pub u64);
