//! Monotonic atomic view, read atomic and causal consistency of registers, by their
//! axioms (Biswas and Enea 2019): who read a version though it saw another of the
//! same key puts the other before it; all that comes before something must have an
//! order. Linear in transactions times sessions at most (as in AWDIT, 2025).

use super::axiom::{Axiom, Reason, Step};
use super::clocks::Clocks;
use super::graph::Order;
use super::graph::{Edges, Graph, Label, Labels};
use super::parse::{NONE, Parsed};
use super::paths::Paths;
use super::registers::Registers;

/// What the axiom says.
pub(super) enum Outcome {
    /// It holds.
    Holds,
    /// Steps that lead from a transaction to itself, or from one that wrote a key to
    /// one that read nothing there.
    Broken(Vec<Step>),
    /// There is too much to look at.
    Open,
}

/// A read from outside: its reader, its key, the transaction that wrote what it got.
#[derive(Debug, Clone, Copy)]
struct Read {
    reader: u32,
    key: u32,
    writer: u32,
}

/// Transactions, by what each wrote and what it read from others.
struct Facts<'a, 'h> {
    parsed: &'a Parsed<'h>,
    /// By transaction, ascending, the keys that it leaves written.
    written: Vec<Vec<u32>>,
    reads: Vec<Vec<Read>>,
    order: Order,
}

/// Whether an axiom holds, with sessions or without.
pub(super) fn check(
    parsed: &Parsed<'_>,
    registers: &Registers,
    axiom: Axiom,
    has_sessions: bool,
) -> Outcome {
    let order = if has_sessions { Order::Session } else { Order::Free };
    let facts = Facts::new(parsed, registers, order);
    let mut before = Before::new(parsed.txns.len());
    facts.known(&mut before);
    let done = match axiom {
        Axiom::MonotonicAtomicView => facts.seen_before(&mut before, false),
        Axiom::ReadAtomic => {
            facts.seen_before(&mut before, true).and_then(|()| facts.own_session(&mut before))
        }
        Axiom::Causal => facts.causal(&mut before),
    };
    match done {
        Err(Stop::Broken(steps)) => Outcome::Broken(steps),
        Err(Stop::TooMuch) => Outcome::Open,
        Ok(()) => before.cycle().map_or(Outcome::Holds, Outcome::Broken),
    }
}

/// Why the search ends early.
enum Stop {
    Broken(Vec<Step>),
    TooMuch,
}

/// What comes before what, and why.
struct Before {
    edges: Edges,
    reasons: Vec<(u32, u32, Reason)>,
    txns: usize,
}

impl Before {
    fn new(txns: usize) -> Before {
        Before { edges: Edges::default(), reasons: Vec::new(), txns }
    }

    fn add(&mut self, from: u32, to: u32, reason: Reason) {
        if from != to {
            self.edges.push(from, to, Label::Ww);
            self.reasons.push((from, to, reason));
        }
    }

    fn cycle(mut self) -> Option<Vec<Step>> {
        let ww = Labels::NONE.with(Label::Ww);
        let graph = Graph::new(self.txns as u32, self.txns, &self.edges);
        let components = graph.components(ww);
        let knot = components.knots().into_iter().next()?;
        let of = components.of[knot[0] as usize];
        let within = |node: u32| components.of[node as usize] == of;
        let mut paths = Paths::new(&graph);
        let next = graph.edges(knot[0]).map(|(to, _)| to).find(|&to| within(to))?;
        let path = paths.shortest(&graph, (next, knot[0]), ww, u32::MAX, |_| true, within)?;
        let nodes: Vec<u32> =
            std::iter::once(knot[0]).chain(path.into_iter().map(|(node, _)| node)).collect();
        self.reasons.sort_by_key(|(from, to, _)| (*from, *to));
        let step = |at: usize| {
            let (from, to) = (nodes[at], nodes[(at + 1) % nodes.len()]);
            let place = self.reasons.partition_point(|(f, t, _)| (*f, *t) < (from, to));
            Step { from, to, reason: self.reasons[place].2 }
        };
        Some((0..nodes.len()).map(step).collect())
    }
}

impl<'a, 'h> Facts<'a, 'h> {
    fn new(parsed: &'a Parsed<'h>, registers: &Registers, order: Order) -> Facts<'a, 'h> {
        let count = parsed.txns.len();
        let mut facts = Facts {
            parsed,
            written: vec![Vec::new(); count],
            reads: vec![Vec::new(); count],
            order,
        };
        for (number, txn) in parsed.txns.iter().enumerate() {
            for at in txn.mops.0..txn.mops.1 {
                let mop = &parsed.mops[at as usize];
                if mop.is_write && registers.is_written[mop.value as usize] {
                    facts.written[number].push(mop.key);
                } else if txn.is_ok() && registers.is_first_read[at as usize] {
                    let (reader, key) = (number as u32, mop.key);
                    let writer = match mop.value {
                        NONE => NONE,
                        version if registers.is_written[version as usize] => parsed.writer(version),
                        _ => continue,
                    };
                    if writer != reader {
                        facts.reads[number].push(Read { reader, key, writer });
                    }
                }
            }
            facts.written[number].sort_unstable();
        }
        facts
    }

