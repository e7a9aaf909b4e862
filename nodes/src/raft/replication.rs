//! The leader's log becomes everybody's (§5.3), and what a majority has is
//! committed (§5.4.2).
//!
//! The network may reorder. So every message begins with the first entry that its
//! receiver has not acknowledged, though it may be on its way already: each makes
//! sense by itself, whichever comes first. Nothing waits for an acknowledgement,
//! unless more is on its way than fits a message.

use glomers_node::{Cx, Time};

use super::message::{AppendEntries, Appended, Entry, Index, Request};
use super::reads::PendingRead;
use super::store::Store;
use super::{Flaw, Raft, Role};
use std::sync::Arc;

/// At most so many entries in a message; the rest follows when these have been
/// acknowledged. At 100 to 200 bytes each this stays below 64 KiB, which is as
/// much as some nodes of other makes read in a line.
pub(super) const ENTRIES_LIMIT: usize = 300;

/// What only a leader knows (figure 2, "volatile state on leaders").
#[derive(Debug)]
pub(super) struct Leading {
    progress: Vec<Progress>,
    /// How many rounds of messages there were in this term.
    pub(super) round: u64,
    /// What must be committed before reads are answered: all that was in the log
    /// at the beginning.
    pub(super) barrier: Index,
    pub(super) reads: Vec<PendingRead>,
}

/// How far a follower is.
#[derive(Debug, Clone)]
struct Progress {
    /// The first entry that it is sent.
    next: Index,
    /// The last entry that it was sent.
    sent: Index,
    /// Up to where its log is known to be the leader's.
    matched: Index,
    /// The last round that it has answered.
    round: u64,
    heard_at: Time,
}

impl Leading {
    pub(super) fn new(nodes: usize, store: &Store, now: Time) -> Leading {
        let next = store.last_index() + 1;
        let follower = Progress { next, sent: 0, matched: 0, round: 0, heard_at: now };
        Leading { progress: vec![follower; nodes], round: 0, barrier: 0, reads: Vec::new() }
    }
}

impl Raft {
    /// The leader adds an entry to its log.
    pub(super) fn append(&mut self, request: Option<Arc<Request>>, cx: &mut Cx) {
        self.store.append(Entry { term: self.store.term(), request });
        self.send_soon(cx);
        if self.is(Flaw::AnswersBeforeCommit) {
            // Wrong: if this leader falls before a majority has the entry, the
            // next one does not know what the client was promised.
            self.commit(self.store.last_index(), cx);
        }
    }

    /// The leader's log is as it will be when it begins to lead.
    pub(super) fn begin_leading(&mut self) {
        let waits = !self.is(Flaw::NoEntryAtBeginning);
        if let Role::Leader(leading) = &mut self.role {
            leading.barrier = if waits { self.store.last_index() } else { 0 };
        }
    }

    /// What comes within a moment shares a round of messages.
    pub(super) fn send_soon(&mut self, cx: &mut Cx) {
        if !self.flush.is_set() {
            self.flush.set(self.options.batch, cx);
        }
    }

    pub(super) fn heartbeat(&mut self, slept: bool, cx: &mut Cx) {
        let Role::Leader(leading) = &mut self.role else { return };
        for progress in &mut leading.progress {
            if slept {
                // Answers of that time may be waiting right behind.
                progress.heard_at = cx.now();
            }
        }
        let now = cx.now().nanos();
        let mut heard: Vec<u64> = leading.progress.iter().map(|p| p.heard_at.nanos()).collect();
        heard[self.me] = now;
        let since = now - self.reached_by_majority(heard);
        if u128::from(since) > self.options.resign_after().as_nanos() {
            // It may be able to speak but not to hear, and keep the others from
            // finding a leader who can do both (thesis, §6.2).
            return self.follow(None, cx);
        }
        self.send_round(cx);
        self.beat.set(self.options.heartbeat, cx);
    }

    /// Sends every follower what it lacks, if only a sign of life.
    pub(super) fn send_round(&mut self, cx: &mut Cx) {
        self.flush.stop(cx);
        let Role::Leader(leading) = &mut self.role else { return };
        leading.round += 1;
        for place in self.others() {
            self.send_entries(place, cx);
        }
        // Without followers nobody answers.
        self.count_copies(cx);
        self.count_answers(cx);
    }

    fn send_entries(&mut self, to: usize, cx: &mut Cx) {
        let Role::Leader(leading) = &mut self.role else { return };
        let progress = &mut leading.progress[to];
        let prev_index = progress.next - 1;
        let entries = self.store.after(prev_index, ENTRIES_LIMIT).to_vec();
        progress.sent = prev_index + entries.len() as Index;
        let message = AppendEntries {
            term: self.store.term(),
            prev_index,
            prev_term: self.store.term_at(prev_index).unwrap_or_default(),
            entries,
            committed: self.committed,
            round: leading.round,
        };
        self.send(to, message, cx);
    }

