//! What is wrong with logs, by kind.

use glomers_history::History;

use super::cycles::Cycles;
use super::orders::Orders;
use super::parse::Parsed;
use super::sessions::{Step, Steps};
use crate::places::NONE;

/// A kind of error, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    LostWrite,
    Aborted,
    PhantomRead,
    InconsistentOffsets,
    Duplicate,
    PollSkip,
    NonmonotonicPoll,
    /// The two above where a poll in between got nothing of the key: to Jepsen that
    /// poll was at no place, and what follows it may begin anywhere.
    PollSkipAfterEmpty,
    NonmonotonicPollAfterEmpty,
    IntPollSkip,
    IntNonmonotonicPoll,
    NonmonotonicSend,
    IntNonmonotonicSend,
    PrecommittedRead,
    Cycle,
    RealtimeCycle,
    Unseen,
    IntSendSkip,
}

impl Kind {
    pub(super) const ALL: [Kind; 18] = [
        Kind::LostWrite,
        Kind::Aborted,
        Kind::PhantomRead,
        Kind::InconsistentOffsets,
        Kind::Duplicate,
        Kind::PollSkip,
        Kind::NonmonotonicPoll,
        Kind::PollSkipAfterEmpty,
        Kind::NonmonotonicPollAfterEmpty,
        Kind::IntPollSkip,
        Kind::IntNonmonotonicPoll,
        Kind::NonmonotonicSend,
        Kind::IntNonmonotonicSend,
        Kind::PrecommittedRead,
        Kind::Cycle,
        Kind::RealtimeCycle,
        Kind::Unseen,
        Kind::IntSendSkip,
    ];

    /// The name that Jepsen has for it; ours for what Jepsen has no name for.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::LostWrite => "lost-write",
            Kind::Aborted => "G1a",
            Kind::PhantomRead => "phantom-read",
            Kind::InconsistentOffsets => "inconsistent-offsets",
            Kind::Duplicate => "duplicate",
            Kind::PollSkip => "poll-skip",
            Kind::NonmonotonicPoll => "nonmonotonic-poll",
            Kind::PollSkipAfterEmpty => "poll-skip-after-empty",
            Kind::NonmonotonicPollAfterEmpty => "nonmonotonic-poll-after-empty",
            Kind::IntPollSkip => "int-poll-skip",
            Kind::IntNonmonotonicPoll => "int-nonmonotonic-poll",
            Kind::NonmonotonicSend => "nonmonotonic-send",
            Kind::IntNonmonotonicSend => "int-nonmonotonic-send",
            Kind::PrecommittedRead => "precommitted-read",
            Kind::Cycle => "G1c",
            Kind::RealtimeCycle => "G1c-realtime",
            Kind::Unseen => "unseen",
            Kind::IntSendSkip => "int-send-skip",
        }
    }

    /// Whether it makes a history invalid: between the sends of one transaction
    /// others may send, and between two polls of who subscribes keys may go to
    /// another and come back.
    fn is_bad(self, subscribes: bool) -> bool {
        match self {
            Kind::IntSendSkip => false,
            Kind::PollSkip
            | Kind::NonmonotonicPoll
            | Kind::PollSkipAfterEmpty
            | Kind::NonmonotonicPollAfterEmpty => !subscribes,
            _ => true,
        }
    }

    /// Whether Jepsen does not look for it.
    fn is_ours(self) -> bool {
        matches!(
            self,
            Kind::PhantomRead | Kind::PollSkipAfterEmpty | Kind::NonmonotonicPollAfterEmpty
        )
    }
}

/// All errors of a history.
#[derive(Debug)]
pub(super) struct Errors {
    /// For each key the last place known to have been read up to.
    pub(super) bounds: Vec<Option<u32>>,
    pub(super) lost: Vec<u32>,
    /// Messages whose sends failed, and who polled them.
    pub(super) aborted: Vec<(u32, u32)>,
    pub(super) phantoms: Vec<u32>,
    /// Keys and offsets.
    pub(super) inconsistent: Vec<(u32, i64)>,
    pub(super) duplicates: Vec<u32>,
    pub(super) steps: Steps,
    /// Transactions and what they polled of their own.
    pub(super) precommitted: Vec<(u32, u32)>,
    pub(super) cycles: Cycles,
    pub(super) unseen: Vec<u32>,
    /// Whether no two transactions have to do with each other, neither by what they
    /// polled nor by time: Jepsen calls that an error.
    pub(super) unrelated: bool,
    subscribes: bool,
}

