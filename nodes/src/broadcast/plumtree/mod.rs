//! Plumtree: a spanning tree for each node's values, grown out of a random mesh
//! and mended by it. For comparison, and for members that come and go.
//!
//! - **Eager**: a new value goes on at once to all neighbours. Who gets it twice
//!   tells the second sender to stop (prune); what is left of the mesh is a tree,
//!   one for each node that takes values from clients. (One tree for all, as the
//!   paper has it, thrashes when many nodes send at once.)
//! - **Lazy**: neighbours outside the tree are told every now and then what this
//!   node holds (IHAVE: the digest of every message is that). Who lacks some of it
//!   for longer than the tree could take asks for it (graft), and that link is part
//!   of the tree again.
//! - **Members**: who does not answer is replaced by another neighbour, and tried
//!   ever more rarely; see `view`. A node that comes back with nothing says so to
//!   all others.
//!
//! Digests acknowledge, and are repeated until all neighbours have acknowledged
//! everything; so nothing that a survivor has is lost, and nodes are silent when
//! there is nothing to say.
//!
//! Cost: n − 1 messages for each value and a digest each way over each of the n·k
//! links in every interval while there is traffic (k: how many neighbours a node
//! chooses); at the beginning each tree is found by a flood. Far from the frontier,
//! as values do not wait for each other; but nobody leads.
//!
//! Measured (25 nodes, 100 ms, 50 values a second, k = 3): 15.2 messages per
//! operation, of which the trees take 12; true latencies 300 ms in the median and
//! 1046 ms at most, the latter while trees are found.
//!
//! Source: Leitão, Pereira, Rodrigues 2007, *Epidemic broadcast trees*; the view is
//! in the manner of their HyParView (2007). Pruning and acknowledging by version
//! vectors, and trees by origin, are this project's.

mod message;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Process, Time, TimerId};

use self::message::Branch;
pub use self::message::Options;
use self::view::View;
use super::clients::{from_node, serve};
use super::latency::RoundTrips;
use super::repair::{Repair, Which};
use super::storage::Run;

/// Pauses between tries do not grow beyond this, as what was lost is to be mended soon …
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// … unless so many were not answered: that is no loss by chance.
const DEAD: u32 = 20;
/// Pauses between tries of somebody who seems dead.
const DEAD_PAUSE: Duration = Duration::from_secs(12);
/// Who leaves so many questions without an answer is silent.
const SILENT: u32 = 3;
/// A first push to somebody who was never heard has no more values than this.
const INTRODUCTION: u64 = 20;

/// How a node stands to another.
#[derive(Debug, Default)]
struct Link {
    /// The nodes whose values are not pushed over this link.
    pruned: BTreeSet<u32>,
    /// The nodes whose values the other is yet to be told not to push.
    to_prune: BTreeSet<u32>,
    /// The other waits for an answer.
    is_asked: bool,
    /// When to speak, if there is a reason then.
    speak_at: Option<Time>,
    /// How many questions were not answered.
    unanswered: u32,
    /// When something was first sent since the other was heard, or since it was
    /// asked.
    waiting_since: Option<Time>,
    /// The version of the storage that the other was told last.
    announced: u64,
}

/// Values that others hold and this node lacks.
#[derive(Debug, Clone, Copy)]
struct Missing {
    /// So many values of the origin there are at least.
    count: u64,
    /// When to ask for them.
    graft_at: Time,
    tries: u32,
}

/// The node.
#[derive(Debug)]
pub struct Plumtree {
    options: Options,
    repair: Repair,
    round_trips: RoundTrips,
    view: View,
    links: Vec<Link>,
    /// By the origin's place.
    missing: BTreeMap<usize, Missing>,
    /// It has come back to life, and not everybody knows that yet.
    is_joining: bool,
    /// The only timer: for whatever is due first.
    timer: Option<(Time, TimerId)>,
}

