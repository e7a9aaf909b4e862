//! Gives back what it gets. (Challenge 1.)

use glomers_node::Node;
use glomers_node::protocol::rpc::echo::{Echo, EchoOk};

/// The node.
pub fn node() -> Node<()> {
    Node::new().on(async |_cx, Echo { echo }| Ok(EchoOk { echo }))
}
