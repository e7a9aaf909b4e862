//! How far polls came, above all those at the end of a run: a log that nobody read to its end
//! may hold more than anybody saw.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::Transaction;
use crate::places::NONE;
use crate::{Context, words};

/// What one process polled.
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

/// How far the polls that count came: the final ones, or all where there are none.
pub(super) struct Reached<'a> {
    parsed: &'a Parsed,
    orders: &'a Orders,
    /// By process.
    consumers: FxHashMap<u32, Consumer>,
    has_finals: bool,
    /// Whether polls are needed to say that a message should have been seen.
    is_needed: bool,
    /// Keys of which a poll got nothing more, and where the last such poll began.
    ended: FxHashMap<u32, u32>,
    /// By key the furthest place in its order of which a poll told.
    furthest: FxHashMap<u32, u32>,
    /// The polls that count, and those of them that got no answer.
    polls: usize,
    unanswered: usize,
}

impl<'a> Reached<'a> {
    /// `ours`: our own clients made the history. Then other polls count where there are no final
    /// ones, as in what is left of a shrunken run, and without any nothing can be said. Of who
    /// subscribes nobody knows which keys it polls; there it is as Jepsen has it.
    pub(super) fn new(
        history: &History,
        parsed: &'a Parsed,
        orders: &'a Orders,
        ours: bool,
    ) -> Reached<'a> {
        let has_finals = history.ops().iter().any(|op| op.is_final && &*op.f == "poll");
        let mut reached = Reached {
            has_finals,
            is_needed: (has_finals || ours) && !parsed.subscribes,
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
            if let Some(keys) = &transaction.assigns {
                assigned.insert(transaction.process, keys);
                continue;
            }
            let op = history.ops().get(transaction.place() as usize);
            let counts = |op: &Op| &*op.f == "poll" && (op.is_final || ours && !has_finals);
            if op.is_some_and(counts) {
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

    /// Whether a message should have been seen if it is kept: always, but where polls count of
    /// which none came as far as it.
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
        let were = if missing == 1 { "was" } else { "were" };
        let whether = format!("Whether {} {were} kept", words::count(missing, "message"));
        if self.polls == 0 {
            return format!("{whether} cannot be said: nobody polled.");
        }
        let polls = if self.has_finals { "final poll" } else { "poll" };
        let polls = words::count(self.polls, polls);
        format!(
            "{whether} cannot be said: no answered poll came as far; {} of {polls} got no answer in \
             time. Fewer messages (--rate, --time-limit), or --service-time 0 in virtual time, let \
             polls come further.",
            self.unanswered,
        )
    }

    /// What consumers of some nodes never saw, though they read all logs from the beginning to
    /// the end and others saw it. Nodes may give as few messages as they like, so it is no error.
    pub(super) fn lacking(&self, history: &History, context: &Context) -> Vec<String> {
        if !self.has_finals {
            // These begin anywhere.
            return Vec::new();
        }
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
