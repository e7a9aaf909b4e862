//! Nodes that have stopped reading: how much waits for them, and what they were at.

use std::time::Duration;

use super::Driver;
use crate::process::Running;
use crate::unread::Written;

/// For how long a node must have read nothing before that is worth a word.
const LONG: Duration = Duration::from_secs(3);

impl Running {
    /// How many bytes it was sent and has not read.
    pub(crate) fn unread_bytes(&self) -> usize {
        let in_pipe = self.stdin.as_ref().and_then(|pipe| rustix::io::ioctl_fionread(pipe).ok());
        self.outgoing.len() + in_pipe.unwrap_or(0) as usize
    }
}

fn kind(written: &Written) -> String {
    match written.payload.header().kind() {
        "" => "a message without a type".to_owned(),
        kind => kind.to_owned(),
    }
}

impl Driver<'_, '_> {
    /// Looks, about once a second, whether nodes read.
    pub(super) fn watch_reading(&mut self) {
        for node in 0..self.cluster.nodes.len() as u32 {
            let is_paused = self.engine.is_paused(node);
            let Some(running) = &mut self.cluster.nodes[node as usize] else { continue };
            if is_paused {
                running.unread.look_away();
                continue;
            }
            let unread = running.unread_bytes();
            running.unread.look(self.now, unread);
        }
    }

    /// Says of a node that is about to be ended if it has stopped reading.
    pub(super) fn tell_of_reading(&mut self, node: u32) {
        let Some(running) = &mut self.cluster.nodes[node as usize] else { return };
        let unread = running.unread_bytes();
        let since = running.unread.look(self.now, unread);
        if since < LONG {
            return;
        }
        let name = &self.cluster.names[node as usize];
        let waiting = running.unread.waiting().count();
        let (messages, wait) =
            if waiting == 1 { ("message", "waits") } else { ("messages", "wait") };
        let mut text = format!(
            "{name} has stopped reading: it read nothing for {:.1} s, and {waiting} {messages} \
             {wait} for it.",
            since.as_secs_f64()
        );
        let is_unanswered = |written: &&Written| {
            let id = written.payload.header().msg_id;
            written.src.starts_with('c')
                && id.is_some_and(|id| !self.engine.has_answered(node, &written.src, id))
        };
        if let Some(request) = running.unread.read().find(is_unanswered) {
            let id = request.payload.header().msg_id.unwrap_or_default();
            text += &format!(
                " It had read {} from {} (msg_id {id}) and never answered it.",
                kind(request),
                request.src
            );
        } else if let Some(last) = running.unread.read().next_back() {
            text += &format!(" The last that it read was {} from {}.", kind(last), last.src);
        }
        // A reply is only for who has asked.
        let reply = running.unread.waiting().find_map(|written| {
            let header = written.payload.header();
            (!written.src.starts_with('c')).then_some((written, header.in_reply_to?))
        });
        if let Some((written, id)) = reply {
            text += &format!(
                " Among what waits is the reply of {} ({}) to its own message {id}: a call \
                 inside a handler waits for a reply that only the loop around the handler can \
                 read.",
                written.src,
                kind(written)
            );
        }
        self.engine.note_stopped_reading(node, text);
    }
}