impl Plumtree {
    /// A node.
    pub fn new(options: Options) -> Plumtree {
        Plumtree {
            options,
            repair: Repair::default(),
            round_trips: RoundTrips::pooled(),
            view: View::default(),
            links: Vec::new(),
            missing: BTreeMap::new(),
            is_joining: false,
            timer: None,
        }
    }

    fn start(&mut self, cx: &mut Cx) {
        self.repair.start(cx);
        let (me, nodes) = (self.repair.me, self.repair.nodes());
        self.view = View::new(me, nodes, self.options.degree, cx.rng());
        self.links = (0..nodes).map(|_| Link::default()).collect();
        self.is_joining = nodes > 1 && cx.incarnation().is_some_and(|earlier| earlier > 0);
    }

    fn is_silent(&self, peer: usize) -> bool {
        self.links[peer].unanswered >= SILENT
    }

    fn send(
        &mut self,
        peer: usize,
        which: Which,
        of: impl Fn(u32) -> bool,
        graft: Vec<u32>,
        cx: &mut Cx,
    ) {
        let now = cx.now();
        let limit = self.options.items;
        let delta = self.repair.delta_of(peer, which, limit, now, |origin| of(origin.0));
        let link = &mut self.links[peer];
        link.is_asked = false;
        link.announced = self.repair.storage.version();
        link.waiting_since.get_or_insert(now);
        let prune = std::mem::take(&mut link.to_prune).into_iter().collect();
        let branch = Branch {
            stamp: self.round_trips.stamp(peer, now),
            delta,
            is_chosen: self.view.is_chosen(peer),
            ask: which == Which::Nothing && self.wants_answer(peer),
            prune,
            graft,
        };
        cx.send(self.repair.name(peer), branch);
    }

    /// Passes on what is new along the trees.
    fn push(&mut self, cx: &mut Cx) {
        for peer in self.repair.others() {
            if !self.view.is_neighbour(peer) || self.is_silent(peer) {
                continue;
            }
            let pruned = &self.links[peer].pruned;
            let unsent = self.repair.unsent_of(peer, |origin| !pruned.contains(&origin.0));
            // A large backlog is announced, so that the other can ask one neighbour
            // for it and does not get it from all.
            let most = match self.repair.life(peer) {
                Some(_) => self.options.items as u64,
                None => INTRODUCTION.min(self.options.items as u64),
            };
            if (1..=most).contains(&unsent) {
                let pruned = pruned.clone();
                self.send(peer, Which::Unsent, |root| !pruned.contains(&root), Vec::new(), cx);
            }
        }
    }

    fn receive(&mut self, peer: usize, branch: &Branch, cx: &mut Cx) {
        let now = cx.now();
        let repeated = self.repeated(branch);
        let fresh = self.fresh(branch);
        let Some(received) = self.repair.receive(peer, &branch.delta, cx) else {
            return;
        };
        if received.reborn {
            self.round_trips.forget(peer);
        }
        self.round_trips.heard(peer, branch.stamp, now);
        self.heard(peer, received.reborn, branch.is_chosen, now);
        let link = &mut self.links[peer];
        link.is_asked |= branch.ask || received.items > 0 && !self.view.is_neighbour(peer);
        link.pruned.extend(&branch.prune);
        for root in &branch.graft {
            link.pruned.remove(root);
        }
        for &root in &fresh {
            link.pruned.remove(&root);
            link.to_prune.remove(&root);
        }
        // What was asked for and came twice shows nothing about the tree.
        for root in repeated {
            link.pruned.insert(root);
            link.to_prune.insert(root);
        }
        self.is_joining &= !self.repair.strangers().is_empty();
        if !branch.graft.is_empty() {
            let wanted = |root| branch.graft.contains(&root);
            self.send(peer, Which::Unacknowledged, wanted, Vec::new(), cx);
        }
        if branch.delta.more && received.new > 0 {
            let graft = self.offered_roots(peer);
            self.send(peer, Which::Nothing, |_| false, graft, cx);
        }
        self.note_missing(peer, now);
        self.push(cx);
    }

