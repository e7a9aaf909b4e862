//! What a node that is a process was sent and has not read, as far as its host knows how
//! many bytes of it that are, and what is to be said of a node that has stopped reading.

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
/// For how long a node must have read nothing before that is worth a word.
const LONG: Duration = Duration::from_secs(3);

/// A message in the order in which it was written.
#[derive(Debug)]
struct Written {
    /// Where it ends, in bytes from the first.
    end: u64,
    src: NodeId,
    payload: Payload,
}

/// The messages of one process.
#[derive(Debug, Default)]
pub struct Unread {
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
    pub fn push(&mut self, bytes: usize, src: &NodeId, payload: &Payload) -> bool {
        self.sent += bytes as u64;
        let (src, payload) = (src.clone(), payload.clone());
        self.waiting.push_back(Written { end: self.sent, src, payload });
        self.waiting.len() >= MANY_LINES || self.sent - self.settled_at >= MANY_BYTES
    }

    /// Takes note that so many bytes are unread.
    pub fn settle(&mut self, unread: usize) {
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
    pub fn look(&mut self, now: Time, unread: usize) -> Duration {
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
    pub fn look_away(&mut self) {
        self.stands_still = None;
    }

    /// What is to be said of a node that is about to be ended if it has not read for
    /// `since`, as [`Unread::look`] says. `has_answered`: whether it has answered this
    /// message of this client.
    pub fn in_words(
        &self,
        name: &str,
        since: Duration,
        has_answered: impl Fn(&str, u64) -> bool,
    ) -> Option<String> {
        if since < LONG {
            return None;
        }
        let waiting = self.waiting.len();
        let (messages, wait) =
            if waiting == 1 { ("message", "waits") } else { ("messages", "wait") };
        let mut text = format!(
            "{name} has stopped reading: it read nothing for {:.1} s, and {waiting} {messages} \
             {wait} for it.",
            since.as_secs_f64()
        );
        let is_unanswered = |written: &&Written| {
            let id = written.payload.header().msg_id;
            written.src.starts_with('c') && id.is_some_and(|id| !has_answered(&written.src, id))
        };
        if let Some(request) = self.read.iter().find(is_unanswered) {
            let id = request.payload.header().msg_id.unwrap_or_default();
            text += &format!(
                " It had read {} from {} (msg_id {id}) and never answered it.",
                request.kind(),
                request.src
            );
        } else if let Some(last) = self.read.back() {
            text += &format!(" The last that it read was {} from {}.", last.kind(), last.src);
        }
        // A reply is only for who has asked.
        let reply = self.waiting.iter().find_map(|written| {
            let header = written.payload.header();
            (!written.src.starts_with('c')).then_some((written, header.in_reply_to?))
        });
        if let Some((written, id)) = reply {
            text += &format!(
                " Among what waits is the reply of {} ({}) to message {id} of {name}: a call \
                 inside a handler waits for a reply that only the loop around the handler can \
                 read.",
                written.src,
                written.kind()
            );
        }
        Some(text)
    }
}

impl Written {
    fn kind(&self) -> String {
        match self.payload.header().kind() {
            "" => "a message without a type".to_owned(),
            kind => kind.to_owned(),
        }
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
        let names = |written: &VecDeque<Written>| {
            written.iter().map(|one| one.src.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&unread.read), ["c1"]);
        assert_eq!(names(&unread.waiting), ["c2", "c3"]);
        // It goes on, reads all, and gets more.
        assert_eq!(unread.look(second(5), 14), Duration::ZERO);
        assert_eq!(unread.look(second(6), 0), Duration::ZERO);
        unread.push(10, &NodeId::from("c1"), &payload);
        assert_eq!(unread.look(second(9), 10), Duration::ZERO);
        unread.look_away();
        assert_eq!(unread.look(second(20), 10), Duration::ZERO);
    }
}
