//! How a node learns who it is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// The first message to every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Init {
    /// The receiver's own id.
    pub node_id: NodeId,
    /// The ids of all nodes, the receiver's among them, in the same order for
    /// all.
    pub node_ids: Arc<[NodeId]>,
}

/// The node is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitOk {}

super::messages! { Init = "init" => InitOk, InitOk = "init_ok" }
