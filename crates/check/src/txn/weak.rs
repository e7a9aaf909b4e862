//! Read committed, monotonic atomic view, read atomic and causal consistency of
//! registers, by their axioms (Biswas and Enea 2019): who read a version though it saw
//! another of the same key puts the other before it; all that comes before something
//! must have an order. Linear in transactions times sessions at most (as in AWDIT, 2025).

use glomers_history::Stop;

use super::axiom::{Axiom, Reason};
use super::before::Before;
use super::facts::{Facts, MOST, Missed, Read};
use super::graph::Order;
use super::guess::{Guess, Outcome, Proof};
use super::parse::{NONE, Parsed};
use super::registers::Registers;

/// Whether an axiom holds. Where several wrote what was read, whether it does for some
/// guess whose it was.
pub(super) fn check(
    parsed: &Parsed<'_>,
    registers: &Registers,
    (axiom, order): (Axiom, Order),
    budget: u64,
    stop: &Stop,
) -> Outcome {
    let cost = 4 * (parsed.txns.len() + parsed.mops.len()) as u64;
    Guess::new(parsed, registers, axiom).search(cost, budget, stop, |guess| {
        Facts::new(parsed, registers, guess, axiom, order).judge(guess, budget, stop)
    })
}

impl Facts<'_, '_> {
    /// What breaks the axiom; `None` if there is too much to look at.
    fn judge(&self, guess: &Guess, budget: u64, stop: &Stop) -> Option<Vec<Proof>> {
        let mut before = self.known();
        let mut missed = Vec::new();
        match self.axiom {
            Axiom::Writes | Axiom::Flow => {}
            Axiom::MonotonicAtomicView => self.seen_before(&mut before, &mut missed, false),
            Axiom::ReadAtomic => self.seen_before(&mut before, &mut missed, true),
            Axiom::Causal => self.causal(&mut before, &mut missed, budget, stop)?,
        }
        if missed.is_empty() {
            missed = before.cycles(if guess.is_certain() { 1 } else { MOST });
        }
        let proof = |steps: Missed| {
            let guesses = match guess.is_certain() {
                true => Vec::new(),
                false => self.guesses(&steps, &before).unwrap_or_else(|| guess.all()),
            };
            (steps, guesses)
        };
        Some(missed.into_iter().map(proof).collect())
    }

    /// A read that saw another writer of its key.
    fn note(&self, read: &Read, other: u32, before: &mut Before, missed: &mut Vec<Missed>) {
        if read.writer == NONE {
            Facts::miss(read, other, missed);
        } else if other != read.writer {
            let reason = Reason::Saw { reader: read.reader, key: read.key };
            before.add(other, read.writer, reason);
        }
    }

    /// What a transaction read from is what it saw: all of it, or what it read first.
    fn seen_before(&self, before: &mut Before, missed: &mut Vec<Missed>, all: bool) {
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
                            self.note(&reads[at], writer, before, missed);
                        }
                    }
                } else {
                    for (at, read) in reads.iter().enumerate() {
                        if counts(at) && self.writes(writer, read.key) {
                            self.note(read, writer, before, missed);
                        }
                    }
                }
            }
        }
    }
}
