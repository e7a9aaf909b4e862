//! What a node must not forget: its term, its vote and its log (figure 2,
//! "persistent state").
//!
//! Everything that has to be durable before the node speaks again goes through
//! the methods here that take `&mut self`; `journal` puts it on the disk. Without a
//! disk **a node that is killed and started again has forgotten all of it**, may
//! vote a second time in a term and may lose what it acknowledged: then Raft's
//! promises hold under pauses, partitions and loss, but not under kills.

use super::message::{Entry, Index, Term};

/// Term, vote and log.
#[derive(Debug, Default)]
pub struct Store {
    term: Term,
    vote: Option<usize>,
    log: Vec<Entry>,
    changed_from: Option<Index>,
}

impl Store {
    pub(super) fn recovered(term: Term, vote: Option<usize>, log: Vec<Entry>) -> Store {
        Store { term, vote, log, changed_from: None }
    }

    /// The lowest index at which the log has changed since the last call.
    pub(super) fn take_changed_from(&mut self) -> Option<Index> {
        self.changed_from.take()
    }

    fn changed(&mut self, from: Index) {
        self.changed_from = Some(self.changed_from.map_or(from, |before| before.min(from)));
    }

    /// The newest term that this node has heard of.
    pub fn term(&self) -> Term {
        self.term
    }

    /// The place of the node that has this node's vote in this term.
    pub fn vote(&self) -> Option<usize> {
        self.vote
    }

    /// The entries; the one with index i is at i − 1.
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// The index of the last entry; 0 if there is none.
    pub fn last_index(&self) -> Index {
        self.log.len() as Index
    }

    /// The term of the last entry; 0 if there is none.
    pub fn last_term(&self) -> Term {
        self.log.last().map_or(0, |entry| entry.term)
    }

    /// The term of the entry at an index, if there is one. 0 for index 0, which
    /// all logs share.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        match index {
            0 => Some(0),
            _ => self.entry(index).map(|entry| entry.term),
        }
    }

    /// The entry at an index.
    pub fn entry(&self, index: Index) -> Option<&Entry> {
        self.log.get(usize::try_from(index).ok()?.checked_sub(1)?)
    }

    /// The entries after an index, `limit` at most.
    pub fn after(&self, index: Index, limit: usize) -> &[Entry] {
        let start = (index as usize).min(self.log.len());
        &self.log[start..self.log.len().min(start.saturating_add(limit))]
    }

    /// Goes on to a newer term, in which this node has not voted.
    pub fn set_term(&mut self, term: Term) {
        self.term = term;
        self.vote = None;
    }

    /// Gives this node's vote in this term.
    pub fn set_vote(&mut self, candidate: usize) {
        self.vote = Some(candidate);
    }

    /// Adds an entry to the end.
    pub fn append(&mut self, entry: Entry) {
        self.log.push(entry);
        self.changed(self.last_index());
    }

    /// Removes the entry at an index and all after it.
    pub fn truncate_from(&mut self, index: Index) {
        self.log.truncate(index.saturating_sub(1) as usize);
        self.changed(index.max(1));
    }
}
