//! Workload broadcast.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Schema};
use crate::{List, NodeId, Value};

/// Suggests to each node which others to talk to. Every node gets the whole map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The neighbours of each node.
    pub topology: Arc<BTreeMap<NodeId, Vec<NodeId>>>,
}

/// The topology has been taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyOk {}

/// Asks a node to make a value known to all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// Any JSON; the workload's own are 0, 1, 2, …
    pub message: Value,
}

/// The node has the value and will pass it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastOk {}

/// Asks for all values that a node has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {}

/// All values that a node has, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOk {
    /// The values.
    pub messages: List,
}

super::messages! {
    Topology = "topology" => TopologyOk,
    TopologyOk = "topology_ok",
    Broadcast = "broadcast" => BroadcastOk,
    BroadcastOk = "broadcast_ok",
    Read = "read" => ReadOk,
}

impl crate::Message for ReadOk {
    const TYPE: &'static str = "read_ok";

    fn only_list(&self) -> Option<(&'static str, &List)> {
        Some(("messages", &self.messages))
    }
}

/// The form of a [`TopologyOk`].
pub const TOPOLOGY_OK: Schema = Schema { kind: "topology_ok", fields: &[] };
/// The form of a [`BroadcastOk`].
pub const BROADCAST_OK: Schema = Schema { kind: "broadcast_ok", fields: &[] };
/// The form of a [`ReadOk`].
pub const READ_OK: Schema = Schema { kind: "read_ok", fields: &[("messages", Field::List)] };
