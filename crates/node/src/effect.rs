//! What a node wants done.

use std::borrow::Cow;

use glomers_protocol::{NodeId, Payload, Value};

/// What a node wants done, in the order in which it asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Effect {
    /// Send a message.
    Send {
        /// To whom.
        dest: NodeId,
        /// What.
        payload: Payload,
    },
    /// Note an observation about the node: invariants and true latencies are
    /// known by them. On stdio they are dropped.
    Mark {
        /// What about: `holds`, `leader`.
        label: Cow<'static, str>,
        /// What.
        value: Value,
    },
    /// Write a line to the node's log.
    Log(String),
}
