//! Vector clocks: how much of each session a transaction has seen.

use rustc_hash::FxHashMap;

/// How many numbers are kept at most: 1 GiB.
const MOST: usize = 1 << 28;

/// By transaction and session, how many transactions of the session it has seen, itself
/// included.
#[derive(Debug)]
pub(super) struct Clocks {
    /// By transaction its session and its place there.
    places: Vec<(u32, u32)>,
    sessions: usize,
    seen: Vec<u32>,
}

impl Clocks {
    /// Clocks of some of so many transactions, each session's in its order; `None` if
    /// they would be too large.
    pub(super) fn new(
        count: usize,
        txns: &[u32],
        process: impl Fn(u32) -> (bool, u32),
    ) -> Option<Clocks> {
        let mut sessions: FxHashMap<(bool, u32), (u32, u32)> = FxHashMap::default();
        let mut places = vec![(0, 0); count];
        for &txn in txns {
            let next = sessions.len() as u32;
            let (session, length) = sessions.entry(process(txn)).or_insert((next, 0));
            places[txn as usize] = (*session, *length);
            *length += 1;
        }
        let sessions = sessions.len();
        let size = count.checked_mul(sessions).filter(|&size| size <= MOST)?;
        Some(Clocks { places, sessions, seen: vec![0; size] })
    }

    pub(super) fn session(&self, txn: u32) -> u32 {
        self.places[txn as usize].0
    }

    /// The place of a transaction in its session.
    pub(super) fn place(&self, txn: u32) -> u32 {
        self.places[txn as usize].1
    }

    /// How many of a session's transactions one has seen, itself not included.
    pub(super) fn seen(&self, txn: u32, session: u32) -> u32 {
        let (own, place) = self.places[txn as usize];
        if own == session {
            return place;
        }
        self.seen[txn as usize * self.sessions + session as usize]
    }

    /// A transaction sees others, and what they saw; these were done before.
    pub(super) fn see_all(&mut self, txn: u32, others: &[u32]) {
        self.gather(txn, others);
        let (session, place) = self.places[txn as usize];
        let mine = &mut self.seen[txn as usize * self.sessions + session as usize];
        *mine = (*mine).max(place + 1);
    }

    /// What others saw, as a clock that is nobody's.
    pub(super) fn gather(&mut self, txn: u32, others: &[u32]) {
        let start = txn as usize * self.sessions;
        for &other in others {
            let from = other as usize * self.sessions;
            for session in 0..self.sessions {
                let seen = self.seen[from + session];
                let mine = &mut self.seen[start + session];
                *mine = (*mine).max(seen);
            }
        }
    }
}
