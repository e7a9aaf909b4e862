//! What a node was sent and has not read: the kernel tells how many bytes lie in its
//! pipe.

use std::collections::VecDeque;
use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::{NodeId, Payload};

/// Lines after which a look is taken at how far the node is.
const MANY_LINES: usize = 1000;
/// Bytes after which it is.
const MANY_BYTES: u64 = 1 << 20;
/// How many messages that it has read are remembered.
const REMEMBERED: usize = 16;

/// A message in the order in which it was written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Where it ends, in bytes from the first.
    end: u64,
    pub(crate) src: NodeId,
    pub(crate) payload: Payload,
}

/// The messages of one process.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    sent: u64,
    settled_at: u64,
    waiting: VecDeque<Written>,
    read: VecDeque<Written>,
    /// How far it had read, and since when that has not changed though there was
    /// more.
    stands_still: Option<(u64, Time)>,
}

impl Unread {
    /// Notes a message of so many bytes. Whether it is time to [`Unread::settle`].
    pub(crate) fn push(&mut self, bytes: usize, src: &NodeId, payload: &Payload) -> bool {
        self.sent += bytes as u64;
        let (src, payload) = (src.clone(), payload.clone());
        self.waiting.push_back(Written { end: self.sent, src, payload });
        self.waiting.len() >= MANY_LINES || self.sent - self.settled_at >= MANY_BYTES
    }

    /// Takes note that so many bytes are unread.
    pub(crate) fn settle(&mut self, unread: usize) {
        self.settled_at = self.sent;
        let read = self.sent.saturating_sub(unread as u64);
        while self.waiting.front().is_some_and(|front| front.end <= read) {
            self.read.extend(self.waiting.pop_front());
            if self.read.len() > REMEMBERED {
                self.read.pop_front();
            }
        }
    }

    /// As [`Unread::settle`], and for how long the node has not read though there
    /// was something.
    pub(crate) fn look(&mut self, now: Time, unread: usize) -> Duration {
        self.settle(unread);
        let read = self.sent.saturating_sub(unread as u64);
        match self.stands_still {
            _ if self.waiting.is_empty() => self.stands_still = None,
            Some((at, _)) if at == read => {}
            _ => self.stands_still = Some((read, now)),
        }
        self.stands_still.map_or(Duration::ZERO, |(_, since)| now.since(since))
    }

    /// Begins anew to count for how long it has not read.
    pub(crate) fn look_away(&mut self) {
        self.stands_still = None;
    }

    /// What waits, in order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Written> {
        self.waiting.iter()
    }

    /// The last messages that it read, in order.
    pub(crate) fn read(&self) -> impl DoubleEndedIterator<Item = &Written> {
        self.read.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_reads_nothing_stands_still() {
        let mut unread = Unread::default();
        let payload = Payload::from_json("{}").unwrap();
        for client in ["c1", "c2", "c3"] {
            unread.push(10, &NodeId::from(client), &payload);
        }
        let second = |s: u64| Time(s * glomers_history::SECOND);
        assert_eq!(unread.look(second(1), 15), Duration::ZERO);
        assert_eq!(unread.look(second(4), 15), Duration::from_secs(3));
        let names = |written: &mut dyn Iterator<Item = &Written>| {
            written.map(|one| one.src.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&mut unread.read()), ["c1"]);
        assert_eq!(names(&mut unread.waiting()), ["c2", "c3"]);
        // It goes on, reads all, and gets more.
        assert_eq!(unread.look(second(5), 14), Duration::ZERO);
        assert_eq!(unread.look(second(6), 0), Duration::ZERO);
        unread.push(10, &NodeId::from("c1"), &payload);
        assert_eq!(unread.look(second(9), 10), Duration::ZERO);
        unread.look_away();
        assert_eq!(unread.look(second(20), 10), Duration::ZERO);
    }
}
