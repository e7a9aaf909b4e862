//! Registers as the axioms of weak models see them: what each transaction left written,
//! and whose value each of its reads got.

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::edges::Builder;
use super::graph::Order;
use super::guess::Guess;
use super::parse::{NONE, Parsed};
use super::registers::Registers;

/// A read from outside: its reader, its key, the transaction that wrote what it got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) reader: u32,
    pub(super) key: u32,
    pub(super) writer: u32,
    /// The number of the guess that it got this, [`NONE`] if that is known.
    pub(super) guess: u32,
}

/// How many things that are wrong are looked at at once.
pub(super) const MOST: usize = 64;

/// Steps that lead from a transaction that wrote a key to one that read nothing there.
pub(super) type Missed = Vec<Step>;

/// Transactions, by what each wrote and what it read from others.
pub(super) struct Facts<'a, 'h> {
    pub(super) parsed: &'a Parsed<'h>,
    /// By transaction, ascending, the keys that it leaves written.
    pub(super) written: Vec<Vec<u32>>,
    pub(super) reads: Vec<Vec<Read>>,
    pub(super) order: Order,
    pub(super) axiom: Axiom,
}

/// The micro-operations that count as reads of others: those of a key that their
/// transaction did nothing with before, and where reads need not be repeatable those of
/// a key that it did not write before.
pub(super) fn outer_reads<'a>(
    parsed: &'a Parsed<'_>,
    registers: &'a Registers,
    axiom: Axiom,
    txn: u32,
) -> impl Iterator<Item = u32> + 'a {
    let txn = parsed.txns[txn as usize];
    (txn.mops.0..txn.mops.1).filter(move |&at| {
        let mop = &parsed.mops[at as usize];
        let earlier = || &parsed.mops[txn.mops.0 as usize..at as usize];
        let is_own = || earlier().iter().any(|other| other.is_write && other.key == mop.key);
        let is_again = || axiom == Axiom::MonotonicAtomicView && !is_own();
        txn.is_ok() && !mop.is_write && (registers.is_first_read[at as usize] || is_again())
    })
}

impl<'a, 'h> Facts<'a, 'h> {
    pub(super) fn new(
        parsed: &'a Parsed<'h>,
        registers: &Registers,
        guess: &Guess,
        axiom: Axiom,
        order: Order,
    ) -> Facts<'a, 'h> {
        let count = parsed.txns.len();
        let mut facts = Facts {
            parsed,
            written: vec![Vec::new(); count],
            reads: vec![Vec::new(); count],
            order,
            axiom,
        };
        let is_written = |version: u32| {
            let known = registers.is_written[version as usize];
            known || guess.is_left_by(parsed, version)
        };
        for number in 0..count as u32 {
            let written = &mut facts.written[number as usize];
            let writes = parsed.mops_of(number).iter().filter(|mop| mop.is_write);
            written.extend(writes.filter(|mop| is_written(mop.value)).map(|mop| mop.key));
            written.sort_unstable();
            for at in outer_reads(parsed, registers, axiom, number) {
                let mop = &parsed.mops[at as usize];
                let (reader, key) = (number, mop.key);
                let (version, guess) = match mop.value {
                    NONE => (NONE, NONE),
                    version => guess.of(at).unwrap_or((version, NONE)),
                };
                let writer = match version {
                    NONE => NONE,
                    version if is_written(version) => parsed.writer(version),
                    _ => continue,
                };
                if writer != reader {
                    let read = Read { reader, key, writer, guess };
                    facts.reads[number as usize].push(read);
                }
            }
        }
        facts
    }

    /// Transactions that certainly happened.
    pub(super) fn happened(&self) -> impl Iterator<Item = u32> + '_ {
        let happened = |&number: &u32| {
            let at = number as usize;
            self.parsed.txns[at].is_ok() || !self.written[at].is_empty()
        };
        (0..self.parsed.txns.len() as u32).filter(happened)
    }

    /// A read of nothing that saw a writer of its key.
    pub(super) fn miss(read: &Read, writer: u32, missed: &mut Vec<Missed>) {
        let reason = Reason::Saw { reader: read.reader, key: read.key };
        if missed.len() < MOST {
            missed.push(vec![Step { from: writer, to: read.reader, reason }]);
        }
    }

    pub(super) fn writes(&self, txn: u32, key: u32) -> bool {
        self.written[txn as usize].binary_search(&key).is_ok()
    }

    /// What comes before what, whatever the axiom: who was read from, and the order of
    /// sessions or of time. Where only writes have an order, those who were read come
    /// before those who read them and then wrote the same.
    pub(super) fn known(&self) -> Before {
        let mut builder = Builder::new(self.parsed.txns.len());
        builder.order(self.parsed, self.order);
        let mut before = Before::over(builder);
        for read in self.reads.iter().flatten().filter(|read| read.writer != NONE) {
            if self.axiom != Axiom::Writes || self.writes(read.reader, read.key) {
                before.add(read.writer, read.reader, Reason::Read { key: read.key });
            }
        }
        before
    }

    /// The guesses that steps rest on, ascending; `None` if that cannot be told.
    pub(super) fn guesses(&self, steps: &[Step], before: &Before) -> Option<Vec<u32>> {
        let mut guesses = Vec::new();
        for step in steps {
            match step.reason {
                Reason::Read { key } => {
                    let reads = self.reads[step.to as usize].iter();
                    let fits = |read: &&Read| read.key == key && read.writer == step.from;
                    guesses.push(fewest(reads.filter(fits).map(|read| read.guess))?);
                }
                Reason::Saw { reader, key } => {
                    self.saw(step, (reader, key), before, &mut guesses)?
                }
                Reason::Session
                | Reason::RealTime
                | Reason::Replaced { .. }
                | Reason::Follows { .. } => {}
            }
        }
        guesses.retain(|&guess| guess != NONE);
        guesses.sort_unstable();
        guesses.dedup();
        Some(guesses)
    }

    /// The guesses by which a reader saw one transaction and got what another wrote.
    fn saw(
        &self,
        step: &Step,
        (reader, key): (u32, u32),
        before: &Before,
        guesses: &mut Vec<u32>,
    ) -> Option<()> {
        let reads = &self.reads[reader as usize];
        let got = if step.to == reader { NONE } else { step.to };
        let is_it = |read: &Read| read.key == key && read.writer == got;
        if self.axiom == Axiom::Causal {
            guesses.push(fewest(reads.iter().filter(|read| is_it(read)).map(|read| read.guess))?);
            let path = before.path(step.from, reader)?;
            guesses.extend(self.guesses(&path, before)?);
            return Some(());
        }
        let all = self.axiom == Axiom::ReadAtomic;
        let pairs =
            reads.iter().enumerate().filter(|(_, read)| is_it(read)).flat_map(|(at, it)| {
                let before = reads.iter().enumerate().filter(move |(place, _)| all || *place < at);
                let seen = before.filter(|(_, other)| other.writer == step.from);
                seen.map(move |(_, other)| [it.guess, other.guess])
            });
        let best = pairs.min_by_key(|pair| pair.iter().filter(|&&guess| guess != NONE).count())?;
        guesses.extend(best);
        Some(())
    }
}

/// One that is no guess, if there is one.
fn fewest(guesses: impl Iterator<Item = u32>) -> Option<u32> {
    guesses.max()
}
