//! Monotonic atomic view, read atomic and causal consistency of registers, by their
//! axioms (Biswas and Enea 2019): who read a version though it saw another of the
//! same key puts the other before it; all that comes before something must have an
//! order. Linear in transactions times sessions at most (as in AWDIT, 2025).

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::clocks::Clocks;
use super::graph::Order;
use super::graph::{Graph, Label, Labels};
use super::parse::{NONE, Parsed};
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
    let facts = Facts::new(parsed, registers, order, axiom);
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
        Err(Early::Broken(steps)) => Outcome::Broken(steps),
        Err(Early::TooMuch) => Outcome::Open,
        Ok(()) => before.cycle().map_or(Outcome::Holds, Outcome::Broken),
    }
}

/// Why the search ends early.
enum Early {
    Broken(Vec<Step>),
    TooMuch,
}

impl<'a, 'h> Facts<'a, 'h> {
    fn new(
        parsed: &'a Parsed<'h>,
        registers: &Registers,
        order: Order,
        axiom: Axiom,
    ) -> Facts<'a, 'h> {
        let count = parsed.txns.len();
        let mut facts = Facts {
            parsed,
            written: vec![Vec::new(); count],
            reads: vec![Vec::new(); count],
            order,
        };
        for (number, txn) in parsed.txns.iter().enumerate() {
            // Reads are repeatable where all that was seen counts, and only there.
            let is_repeated = |at: u32, key: u32| {
                let earlier = &parsed.mops[txn.mops.0 as usize..at as usize];
                axiom == Axiom::MonotonicAtomicView
                    && !earlier.iter().any(|other| other.is_write && other.key == key)
            };
            for at in txn.mops.0..txn.mops.1 {
                let mop = &parsed.mops[at as usize];
                if mop.is_write {
                    if registers.is_written[mop.value as usize] {
                        facts.written[number].push(mop.key);
                    }
                } else if txn.is_ok()
                    && (registers.is_first_read[at as usize] || is_repeated(at, mop.key))
                {
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
    fn saw(&self, read: &Read, other: u32, before: &mut Before) -> Result<(), Early> {
        let reason = Reason::Saw { reader: read.reader, key: read.key };
        if other == read.writer {
            return Ok(());
        }
        if read.writer == NONE {
            return Err(Early::Broken(vec![Step { from: other, to: read.reader, reason }]));
        }
        before.add(other, read.writer, reason);
        Ok(())
    }

    /// What a transaction read from is what it saw: all of it, or what it read first.
    fn seen_before(&self, before: &mut Before, all: bool) -> Result<(), Early> {
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
                        let start = by_key.partition_point(|(other, _)| other < key);
                        let same = by_key[start..].iter().take_while(|(other, _)| other == key);
                        for &(_, at) in same.filter(|(_, at)| counts(*at)) {
                            self.saw(&reads[at], writer, before)?;
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
    fn own_session(&self, before: &mut Before) -> Result<(), Early> {
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
    fn causal(&self, before: &mut Before) -> Result<(), Early> {
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
            return Err(Early::TooMuch);
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
