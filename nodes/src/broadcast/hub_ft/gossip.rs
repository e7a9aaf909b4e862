//! What a node does that cannot reach the hub, or has just come back to life, and
//! how it decides to become the hub itself.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::message::{Kind, Sync};
use super::{HubFt, LONGEST_PAUSE};
use crate::broadcast::repair::{Received, Which};

/// What another node said about the hub.
#[derive(Debug, Clone, Copy)]
struct Report {
    view: u64,
    at: Time,
    /// When it heard the hub, by this node's clock.
    heard_hub: Time,
    suspects: bool,
}

/// What a node remembers that talks with others than the hub.
#[derive(Debug)]
pub(super) struct Gossip {
    first_pause: Duration,
    pause: Duration,
    /// Since when the hub has not answered.
    missing_since: Option<Time>,
    /// It has come back to life, and not everybody knows that yet.
    is_joining: bool,
    next_at: Time,
    round: u64,
    /// Something new was said or heard since the last round.
    is_useful: bool,
    reports: Vec<Option<Report>>,
}

impl Gossip {
    pub(super) fn new(pause: Duration) -> Gossip {
        Gossip {
            first_pause: pause,
            pause,
            missing_since: None,
            is_joining: false,
            next_at: Time::ZERO,
            round: 0,
            is_useful: false,
            reports: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, nodes: usize) {
        self.reports = vec![None; nodes];
    }

    pub(super) fn is_active(&self) -> bool {
        self.is_joining || self.missing_since.is_some()
    }

    pub(super) fn misses_hub(&self) -> bool {
        self.missing_since.is_some()
    }

    pub(super) fn begin_joining(&mut self, now: Time) {
        self.is_joining = true;
        self.begin(now);
    }

    pub(super) fn begin_missing_hub(&mut self, now: Time) {
        if self.missing_since.is_none() {
            self.missing_since = Some(now);
            self.begin(now);
        }
    }

    pub(super) fn is_joining(&self) -> bool {
        self.is_joining
    }

    pub(super) fn stop_joining(&mut self) {
        self.is_joining = false;
    }

    fn begin(&mut self, now: Time) {
        self.next_at = now;
        self.round = 0;
        self.pause = self.first_pause;
    }

    pub(super) fn stop_missing_hub(&mut self) {
        self.missing_since = None;
    }

    /// A message came while this node was talking to others.
    pub(super) fn heard(&mut self, received: Received, now: Time) {
        if received.new > 0 {
            self.is_useful = true;
            self.pause = self.first_pause;
            self.next_at = self.next_at.min(now + self.pause);
        }
    }

    pub(super) fn note_report(&mut self, peer: usize, message: &Sync, now: Time) {
        let Some(silent) = message.silent else { return };
        let heard_hub = Time(now.nanos().saturating_sub(silent.saturating_mul(1_000_000)));
        let (view, suspects) = (message.view, message.suspects);
        self.reports[peer] = Some(Report { view, at: now, heard_hub, suspects });
    }

    pub(super) fn due(&self) -> Option<Time> {
        self.is_active().then_some(self.next_at)
    }
}

impl HubFt {
    /// Talks to the node that would be the hub next, further ones in further
    /// rounds, and to a random one.
    pub(super) fn act_as_gossip(&mut self, cx: &mut Cx) {
        let now = cx.now();
        if self.gossip.due().is_none_or(|at| at > now) {
            return;
        }
        let nodes = self.repair.nodes();
        let (me, hub) = (self.repair.me, self.hub_place());
        let others: Vec<usize> =
            (1..nodes).map(|step| (hub + step) % nodes).filter(|&place| place != me).collect();
        let mut partners = Vec::new();
        if self.gossip.is_joining {
            // One after the other, the hub first, so that each has less to tell.
            let strangers = self.repair.strangers();
            let first = strangers.iter().copied().find(|&place| place == hub);
            let count = strangers.len().max(1) as u64;
            let random = strangers.get(cx.rng().below(count) as usize).copied();
            partners.extend(first.into_iter().chain(random));
        } else if !others.is_empty() {
            partners.push(others[self.gossip.round as usize % others.len()]);
            partners.push(others[cx.rng().below(others.len() as u64) as usize]);
        }
        partners.dedup();
        self.repair.assume_as(hub);
        let mut says_something = false;
        for partner in partners {
            let (has_items, _) = self.send(partner, Kind::Gossip, Which::Unacknowledged, cx);
            says_something |= has_items;
        }
        let gossip = &mut self.gossip;
        gossip.pause = match gossip.is_useful || says_something && gossip.round < 20 {
            true => gossip.first_pause,
            false => (gossip.pause * 3 / 2).min(LONGEST_PAUSE),
        };
        gossip.is_useful = false;
        gossip.round += 1;
        gossip.next_at = now + gossip.pause;
    }

    /// How long the hub has not been heard by this node and all that it has news
    /// of. That is what it says to others, too, so that word of a living hub
    /// spreads by itself among those who do not hear it.
    pub(super) fn freshest_silence(&self, now: Time) -> Duration {
        let others = self.gossip.reports.iter().flatten();
        let silences = others
            .filter(|report| report.view == self.view)
            .map(|report| now.since(report.heard_hub));
        silences.chain([self.hub_silence(now)]).min().unwrap_or_default()
    }

    /// Becomes the hub if the hub is missed by most, or by all within reach for
    /// long.
    pub(super) fn consider_takeover(&mut self, cx: &mut Cx) {
        let now = cx.now();
        if self.is_hub() || self.gossip.is_joining || !self.suspects(now) {
            return;
        }
        let nodes = self.repair.nodes();
        let (me, hub) = (self.repair.me, self.hub_place());
        let round_trip = self.round_trips.timeout(hub);
        let recent = 2 * self.options.gossip + 2 * round_trip;
        let reports: Vec<(usize, Report)> = self
            .gossip
            .reports
            .iter()
            .enumerate()
            .filter_map(|(peer, report)| report.map(|report| (peer, report)))
            .filter(|(_, report)| report.view == self.view && report.at + recent >= now)
            .collect();
        let votes = 1 + reports.iter().filter(|(_, report)| report.suspects).count();
        let own = |step: &usize| (hub + step) % nodes == me;
        let Some(my_step) = (1..nodes).find(own) else {
            return;
        };
        let my_view = self.view + my_step as u64;
        if votes > nodes / 2 {
            self.take_over(my_view, cx);
            return;
        }
        let Some(since) = self.gossip.missing_since else {
            return;
        };
        let period = self.plan.period();
        let is_long = self.freshest_silence(now) >= 2 * (period + round_trip + self.options.gossip)
            && now.since(since) >= period + round_trip;
        if !is_long || reports.is_empty() {
            return;
        }
        // Those before this one in the order of views come first, if they can be
        // heard, for a while.
        let before = (1..my_step).map(|step| (hub + step) % nodes);
        let rivals = before.filter(|place| reports.iter().any(|(peer, _)| peer == place)).count();
        let patience = (recent * rivals.min(3) as u32) / 2;
        if now.since(since) >= period + round_trip + patience {
            self.take_over(my_view, cx);
        }
    }
}
