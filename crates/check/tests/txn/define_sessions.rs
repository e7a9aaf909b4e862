//! What guarantees of sessions mean, by their definitions, over registers.

use glomers_history::OpKind;

use super::define::happened;
use super::small::{KEYS, Mop, Small, Txn};

/// The model besides the guarantees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Each key has an order of its own.
    Alone,
    Committed,
    MonotonicAtomicView,
    ReadAtomic,
    Causal,
}

/// Which guarantees there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Promised {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) own: bool,
    pub(crate) follow: bool,
}

/// By transaction, as bits, who is seen.
type Matrix = [u8; 8];

struct Sessions<'a> {
    txns: Vec<&'a Txn>,
    /// By transaction, who came before it in its session.
    earlier: Matrix,
    base: Base,
    promised: Promised,
}

fn bits(set: u8) -> impl Iterator<Item = usize> {
    (0..8).filter(move |at| set >> at & 1 == 1)
}

impl Sessions<'_> {
    fn writes(&self, at: usize, key: usize) -> bool {
        self.txns[at].mops.iter().any(|mop| matches!(mop, Mop::Write(k, _) if *k == key))
    }

    fn writers(&self) -> u8 {
        let is_writer = |at: usize| (0..KEYS).any(|key| self.writes(at, key));
        (0..self.txns.len()).filter(|&at| is_writer(at)).map(|at| 1 << at).sum()
    }

    /// Who is seen where some are, if by transaction so many are.
    fn close(&self, mut seen: u8, by: &Matrix) -> u8 {
        loop {
            let mut more = seen;
            for at in bits(seen) {
                if self.promised.writes {
                    more |= self.earlier[at] & self.writers();
                }
                if self.promised.follow {
                    more |= by[at];
                    more |= bits(self.earlier[at]).fold(0, |all, before| all | by[before]);
                }
                if self.base == Base::Causal {
                    more |= by[at];
                }
            }
            if more == seen {
                return seen;
            }
            seen = more;
        }
    }

    /// Whom a transaction sees as its session did.
    fn of_session(&self, at: usize, by: &Matrix) -> u8 {
        let mut seen = 0;
        if self.promised.own {
            seen |= self.earlier[at] & self.writers();
        }
        if self.promised.reads {
            seen |= bits(self.earlier[at]).fold(0, |all, before| all | by[before]);
        }
        self.close(seen, by)
    }

    /// A read: by whom, of which key, of whom, after how many others of its transaction.
    fn reads(&self) -> Vec<(usize, usize, Option<usize>, usize)> {
        let mut reads = Vec::new();
        for (at, txn) in self.txns.iter().enumerate().filter(|(_, txn)| txn.kind == OpKind::Ok) {
            for (place, mop) in txn.mops.iter().enumerate() {
                let Mop::Read(key, held) = mop else { continue };
                let counts = |other: &Mop| {
                    self.base != Base::MonotonicAtomicView || matches!(other, Mop::Write(..))
                };
                let mut before = txn.mops[..place].iter();
                if before.any(|other| counts(other) && other.key() == *key) {
                    continue;
                }
                let Some(&value) = held.first() else {
                    reads.push((at, *key, None, place));
                    continue;
                };
                let left = |txn: &&Txn| {
                    let is_of = |mop: &&Mop| matches!(mop, Mop::Write(k, _) if k == key);
                    txn.mops.iter().rfind(is_of) == Some(&Mop::Write(*key, value))
                };
                let writer = self.txns.iter().position(left);
                if writer.is_some_and(|writer| writer != at) {
                    reads.push((at, *key, writer, place));
                }
            }
        }
        reads
    }
}

/// Whether versions have an order in which each read got the last of those that it saw.
pub(crate) fn guaranteed(small: &Small, base: Base, promised: Promised) -> bool {
    let txns: Vec<&Txn> = small.txns.iter().filter(|txn| happened(small, txn)).collect();
    let mut earlier: Matrix = [0; 8];
    for (a, first) in txns.iter().enumerate() {
        for (b, second) in txns.iter().enumerate() {
            let is_over = first.kind == OpKind::Ok && first.end < second.begin;
            if is_over && first.process == second.process {
                earlier[b] |= 1 << a;
            }
        }
    }
    let sessions = Sessions { txns, earlier, base, promised };
    let reads = sessions.reads();
    let mut by: Matrix = [0; 8];
    loop {
        let before = by;
        for at in 0..sessions.txns.len() {
            let of = reads.iter().filter(|(reader, ..)| *reader == at);
            let direct = of.filter_map(|(_, _, writer, _)| *writer).fold(0, |all, w| all | 1 << w);
            by[at] |= sessions.close(direct | sessions.of_session(at, &by), &by);
        }
        if by == before {
            break;
        }
    }
    // Who comes before whom, at which key.
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for &(reader, key, writer, place) in &reads {
        let mine = reads.iter().filter(|(other, ..)| *other == reader);
        let earlier = mine.filter(|(_, _, _, other)| *other < place);
        let earlier = earlier.filter_map(|(_, _, w, _)| *w).fold(0, |all, w| all | 1 << w);
        let session = sessions.of_session(reader, &by);
        let seen = match base {
            Base::Alone | Base::Committed => session,
            Base::MonotonicAtomicView => sessions.close(session | earlier, &by),
            Base::ReadAtomic | Base::Causal => by[reader],
        };
        for other in bits(seen).filter(|&other| other != reader && sessions.writes(other, key)) {
            match writer {
                Some(writer) if writer == other => {}
                Some(writer) => pairs.push((other, writer, key)),
                None => return false,
            }
        }
        if let Some(writer) = writer
            && (base != Base::Alone || sessions.writes(reader, key))
        {
            pairs.push((writer, reader, key));
        }
    }
    for at in 0..sessions.txns.len() {
        let mut before = 0;
        if promised.writes {
            before |= sessions.earlier[at];
        }
        if promised.follow {
            before |= by[at];
            before |= bits(sessions.earlier[at]).fold(0, |all, earlier| all | by[earlier]);
        }
        for from in bits(before).filter(|&from| from != at) {
            for key in 0..KEYS {
                if sessions.writes(from, key) && sessions.writes(at, key) {
                    pairs.push((from, at, key));
                }
            }
        }
    }
    let is_acyclic = |key: Option<usize>| {
        let mut after: Matrix = [0; 8];
        for &(from, to, of) in pairs.iter().filter(|(.., of)| key.is_none_or(|key| key == *of)) {
            debug_assert!(of < KEYS);
            after[from] |= 1 << to;
        }
        for middle in 0..8 {
            for from in 0..8 {
                if after[from] >> middle & 1 == 1 {
                    after[from] |= after[middle];
                }
            }
        }
        (0..8).all(|at| after[at] >> at & 1 == 0)
    };
    match base {
        Base::Alone => (0..KEYS).all(|key| is_acyclic(Some(key))),
        _ => is_acyclic(None),
    }
}
