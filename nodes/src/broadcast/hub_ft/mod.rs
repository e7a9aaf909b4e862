//! The default: a hub on one schedule that loses nothing.
//!
//! Without faults this is [`hub_sync`](super::hub_sync). Every message also says
//! what its sender holds, which acknowledges what it received, so acknowledging
//! costs nothing while traffic flows; who has nothing to send for a while (1 to
//! 2 s) acknowledges by a message of its own. What is not acknowledged is in every
//! following message, too, so a lost message costs a period and no message.
//!
//! - **Asking** (`--nack`): a leaf that misses the hub's message, or an answer to
//!   its own, asks for it: two messages for a lost one instead of a period of delay.
//! - **Gossip**: a leaf that does not reach the hub, for whatever reason, exchanges
//!   what it holds with others, every 250 ms with the node that would be the next
//!   hub and with a random one (push-pull). Who of them reaches the hub passes it
//!   on with its next message.
//! - **Views**: the hub of view v is node v mod n. A node becomes the hub of the
//!   next view that is its own when most nodes say that they miss the hub, or when
//!   it and all whom it asked have not heard it for long. The highest view wins;
//!   two hubs in two halves of a network do no harm.
//! - **Probes**: somebody silent gets small messages, ever more rarely.
//! - **One knob** (`--max-latency`): the hub chooses period and way of working; see
//!   `planning`. With less than a round trip all send to all; see `direct`.
//! - A node that comes back with nothing says so to all others, and is told
//!   everything.
//!
//! Cost: that of `hub_sync` and less than 8 % more, a message from each leaf at the
//! end of traffic, and nothing at all while there is nothing to say.
//!
//! What is lost: a value that only nodes held that were killed. A value is
//! acknowledged to its client before another node has it, which no algorithm can
//! do and yet be safe against that.
//!
//! Source: spec of this project, sections 3.4 and 5; asking others before replacing
//! the hub is that of SWIM (Das, Gupta, Motivala 2002), push-pull that of Demers et
//! al. 1987.

mod direct;
mod forecast;
mod gossip;
mod hub;
mod leaf;
mod message;
mod options;
mod planning;

use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Process, Time, TimerId};

use self::direct::Direct;
use self::gossip::Gossip;
use self::hub::Hub;
use self::leaf::Leaf;
use self::message::{Kind, Plan, Sync};
pub use self::options::{Options, VARIABLE, with_environment};
use super::clients::{Served, from_node, serve};
use super::durable::Durable;
use super::latency::{self, RoundTrips};
use super::repair::{Repair, Which};

/// Somebody who was heard within this time is still there: what it does not acknowledge
/// was lost.
const SILENT_LONG: Duration = Duration::from_secs(10);
/// Then pauses between repetitions do not grow beyond this: some in a row may be lost.
const PAUSE_WHILE_HEARD: Duration = Duration::from_secs(1);
/// Pauses between probes of somebody silent do not grow beyond this.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);
/// As many values go to somebody silent.
const PROBE: usize = 20;
/// In so many parts of a message's greatest length all goes to somebody who is there;
/// more waits for an answer.
const MOST_PARTS: usize = 64;
/// So many new values outside the schedule are passed on at once.
const BACKLOG: usize = 8;

/// The node.
#[derive(Debug)]
pub struct HubFt {
    options: Options,
    repair: Repair,
    /// What clients brought, on the disk: with `--durable on` only.
    durable: Option<Durable>,
    round_trips: RoundTrips,
    view: u64,
    /// When this node first heard of the view.
    view_since: Time,
    plan: Plan,
    leaf: Leaf,
    hub: Hub,
    direct: Direct,
    gossip: Gossip,
    /// How often what a node may lack was sent again without any answer.
    checks: Vec<u32>,
    /// The only timer: for whatever is due first.
    timer: Option<(Time, TimerId)>,
}

