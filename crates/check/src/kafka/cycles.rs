//! Transactions that would have to come before themselves.
//!
//! A transaction comes before those that polled what it sent, and before those
//! that began when it was over. Both together have no cycle if the history can be
//! put in an order at all.

use glomers_history::OpKind;

use super::parse::Parsed;
use super::transactions::{Message, Transaction, range};
use crate::places::NONE;
use crate::txn::{Builder, Label, Order, components, cycles};

/// How many cycles are shown at most.
const SHOWN: usize = 8;

/// A cycle: each transaction comes before the next, the last before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cycle {
    /// The transactions, and what the next one polled of theirs; nothing if the
    /// next only began later.
    pub(super) steps: Vec<(u32, Option<u32>)>,
}

/// The knots of transactions, and cycles of them.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    /// Knots by polls alone.
    pub(super) by_polls: usize,
    /// Knots that need real time.
    pub(super) by_time: usize,
    /// Cycles of the former.
    pub(super) polls: Vec<Cycle>,
    /// Cycles of the latter.
    pub(super) time: Vec<Cycle>,
}

impl Cycles {
    pub(super) fn new(parsed: &Parsed, length: usize) -> Cycles {
        if !possible(parsed) {
            return Cycles::default();
        }
        let mut builder = Builder::new(parsed.transactions.len());
        poll_edges(parsed, &mut |from, to| builder.edges.push(from, to, Label::Wr));
        let spans = parsed.transactions.iter().map(|transaction| {
            let begin = if transaction.kind == OpKind::Fail { NONE } else { transaction.begin };
            (begin, if transaction.is_ok() { transaction.end } else { NONE })
        });
        builder.real_time(length, spans);
        let (graph, _) = builder.finish();
        let mut found = Cycles::default();
        // There are no writes over writes here: of each knot one cycle is found, and it
        // needs real time only if no other does without.
        for cycle in cycles(&graph, &components(&graph), Order::RealTime) {
            let is_timed = cycle.steps.iter().any(|(_, label)| *label == Label::Order);
            let (count, shown) = match is_timed {
                true => (&mut found.by_time, &mut found.time),
                false => (&mut found.by_polls, &mut found.polls),
            };
            *count += 1;
            if shown.len() < SHOWN {
                shown.push(told(parsed, &cycle.steps));
            }
        }
        found
    }
}

/// A cycle with what was polled in it.
fn told(parsed: &Parsed, steps: &[(u32, Label)]) -> Cycle {
    let next = steps.iter().map(|&(number, _)| number).cycle().skip(1);
    let mut steps: Vec<(u32, Option<u32>)> = steps
        .iter()
        .zip(next)
        .map(|(&(number, label), next)| {
            let read = (label == Label::Wr).then(|| polled(parsed, number, next)).flatten();
            (number, read)
        })
        .collect();
    // Begins with the one that came first.
    let place = |&at: &usize| parsed.transactions[steps[at].0 as usize].place();
    let first = (0..steps.len()).min_by_key(place).unwrap_or(0);
    steps.rotate_left(first);
    Cycle { steps }
}

/// Whether there can be a cycle. If no transaction both sends and polls, a poll is
/// followed in a cycle by something that began after it; if, too, everything
/// polled was sent by what began before the poll ended, beginnings only ascend
/// along the cycle, which is then none. So nearly every history needs no graph.
fn possible(parsed: &Parsed) -> bool {
    let mixed = |t: &Transaction| !range(t.sends).is_empty() && !range(t.polls).is_empty();
    if parsed.transactions.iter().any(mixed) {
        return true;
    }
    parsed.messages.iter().any(|message| {
        let early = |writer: &Transaction| writer.begin != NONE && writer.begin > message.read_ok;
        has_one_writer(message) && early(&parsed.transactions[message.writer as usize])
    })
}

/// Whether it is known who sent a message: what was sent twice has no one sender,
/// and what failed was not sent.
fn has_one_writer(message: &Message) -> bool {
    message.writer != NONE && !message.sent_again && !message.sent_fail
}

/// Whether any transaction comes before another at all.
pub(super) fn any_edge(parsed: &Parsed) -> bool {
    let ends = parsed.transactions.iter().filter(|t| t.end != NONE && t.assigns.is_none());
    let begins = ends.clone().filter(|t| t.begin != NONE).map(|t| t.begin).max();
    let first = ends.filter(|t| t.is_ok()).map(|t| t.end).min();
    if first.is_some() && first < begins {
        return true;
    }
    parsed.transactions.iter().enumerate().any(|(number, transaction)| {
        let mut polls = parsed.polls_of(transaction).iter();
        let sent_by_other = |&id: &u32| {
            let message = &parsed.messages[id as usize];
            message.writer != number as u32 || message.sent_by_two
        };
        polls.any(|poll| parsed.messages_of(poll).iter().any(sent_by_other))
    })
}

/// Hands on who sent and who polled it.
fn poll_edges(parsed: &Parsed, each: &mut dyn FnMut(u32, u32)) {
    for (number, transaction) in parsed.transactions.iter().enumerate() {
        // What was polled was there, whatever became of the poll.
        if transaction.end == NONE {
            continue;
        }
        for poll in parsed.polls_of(transaction) {
            for &id in parsed.messages_of(poll) {
                let message = &parsed.messages[id as usize];
                let known = has_one_writer(message);
                if known && message.writer != number as u32 {
                    each(message.writer, number as u32);
                }
            }
        }
    }
}

/// A message that one transaction sent and the other polled.
fn polled(parsed: &Parsed, writer: u32, reader: u32) -> Option<u32> {
    let polls = parsed.polls_of(&parsed.transactions[reader as usize]);
    let messages = polls.iter().flat_map(|poll| parsed.messages_of(poll)).copied();
    messages.into_iter().find(|&id| parsed.messages[id as usize].writer == writer)
}
