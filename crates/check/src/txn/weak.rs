//! Read committed, monotonic atomic view, read atomic and causal consistency of
//! registers, by their axioms (Biswas and Enea 2019): who read a version though it saw
//! another of the same key puts the other before it; all that comes before something
//! must have an order. Linear in transactions times sessions at most (as in AWDIT, 2025).

use glomers_history::Stop;

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::clocks::Clocks;
use super::facts::{Facts, Read};
use super::graph::Order;
use super::guess::{Guess, Outcome, Proof};
use super::parse::{NONE, Parsed};
use super::registers::Registers;

/// How many things that are wrong are looked at at once.
const MOST: usize = 64;

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
        Facts::new(parsed, registers, guess, axiom, order).judge(guess)
    })
}

/// Steps that lead from a transaction that wrote a key to one that read nothing there.
type Missed = Vec<Step>;

impl Facts<'_, '_> {
    /// What breaks the axiom; `None` if there is too much to look at.
    fn judge(&self, guess: &Guess) -> Option<Vec<Proof>> {
        let mut before = self.known();
        let mut missed = Vec::new();
        match self.axiom {
            Axiom::Writes | Axiom::Flow => {}
            Axiom::MonotonicAtomicView => self.seen_before(&mut before, &mut missed, false),
            Axiom::ReadAtomic => self.seen_before(&mut before, &mut missed, true),
            Axiom::Causal => self.causal(&mut before, &mut missed)?,
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
        let reason = Reason::Saw { reader: read.reader, key: read.key };
        if other == read.writer {
            return;
        }
        if read.writer == NONE {
            if missed.len() < MOST {
                missed.push(vec![Step { from: other, to: read.reader, reason }]);
            }
            return;
        }
        before.add(other, read.writer, reason);
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

    /// A transaction saw all that it could have seen through others.
    fn causal(&self, before: &mut Before, missed: &mut Vec<Missed>) -> Option<()> {
        let count = self.parsed.txns.len();
        let (graph, components) = before.known();
        if !components.is_acyclic() {
            return Some(());
        }
        let happened: Vec<u32> = self.happened().collect();
        // What was left open is nothing that its session did before others.
        let process = |number: u32| {
            let txn = &self.parsed.txns[number as usize];
            let is_session = self.order == Order::Session && txn.is_ok();
            (is_session, if is_session { txn.process } else { number })
        };
        let mut clocks = Clocks::new(count, &happened, process)?;
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
        for from in 0..count as u32 {
            for (to, _) in graph.edges(from) {
                into[to as usize].push(from);
            }
        }
        for &number in &order {
            clocks.see_all(number, &into[number as usize]);
            for read in &self.reads[number as usize] {
                for (session, of_session) in &writers[read.key as usize] {
                    let seen = clocks.seen(number, *session);
                    let until = of_session.partition_point(|&writer| clocks.place(writer) < seen);
                    if let Some(&writer) = of_session[..until].last() {
                        self.note(read, writer, before, missed);
                    }
                }
            }
        }
        Some(())
    }
}