impl HubFt {
    /// A node.
    pub fn new(options: Options) -> HubFt {
        let plan = options.plan();
        HubFt {
            options,
            repair: Repair::default(),
            durable: options.durable.then(Durable::default),
            round_trips: RoundTrips::default(),
            view: 0,
            view_since: Time::ZERO,
            plan,
            leaf: Leaf::default(),
            hub: Hub::default(),
            direct: Direct::default(),
            gossip: Gossip::new(options.gossip),
            checks: Vec::new(),
            timer: None,
        }
    }

    fn start(&mut self, cx: &mut Cx) {
        self.repair.start(cx);
        if let Some(durable) = &mut self.durable
            && let Err(error) = durable.recover(&mut self.repair, cx)
        {
            // Without it the node would promise what it cannot keep.
            panic!("--durable on: {error}");
        }
        self.checks = vec![0; self.repair.nodes()];
        self.hub.start(self.repair.nodes());
        self.gossip.start(self.repair.nodes());
        // Who has lived before has forgotten what it held, and asks for it.
        if cx.incarnation().is_some_and(|earlier| earlier > 0) && self.repair.nodes() > 1 {
            self.gossip.begin_joining(cx.now());
        }
        // What a plan needs to know is best known before there are values.
        if self.is_planned() && self.is_hub() && self.repair.nodes() > 1 {
            self.begin_measuring(cx);
        }
    }

    /// Whether the hub plans for a latency, and not with a fixed period.
    fn is_planned(&self) -> bool {
        self.options.max_latency.is_some() || self.options.chooses
    }

    /// The place of the hub.
    fn hub_place(&self) -> usize {
        (self.view % self.repair.nodes().max(1) as u64) as usize
    }

    fn is_hub(&self) -> bool {
        self.hub_place() == self.repair.me
    }

    /// How long an acknowledgement may wait.
    fn acknowledge(&self) -> Duration {
        self.options.acknowledge.unwrap_or_else(|| {
            (4 * self.plan.period()).clamp(Duration::from_secs(1), Duration::from_secs(2))
        })
    }

    /// How long after a message of a busy hub the next is sent at the latest: with
    /// timers the hub waits for news first, which in a whole period surely comes.
    fn next_down(&self) -> Duration {
        self.plan.period() * if self.plan.begin.is_none() { 2 } else { 1 }
    }

    /// How long the hub has not been heard.
    fn hub_silence(&self, now: Time) -> Duration {
        if self.is_hub() {
            return Duration::ZERO;
        }
        let heard = self.repair.peer(self.hub_place()).heard_at.unwrap_or(Time::ZERO);
        now.since(heard.max(self.view_since))
    }

    /// Whether the hub should have been heard since it was.
    fn suspects(&self, now: Time) -> bool {
        let hub = self.hub_place();
        let jitter = self.round_trips.timeout(hub).saturating_sub(self.round_trips.mean(hub));
        let late = self.leaf.busy && self.hub_silence(now) > self.next_down() + jitter;
        !self.is_hub() && (self.gossip.misses_hub() || late)
    }

    /// Whether somebody has not answered for so long that it only gets probes.
    fn is_silent(&self, peer: usize) -> bool {
        let period = self.plan.period();
        let wait = self.acknowledge() + period + self.round_trips.timeout(peer);
        let messages = wait.as_micros() / period.as_micros().max(1) + 3;
        let known = self.repair.peer(peer);
        // Who sends directly sends more than once in a period.
        let is_early = self.is_direct()
            && known.sent_at.unwrap_or(Time::ZERO)
                < known.heard_at.unwrap_or(self.view_since) + wait;
        u128::from(known.unanswered) > messages && !is_early
    }