impl Errors {
    pub(super) fn new(history: &History, parsed: &Parsed, orders: &Orders) -> Errors {
        let bounds = bounds(parsed, orders);
        let all = || 0..parsed.messages.len() as u32;
        let message = |id: u32| &parsed.messages[id as usize];
        let lost = all().filter(|&id| is_lost(parsed, orders, &bounds, id));
        let mut errors = Errors {
            lost: lost.collect(),
            aborted: aborted(parsed),
            phantoms: all().filter(|&id| message(id).read && message(id).writer == NONE).collect(),
            inconsistent: inconsistent(orders),
            duplicates: all().filter(|&id| orders.positions[id as usize].places > 1).collect(),
            steps: Steps::new(parsed, orders),
            precommitted: precommitted(parsed),
            cycles: Cycles::new(parsed, history.len()),
            unseen: all()
                .filter(|&id| message(id).is_sent_ok() && !message(id).is_read_ok())
                .collect(),
            bounds,
            unrelated: !super::cycles::any_edge(parsed),
            subscribes: parsed.subscribes,
        };
        let place = |&id: &u32| (message(id).key, orders.positions[id as usize].earliest, id);
        errors.lost.sort_by_key(place);
        errors.unseen.sort_by_key(place);
        errors.duplicates.sort_by_key(place);
        errors
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::LostWrite => self.lost.len(),
            Kind::Aborted => self.aborted.len(),
            Kind::PhantomRead => self.phantoms.len(),
            Kind::InconsistentOffsets => self.inconsistent.len(),
            Kind::Duplicate => self.duplicates.len(),
            Kind::PrecommittedRead => self.precommitted.len(),
            Kind::Cycle => self.cycles.by_polls,
            Kind::RealtimeCycle => self.cycles.by_time,
            Kind::Unseen => self.unseen.len(),
            kind => self.steps(kind).len(),
        }
    }

    /// The wrong steps of a kind; none if it is of another nature.
    pub(super) fn steps(&self, kind: Kind) -> &[Step] {
        match kind {
            Kind::PollSkip => &self.steps.poll_skip,
            Kind::NonmonotonicPoll => &self.steps.nonmonotonic_poll,
            Kind::PollSkipAfterEmpty => &self.steps.poll_skip_after_empty,
            Kind::NonmonotonicPollAfterEmpty => &self.steps.nonmonotonic_poll_after_empty,
            Kind::IntPollSkip => &self.steps.int_poll_skip,
            Kind::IntNonmonotonicPoll => &self.steps.int_nonmonotonic_poll,
            Kind::NonmonotonicSend => &self.steps.nonmonotonic_send,
            Kind::IntNonmonotonicSend => &self.steps.int_nonmonotonic_send,
            Kind::IntSendSkip => &self.steps.int_send_skip,
            _ => &[],
        }
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.count(kind) > 0
    }

    /// Whether a kind occurs and makes the history invalid.
    pub(super) fn is_wrong(&self, kind: Kind) -> bool {
        kind.is_bad(self.subscribes) && self.has(kind)
    }

    /// Whether there is one that makes the history invalid for Jepsen.
    pub(super) fn is_bad(&self) -> bool {
        self.unrelated || Kind::ALL.iter().any(|&kind| !kind.is_ours() && self.is_wrong(kind))
    }
}

/// For each key how far it was certainly read: the farthest of the places where
/// messages of answered polls stand first.
fn bounds(parsed: &Parsed, orders: &Orders) -> Vec<Option<u32>> {
    let mut bounds = vec![None; parsed.keys.len()];
    for (message, position) in parsed.messages.iter().zip(&orders.positions) {
        if message.is_read_ok() && position.earliest != NONE {
            let bound = &mut bounds[message.key as usize];
            *bound = (*bound).max(Some(position.earliest));
        }
    }
    bounds
}

/// Whether a message stands before what was read, must have been sent, and was
/// polled by nobody.
fn is_lost(parsed: &Parsed, orders: &Orders, bounds: &[Option<u32>], id: u32) -> bool {
    let (message, position) = (&parsed.messages[id as usize], &orders.positions[id as usize]);
    let placed = position.latest != NONE;
    let passed = placed && Some(position.latest) <= bounds[message.key as usize];
    passed && !message.is_read_ok() && message.committed
}

fn aborted(parsed: &Parsed) -> Vec<(u32, u32)> {
    let mut aborted = Vec::new();
    if !parsed.messages.iter().any(|message| message.sent_fail && message.is_read_ok()) {
        return aborted;
    }
    for (number, transaction) in parsed.transactions.iter().enumerate() {
        if !transaction.is_ok() {
            continue;
        }
        let start = aborted.len();
        for poll in parsed.polls_of(transaction) {
            for &id in parsed.messages_of(poll) {
                let case = (id, number as u32);
                if parsed.messages[id as usize].sent_fail && !aborted[start..].contains(&case) {
                    aborted.push(case);
                }
            }
        }
    }
    aborted
}

fn precommitted(parsed: &Parsed) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for (number, transaction) in parsed.transactions.iter().enumerate() {
        let sends = parsed.sends_of(transaction);
        let polls = parsed.polls_of(transaction);
        if sends.is_empty() || polls.is_empty() {
            continue;
        }
        let mut polled: Vec<u32> =
            polls.iter().flat_map(|poll| parsed.messages_of(poll)).copied().collect();
        polled.sort_unstable();
        polled.dedup();
        let mut own: Vec<u32> = sends.iter().map(|send| send.message).collect();
        own.sort_unstable();
        own.dedup();
        own.retain(|id| polled.binary_search(id).is_ok());
        found.extend(own.into_iter().map(|id| (number as u32, id)));
    }
    found
}

fn inconsistent(orders: &Orders) -> Vec<(u32, i64)> {
    let mut found = Vec::new();
    for (key, log) in orders.logs.iter().enumerate() {
        found.extend(log.others.iter().map(|&(offset, _)| (key as u32, offset)));
    }
    found.dedup();
    found
}
