//! Raft: a replicated log, and on it a key-value store for workload lin-kv.
//!
//! Source: Ongaro and Ousterhout, "In Search of an Understandable Consensus
//! Algorithm" (extended version; sections as §5.4), and Ongaro's thesis for
//! pre-votes (§9.6), sessions (§6.3) and reads by quorum (§6.4).
//!
//! | file | what |
//! |---|---|
//! | [`store`] | what must not be forgotten: term, vote, log |
//! | `journal` | the store on a disk |
//! | `election` | time-outs, votes, becoming and ceasing to be leader |
//! | `replication` | entries to followers, what is committed |
//! | `reads` | reads at the leader, without the log |
//! | `requests` | clients' requests, forwarded, retried and answered |
//! | [`machine`] | keys, values, sessions |
//! | [`message`] | what nodes say to each other |
//! | [`flaw`] | how to get it wrong |
//!
//! Operations are linearizable whatever the network does, and whoever is killed,
//! where nodes have a disk; else as long as nodes keep their memory, see [`store`]. Writes and cas go through the log; reads do not, but wait until a
//! majority has confirmed the leader.

mod election;
pub mod flaw;
mod journal;
pub mod machine;
pub mod message;
mod options;
mod reads;
mod replication;
mod requests;
pub mod store;

use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Message, NodeId, Process, Time, TimerId};

pub use flaw::Flaw;
pub use options::Options;

use election::Votes;
use journal::Journal;
use machine::Machine;
use message::{AppendEntries, Appended, Forward, Forwarded, Index, RequestVote, Term, Vote};
use replication::Leading;
use requests::Requests;
use store::Store;

/// The node.
pub fn node(options: Options) -> Raft {
    node_with(Flaw::None, options)
}

/// The node, wrong in one way.
pub fn node_with(flaw: Flaw, options: Options) -> Raft {
    Raft {
        options,
        flaw,
        names: Vec::new(),
        me: 0,
        store: Store::default(),
        journal: Journal::default(),
        machine: Machine::default(),
        role: Role::Follower,
        leader: None,
        heard_leader_at: None,
        committed: 0,
        requests: Requests::default(),
        election: Alarm::default(),
        beat: Alarm::default(),
        flush: Alarm::default(),
        retry: Alarm::default(),
    }
}

/// A node of a cluster that runs Raft.
#[derive(Debug)]
pub struct Raft {
    options: Options,
    flaw: Flaw,
    names: Vec<NodeId>,
    /// This node's place among all; nodes are known by their places.
    me: usize,
    store: Store,
    journal: Journal,
    machine: Machine,
    role: Role,
    /// Who leads in this term, if that is known.
    leader: Option<usize>,
    heard_leader_at: Option<Time>,
    /// Up to where the log is known to be committed. All of it is applied.
    committed: Index,
    requests: Requests,
    /// Nobody leads, it seems.
    election: Alarm,
    /// The leader is to speak.
    beat: Alarm,
    /// The leader has something to send.
    flush: Alarm,
    /// Requests are to be looked after.
    retry: Alarm,
}

/// What a node is in its term (figure 4).
#[derive(Debug)]
enum Role {
    Follower,
    /// Asks whether it would be elected.
    PreCandidate(Votes),
    Candidate(Votes),
    Leader(Leading),
}

/// What a test may want to know of a node.
#[derive(Debug)]
pub struct View<'a> {
    /// What it will not forget.
    pub store: &'a Store,
    /// What it has applied.
    pub machine: &'a Machine,
    /// Whether it leads, as far as it knows.
    pub is_leader: bool,
    /// Up to where it knows the log to be committed.
    pub committed: Index,
}

impl Raft {
    /// The state of the node, for tests.
    pub fn view(&self) -> View<'_> {
        View {
            store: &self.store,
            machine: &self.machine,
            is_leader: self.is_leader(),
            committed: self.committed,
        }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// How many nodes are more than half of all.
    fn majority(&self) -> usize {
        if self.is(Flaw::HalfIsMajority) {
            // Wrong: two halves have no node in common, so two leaders can lead
            // in one term, and commit different entries at one index.
            return (self.names.len() / 2).max(1);
        }
        self.names.len() / 2 + 1
    }

