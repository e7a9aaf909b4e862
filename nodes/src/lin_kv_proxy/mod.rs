//! Registers that are really those of the service `lin-kv`: every request is
//! passed on as it is, and so is its answer.
//!
//! A request is passed on once. If the service does not answer, nobody knows
//! whether it was done, and a second compare-and-set could undo what others did
//! meanwhile. Survives everything that the service survives.

use glomers_node::protocol::rpc::kv::{Cas, Read, Write};
use glomers_node::{Context, Node, NodeId, Request, RpcError};

/// The node.
pub fn node() -> Node<()> {
    Node::new()
        .on(async |cx, read: Read| pass_on(&cx, read).await)
        .on(async |cx, write: Write| pass_on(&cx, write).await)
        .on(async |cx, cas: Cas| pass_on(&cx, cas).await)
}

async fn pass_on<M: Request>(cx: &Context<()>, request: M) -> Result<M::Reply, RpcError> {
    cx.rpc(&NodeId::new("lin-kv"), request).await
}