    pub(super) fn append_requested(&mut self, from: usize, ask: AppendEntries, cx: &mut Cx) {
        let is_current = self.observe_term(ask.term, cx);
        if self.is_leader() && is_current {
            // There is no other leader in this term.
            return;
        }
        let (success, index, round) = if is_current {
            self.heard_leader(from, cx);
            match self.take_entries(&ask) {
                Ok(last) => {
                    self.commit(ask.committed.min(last), cx);
                    (true, last, ask.round)
                }
                Err(hint) => (false, hint, ask.round),
            }
        } else {
            // It tells the sender the term and nothing else: the sender may lead
            // again by then, and must not take this for a round of the new term.
            (false, 0, 0)
        };
        self.send(from, Appended { term: self.store.term(), success, index, round }, cx);
    }

    /// Makes the log the leader's, as far as this message goes. Gives the index
    /// up to which it is, or where it may be if the logs differ before the first
    /// entry.
    fn take_entries(&mut self, ask: &AppendEntries) -> Result<Index, Index> {
        match self.store.term_at(ask.prev_index) {
            None => return Err(self.store.last_index()),
            Some(term) if term != ask.prev_term => {
                // All entries of that term may be wrong (end of §5.3).
                let before = |index: &Index| self.store.term_at(*index) != Some(term);
                let hint = (0..ask.prev_index).rev().find(before);
                return Err(hint.unwrap_or_default());
            }
            Some(_) => {}
        }
        for (index, entry) in (ask.prev_index + 1..).zip(&ask.entries) {
            match self.store.term_at(index) {
                // A message that was overtaken must not remove what the one that
                // overtook it brought.
                Some(term) if term == entry.term => continue,
                // Wrong: the leader's entries that come later are appended to
                // ones that the leader does not have, so this node applies
                // something else than the others.
                Some(_) if self.is(Flaw::NoTruncationOnConflict) => continue,
                Some(_) => self.store.truncate_from(index),
                None => {}
            }
            self.store.append(entry.clone());
        }
        Ok(ask.prev_index + ask.entries.len() as Index)
    }

    pub(super) fn appended(&mut self, from: usize, reply: &Appended, cx: &mut Cx) {
        if !self.observe_term(reply.term, cx) {
            return;
        }
        let Role::Leader(leading) = &mut self.role else { return };
        let progress = &mut leading.progress[from];
        progress.heard_at = cx.now();
        progress.round = progress.round.max(reply.round);
        let send_more = if reply.success {
            progress.matched = progress.matched.max(reply.index);
            progress.next = progress.next.max(progress.matched + 1);
            // What was sent after the last message that was full?
            progress.matched >= progress.sent && progress.sent < self.store.last_index()
        } else {
            let next = (reply.index + 1).max(progress.matched + 1);
            let goes_back = next < progress.next;
            progress.next = progress.next.min(next);
            goes_back
        };
        if send_more {
            self.send_entries(from, cx);
        }
        self.count_copies(cx);
        self.count_answers(cx);
    }

    /// Commits what a majority has, if the last of it is of this term: an older
    /// entry could still be replaced, though a majority has it (§5.4.2, figure 8).
    fn count_copies(&mut self, cx: &mut Cx) {
        let Role::Leader(leading) = &self.role else { return };
        let mut matched: Vec<Index> = leading.progress.iter().map(|p| p.matched).collect();
        matched[self.me] = self.store.last_index();
        let index = self.reached_by_majority(matched);
        let is_own = self.store.term_at(index) == Some(self.store.term());
        // Wrong, with the flaw: this is the mistake of figure 8. A node whose
        // last entry has a term between the two can still win an election
        // against this entry's holders, and replaces it.
        if is_own || self.is(Flaw::CommitsOldTermByCounting) {
            self.commit(index, cx);
        }
    }

    /// Applies the log up to here.
    fn commit(&mut self, index: Index, cx: &mut Cx) {
        while self.committed < index {
            let Some(entry) = self.store.entry(self.committed + 1) else { return };
            let request = entry.request.clone();
            self.committed += 1;
            if let Some(request) = request {
                self.apply(&request, cx);
            }
        }
    }

    /// How many rounds a majority has answered.
    pub(super) fn confirmed_round(&self) -> Option<u64> {
        let Role::Leader(leading) = &self.role else { return None };
        let mut rounds: Vec<u64> = leading.progress.iter().map(|p| p.round).collect();
        rounds[self.me] = leading.round;
        Some(self.reached_by_majority(rounds))
    }
}
