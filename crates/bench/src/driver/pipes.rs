//! Lines from nodes and to them.

use std::time::Duration;

use glomers_protocol::{Line, NodeId, Payload};
use glomers_sim::Input;

use super::ends::grouped;
use super::{Driver, Log};
use crate::cluster::Stream;
use crate::outgoing::Flushed;
use crate::process::Chunk;

/// Lines longer than this are known to kill some nodes.
const LONG_LINE: usize = 64 * 1024;

impl Driver<'_, '_> {
    /// Reads one chunk from each pipe that has something: a node that prints
    /// without end cannot keep others from being heard.
    pub(super) fn read_all(&mut self) {
        let mut listed = std::mem::take(&mut self.readable);
        listed.retain(|&(node, stream)| match stream {
            Stream::Stdout => self.read_stdout(node),
            Stream::Stderr => self.read_stderr(node),
            Stream::Stdin => false,
        });
        debug_assert!(self.readable.is_empty(), "only events make pipes readable");
        self.readable = listed;
    }

    /// Reads a chunk; whether there may be more.
    fn read_stdout(&mut self, node: u32) -> bool {
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return false;
        };
        let chunk = running.stdout.read(&mut self.space);
        let (has_more, count) = match chunk {
            Chunk::More(count) => (true, count),
            Chunk::Last(count) => (false, count),
            Chunk::End => {
                running.stdout.pipe = None;
                self.has_closed(node, "output");
                return false;
            }
        };
        running.stdout.is_listed = has_more;
        let incarnation = running.incarnation;
        let volume = running.volume.count(self.now, count, self.volume_window);
        let (engine, now) = (&mut self.engine, self.now);
        let fed = running.lines.feed(&self.space[..count], |line| {
            engine.input(
                now,
                Input::Line { node, incarnation, offset: Duration::ZERO, cause: None, line },
            );
        });
        if fed.is_err() {
            let how = format!(
                "printed a line of more than {} bytes (the bound is --max-line)",
                grouped(self.max_line)
            );
            self.broke(node, "line-too-long", how);
            return false;
        }
        if volume > self.max_queued {
            let how = format!(
                "printed more than {} bytes within {:.1} s",
                grouped(self.max_queued),
                self.volume_window.as_secs_f64()
            );
            self.broke(node, "runaway-output", how);
            return false;
        }
        has_more
    }

    fn read_stderr(&mut self, node: u32) -> bool {
        let name = &self.cluster.names[node as usize];
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return false;
        };
        let mut log = Log { engine: &mut self.engine, echo: self.echo, now: self.now };
        let each = |line: &str| log.line(node, name, line);
        let (has_more, count) = match running.stderr.read(&mut self.space) {
            Chunk::More(count) => (true, count),
            Chunk::Last(count) => (false, count),
            Chunk::End => {
                // A node may do without a log.
                running.stderr.pipe = None;
                running.log.finish(each);
                return false;
            }
        };
        running.stderr.is_listed = has_more;
        running.log.feed(&self.space[..count], each);
        has_more
    }

    /// Puts a message where the next write takes it.
    pub(super) fn deliver(
        &mut self,
        node: u32,
        incarnation: u32,
        id: u64,
        src: &NodeId,
        payload: &Payload,
    ) {
        let name = &self.cluster.names[node as usize];
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return;
        };
        if running.incarnation != incarnation || running.stdin.is_none() {
            return;
        }
        let before = running.outgoing.len();
        Line::write(id, src, name, payload, running.outgoing.end());
        let length = running.outgoing.len() - before;
        if running.unread.push(length, src, payload) {
            let unread = running.unread_bytes();
            running.unread.settle(unread);
        }
        if length > LONG_LINE {
            running.long_line = Some((length, self.now));
        }
        if !running.is_dirty && !running.is_blocked {
            running.is_dirty = true;
            self.dirty.push(node);
        }
        let queued = running.outgoing.len();
        if queued > self.max_queued {
            let how = format!("stopped reading: {} bytes wait for it", grouped(queued));
            self.broke(node, "stopped-reading", how);
        }
    }

    /// Writes to all nodes that have something waiting and room for it.
    pub(super) fn write_all(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.retain(|&node| self.write(node));
        self.dirty.append(&mut dirty);
        if self.dirty.is_empty() {
            // Keeps the list's memory.
            self.dirty = dirty;
        }
    }

    /// Writes; whether there is more and room for it.
    fn write(&mut self, node: u32) -> bool {
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return false;
        };
        running.is_dirty = false;
        let Some(stdin) = &mut running.stdin else {
            return false;
        };
        match running.outgoing.flush(stdin) {
            Ok(Flushed::All) => false,
            Ok(Flushed::Some) => {
                running.is_dirty = true;
                true
            }
            Ok(Flushed::Blocked) => {
                // The poll tells when there is room.
                running.is_blocked = true;
                false
            }
            Err(_) => {
                running.stdin = None;
                running.outgoing.clear();
                self.has_closed(node, "input");
                false
            }
        }
    }
}
