//! What a node does that is not the hub.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::message::{Kind, Plan, Sync};
use crate::broadcast::latency::micros;
use crate::broadcast::repair::{Received, Which};
use crate::broadcast::schedule::Slot;

/// A message to the hub that wants an answer.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    stamp: u64,
    until: Time,
    /// It asked already.
    is_second: bool,
}

/// What a leaf remembers.
#[derive(Debug)]
pub(super) struct Leaf {
    slot: Slot,
    /// When to send news.
    up_at: Option<Time>,
    /// When to acknowledge, if no news comes before.
    acknowledge_at: Option<Time>,
    awaited: Option<Awaited>,
    /// When the hub's next message must have come.
    expect_by: Option<Time>,
    /// How early messages come on average, in microseconds.
    slack: f64,
    /// The hub has something for all in nearly every period.
    pub(super) busy: bool,
    /// The last message was as long as allowed, and there was more.
    has_more: bool,
}

impl Leaf {
    pub(super) fn new(plan: &Plan) -> Leaf {
        Leaf {
            slot: Slot::new(plan.period(), plan.guard()),
            up_at: None,
            acknowledge_at: None,
            awaited: None,
            expect_by: None,
            slack: 0.0,
            busy: false,
            has_more: false,
        }
    }
}

impl Leaf {
    /// What goes to the hub now acknowledges what came from it.
    pub(super) fn has_acknowledged(&mut self) {
        self.acknowledge_at = None;
    }
}

impl HubFt {
    pub(super) fn leaf_news(&mut self, now: Time) {
        let hub = self.hub_place();
        if self.leaf.up_at.is_some() || !self.repair.is_behind(hub) {
            return;
        }
        if !self.repair.has_unsent(hub) && self.leaf.awaited.is_some() {
            return;
        }
        self.leaf.up_at = Some(self.next_up(now));
    }

    /// When the next message to the hub may be sent.
    fn next_up(&self, now: Time) -> Time {
        let slot = match self.plan.eager {
            true if self.is_direct() => now + self.plan.period(),
            true => now,
            false => self.leaf.slot.next(now).map_or(now, |(_, at)| at),
        };
        let hub = self.hub_place();
        match self.repeat_at(hub) {
            Some(at) if self.gossip.misses_hub() => slot.max(at),
            _ => slot,
        }
    }

    fn send_up(&mut self, kind: Kind, cx: &mut Cx) {
        let now = cx.now();
        let hub = self.hub_place();
        let (has_items, more) = self.send(hub, kind, Which::Unacknowledged, None, cx);
        let timeout = self.round_trips.patience(hub);
        let wait = match kind {
            Kind::Ask => timeout,
            _ if self.plan.eager || self.leaf.slot.next(now).is_none() => {
                timeout + self.plan.period()
            }
            _ => {
                let slack = Duration::from_micros(self.leaf.slack as u64);
                timeout + slack.max(self.plan.guard()).min(self.plan.period())
            }
        };
        if has_items && self.gossip.misses_hub() {
            self.checks[hub] += 1;
        }
        self.leaf.up_at = None;
        self.leaf.acknowledge_at = None;
        self.leaf.has_more = more;
        if has_items {
            let is_second = kind == Kind::Ask;
            self.leaf.awaited = Some(Awaited { stamp: micros(now), until: now + wait, is_second });
        }
    }

    /// A message of any kind came from the hub.
    pub(super) fn hear_hub(&mut self, message: &Sync, received: Received, cx: &mut Cx) {
        let now = cx.now();
        if let Some(plan) = message.plan
            && (plan != self.plan || received.reborn)
        {
            self.plan = plan;
            self.leaf = Leaf { busy: self.leaf.busy, ..Leaf::new(&plan) };
        }
        if let Some(feedback) = message.feedback {
            self.leaf.slot.learn(feedback);
            let slack = feedback.slack as f64;
            self.leaf.slack += (slack - self.leaf.slack) * 0.25;
        }
        let hub = self.hub_place();
        let is_answer =
            |awaited: &mut Awaited| message.stamp.echo.is_some_and(|echo| echo >= awaited.stamp);
        let answered = self.leaf.awaited.take_if(is_answer).is_some();
        if self.leaf.awaited.is_none() && (answered || !self.repair.is_behind(hub)) {
            self.gossip.stop_missing_hub();
        }
        if matches!(message.kind, Kind::Down | Kind::Check) {
            self.leaf.busy = message.busy;
            let jitter = self.round_trips.timeout(hub).saturating_sub(self.round_trips.mean(hub));
            self.leaf.expect_by =
                (message.busy && self.plan.nack).then(|| now + self.next_down() + jitter);
        }
        if received.items > 0 {
            self.leaf.acknowledge_at.get_or_insert(now + self.acknowledge());
        }
        let goes_on = answered && self.leaf.has_more && self.repair.is_behind(hub);
        if message.delta.more || goes_on || message.kind == Kind::Check {
            self.send_up(Kind::Up, cx);
        } else {
            self.leaf_news(now);
        }
    }

    /// The moment of a leaf's next action.
    pub(super) fn leaf_due(&self) -> Option<Time> {
        let leaf = &self.leaf;
        let awaited = leaf.awaited.map(|awaited| awaited.until);
        [leaf.up_at, leaf.acknowledge_at, awaited, leaf.expect_by].into_iter().flatten().min()
    }

    pub(super) fn act_as_leaf(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if is_due(self.leaf.awaited.map(|awaited| awaited.until)) {
            let awaited = self.leaf.awaited.take();
            self.repair.resend(self.hub_place());
            if awaited.is_some_and(|awaited| awaited.is_second) || self.gossip.misses_hub() {
                self.gossip.begin_missing_hub(now);
                self.leaf_news(now);
            } else {
                self.send_up(Kind::Ask, cx);
            }
        }
        if is_due(self.leaf.expect_by) {
            self.leaf.expect_by = None;
            if self.leaf.awaited.is_none_or(|awaited| !awaited.is_second) {
                self.send_up(Kind::Ask, cx);
            }
        }
        if is_due(self.leaf.up_at) {
            self.leaf.up_at = None;
            let hub = self.hub_place();
            let is_due = match self.is_direct() {
                true => self.is_overdue(hub),
                false => self.repair.is_behind(hub),
            };
            if is_due {
                self.send_up(Kind::Up, cx);
            }
            if self.is_direct() {
                self.look_back();
                self.leaf_news(now);
            }
        }
        if is_due(self.leaf.acknowledge_at) {
            self.send_up(Kind::Up, cx);
        }
    }
}
