//! Who holds what: the part of every message between nodes that finds out what
//! the other lacks and mends it.
//!
//! A [`Delta`] carries values, and how much of each origin its sender holds (its
//! digest), which acknowledges what it received. There is no acknowledgement by
//! message: any delta does it, so those that nodes send anyway suffice, and a
//! message that is lost, doubled or overtaken does no harm. A sender goes on from
//! what the receiver has acknowledged, so there are no gaps to describe.
//!
//! Digests are deltas too: of the entries only those are sent that have changed
//! since the last version of the sender's storage that the receiver has confirmed.
//!
//! Cost: none of its own. Size: the values, and 15 to 25 bytes for each origin
//! that has news since the last exchange.
//!
//! Source: δ-state replicated data (Almeida, Shoker, Baquero 2018); the digest is
//! Scuttlebutt's.

use glomers_node::{Cx, Map, NodeId, Time, Value};
use serde::{Deserialize, Serialize};

use super::storage::{Origin, Run, Storage};

/// At most so many values in a message, unless a node sets another limit; the
/// rest follows when these have been acknowledged.
pub const MESSAGE_LIMIT: usize = 400;
/// Whatever the limit, the values of a message have no more than about so many bytes
/// as JSON, so that with its digest it has less than 64 KiB.
const BYTES: usize = 60_000;

/// What one node tells another about what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delta {
    /// The bits of the sender's incarnation.
    pub incarnation: u64,
    /// The bits of the incarnation to which `seen` refers; 0 if none was heard of.
    pub to: u64,
    /// Up to which version of the receiver's storage its digests have been seen.
    pub seen: u64,
    /// The digest has all that changed in the sender's storage after this version …
    pub since: u64,
    /// … up to this one.
    pub version: u64,
    /// How many values of an origin the sender holds without a gap.
    pub digest: Vec<(Origin, u64)>,
    /// Values.
    pub items: Vec<Run>,
    /// The sender has more for the receiver than a message may carry, and waits
    /// for its acknowledgement to go on.
    pub more: bool,
}

/// Which values a delta carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that the receiver has not acknowledged.
    Unacknowledged,
    /// Those that were never sent to the receiver.
    Unsent,
    /// None: only the digest.
    Nothing,
}

/// What is known about another node.
#[derive(Debug, Default)]
pub struct Peer {
    /// The bits of its incarnation, once it was heard.
    incarnation: Option<u64>,
    /// Its earlier ones. What they held is gone, so that no late message of
    /// theirs may count.
    retired: Vec<u64>,
    /// How many values it holds, by origin's place.
    acknowledged: Vec<u64>,
    /// How many were sent to it, by origin's place.
    sent: Vec<u64>,
    /// Up to which version of this node's storage it has seen digests.
    knows: u64,
    /// It knows that this node lives this life.
    knows_life: bool,
    /// Up to which version of its storage its digests were seen here.
    seen: u64,
    /// The highest version of its storage that anything from it told of.
    newest: u64,
    /// The version of this node's storage when something was last sent to it.
    told: u64,
    /// The `seen` that was sent to it last.
    seen_sent: u64,
    /// When it was last heard.
    pub heard_at: Option<Time>,
    /// When something was last sent to it.
    pub sent_at: Option<Time>,
    /// How many messages were sent since it was last heard.
    pub unanswered: u32,
    /// With which origin values for it begin, so that all have their turn.
    turn: usize,
}

/// What a delta brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// How many values were new to this node.
    pub new: usize,
    /// How many values it carried.
    pub items: usize,
    /// Something that precedes values of this message has not come.
    pub gap: bool,
    /// The sender lives a new life and has forgotten what it held.
    pub reborn: bool,
}

/// A node's storage, and what it knows about the others.
#[derive(Debug, Default)]
pub struct Repair {
    /// What this node holds.
    pub storage: Storage,
    /// This node's place among all.
    pub me: usize,
    /// The bits of this node's incarnation.
    pub incarnation: u64,
    names: Vec<NodeId>,
    by_name: Map<NodeId, usize>,
    peers: Vec<Peer>,
    own: usize,
    /// What those nodes are taken to hold that have never been heard.
    baseline: Vec<u64>,
    /// Nodes pass on only what they took from clients, and acknowledge to each
    /// what it took.
    is_direct: bool,
}