    /// What a majority has reached, given how far each node is.
    fn reached_by_majority(&self, mut each: Vec<u64>) -> u64 {
        each.sort_unstable();
        each[each.len() - self.majority()]
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.names.len()).filter(move |&place| place != me)
    }

    fn send<M: Message>(&self, to: usize, message: M, cx: &mut Cx) {
        cx.send(&self.names[to], message);
    }

    fn start(&mut self, cx: &mut Cx) {
        self.names = cx.peers().to_vec();
        self.me = self.names.iter().position(|name| name == cx.id()).unwrap_or_default();
        self.store = match self.journal.recover(cx) {
            Ok(store) => store,
            // To go on would be to forget what others were told.
            Err(error) => panic!("the disk cannot be used: {error}"),
        };
        self.requests.start(cx);
        self.wait_for_leader(cx);
    }

    /// Takes note of the term of a message; whether the message is of the
    /// present and so counts (§5.1).
    fn observe_term(&mut self, term: Term, cx: &mut Cx) -> bool {
        if self.is(Flaw::NoTermCheck) {
            // Wrong: messages count whatever their term is, and a leader never
            // learns that there is a newer one. After a pause or a partition two
            // of them commit entries, each over the other's.
            if term > self.store.term() && !self.is_leader() {
                self.store.set_term(term);
            }
            return true;
        }
        if term > self.store.term() {
            self.store.set_term(term);
            self.follow(None, cx);
        }
        term == self.store.term()
    }

    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        let Some(from) = self.names.iter().position(|name| *name == message.src) else {
            return self.client_request(message, cx);
        };
        let understood = match message.header.kind() {
            RequestVote::TYPE => with(message, |body| self.vote_requested(from, &body, cx)),
            Vote::TYPE => with(message, |body| self.voted(from, &body, cx)),
            AppendEntries::TYPE => with(message, |body| self.append_requested(from, body, cx)),
            Appended::TYPE => with(message, |body| self.appended(from, &body, cx)),
            Forward::TYPE => with(message, |body: Forward| {
                self.forward_requested(from, body.request, cx);
            }),
            Forwarded::TYPE => with(message, |body| self.forwarded(from, body, cx)),
            kind => Err(format!("nodes do not send each other {kind:?}")),
        };
        if let Err(reason) = understood {
            cx.log(format!("a message from {} is left out: {reason}", message.src));
        }
    }

    fn timer(&mut self, timer: TimerId, cx: &mut Cx) {
        let late_after = self.options.election_timeout;
        if let Some(late) = self.election.rang(timer, cx.now()) {
            if late > late_after {
                // Not the leader was silent: this node slept. The leader's
                // messages of that time may be waiting right behind.
                self.wait_for_leader(cx);
            } else {
                self.ask_for_election(cx);
            }
        } else if let Some(late) = self.beat.rang(timer, cx.now()) {
            self.heartbeat(late > late_after, cx);
        } else if self.flush.rang(timer, cx.now()).is_some() {
            self.send_round(cx);
        } else if self.retry.rang(timer, cx.now()).is_some() {
            self.look_after_requests(cx);
        }
    }
}

/// Hands the body to somebody.
fn with<M: Message>(message: &Incoming, take: impl FnOnce(M)) -> Result<(), String> {
    message.payload.decode::<M>().map(take).map_err(|error| error.to_string())
}

impl Process for Raft {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => self.start(cx),
            Input::Message(message) => self.message(&message, cx),
            Input::Timer(timer) if self.journal.is_retry(timer, cx) => {}
            Input::Timer(timer) => self.timer(timer, cx),
            Input::Synced(sync) => self.journal.synced(sync),
            _ => {}
        }
        self.journal.keep(&mut self.store, self.flaw, cx);
    }
}

/// A timer of which there is one at most.
#[derive(Debug, Default)]
struct Alarm(Option<(TimerId, Time)>);

impl Alarm {
    /// Rings after so long, and not when it was to.
    fn set(&mut self, after: Duration, cx: &mut Cx) {
        self.stop(cx);
        self.0 = Some((cx.set_timer(after), cx.now() + after));
    }

    fn stop(&mut self, cx: &mut Cx) {
        if let Some((timer, _)) = self.0.take() {
            cx.cancel_timer(timer);
        }
    }

    fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// If this is the timer that is due: how late it is.
    fn rang(&mut self, timer: TimerId, now: Time) -> Option<Duration> {
        let (_, due) = self.0.take_if(|(set, _)| *set == timer)?;
        Some(now.since(due))
    }
}
