//! What Maelstrom would have made of a run: after a line that it cannot take it
//! ignores all that the node prints. Marks tell, so that a stored run does, too.

use glomers_history::{Endpoint, Value, WOULD_CRASH, WOULD_IGNORE, WOULD_NOT_HEAR};

use super::Engine;
use super::clients::Owner;
use super::phases::Phase;

impl Engine<'_> {
    /// From here on Maelstrom ignores what this incarnation of a node sends.
    pub(super) fn falls_silent(&mut self, node: u32, why: &str) {
        let next = self.network.next_id();
        let state = &mut self.cluster.nodes[node as usize];
        if state.silent_from.is_none() {
            state.silent_from = Some(next);
            self.mark(node, WOULD_IGNORE, &Value::string(why));
        }
    }

    /// Whether Maelstrom would not have heard this message.
    pub(super) fn is_unheard(&self, node: u32, message: u64) -> bool {
        self.cluster.nodes[node as usize].silent_from.is_some_and(|from| message >= from)
    }

    /// An operation has ended by a message that Maelstrom would not have heard.
    pub(super) fn ended_unheard(&mut self, node: u32, invocation: u64) {
        self.mark(node, WOULD_NOT_HEAR, &Value::from(invocation));
    }

    /// The start of the run rests on such a message: Maelstrom waits for it in vain
    /// and crashes.
    pub(super) fn started_unheard(&mut self, node: u32) {
        if matches!(self.course.phase, Phase::Init { .. } | Phase::Setup { .. }) {
            self.mark(node, WOULD_CRASH, &Value::Null);
        }
    }

    /// Whether this is a client that no worker has any more.
    pub(super) fn is_gone(&self, end: Endpoint) -> bool {
        matches!(end, Endpoint::Client(client)
            if self.clients.slots[client as usize].owner == Owner::Nobody)
    }
}
