//! What comes to clients that they do not wait for: second replies, and messages
//! that are none.

use std::collections::VecDeque;
use std::time::Duration;

use glomers_history::{Endpoint, Value};
use glomers_node::{NodeId, Payload};

use super::Engine;
use super::clients::Owner;
use crate::unread::Unread;

/// Requests of one client that are remembered.
const REMEMBERED: usize = 32;

/// A request as one node got and answered it.
#[derive(Debug)]
pub(super) struct Asked {
    msg_id: u64,
    node: u32,
    deliveries: u32,
    replies: u32,
}

/// The last requests of a client.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<Asked>);

impl Requests {
    fn find(&mut self, msg_id: u64, node: u32) -> Option<&mut Asked> {
        self.0.iter_mut().rev().find(|asked| (asked.msg_id, asked.node) == (msg_id, node))
    }
}

impl Engine<'_> {
    /// A node is handed a client's request: by the client, as a copy that a fault
    /// made, or forwarded in the client's name.
    pub(super) fn request_delivered(&mut self, client: u32, node: u32, payload: &Payload) {
        let Some(msg_id) = payload.header().msg_id else { return };
        let requests = &mut self.clients.slots[client as usize].requests;
        match requests.find(msg_id, node) {
            Some(asked) => asked.deliveries += 1,
            None => {
                if requests.0.len() == REMEMBERED {
                    requests.0.pop_front();
                }
                requests.0.push_back(Asked { msg_id, node, deliveries: 1, replies: 0 });
            }
        }
    }

    /// A node has replied to a client. One that was never handed the request under
    /// the client's name may have got it in a message of its peers, which nobody
    /// here can count.
    pub(super) fn request_answered(&mut self, client: u32, node: u32, reply: &Payload) {
        let Some(msg_id) = reply.header().in_reply_to else { return };
        let slot = &mut self.clients.slots[client as usize];
        let owner = slot.owner;
        let Some(asked) = slot.requests.find(msg_id, node) else { return };
        asked.replies += 1;
        let (replies, deliveries) = (asked.replies, asked.deliveries);
        if replies <= deliveries {
            return;
        }
        let (name, client) = (self.cluster.name(node), &slot.name);
        let text = reply.to_json();
        if matches!(owner, Owner::Init(_) | Owner::Setup(_)) {
            let summary = format!(
                "{name} replied {replies} times to one message of the start; the first counts."
            );
            return self.remark(node, "note-start-answered-twice", summary, text.get());
        }
        let times = if deliveries == 1 { "once".to_owned() } else { format!("{deliveries} times") };
        let summary = format!(
            "{name} replied {replies} times to one request, message {msg_id} of {client}, which \
             it got {times}. Only the first reply counts."
        );
        let expected = "expected: one reply to each request; a second may be taken for the reply \
                        to another (protocol: replies)";
        self.blame_for(node, "replied-twice", summary, text.get(), expected);
    }

    /// A node that is about to be ended has read nothing for `since` although there was
    /// something: noted if it is long. Also when the run is over.
    pub fn note_unread(&mut self, node: u32, unread: &Unread, since: Duration) {
        let has_answered = |client: &str, id| self.has_answered(node, client, id);
        if let Some(how) = unread.in_words(self.cluster.name(node), since, has_answered) {
            self.remark(node, "note-stopped-reading", how, "");
        }
    }

    /// Whether this node has answered a request of a client, given by name.
    fn has_answered(&self, node: u32, client: &str, msg_id: u64) -> bool {
        let Some(Endpoint::Client(client)) = self.endpoint(&NodeId::new(client)) else {
            return false;
        };
        let mut asked = self.clients.slots[client as usize].requests.0.iter();
        asked.any(|asked| (asked.msg_id, asked.node) == (msg_id, node) && asked.replies > 0)
    }

    /// A message came to a client that does not wait for it.
    pub(super) fn unawaited(&mut self, node: u32, payload: &Payload) {
        let text = payload.to_json();
        let body = Value::from_json(text.get()).unwrap_or(Value::Null);
        let what = match body.get("in_reply_to") {
            None | Some(Value::Null) => "without \"in_reply_to\"".to_owned(),
            Some(id @ (Value::Int(_) | Value::BigInt(_))) => {
                format!("in reply to message {id}, which the client never sent")
            }
            Some(other) => {
                let what = format!(
                    "the \"in_reply_to\" of its reply is {}, {}, so it answers nothing",
                    other.to_json(),
                    other.kind_name()
                );
                let expected = match other.as_str().and_then(|id| id.parse::<u64>().ok()) {
                    Some(id) => format!(
                        "expected: the \"msg_id\" of the request as the integer that it was, {id} \
                         (protocol: bodies)"
                    ),
                    None => "expected: \"in_reply_to\" is the \"msg_id\" of the request, an \
                             integer (protocol: bodies)"
                        .to_owned(),
                };
                return self.blame(node, &what, text.get(), &expected);
            }
        };
        let name = self.cluster.name(node);
        let summary =
            format!("{name} sent a client a message {what}; clients ignore such messages.");
        self.remark(node, "note-unawaited", summary, text.get());
    }
}
