//! Transactions that would have to come before themselves.
//!
//! A transaction comes before those that polled what it sent, and before those
//! that began when it was over. Both together have no cycle if the history can be
//! put in an order at all.

use glomers_history::OpKind;

use super::graph::Graph;
use super::parse::Parsed;
use super::transactions::{Message, Transaction, range};
use crate::places::NONE;

/// How many cycles are shown at most: looking for a short one takes time.
const SHOWN: usize = 8;

/// How many edges are tried in search of a short cycle.
const TRIED: usize = 32;

/// A cycle: each transaction comes before the next, the last before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cycle {
    /// The transactions, and what the next one polled of theirs; nothing if the
    /// next only began later.
    pub(super) steps: Vec<(u32, Option<u32>)>,
}

/// The knots of transactions: of each the shortest cycle that was found.
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
        let mut edges = Vec::new();
        poll_edges(parsed, &mut |from, to, _| edges.push((from, to)));
        let transactions = parsed.transactions.len();
        let polls_only = Graph::new(transactions, &edges);
        let nodes = time_edges(parsed, length, &mut edges);
        let full = Graph::new(nodes, &edges);
        let components = full.components();
        let polls_components = polls_only.components();
        let mut cycles = Cycles::default();
        for members in knots(&components[..transactions]) {
            let inner: Vec<u32> = members.iter().map(|&n| polls_components[n as usize]).collect();
            let inner_knot = knots_of(&members, &inner);
            if let Some(members) = inner_knot {
                cycles.by_polls += 1;
                if cycles.polls.len() < SHOWN {
                    let component = polls_components[members[0] as usize];
                    let within = |node: u32| polls_components[node as usize] == component;
                    cycles.polls.extend(shortest(parsed, &polls_only, &members, within));
                }
            } else {
                cycles.by_time += 1;
                if cycles.time.len() < SHOWN {
                    let component = components[members[0] as usize];
                    let within = |node: u32| components[node as usize] == component;
                    cycles.time.extend(shortest(parsed, &full, &members, within));
                }
            }
        }
        cycles
    }
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

/// Hands on who sent, who polled it, and what.
fn poll_edges(parsed: &Parsed, each: &mut dyn FnMut(u32, u32, u32)) {
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
                    each(message.writer, number as u32, id);
                }
            }
        }
    }
}

/// Adds the edges of real time, by way of nodes that stand for moments, so that
/// there are no more of them than operations. Gives the number of all nodes.
fn time_edges(parsed: &Parsed, length: usize, edges: &mut Vec<(u32, u32)>) -> usize {
    let mut owners = vec![NONE; length];
    for (number, transaction) in parsed.transactions.iter().enumerate() {
        if transaction.begin != NONE && transaction.kind != OpKind::Fail {
            owners[transaction.begin as usize] = number as u32;
        }
        if transaction.end != NONE && transaction.is_ok() {
            owners[transaction.end as usize] = number as u32;
        }
    }
    let mut moment = NONE;
    let mut used = true;
    let mut nodes = parsed.transactions.len() as u32;
    for (place, &owner) in owners.iter().enumerate() {
        if owner == NONE {
            continue;
        }
        if parsed.transactions[owner as usize].begin == place as u32 {
            if moment != NONE {
                edges.push((moment, owner));
                used = true;
            }
            continue;
        }
        if used {
            if moment != NONE {
                edges.push((moment, nodes));
            }
            moment = nodes;
            nodes += 1;
            used = false;
        }
        edges.push((owner, moment));
    }
    nodes as usize
}

/// The members of all components of at least two, by their first members.
fn knots(components: &[u32]) -> Vec<Vec<u32>> {
    let count = components.iter().max().map_or(0, |&highest| highest as usize + 1);
    let mut sizes = vec![0u32; count];
    for &component in components {
        sizes[component as usize] += 1;
    }
    let mut places: rustc_hash::FxHashMap<u32, usize> = rustc_hash::FxHashMap::default();
    let mut knots: Vec<Vec<u32>> = Vec::new();
    for (node, &component) in components.iter().enumerate() {
        if sizes[component as usize] < 2 {
            continue;
        }
        let place = *places.entry(component).or_insert_with(|| {
            knots.push(Vec::new());
            knots.len() - 1
        });
        knots[place].push(node as u32);
    }
    knots
}

/// The first of these nodes that are of one component, if two are.
fn knots_of(members: &[u32], components: &[u32]) -> Option<Vec<u32>> {
    let mut sorted: Vec<(u32, u32)> =
        components.iter().copied().zip(members.iter().copied()).collect();
    sorted.sort_unstable();
    let knot = sorted.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1);
    let knot = knot.min_by_key(|same| same[0].1)?;
    Some(knot.iter().map(|&(_, node)| node).collect())
}

/// The shortest cycle that some poll in it closes, of those tried.
fn shortest(
    parsed: &Parsed,
    graph: &Graph,
    members: &[u32],
    within: impl Fn(u32) -> bool,
) -> Option<Cycle> {
    let transactions = parsed.transactions.len() as u32;
    let mut closing: Vec<(u32, u32)> = Vec::new();
    for &member in members {
        let targets = graph.successors(member).iter().copied();
        closing
            .extend(targets.filter(|&to| to < transactions && within(to)).map(|to| (member, to)));
    }
    // Polls of what was sent later: their cycles have two members.
    let begin = |number: u32| parsed.transactions[number as usize].begin;
    let end = |number: u32| parsed.transactions[number as usize].end;
    closing.sort_by_key(|&(from, to)| begin(from) == NONE || begin(from) <= end(to));
    let paths = closing.iter().take(TRIED).filter_map(|&(from, to)| graph.path(to, from, &within));
    let path = paths.min_by_key(|path| path.iter().filter(|&&node| node < transactions).count())?;
    // From the polling transaction round to the sending one, and back to it.
    let mut steps = Vec::new();
    for (place, &node) in path.iter().enumerate() {
        if node >= transactions {
            continue;
        }
        let next = path.get(place + 1).copied().unwrap_or(path[0]);
        steps.push((node, (next < transactions).then(|| polled(parsed, node, next)).flatten()));
    }
    // Begins with the one that came first.
    let first =
        (0..steps.len()).min_by_key(|&at| parsed.transactions[steps[at].0 as usize].place());
    steps.rotate_left(first?);
    Some(Cycle { steps })
}

/// A message that one transaction sent and the other polled.
fn polled(parsed: &Parsed, writer: u32, reader: u32) -> Option<u32> {
    let polls = parsed.polls_of(&parsed.transactions[reader as usize]);
    let messages = polls.iter().flat_map(|poll| parsed.messages_of(poll)).copied();
    messages.into_iter().find(|&id| parsed.messages[id as usize].writer == writer)
}
