//! What each process polled and sent, one after the other.

use glomers_history::OpKind;
use rustc_hash::{FxHashMap, FxHashSet};

use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::{Transaction, range};

/// Two messages of a key that do not follow each other as they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: u32,
    /// The transaction with the earlier message.
    pub(super) before: u32,
    /// The transaction with the later one: the same, if both are in one.
    pub(super) after: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    /// How many places of the order lie between them: 1 is right for polls.
    pub(super) delta: i64,
}

/// All wrong steps by kind.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) poll_skip: Vec<Step>,
    pub(super) nonmonotonic_poll: Vec<Step>,
    /// The same where a poll in between got nothing of the key.
    pub(super) poll_skip_after_empty: Vec<Step>,
    pub(super) nonmonotonic_poll_after_empty: Vec<Step>,
    pub(super) int_poll_skip: Vec<Step>,
    pub(super) int_nonmonotonic_poll: Vec<Step>,
    pub(super) nonmonotonic_send: Vec<Step>,
    pub(super) int_nonmonotonic_send: Vec<Step>,
    pub(super) int_send_skip: Vec<Step>,
}

/// The last message of a key and the transaction that had it.
type Last = FxHashMap<u32, (u32, u32)>;

#[derive(Default)]
struct Session {
    polled: Last,
    /// The keys of which the last poll that asked for them got nothing.
    empty: FxHashSet<u32>,
    sent: Last,
}

impl Steps {
    pub(super) fn new(parsed: &Parsed, orders: &Orders) -> Steps {
        let mut scan = Scan { parsed, orders, steps: Steps::default() };
        let mut sessions: FxHashMap<u32, Session> = FxHashMap::default();
        let mut empty = parsed.empty.iter().peekable();
        for (number, transaction) in parsed.transactions.iter().enumerate() {
            let session = sessions.entry(transaction.process).or_default();
            if let Some(keys) = &transaction.assigns {
                // A key that is taken away may be polled from anywhere afterwards, and
                // what was sent to it before is forgotten, too, as Jepsen does.
                session.polled.retain(|key, _| keys.contains(key));
                session.sent.retain(|key, _| keys.contains(key));
                continue;
            }
            scan.polls(number as u32, transaction, session);
            while let Some(&(_, key)) = empty.next_if(|&&(at, _)| at == number as u32) {
                let other = parsed.polls_of(transaction).iter().any(|poll| poll.key == key);
                if transaction.is_ok() && !other {
                    session.empty.insert(key);
                }
            }
            scan.sends(number as u32, transaction, &mut session.sent);
        }
        scan.steps
    }
}

struct Scan<'a> {
    parsed: &'a Parsed,
    orders: &'a Orders,
    steps: Steps,
}

impl Scan<'_> {
    /// The step from one message to another, if both stand in the order.
    fn step(&self, key: u32, (before, from): (u32, u32), (after, to): (u32, u32)) -> Option<Step> {
        let delta = self.orders.delta(from, to)?;
        Some(Step { key, before, after, from, to, delta })
    }

    fn polls(&mut self, number: u32, transaction: &Transaction, session: &mut Session) {
        let parsed = self.parsed;
        for polls in parsed.polls_of(transaction).chunk_by(|a, b| a.key == b.key) {
            let key = polls[0].key;
            let mut messages = polls.iter().flat_map(|poll| parsed.messages_of(poll)).copied();
            let Some(first) = messages.next() else { continue };
            if let Some(&before) = session.polled.get(&key)
                && let Some(step) = self.step(key, before, (number, first))
            {
                let steps = &mut self.steps;
                match (step.delta, session.empty.contains(&key)) {
                    (2.., false) => steps.poll_skip.push(step),
                    (2.., true) => steps.poll_skip_after_empty.push(step),
                    (1, _) => {}
                    (_, false) => steps.nonmonotonic_poll.push(step),
                    (_, true) => steps.nonmonotonic_poll_after_empty.push(step),
                }
            }
            // Who gets a key anew in the middle of a poll begins it anew.
            let is_free = parsed.is_rebalanced(number, key);
            let mut current = first;
            for message in messages {
                if !is_free && let Some(step) = self.step(key, (number, current), (number, message))
                {
                    match step.delta {
                        2.. => self.steps.int_poll_skip.push(step),
                        1 => {}
                        _ => self.steps.int_nonmonotonic_poll.push(step),
                    }
                }
                current = message;
            }
            // Only what was answered is known to have moved the reader.
            if transaction.is_ok() {
                session.empty.remove(&key);
                session.polled.insert(key, (number, current));
            }
        }
    }

    fn sends(&mut self, number: u32, transaction: &Transaction, last: &mut Last) {
        for sends in self.parsed.sends[range(transaction.sends)].chunk_by(|a, b| a.key == b.key) {
            let (key, first) = (sends[0].key, sends[0].message);
            let counts = transaction.kind != OpKind::Fail;
            if counts
                && let Some(&before) = last.get(&key)
                && let Some(step) = self.step(key, before, (number, first))
                && step.delta < 1
            {
                self.steps.nonmonotonic_send.push(step);
            }
            for two in sends.windows(2) {
                let (from, to) = ((number, two[0].message), (number, two[1].message));
                if let Some(step) = self.step(key, from, to) {
                    match step.delta {
                        2.. => self.steps.int_send_skip.push(step),
                        1 => {}
                        _ => self.steps.int_nonmonotonic_send.push(step),
                    }
                }
            }
            // Whatever may have happened, wherever it then stands.
            if counts {
                last.insert(key, (number, sends[sends.len() - 1].message));
            }
        }
    }
}
