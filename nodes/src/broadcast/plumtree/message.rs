//! What nodes of `plumtree` say to each other, and what can be set.

use std::time::Duration;

use glomers_node::Message;
use serde::{Deserialize, Serialize};

use crate::broadcast::arguments::{Arguments, milliseconds, number};
use crate::broadcast::latency::Stamp;
use crate::broadcast::repair::{Delta, MESSAGE_LIMIT};

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many neighbours a node chooses; about as many others choose it.
    pub degree: usize,
    /// The longest time until a neighbour outside the tree is told what is held.
    pub lazy: Duration,
    /// The most values in a message.
    pub items: usize,
}

impl Options {
    /// Reads `--degree N`, `--lazy MS` and `--items N`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut pairs = Arguments::new(arguments, &["--degree N", "--lazy MS", "--items N"]);
        let mut options =
            Options { degree: 3, lazy: Duration::from_millis(500), items: MESSAGE_LIMIT };
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--degree" => options.degree = number(name, value, 1, 100_000)? as usize,
                "--lazy" => options.lazy = milliseconds(name, value, 1)?,
                _ => options.items = number(name, value, 1, 1_000_000)? as usize,
            }
        }
        Ok(options)
    }
}

/// The only message. Its digest announces what the sender holds (IHAVE); its
/// values, if any, were pushed or asked for.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "plumtree")]
pub(super) struct Branch {
    pub(super) stamp: Stamp,
    pub(super) delta: Delta,
    /// The sender has chosen the receiver as a neighbour.
    pub(super) is_chosen: bool,
    /// The receiver's acknowledgement is missing: answer.
    pub(super) ask: bool,
    /// Do not push values from these nodes any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) prune: Vec<u32>,
    /// Give me what I lack from these nodes, and push what comes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) graft: Vec<u32>,
}