    /// Who was read from, and the order of sessions.
    fn known(&self, before: &mut Before) {
        for read in self.reads.iter().flatten().filter(|read| read.writer != NONE) {
            before.add(read.writer, read.reader, Reason::Read { key: read.key });
        }
        if self.order == Order::Session {
            let mut last = rustc_hash::FxHashMap::default();
            for number in self.happened() {
                let process = self.parsed.txns[number as usize].process;
                if let Some(earlier) = last.insert(process, number) {
                    before.add(earlier, number, Reason::Session);
                }
            }
        }
    }

    /// Transactions that certainly happened.
    fn happened(&self) -> impl Iterator<Item = u32> + '_ {
        let happened = |&number: &u32| {
            let at = number as usize;
            self.parsed.txns[at].is_ok() || !self.written[at].is_empty()
        };
        (0..self.parsed.txns.len() as u32).filter(happened)
    }

    fn writes(&self, txn: u32, key: u32) -> bool {
        self.written[txn as usize].binary_search(&key).is_ok()
    }

    /// A read that saw another writer of its key.
    fn saw(&self, read: &Read, other: u32, before: &mut Before) -> Result<(), Stop> {
        let reason = Reason::Saw { reader: read.reader, key: read.key };
        if other == read.writer {
            return Ok(());
        }
        if read.writer == NONE {
            return Err(Stop::Broken(vec![Step { from: other, to: read.reader, reason }]));
        }
        before.add(other, read.writer, reason);
        Ok(())
    }

    /// What a transaction read from is what it saw: all of it, or what it read first.
    fn seen_before(&self, before: &mut Before, all: bool) -> Result<(), Stop> {
        for reads in &self.reads {
            let known = reads.iter().enumerate().filter(|(_, read)| read.writer != NONE);
            let mut writers: Vec<(u32, usize)> =
                known.map(|(place, read)| (read.writer, place)).collect();
            writers.sort_unstable();
            writers.dedup_by_key(|(writer, _)| *writer);
            let mut by_key: Vec<(u32, usize)> =
                reads.iter().enumerate().map(|(place, read)| (read.key, place)).collect();
            by_key.sort_unstable();
            for &(writer, place) in &writers {
                let counts = |at: usize| all || at > place;
                let keys = &self.written[writer as usize];
                if keys.len() < reads.len() {
                    for key in keys {
                        if let Ok(found) = by_key.binary_search_by_key(key, |(key, _)| *key)
                            && counts(by_key[found].1)
                        {
                            self.saw(&reads[by_key[found].1], writer, before)?;
                        }
                    }
                } else {
                    for (at, read) in reads.iter().enumerate() {
                        if counts(at) && self.writes(writer, read.key) {
                            self.saw(read, writer, before)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A transaction saw what its session did before.
    fn own_session(&self, before: &mut Before) -> Result<(), Stop> {
        if self.order != Order::Session {
            return Ok(());
        }
        let mut last = rustc_hash::FxHashMap::default();
        for number in self.happened() {
            let process = self.parsed.txns[number as usize].process;
            for read in &self.reads[number as usize] {
                if let Some(&writer) = last.get(&(process, read.key)) {
                    self.saw(read, writer, before)?;
                }
            }
            for &key in &self.written[number as usize] {
                last.insert((process, key), number);
            }
        }
        Ok(())
    }

    /// A transaction saw all that it could have seen through others.
    fn causal(&self, before: &mut Before) -> Result<(), Stop> {
        let count = self.parsed.txns.len();
        let graph = Graph::new(count as u32, count, &before.edges);
        let components = graph.components(Labels::NONE.with(Label::Ww));
        if !components.knots().is_empty() {
            return Ok(());
        }
        let happened: Vec<u32> = self.happened().collect();
        let process = |number: u32| match self.order {
            Order::Session => self.parsed.txns[number as usize].process,
            _ => number,
        };
        let Some(mut clocks) = Clocks::new(count, &happened, process) else {
            return Err(Stop::TooMuch);
        };
        // Each session's writers of each key, in its order.
        let keys = self.parsed.keys.len();
        let mut writers: Vec<Vec<(u32, Vec<u32>)>> = vec![Vec::new(); keys];
        let mut places = rustc_hash::FxHashMap::default();
        for &number in &happened {
            let session = clocks.session(number);
            for &key in &self.written[number as usize] {
                let of_key = &mut writers[key as usize];
                let place = *places.entry((key, session)).or_insert_with(|| {
                    of_key.push((session, Vec::new()));
                    of_key.len() - 1
                });
                of_key[place].1.push(number);
            }
        }
        let mut order = happened;
        order.sort_unstable_by_key(|&number| std::cmp::Reverse(components.of[number as usize]));
        let mut into: Vec<Vec<u32>> = vec![Vec::new(); count];
        for &(from, to, _) in &before.reasons {
            into[to as usize].push(from);
        }
        for &number in &order {
            clocks.see_all(number, &into[number as usize]);
            for read in &self.reads[number as usize] {
                for (session, of_session) in &writers[read.key as usize] {
                    let seen = clocks.seen(number, *session);
                    let until = of_session.partition_point(|&writer| clocks.place(writer) < seen);
                    if let Some(&writer) = of_session[..until].last() {
                        self.saw(read, writer, before)?;
                    }
                }
            }
        }
        Ok(())
    }
}
