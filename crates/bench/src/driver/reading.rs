//! Nodes that have stopped reading: how much waits for them, and what they were at.

use super::Driver;
use crate::process::Running;

impl Running {
    /// How many bytes it was sent and has not read.
    pub(crate) fn unread_bytes(&self) -> usize {
        let in_pipe = self.stdin.as_ref().and_then(|pipe| rustix::io::ioctl_fionread(pipe).ok());
        self.outgoing.len() + in_pipe.unwrap_or(0) as usize
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
        self.engine.note_unread(node, &running.unread, since);
    }
}