    /// When to send again to somebody who may lack something: with every period
    /// while there is news, unless it has been silent for very long; without news
    /// when its acknowledgement is late, and then every second, or ever more rarely if it
    /// has been silent for long. Somebody silent
    /// only gets a part of what it lacks; the rest is no news.
    fn repeat_at(&self, peer: usize) -> Option<Time> {
        if !self.repair.is_behind(peer) {
            return None;
        }
        let known = self.repair.peer(peer);
        let Some(sent_at) = known.sent_at else {
            return Some(Time::ZERO);
        };
        let period = self.plan.period();
        let silence = sent_at.since(known.heard_at.unwrap_or(self.view_since));
        if self.repair.has_unsent(peer) {
            let part = if self.repair.has_news(peer) { 30 } else { 5 };
            return Some(sent_at + period.max(silence / part).min(LONGEST_PAUSE));
        }
        let timeout = self.round_trips.patience(peer);
        let wait = match self.checks[peer] {
            // An acknowledgement may wait for a message to ride on …
            0 if self.is_hub() => self.acknowledge() + period + timeout,
            // … but a check is answered at once. Two of each length, as on a bad
            // link several in a row are lost by chance.
            checks => {
                // The period of what is only mended is not how long anything takes.
                let first = if self.is_direct() { timeout } else { period.max(timeout) };
                let doubled = first * (1 << (checks.saturating_sub(1) / 2).min(10));
                let is_there = silence < SILENT_LONG;
                let longest = if is_there { PAUSE_WHILE_HEARD.max(first) } else { LONGEST_PAUSE };
                doubled.min(longest)
            }
        };
        Some(sent_at + wait.min(LONGEST_PAUSE.max(period)))
    }

    /// Sends a message, or several if one would be too long; whether there were
    /// values in it, and whether there are more than may be sent now.
    fn send(&mut self, peer: usize, kind: Kind, which: Which, cx: &mut Cx) -> (bool, bool) {
        let is_silent = self.is_silent(peer);
        let (has_items, mut more) = self.send_part(peer, kind, which, is_silent, cx);
        // Further parts do not wait for an answer, unless nobody may be there or others
        // may tell the same.
        let is_pipelined = !is_silent && !is_talk(kind);
        let mut parts = 1;
        while more && is_pipelined && parts < MOST_PARTS {
            (_, more) = self.send_part(peer, kind, Which::Unsent, is_silent, cx);
            self.repair.is_same_message(peer);
            parts += 1;
        }
        (has_items, more)
    }

    fn send_part(
        &mut self,
        peer: usize,
        kind: Kind,
        which: Which,
        is_silent: bool,
        cx: &mut Cx,
    ) -> (bool, bool) {
        let now = cx.now();
        let limit = if is_silent { PROBE.min(self.options.items) } else { self.options.items };
        let own = self.repair.own_origin();
        let is_direct = kind == Kind::Direct;
        let delta =
            self.repair.delta_of(peer, which, limit, now, |origin| !is_direct || origin == own);
        let sent = (!delta.items.is_empty(), delta.more);
        let is_talk = is_talk(kind);
        let message = Sync {
            kind,
            view: self.view,
            stamp: self.round_trips.stamp(peer, now),
            delta,
            silent: is_talk.then(|| self.freshest_silence(now).as_millis() as u64),
            suspects: is_talk && self.suspects(now),
            plan: self.is_hub().then_some(self.plan),
            busy: matches!(kind, Kind::Down | Kind::Check) && self.hub.busy && !self.is_direct(),
        };
        cx.send(self.repair.name(peer), message);
        sent
    }

