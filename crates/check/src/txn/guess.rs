//! Reads of which several writes may be the source: guesses, taken back where they do
//! not fit.
//!
//! Each time what is guessed breaks the model, some guesses are found that do so
//! together. Then the latest of them was wrong, as long as the others stand (Ginsberg
//! 1993, "dynamic backtracking"). So nothing is tried twice, and what does not hang
//! together is not tried in all its combinations.

use glomers_history::Stop;
use rustc_hash::{FxHashMap, FxHashSet};

use super::axiom::{Axiom, Step};
use super::facts::outer_reads;
use super::parse::{NONE, Parsed};
use super::registers::Registers;

/// What is guessed that reads got.
#[derive(Debug, Default)]
pub(super) struct Guess {
    reads: Vec<Read>,
    /// By micro-operation the number of the read.
    of: FxHashMap<u32, u32>,
    /// By transaction how many reads are guessed to be of it.
    writers: FxHashMap<u32, u32>,
    next: u64,
    /// How many sources all reads have together.
    size: usize,
}

/// How many sources there may be: what is kept of them takes some 128 MB.
const MOST: usize = 1 << 24;

#[derive(Debug)]
struct Read {
    /// The versions that it may have got.
    sources: Vec<u32>,
    /// Who wrote these.
    writers: Vec<u32>,
    /// Which of them it got.
    now: usize,
    /// When that was guessed.
    since: u64,
    /// By source that is ruled out, the guesses that rule it out.
    ruled: Vec<(usize, Vec<u32>)>,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The model holds.
    Holds,
    /// It is broken, whatever is guessed; by these steps if it is guessed so.
    Broken(Vec<Step>),
    /// There is too much to look at.
    Open,
}

/// Steps that break a model, and the guesses that they rest on.
pub(super) type Proof = (Vec<Step>, Vec<u32>);

impl Guess {
    /// The reads that count where an axiom does.
    pub(super) fn new(parsed: &Parsed<'_>, registers: &Registers, axiom: Axiom) -> Guess {
        let mut guess = Guess::default();
        if parsed.unclear.is_empty() {
            return guess;
        }
        for txn in 0..parsed.txns.len() as u32 {
            for at in outer_reads(parsed, registers, axiom, txn) {
                let version = parsed.mops[at as usize].value;
                let source = if version == NONE { None } else { parsed.source(version) };
                let Some(source) = source else { continue };
                let all = &parsed.sources[source as usize];
                let left = all.iter().copied().filter(|&source| parsed.is_left_for(source, txn));
                let mut sources: Vec<u32> = left.collect();
                // It says nothing if it may be what nobody else was to read.
                if axiom == Axiom::Writes && sources.len() < all.len() {
                    continue;
                }
                guess.size += sources.len();
                if guess.size > MOST {
                    return guess;
                }
                sources.sort_by_key(|&source| rank(parsed, registers, txn, source));
                let since = guess.reads.len() as u64;
                guess.of.insert(at, since as u32);
                let writers: Vec<u32> =
                    sources.iter().map(|&source| parsed.writer(source)).collect();
                *guess.writers.entry(writers[0]).or_default() += 1;
                guess.reads.push(Read { sources, writers, now: 0, since, ruled: Vec::new() });
            }
        }
        guess.next = guess.reads.len() as u64;
        guess
    }

    /// Whether nothing is guessed.
    pub(super) fn is_certain(&self) -> bool {
        self.reads.is_empty()
    }

    /// All guesses.
    pub(super) fn all(&self) -> Vec<u32> {
        (0..self.reads.len() as u32).collect()
    }

    /// What a read is guessed to have got, and the number of the guess; `None` if that is
    /// known.
    #[inline]
    pub(super) fn of(&self, mop: u32) -> Option<(u32, u32)> {
        let &number = self.of.get(&mop)?;
        let read = &self.reads[number as usize];
        Some((read.sources[read.now], number))
    }

    /// Whether a version is what a transaction left behind that happened as it is guessed
    /// to be read.
    #[inline]
    pub(super) fn is_left_by(&self, parsed: &Parsed<'_>, version: u32) -> bool {
        let version = &parsed.versions[version as usize];
        !version.is_overwritten && self.writers.get(&version.writer).is_some_and(|&count| count > 0)
    }

    /// Looks for guesses of which `judge` finds nothing wrong: it says what is, or
    /// nothing if there is too much to look at. `cost` is what one look takes, in steps.
    pub(super) fn search(
        mut self,
        cost: u64,
        budget: u64,
        stop: &Stop,
        judge: impl Fn(&Guess) -> Option<Vec<Proof>>,
    ) -> Outcome {
        let mut spent = 0;
        if self.size > MOST {
            return Outcome::Open;
        }
        loop {
            let Some(proofs) = judge(&self) else { return Outcome::Open };
            if proofs.is_empty() {
                return Outcome::Holds;
            }
            spent += cost;
            let mut changed: FxHashSet<u32> = FxHashSet::default();
            for (steps, guesses) in proofs {
                // What was judged must still be what is guessed.
                if !guesses.iter().any(|guess| changed.contains(guess))
                    && !self.rule_out(guesses, &mut changed, &mut spent)
                {
                    return Outcome::Broken(steps);
                }
            }
            if spent > budget || stop.is_wanted() {
                return Outcome::Open;
            }
        }
    }

    /// Takes back one of some guesses that do not fit together, and perhaps more; whether
    /// something is left.
    fn rule_out(
        &mut self,
        mut together: Vec<u32>,
        changed: &mut FxHashSet<u32>,
        spent: &mut u64,
    ) -> bool {
        let mut open = Vec::new();
        loop {
            let latest =
                (0..together.len()).max_by_key(|&at| self.reads[together[at] as usize].since);
            let Some(wrong) = latest.map(|at| together.swap_remove(at)) else { return false };
            for read in &mut self.reads {
                read.ruled.retain(|(_, by)| !by.contains(&wrong));
            }
            *spent += self.reads.len() as u64;
            let read = &mut self.reads[wrong as usize];
            read.ruled.push((read.now, together));
            read.since = self.next;
            self.next += 1;
            open.push(wrong);
            if read.ruled.len() < read.sources.len() {
                break;
            }
            together = read.ruled.iter().flat_map(|(_, by)| by.iter().copied()).collect();
            together.sort_unstable();
            together.dedup();
        }
        for &number in &open {
            self.guess(number);
        }
        changed.extend(open);
        true
    }

    /// Guesses a read anew: the best source that is not ruled out.
    fn guess(&mut self, number: u32) {
        let Guess { reads, writers, .. } = self;
        let read = &mut reads[number as usize];
        let is_left = |source: &usize| read.ruled.iter().all(|(ruled, _)| ruled != source);
        let now = (0..read.sources.len()).find(is_left).unwrap_or(read.now);
        if let Some(count) = writers.get_mut(&read.writers[read.now]) {
            *count -= 1;
        }
        *writers.entry(read.writers[now]).or_default() += 1;
        read.now = now;
    }
}

/// What a read got most likely comes first: of transactions that certainly happened and
/// had begun before it ended the latest.
fn rank(parsed: &Parsed<'_>, registers: &Registers, reader: u32, source: u32) -> (bool, bool, u32) {
    let writer = &parsed.txns[parsed.writer(source) as usize];
    let (begin, until) = (writer.begin, parsed.txns[reader as usize].end);
    let is_late = begin != NONE && begin > until;
    let rank = if begin == NONE || is_late { begin } else { u32::MAX - begin };
    (is_late, !registers.is_written[source as usize], rank)
}
