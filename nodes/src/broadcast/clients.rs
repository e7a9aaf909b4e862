//! What all nodes of this family do for clients.
//!
//! A broadcast is acknowledged when this node holds the value, so a value may be
//! lost if the node dies before it has passed it on; nothing else loses one.

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{Cx, ErrorCode, Incoming, Message, RpcError};

use super::repair::Repair;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// A client broadcast a value that this node did not have.
    Accepted,
    /// Nothing is left to do.
    Done,
}

/// Serves a request of a client; anything that is none is refused.
pub fn serve(message: &Incoming, repair: &mut Repair, cx: &mut Cx) -> Served {
    match message.header.kind() {
        Broadcast::TYPE => match message.payload.decode::<Broadcast>() {
            Ok(broadcast) => {
                let is_new = repair.accept(broadcast.message, cx);
                cx.reply(message, BroadcastOk {});
                if is_new {
                    return Served::Accepted;
                }
            }
            Err(error) => refuse(message, ErrorCode::MALFORMED_REQUEST, error.to_string(), cx),
        },
        Read::TYPE => cx.reply(message, ReadOk { messages: repair.storage.to_list() }),
        // These nodes know better whom to talk to.
        Topology::TYPE => cx.reply(message, TopologyOk {}),
        other => {
            let text = format!("this node does not understand messages of type {other:?}");
            refuse(message, ErrorCode::NOT_SUPPORTED, text, cx);
        }
    }
    Served::Done
}

/// Refuses a message, if its sender waits for an answer.
pub fn refuse(message: &Incoming, code: ErrorCode, text: String, cx: &mut Cx) {
    cx.reply_error(message, RpcError::new(code, text));
}

/// Whether a message is of this type and from another node of the cluster, and
/// from which; what is invalid is dropped, as if it were lost.
pub fn from_node<M: Message>(message: &Incoming, repair: &Repair) -> Option<(usize, M)> {
    if message.header.kind() != M::TYPE {
        return None;
    }
    let place = repair.place_of(&message.src).filter(|&place| place != repair.me)?;
    message.payload.decode().ok().map(|body| (place, body))
}

// `Topology` is only named: its content is not looked at.
const _: fn(Topology) = drop;