impl Repair {
    /// For nodes that do not pass on what they have from others.
    pub fn direct() -> Repair {
        Repair { is_direct: true, ..Repair::without_repair() }
    }

    /// For nodes that repeat nothing, so that a lost message leaves a gap for
    /// ever.
    pub fn without_repair() -> Repair {
        let mut repair = Repair::default();
        repair.storage.shows_early = true;
        repair
    }

    /// Call at the node's start.
    pub fn start(&mut self, cx: &mut Cx) {
        self.names = cx.peers().to_vec();
        self.by_name = (0..).zip(&self.names).map(|(place, name)| (name.clone(), place)).collect();
        self.me = self.by_name.get(cx.id()).copied().unwrap_or_default();
        // Below 2⁵³, which stays exact in every JSON implementation, and never 0,
        // which means nobody. The workbench's count of lives, where it has one,
        // comes first, so that others can tell a new life from a late message.
        let life = u64::from(cx.incarnation().unwrap_or(0)) & 0xf_ffff;
        self.incarnation = (life << 32) | (cx.rng().bits() >> 32).max(1);
        self.peers = (0..self.names.len()).map(|_| Peer::default()).collect();
        self.own = self.storage.place(Origin(self.me as u32, self.incarnation));
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.names.len()
    }

    /// The places of all other nodes.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.names.len()).filter(move |&place| place != me)
    }

    /// The name of the node at this place.
    pub fn name(&self, place: usize) -> &NodeId {
        &self.names[place]
    }

    /// The place of a node.
    pub fn place_of(&self, name: &NodeId) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// What is known about a node.
    pub fn peer(&self, peer: usize) -> &Peer {
        &self.peers[peer]
    }

    /// Which life a node lives, as far as is known; this node's own for itself.
    pub fn life(&self, peer: usize) -> Option<u64> {
        if peer == self.me {
            return Some(self.incarnation);
        }
        self.peers[peer].incarnation
    }

    /// Those who have not shown yet that they know that this node lives this life.
    ///
    /// Who comes back to life must tell everybody. One is not enough: if that one
    /// dies, others go on believing that this node still holds what it held.
    pub fn strangers(&self) -> Vec<usize> {
        self.others().filter(|&peer| self.is_stranger(peer)).collect()
    }

    /// Whether the peer is one of [`Repair::strangers`].
    pub fn is_stranger(&self, peer: usize) -> bool {
        !self.peers[peer].knows_life
    }

    /// Takes a value from a client; whether it is new to this node.
    pub fn accept(&mut self, value: Value, cx: &mut Cx) -> bool {
        // Who holds a value already has its origin's copy on the way to all.
        if self.storage.contains(&value) {
            return false;
        }
        cx.mark("holds", value.clone());
        self.storage.append(self.own, value)
    }

    /// Takes back a value that an earlier incarnation took from a client.
    pub fn recover(&mut self, incarnation: u64, value: Value, cx: &mut Cx) {
        cx.mark("holds", value.clone());
        let place = self.storage.place(Origin(self.me as u32, incarnation));
        self.storage.append(place, value);
    }

    /// What this incarnation took from clients, from this number on.
    pub fn own_values_from(&self, number: u64) -> &[Value] {
        self.storage.values_from(self.own, number)
    }

    /// How many of the values at an origin's place the peer needs no message for.
    fn held(&self, peer: usize, counts: &[u64], place: usize) -> u64 {
        let origin = self.storage.origin(place);
        if origin.0 as usize == peer && self.peers[peer].incarnation.is_none_or(|i| i == origin.1) {
            return u64::MAX;
        }
        if self.is_direct && place != self.own {
            return u64::MAX;
        }
        let count = counts.get(place).copied().unwrap_or(0);
        match self.peers[peer].incarnation {
            None => count.max(self.baseline.get(place).copied().unwrap_or(0)),
            Some(_) => count,
        }
    }

    /// Takes nodes that have never been heard to hold what this peer holds, until
    /// they say otherwise: so that a first message to them is not everything.
    pub fn assume_as(&mut self, peer: usize) {
        self.baseline.clone_from(&self.peers[peer].acknowledged);
    }

    /// Whether the peer may lack something that this node holds. Somebody who was
    /// only assumed to hold something may lack it until it says otherwise.
    pub fn is_behind(&self, peer: usize) -> bool {
        let is_assumed = self.peers[peer].incarnation.is_none() && !self.baseline.is_empty();
        is_assumed || self.lacks(peer, &self.peers[peer].acknowledged)
    }

    /// Whether this node holds something that the peer neither has acknowledged
    /// nor was sent.
    pub fn has_unsent(&self, peer: usize) -> bool {
        self.lacks(peer, &self.peers[peer].sent)
    }

    /// Whether this node holds more than when it last sent something to the peer.
    pub fn has_news(&self, peer: usize) -> bool {
        self.storage.version() > self.peers[peer].told
    }

    fn lacks(&self, peer: usize, counts: &[u64]) -> bool {
        (0..self.storage.origins())
            .any(|place| self.storage.count(place) > self.held(peer, counts, place))
    }

    /// How many values of each origin this node holds, by the origin's place.
    pub fn counts(&self) -> Vec<u64> {
        (0..self.storage.origins()).map(|place| self.storage.count(place)).collect()
    }

    /// Whether the peer may lack something that this node held when it had these
    /// counts.
    pub fn lacked_before(&self, peer: usize, counts: &[u64]) -> bool {
        let acknowledged = &self.peers[peer].acknowledged;
        let before = counts.iter().enumerate();
        before.into_iter().any(|(place, &count)| count > self.held(peer, acknowledged, place))
    }

    /// The bits and place of this node in this life, whose values are those that it
    /// took from clients.
    pub fn own_origin(&self) -> Origin {
        self.storage.origin(self.own)
    }

    /// Whether the peer has acknowledged what this incarnation took from clients, up to but
    /// not including this number.
    pub fn holds_own(&self, peer: usize, end: u64) -> bool {
        self.peers[peer].acknowledged.get(self.own).copied().unwrap_or(0) >= end
    }

    /// Whether the peer sent a digest that no message has confirmed yet.
    pub fn owes_acknowledgement(&self, peer: usize) -> bool {
        self.peers[peer].seen > self.peers[peer].seen_sent
    }

    /// Whether nothing newer has come from the peer than this: what is known of it
    /// is what it held when it said this.
    pub fn is_newest(&self, peer: usize, delta: &Delta) -> bool {
        delta.version >= self.peers[peer].newest
    }

    /// Whether the peer is known to hold exactly what this node holds, or more.
    pub fn covers(&self, peer: usize) -> bool {
        self.peers[peer].incarnation.is_some() && !self.is_behind(peer)
    }

    /// How many values of these origins the peer neither has acknowledged nor was
    /// sent.
    pub fn unsent_of(&self, peer: usize, is_meant: impl Fn(Origin) -> bool) -> u64 {
        let counts = &self.peers[peer].sent;
        (0..self.storage.origins())
            .filter(|&place| is_meant(self.storage.origin(place)))
            .map(|place| self.storage.count(place).saturating_sub(self.held(peer, counts, place)))
            .sum()
    }

    /// Of which origins the peer is known to hold more than this node: their
    /// places, and how many values it holds.
    pub fn offers(&self, peer: usize) -> Vec<(usize, u64)> {
        let known = self.peers[peer].acknowledged.iter().copied().enumerate();
        known.filter(|&(place, count)| count > self.storage.count(place)).collect()
    }

    /// The part of a message to a peer that this module is about. The message
    /// counts as sent.
    pub fn delta(&mut self, peer: usize, which: Which, limit: usize, now: Time) -> Delta {
        self.delta_of(peer, which, limit, now, |_| true)
    }

    /// As [`Repair::delta`], with values of these origins only.
    pub fn delta_of(
        &mut self,
        peer: usize,
        which: Which,
        limit: usize,
        now: Time,
        is_meant: impl Fn(Origin) -> bool,
    ) -> Delta {
        let known = &self.peers[peer];
        let (since, version) = (known.knows, self.storage.version());
        let digest = (0..self.storage.origins())
            .filter(|&place| self.storage.changed(place) > since)
            .map(|place| (self.storage.origin(place), self.storage.count(place)))
            .filter(|(origin, _)| !self.is_direct || origin.0 as usize == peer)
            .collect();
        let (items, more) = self.items(peer, which, limit, is_meant);
        let known = &mut self.peers[peer];
        known.seen_sent = known.seen;
        known.told = version;
        known.sent_at = Some(now);
        known.unanswered += 1;
        Delta {
            incarnation: self.incarnation,
            to: known.incarnation.unwrap_or(0),
            seen: known.seen,
            since,
            version,
            digest,
            items,
            more,
        }
    }

    /// Values for a peer, and whether there are more than the limit. Each node
    /// begins with an origin of its own choice, so that when many have the same
    /// large backlog for one peer they send different parts of it, and then with
    /// that at which the last message ended.
    fn items(
        &mut self,
        peer: usize,
        which: Which,
        limit: usize,
        is_meant: impl Fn(Origin) -> bool,
    ) -> (Vec<Run>, bool) {
        let mut items = Vec::new();
        let (mut left, mut bytes) = (limit, BYTES);
        let count = self.storage.origins();
        let turn = self.peers[peer].turn;
        for step in 0..count {
            let place = (self.me + turn + step) % count;
            let known = &self.peers[peer];
            let first = match which {
                Which::Nothing => break,
                Which::Unsent => self.held(peer, &known.sent, place),
                Which::Unacknowledged => self.held(peer, &known.acknowledged, place),
            };
            let missing = self.storage.count(place).saturating_sub(first);
            if missing == 0 || !is_meant(self.storage.origin(place)) {
                continue;
            }
            let mut fitting = self.storage.fitting(place, first, left, &mut bytes);
            if fitting == 0 && items.is_empty() {
                // A value that is longer than that by itself.
                fitting = 1;
            }
            left -= fitting;
            if fitting > 0 {
                let run = self.storage.run(place, first, fitting);
                raise(&mut self.peers[peer].sent, place, first + fitting as u64);
                items.push(run);
            }
            if (fitting as u64) < missing {
                // The next message begins with the origins that are left.
                self.peers[peer].turn = (turn + step) % count;
                return (items, true);
            }
        }
        (items, false)
    }

    /// The last message to a peer was only a part of the one before: both want one
    /// answer.
    pub fn is_same_message(&mut self, peer: usize) {
        self.peers[peer].unanswered -= 1;
    }

    /// Takes what a peer sent: its values, marked if new, and its digest.
    pub fn receive(&mut self, peer: usize, delta: &Delta, cx: &mut Cx) -> Option<Received> {
        let mut received = Received::default();
        let now = cx.now();
        let known = &mut self.peers[peer];
        let is_over = |current: u64| delta.incarnation >> 32 < current >> 32;
        if known.incarnation.is_some_and(is_over) || known.retired.contains(&delta.incarnation) {
            return None;
        }
        if known.incarnation != Some(delta.incarnation) {
            if let Some(old) = known.incarnation {
                let mut retired = std::mem::take(&mut known.retired);
                retired.push(old);
                let sent_at = known.sent_at;
                *known = Peer { retired, sent_at, ..Peer::default() };
                received.reborn = true;
            }
            known.incarnation = Some(delta.incarnation);
        }
        known.heard_at = Some(now);
        known.unanswered = 0;
        known.newest = known.newest.max(delta.version);
        if delta.to == self.incarnation {
            known.knows = known.knows.max(delta.seen);
            known.knows_life = true;
        }
        for Run(origin, first, values) in &delta.items {
            let place = self.storage.place(*origin);
            received.items += values.len();
            for value in self.storage.merge(place, *first, values) {
                received.new += 1;
                cx.mark("holds", value);
            }
            received.gap |= self.storage.count(place) < *first;
            // Nodes pass on only what they hold without a gap.
            self.confirm(peer, place, first + values.len() as u64);
        }
        for &(origin, count) in &delta.digest {
            let place = self.storage.place(origin);
            self.confirm(peer, place, count);
        }
        let known = &mut self.peers[peer];
        // A digest that begins later than the last one ended has a gap before it.
        if delta.since <= known.seen {
            known.seen = known.seen.max(delta.version);
        }
        Some(received)
    }

    fn confirm(&mut self, peer: usize, place: usize, count: u64) {
        let known = &mut self.peers[peer];
        raise(&mut known.acknowledged, place, count);
        raise(&mut known.sent, place, count);
    }

    /// Takes back that anything beyond the acknowledged was sent.
    pub fn resend(&mut self, peer: usize) {
        let known = &mut self.peers[peer];
        known.sent.clone_from(&known.acknowledged);
    }
}

/// Sets an element to at least a value, as if all beyond the end were 0.
fn raise(counts: &mut Vec<u64>, place: usize, to: u64) {
    if counts.len() <= place {
        counts.resize(place + 1, 0);
    }
    counts[place] = counts[place].max(to);
}