    /// The nodes whose values in this message were all held before.
    fn repeated(&mut self, branch: &Branch) -> Vec<u32> {
        let mut roots = Vec::new();
        for Run(origin, first, values) in &branch.delta.items {
            let place = self.repair.storage.place(*origin);
            if self.repair.storage.count(place) >= first + values.len() as u64 {
                roots.push(origin.0);
            }
        }
        roots
    }

    /// The nodes of whose values some in this message are new and can be taken.
    fn fresh(&mut self, branch: &Branch) -> Vec<u32> {
        let mut roots = Vec::new();
        for Run(origin, first, values) in &branch.delta.items {
            let place = self.repair.storage.place(*origin);
            let held = self.repair.storage.count(place);
            if *first <= held && held < first + values.len() as u64 {
                roots.push(origin.0);
            }
        }
        roots
    }

    fn heard(&mut self, peer: usize, is_reborn: bool, has_chosen: bool, now: Time) {
        let was_silent = self.is_silent(peer);
        let link = &mut self.links[peer];
        link.unanswered = 0;
        link.waiting_since = None;
        // What was put off because it did not answer.
        link.speak_at = link.speak_at.map(|at| at.min(now + self.options.lazy));
        if was_silent || is_reborn {
            // A new link is part of all trees until it is pruned.
            *link = Link { is_asked: true, ..Link::default() };
        }
        self.view.note(peer, has_chosen);
        if was_silent {
            self.choose();
            // What brought this one back may have brought others.
            for link in self.links.iter_mut().filter(|link| link.unanswered >= SILENT) {
                link.speak_at = link.speak_at.map(|at| at.min(now + self.options.lazy));
            }
        }
    }

    fn choose(&mut self) {
        let links = &self.links;
        self.view.choose(|peer| links[peer].unanswered >= SILENT);
    }

    fn offered_roots(&self, peer: usize) -> Vec<u32> {
        let offers = self.repair.offers(peer).into_iter();
        let roots: BTreeSet<u32> =
            offers.map(|(place, _)| self.repair.storage.origin(place).0).collect();
        roots.into_iter().collect()
    }

    /// Sees to it that what the peer holds and this node lacks is asked for, if it
    /// does not come along the tree in time.
    fn note_missing(&mut self, peer: usize, now: Time) {
        // The way along the tree may be some links longer.
        let graft_at = now + (2 * self.round_trips.timeout(peer)).min(LONGEST_PAUSE);
        for (place, count) in self.repair.offers(peer) {
            let first = Missing { count, graft_at, tries: 0 };
            let missing = self.missing.entry(place).or_insert(first);
            // Here is somebody to ask who is there, whatever was tried before.
            missing.graft_at = missing.graft_at.min(graft_at);
        }
    }

    /// Asks for what did not come.
    fn graft(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let storage = &self.repair.storage;
        let before = self.missing.len();
        self.missing.retain(|&place, missing| storage.count(place) < missing.count);
        if self.missing.len() < before {
            // There may be more by now than was missing then.
            self.repair.others().for_each(|peer| self.note_missing(peer, now));
        }
        let storage = &self.repair.storage;
        let mut wanted: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        let holds = |peer: usize, place: usize, count: u64| {
            self.repair.offers(peer).iter().any(|&(at, held)| at == place && held >= count)
        };
        for (&place, missing) in &mut self.missing {
            if missing.graft_at > now {
                continue;
            }
            let mut holders: Vec<usize> =
                self.repair.others().filter(|&peer| holds(peer, place, missing.count)).collect();
            if holders.iter().any(|&peer| self.links[peer].unanswered < SILENT) {
                holders.retain(|&peer| self.links[peer].unanswered < SILENT);
            }
            let wait = self.options.lazy * (1 << (missing.tries / 2).min(6));
            if let Some(&peer) = holders.get(missing.tries as usize % holders.len().max(1)) {
                wanted.entry(peer).or_default().push(storage.origin(place).0);
                missing.graft_at = now + (wait + self.round_trips.timeout(peer)).min(LONGEST_PAUSE);
                missing.tries += 1;
            } else {
                // Who held it has come back to life with nothing.
                missing.count = 0;
            }
        }
        self.missing.retain(|_, missing| missing.count > 0);
        for (peer, roots) in wanted {
            for root in &roots {
                self.links[peer].pruned.remove(root);
                self.links[peer].to_prune.remove(root);
            }
            self.send(peer, Which::Nothing, |_| false, roots, cx);
        }
    }