    fn receive(&mut self, peer: usize, message: &Sync, cx: &mut Cx) {
        let now = cx.now();
        let was_silent = self.is_silent(peer);
        let Some(received) = self.repair.receive(peer, &message.delta, cx) else {
            return;
        };
        if received.reborn {
            self.round_trips.forget(peer);
        }
        self.round_trips.heard(peer, message.stamp, now);
        self.checks[peer] = 0;
        self.hub_learned(now);
        if message.view > self.view {
            self.adopt(message.view, now);
        }
        let is_stale = message.view < self.view;
        self.gossip.note_report(peer, message, now);
        if peer == self.hub_place() && !is_stale {
            self.hear_hub(message, received, cx);
        }
        match message.kind {
            Kind::Up | Kind::Ask => self.hear_leaf(peer, message, received, was_silent, cx),
            Kind::Down | Kind::Check if is_stale => {
                // A hub that does not know yet that there is another.
                self.send(peer, Kind::Tell, Which::Unacknowledged, cx);
            }
            Kind::Gossip => {
                self.send(peer, Kind::Tell, Which::Unacknowledged, cx);
            }
            Kind::Tell if self.gossip.is_active() && self.repair.has_unsent(peer) => {
                self.send(peer, Kind::Push, Which::Unacknowledged, cx);
            }
            _ => {}
        }
        if self.gossip.is_active() {
            self.gossip.heard(received, now);
        }
        if self.gossip.is_joining() && self.repair.strangers().is_empty() {
            self.gossip.stop_joining();
        }
        // The next part of a message that was longer than allowed.
        let is_part = matches!(message.kind, Kind::Tell | Kind::Push);
        if is_part && message.delta.more && received.items > 0 {
            self.send(peer, Kind::Gossip, Which::Unacknowledged, cx);
        }
        if received.new > 0 {
            self.news(cx);
            if self.is_hub() && received.new > BACKLOG && (was_silent || is_talk(message.kind)) {
                self.flush(cx);
            }
        }
        // Its digest may show that it lacks what nobody has sent it.
        if self.is_hub() && self.repair.has_unsent(peer) {
            self.hub_news(cx.now());
        }
        self.consider_takeover(cx);
    }

    /// Something is to be passed on.
    fn news(&mut self, cx: &mut Cx) {
        if self.is_hub() {
            self.hub_news(cx.now());
        } else {
            self.leaf_news(cx.now());
        }
    }

    /// Follows a view that somebody else knows.
    fn adopt(&mut self, view: u64, now: Time) {
        self.view = view;
        self.view_since = now;
        self.leaf = Leaf::default();
        self.hub.start(self.repair.nodes());
        self.gossip.stop_missing_hub();
        if self.is_hub() {
            self.hub_news(now);
        } else {
            self.leaf_news(now);
        }
    }

    /// Becomes the hub of a new view.
    fn take_over(&mut self, view: u64, cx: &mut Cx) {
        cx.log(format!("takes over as the hub of view {view}"));
        cx.mark("hub", view as i64);
        self.repair.assume_as(self.hub_place());
        self.adopt(view, cx.now());
        self.plan.begin = self.plan.begin.map(|_| latency::micros(cx.now()));
        self.flush_all(cx);
    }

    /// Does what is due.
    fn act(&mut self, cx: &mut Cx) {
        if self.is_hub() {
            self.act_as_hub(cx);
        } else {
            self.act_as_leaf(cx);
        }
        self.act_directly(cx);
        self.act_as_gossip(cx);
        self.consider_takeover(cx);
    }

    fn set_timer(&mut self, cx: &mut Cx) {
        let role = if self.is_hub() { self.hub_due() } else { self.leaf_due() };
        let due = [role, self.gossip.due(), self.direct.send_at].into_iter().flatten().min();
        if due == self.timer.map(|(at, _)| at) {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            cx.cancel_timer(timer);
        }
        self.timer = due.map(|at| (at, cx.set_timer(at.since(cx.now()))));
    }
}

/// Whether it is about more than the way between hub and leaf.
fn is_talk(kind: Kind) -> bool {
    matches!(kind, Kind::Gossip | Kind::Tell | Kind::Push)
}

impl Process for HubFt {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => self.start(cx),
            Input::Message(message) => self.message(&message, cx),
            Input::Synced(sync) => {
                if let Some(durable) = &mut self.durable {
                    durable.synced(sync);
                }
            }
            Input::Timer(timer) if self.timer.is_some_and(|(_, set)| set == timer) => {
                self.timer = None;
                self.act(cx);
            }
            _ => {}
        }
        self.set_timer(cx);
        if let Some(durable) = &mut self.durable {
            durable.keep(&self.repair, cx);
        }
    }
}

impl HubFt {
    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        if let Some((peer, sync)) = from_node::<Sync>(message, &self.repair) {
            self.receive(peer, &sync, cx);
        } else if serve(message, &mut self.repair, cx) == Served::Accepted {
            self.direct_news(cx.now());
            self.news(cx);
        }
    }
}
