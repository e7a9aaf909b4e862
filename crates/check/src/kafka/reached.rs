//! How far the polls at the end of a run came: a log that nobody read to its end may hold
//! more than anybody saw.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::Transaction;
use crate::places::NONE;
use crate::{Context, words};

/// What one process polled at the end of a run.
#[derive(Default)]
struct Consumer {
    /// An operation of it, by which its node is known.
    place: usize,
    seen: FxHashSet<u32>,
    /// Keys of which its last answered poll got nothing more.
    ended: FxHashSet<u32>,
    /// Whether its last poll was answered.
    was_answered: bool,
}

/// How far final polls came.
pub(super) struct Reached<'a> {
    parsed: &'a Parsed,
    orders: &'a Orders,
    /// By process.
    consumers: FxHashMap<u32, Consumer>,
    /// Whether polls are needed to say that a message should have been seen.
    is_needed: bool,
    /// Keys of which a final poll got nothing more, and where the last such poll began.
    ended: FxHashMap<u32, u32>,
    /// By key the furthest place in its order of which a final poll told.
    furthest: FxHashMap<u32, u32>,
    /// Final polls, and those that got no answer.
    polls: usize,
    unanswered: usize,
}

impl<'a> Reached<'a> {
    /// Of histories of our own clients (`ours`) other polls do where there are no final ones,
    /// as in what is left of a shrunken run, and without any nothing can be said.
    pub(super) fn new(
        history: &History,
        parsed: &'a Parsed,
        orders: &'a Orders,
        ours: bool,
    ) -> Reached<'a> {
        let has_finals = history.ops().iter().any(|op| op.is_final && &*op.f == "poll");
        let mut reached = Reached {
            is_needed: has_finals || ours,
            parsed,
            orders,
            consumers: FxHashMap::default(),
            ended: FxHashMap::default(),
            furthest: FxHashMap::default(),
            polls: 0,
            unanswered: 0,
        };
        let mut assigned: FxHashMap<u32, &[u32]> = FxHashMap::default();
        for transaction in &parsed.transactions {
            let place = transaction.place() as usize;
            let counts = |op: &&Op| op.is_final || ours && !has_finals;
            let Some(op) = history.ops().get(place).filter(counts) else { continue };
            if let Some(keys) = &transaction.assigns {
                assigned.insert(transaction.process, keys);
            } else if &*op.f == "poll" {
                let keys = assigned.get(&transaction.process).copied().unwrap_or_default();
                reached.poll(transaction, keys);
            }
        }
        reached
    }

    fn poll(&mut self, transaction: &Transaction, assigned: &[u32]) {
        self.polls += 1;
        let consumer = self.consumers.entry(transaction.process).or_default();
        consumer.place = transaction.place() as usize;
        consumer.was_answered = transaction.kind == OpKind::Ok;
        if !consumer.was_answered {
            self.unanswered += 1;
            return;
        }
        let mut got: FxHashSet<u32> = FxHashSet::default();
        for poll in self.parsed.polls_of(transaction) {
            let messages = self.parsed.messages_of(poll);
            if !messages.is_empty() {
                got.insert(poll.key);
            }
            for &message in messages {
                consumer.seen.insert(message);
                let place = self.orders.positions[message as usize].latest;
                if place != NONE {
                    let furthest = self.furthest.entry(poll.key).or_default();
                    *furthest = place.max(*furthest);
                }
            }
        }
        consumer.ended = assigned.iter().copied().filter(|key| !got.contains(key)).collect();
        self.ended.extend(consumer.ended.iter().map(|&key| (key, transaction.begin)));
    }

    /// Whether a message should have been seen if it is kept: always, but where final polls
    /// were made of which none came as far as it.
    pub(super) fn should_have(&self, id: u32) -> bool {
        let message = &self.parsed.messages[id as usize];
        let key = message.key;
        let place = self.orders.positions[id as usize].earliest;
        let has_ended = |&begin: &u32| begin != NONE && begin > message.sent_ok;
        !self.is_needed
            || self.ended.get(&key).is_some_and(has_ended)
            || place != NONE && self.furthest.get(&key).is_some_and(|&furthest| furthest > place)
    }

    /// Why some messages need not have been seen.
    pub(super) fn why_not(&self, missing: usize) -> String {
        if self.polls == 0 {
            return format!(
                "Whether {} {} kept cannot be said: nobody polled.",
                words::count(missing, "message"),
                if missing == 1 { "was" } else { "were" },
            );
        }
        format!(
            "Whether {} {} kept cannot be said: at the end of the run no answered poll came as far; \
             {} of {} got no answer in time. With fewer messages (--rate, --time-limit) or \
             more patience (--service-time 0 in virtual time) they may be.",
            words::count(missing, "message"),
            if missing == 1 { "was" } else { "were" },
            self.unanswered,
            words::count(self.polls, "final poll"),
        )
    }

    /// What consumers of some nodes never saw, though they read all logs to their ends and
    /// others saw it. Nodes may give as few messages as they like, so it is no error.
    pub(super) fn lacking(&self, history: &History, context: &Context) -> Vec<String> {
        // By node the consumer that lacks the most.
        let mut worst: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for consumer in self.consumers.values().filter(|consumer| consumer.was_answered) {
            let Some(node) = context.node_index_of(&history.ops()[consumer.place]) else {
                continue;
            };
            let is_due = |id: &u32| {
                let message = &self.parsed.messages[*id as usize];
                message.is_sent_ok()
                    && message.is_read_ok()
                    && consumer.ended.contains(&message.key)
            };
            let due: Vec<u32> = (0..self.parsed.messages.len() as u32).filter(is_due).collect();
            let lacking = due.iter().filter(|id| !consumer.seen.contains(id)).count();
            let found = worst.entry(node).or_default();
            *found = (lacking, due.len()).max(*found);
        }
        let lacks = |(node, (lacking, due)): (usize, (usize, usize))| {
            let node = context.nodes.get(node).filter(|_| lacking > 0)?;
            Some(format!(
                "At the end of the run {node} gave a consumer {} of {} that were acknowledged and \
                 that others gave, and then nothing more: consumers there never see the other \
                 {lacking}. Jepsen does not look for that.",
                due - lacking,
                words::count(due, "message"),
            ))
        };
        worst.into_iter().filter_map(lacks).collect()
    }
}