    /// Whether this node waits for the peer to say something.
    fn wants_answer(&self, peer: usize) -> bool {
        let is_stranger = self.is_joining && self.repair.is_stranger(peer);
        is_stranger || self.view.is_neighbour(peer) && self.repair.is_behind(peer)
    }

    /// When to say something to a peer, as things stand.
    fn speak_at(&self, peer: usize, jitter: f64, now: Time) -> Option<Time> {
        let link = &self.links[peer];
        let wants_answer = self.wants_answer(peer);
        let has_news = link.is_asked
            || !link.to_prune.is_empty()
            || wants_answer && link.announced < self.repair.storage.version()
            || self.view.is_neighbour(peer) && self.repair.owes_acknowledgement(peer);
        let doubled = 1 << link.unanswered.min(10);
        let longest = if link.unanswered < DEAD { LONGEST_PAUSE } else { DEAD_PAUSE };
        let (true, Some(since)) = (!has_news, link.waiting_since) else {
            let pause = self.options.lazy.mul_f64(jitter) * doubled;
            let has_reason = has_news || wants_answer;
            return has_reason.then(|| now + pause.min(longest.mul_f64(jitter)));
        };
        let pause = (self.options.lazy + self.round_trips.timeout(peer)) * doubled;
        wants_answer.then(|| (since + pause.min(longest)).max(now))
    }

    /// Plans when to speak to each, where nothing is planned.
    fn plan(&mut self, cx: &mut Cx) {
        for peer in self.repair.others() {
            if self.links[peer].speak_at.is_some() {
                continue;
            }
            // Nodes that began together do not go on together.
            let jitter = 0.5 + cx.rng().unit() * 0.5;
            self.links[peer].speak_at = self.speak_at(peer, jitter, cx.now());
        }
    }

    /// Speaks to those with whom it is due.
    fn speak(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let mut someone_fell_silent = false;
        for peer in self.repair.others() {
            if self.links[peer].speak_at.is_none_or(|at| at > now) {
                continue;
            }
            self.links[peer].speak_at = None;
            if self.speak_at(peer, 0.0, now).is_none_or(|at| at > now) {
                continue;
            }
            if self.wants_answer(peer) {
                self.links[peer].waiting_since = Some(now);
                self.links[peer].unanswered += 1;
                someone_fell_silent |= self.links[peer].unanswered == SILENT;
            }
            self.send(peer, Which::Nothing, |_| false, Vec::new(), cx);
        }
        if someone_fell_silent {
            self.choose();
            self.push(cx);
        }
    }

    fn set_timer(&mut self, cx: &mut Cx) {
        let speaks = self.links.iter().filter_map(|link| link.speak_at);
        let grafts = self.missing.values().map(|missing| missing.graft_at);
        let due = speaks.chain(grafts).min();
        if due == self.timer.map(|(at, _)| at) {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            cx.cancel_timer(timer);
        }
        self.timer = due.map(|at| (at, cx.set_timer(at.since(cx.now()))));
    }

    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        if let Some((peer, branch)) = from_node::<Branch>(message, &self.repair) {
            self.receive(peer, &branch, cx);
        } else {
            serve(message, &mut self.repair, cx);
            self.push(cx);
        }
    }
}

impl Process for Plumtree {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => self.start(cx),
            Input::Message(message) => self.message(&message, cx),
            Input::Timer(timer) if self.timer.is_some_and(|(_, set)| set == timer) => {
                self.timer = None;
                if self.missing.values().any(|missing| missing.graft_at <= cx.now()) {
                    self.graft(cx);
                }
                self.speak(cx);
            }
            _ => {}
        }
        self.plan(cx);
        self.set_timer(cx);
    }
}
