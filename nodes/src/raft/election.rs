//! Who leads: time-outs, votes, beginning and end of a leadership (§5.2, §5.4.1).

use std::collections::BTreeSet;
use std::time::Duration;

use glomers_node::{Cx, Value};

use super::message::{RequestVote, Vote};
use super::replication::Leading;
use super::{Flaw, Raft, Role};

/// Who has voted for this node.
pub(super) type Votes = BTreeSet<usize>;

impl Raft {
    /// Waits for a leader, and not for ever. The wait is random, so that seldom
    /// two nodes tire of it at once (§5.2).
    pub(super) fn wait_for_leader(&mut self, cx: &mut Cx) {
        let least = self.options.election_timeout;
        let extra = cx.rng().below(2 * least.as_nanos() as u64 + 1);
        self.election.set(least + Duration::from_nanos(extra), cx);
    }

    /// Whether there was a sign of life of a leader within the shortest time
    /// after which anybody may doubt it.
    fn hears_leader(&self, cx: &Cx) -> bool {
        let recent = |at| cx.now().since(at) < self.options.election_timeout;
        self.is_leader() || (self.leader.is_some() && self.heard_leader_at.is_some_and(recent))
    }

    /// Asks the others whether they would vote for this node, and changes nothing
    /// yet: a node that was cut off would else come back with a high term and
    /// end a leadership that all others are content with (thesis, §9.6).
    pub(super) fn ask_for_election(&mut self, cx: &mut Cx) {
        self.leader = None;
        self.role = Role::PreCandidate(Votes::from([self.me]));
        self.ask_for_votes(true, cx);
        self.wait_for_leader(cx);
        self.count_votes(cx);
    }

    fn stand_for_election(&mut self, cx: &mut Cx) {
        self.store.set_term(self.store.term() + 1);
        self.store.set_vote(self.me);
        self.role = Role::Candidate(Votes::from([self.me]));
        self.ask_for_votes(false, cx);
        self.wait_for_leader(cx);
        self.count_votes(cx);
    }

    fn ask_for_votes(&self, pre: bool, cx: &mut Cx) {
        let question = RequestVote {
            term: self.store.term(),
            pre,
            last_index: self.store.last_index(),
            last_term: self.store.last_term(),
        };
        cx.send_all(self.others().map(|place| &self.names[place]), question);
    }

    pub(super) fn vote_requested(&mut self, from: usize, ask: &RequestVote, cx: &mut Cx) {
        let is_current = self.observe_term(ask.term, cx);
        let granted = is_current && self.would_vote_for(ask) && self.may_vote(from, ask.pre, cx);
        if granted && !ask.pre {
            self.store.set_vote(from);
            self.wait_for_leader(cx);
        }
        self.send(from, Vote { term: self.store.term(), pre: ask.pre, granted }, cx);
    }

    /// Whether the candidate's log has all that this node's has, as far as that
    /// may be committed (§5.4.1).
    fn would_vote_for(&self, ask: &RequestVote) -> bool {
        if self.is(Flaw::VotesForShorterLog) {
            // Wrong: a majority may elect a node that lacks what a majority has
            // acknowledged, and it makes the others forget that.
            return true;
        }
        (ask.last_term, ask.last_index) >= (self.store.last_term(), self.store.last_index())
    }

    fn may_vote(&self, candidate: usize, pre: bool, cx: &Cx) -> bool {
        if pre {
            return !self.hears_leader(cx);
        }
        if self.is(Flaw::VotesTwice) {
            // Wrong: two candidates of one term can both get a majority. Their
            // entries have the same terms and indexes and different content.
            return !self.is_leader();
        }
        self.store.vote().is_none_or(|vote| vote == candidate)
    }

    pub(super) fn voted(&mut self, from: usize, vote: &Vote, cx: &mut Cx) {
        if !self.observe_term(vote.term, cx) || !vote.granted {
            return;
        }
        match &mut self.role {
            Role::PreCandidate(votes) if vote.pre => votes.insert(from),
            Role::Candidate(votes) if !vote.pre => votes.insert(from),
            // Too late: decided one way or the other.
            _ => return,
        };
        self.count_votes(cx);
    }

    fn count_votes(&mut self, cx: &mut Cx) {
        let enough = |votes: &Votes| votes.len() >= self.majority();
        match &self.role {
            Role::PreCandidate(votes) if enough(votes) => self.stand_for_election(cx),
            Role::Candidate(votes) if enough(votes) => self.lead(cx),
            _ => {}
        }
    }

    fn lead(&mut self, cx: &mut Cx) {
        self.election.stop(cx);
        self.leader = Some(self.me);
        cx.mark("leader", self.store.term());
        self.role = Role::Leader(Leading::new(self.names.len(), &self.store, cx.now()));
        // Wrong, with the second flaw: a new leader has all that is committed, but
        // does not know up to where that goes before an entry of its own is. Its
        // reads miss what its predecessor acknowledged last.
        let begins_with_entry =
            !self.is(Flaw::CommitsOldTermByCounting) && !self.is(Flaw::NoEntryAtBeginning);
        if begins_with_entry {
            // Entries of older terms are committed by one of this term (§5.4.2),
            // so there is one at once (§8).
            self.append(None, cx);
        }
        self.begin_leading();
        self.send_round(cx);
        self.beat.set(self.options.heartbeat, cx);
        self.hand_on_requests(cx);
    }

    /// Is a follower from now on, of this leader, if it is known.
    pub(super) fn follow(&mut self, leader: Option<usize>, cx: &mut Cx) {
        if self.is_leader() {
            cx.mark("leader", Value::Null);
            self.beat.stop(cx);
            self.flush.stop(cx);
        }
        self.role = Role::Follower;
        self.leader = leader;
        if !self.election.is_set() {
            self.wait_for_leader(cx);
        }
    }

    /// A message of the leader of this term came.
    pub(super) fn heard_leader(&mut self, leader: usize, cx: &mut Cx) {
        let is_news = self.leader != Some(leader);
        self.follow(Some(leader), cx);
        self.heard_leader_at = Some(cx.now());
        self.wait_for_leader(cx);
        if is_news {
            self.hand_on_requests(cx);
        }
    }
}
