//! What nodes of `hub-ft` say to each other: one type of message for everything,
//! and none that is a mere reply to another.

use std::time::Duration;

use glomers_node::Message;
use serde::{Deserialize, Serialize};

use crate::broadcast::latency::Stamp;
use crate::broadcast::repair::Delta;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A leaf's news for the hub.
    Up,
    /// The same from a leaf that has waited in vain: answer at once.
    Ask,
    /// The hub's news for a leaf.
    Down,
    /// The same for a leaf that has not acknowledged for long: answer at once.
    Check,
    /// From a node that cannot reach the hub: answer at once with what I lack.
    Gossip,
    /// The answer to that, or to somebody who does not know the view.
    Tell,
    /// What the receiver of an answer saw that the other lacks: do not answer.
    Push,
    /// What the sender's clients broadcast, to everybody.
    Direct,
}

/// How the hub wants it done. Leaves follow. Times are in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The hub's moments are so far apart.
    pub(super) period: u64,
    /// The hub's first moment, by its clock; none if it waits a period after its
    /// first news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begin: Option<u64>,
    /// Leaves send so long before the hub's moment that their message may take so
    /// much longer than the fastest; `None`: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) margin: Option<u64>,
    /// Leaves ask when a message that they expect is so much later than the fastest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ask: Option<u64>,
    /// Leaves send everything again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<u64>,
    /// How much longer than the fastest a message hardly ever takes; 0 if latencies
    /// do not vary.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) tail: u64,
    /// What a message takes, for leaves that have not measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) way: Option<u64>,
    /// How often latencies have changed so much that what was measured before is to be
    /// forgotten.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) changes: u64,
    /// The wanted latency, if it leaves no time for a hub: all send to all, and the
    /// hub only mends what is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) direct: Option<u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Plan {
    pub(super) fn period(&self) -> Duration {
        Duration::from_micros(self.period)
    }

    pub(super) fn tail(&self) -> Duration {
        Duration::from_micros(self.tail)
    }

    /// Leaves send at once.
    pub(super) fn is_eager(&self) -> bool {
        self.margin.is_none()
    }
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "sync")]
pub(super) struct Sync {
    pub(super) kind: Kind,
    /// The highest view that the sender knows; its hub is the node whose place is
    /// the remainder of this by the number of nodes.
    pub(super) view: u64,
    pub(super) stamp: Stamp,
    pub(super) delta: Delta,
    /// How long ago the hub was last heard by the sender or anybody it has word of,
    /// in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) silent: Option<u64>,
    /// The sender thinks that the hub should have been heard since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) suspects: bool,
    /// From the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<Plan>,
    /// From the hub: there is so much news that something for all will come in
    /// the next period, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) busy: bool,
}
