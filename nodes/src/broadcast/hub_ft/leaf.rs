//! What a node does that is not the hub.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::message::{Kind, Sync};
use crate::broadcast::latency::{Way, micros};
use crate::broadcast::repair::{Received, Which};

/// A message to the hub that wants an answer.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    stamp: u64,
    until: Time,
    /// It asked already.
    is_second: bool,
}

/// What a leaf remembers.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    /// When to send news.
    up_at: Option<Time>,
    /// When to send it again.
    copy_at: Option<Time>,
    /// When to acknowledge, if no news comes before.
    acknowledge_at: Option<Time>,
    /// When something was last sent to the hub.
    last_up: Option<Time>,
    awaited: Option<Awaited>,
    /// When the hub's next message must have come.
    expect_by: Option<Time>,
    /// The hub has something for all in nearly every period.
    pub(super) busy: bool,
    /// The last message was as long as allowed, and there was more.
    has_more: bool,
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

    /// How the clock of the hub is, and its fastest messages. Before the first exchange its
    /// message is taken to have taken what the hub says that messages take.
    fn way_to_hub(&self) -> Option<Way> {
        let hub = self.hub_place();
        let guess = || self.round_trips.way_if(hub, self.plan.way?);
        self.round_trips.way(hub).or_else(guess)
    }

    /// By this node's clock, the first moment of the hub's that is not over at `at`,
    /// moved by so many microseconds; with the way of its fastest messages.
    fn moment(&self, at: Time, by: impl Fn(i64) -> i64) -> Option<Time> {
        let way = self.way_to_hub()?;
        let first = self.plan.begin? as i64 - way.ahead + by(way.shortest as i64);
        let (at, period) = (micros(at) as i64, (self.plan.period as i64).max(1));
        let epoch = -(first - at).div_euclid(period);
        Some(Time((first + epoch * period).max(0) as u64 * 1000))
    }

    /// When the next message to the hub may be sent.
    fn next_up(&self, now: Time) -> Time {
        // Who sends at once still does not send for each value.
        let gap = self.plan.period() / 8;
        let soon = self.leaf.last_up.map_or(now, |at| now.max(at + gap));
        let margin = self.plan.margin.map(|margin| margin as i64);
        let slot = match margin {
            None if self.is_direct() => now + self.plan.period(),
            None if self.awaits_plan() => soon.max(now + self.wait_for_plan()),
            None => soon,
            Some(margin) => self.moment(now, |shortest| -shortest - margin).unwrap_or(soon),
        };
        let hub = self.hub_place();
        match self.repeat_at(hub) {
            Some(at) if self.gossip.misses_hub() && self.is_direct() => at.max(now),
            Some(at) if self.gossip.misses_hub() => slot.max(at),
            _ => slot,
        }
    }

    /// When the answer to a message that is sent to the hub now must have come.
    fn answer_by(&self, kind: Kind, now: Time) -> Time {
        let timeout = self.round_trips.patience(self.hub_place());
        let tail = self.plan.tail as i64;
        let by_schedule = match (kind, self.plan.margin) {
            (Kind::Ask, _) => return now + timeout,
            (_, Some(margin)) => {
                let sent = |shortest: i64| shortest + margin as i64;
                self.moment(now, |shortest| -sent(shortest)).map(|slot| {
                    let shortest = self.way_to_hub().map_or(0, |way| way.shortest as i64);
                    slot + Duration::from_micros((sent(shortest) + shortest + tail) as u64)
                })
            }
            (_, None) => None,
        };
        let latest = now + timeout + self.plan.period();
        by_schedule.map_or(latest, |at| (at + Duration::from_millis(20)).min(latest))
    }

    fn send_up(&mut self, kind: Kind, cx: &mut Cx) {
        let now = cx.now();
        let hub = self.hub_place();
        let (has_items, more) = self.send(hub, kind, Which::Unacknowledged, cx);
        let until = self.answer_by(kind, now);
        if has_items && self.gossip.misses_hub() {
            self.checks[hub] += 1;
        }
        self.leaf.up_at = None;
        self.leaf.last_up = Some(now);
        self.leaf.acknowledge_at = None;
        self.leaf.has_more = more;
        self.leaf.copy_at = match self.plan.copy {
            Some(after) if has_items && kind == Kind::Up => {
                Some(now + Duration::from_micros(after))
            }
            _ => None,
        };
        if has_items {
            let is_second = kind == Kind::Ask;
            self.leaf.awaited = Some(Awaited { stamp: micros(now), until, is_second });
        }
    }

    /// A message of any kind came from the hub.
    pub(super) fn hear_hub(&mut self, message: &Sync, received: Received, cx: &mut Cx) {
        let now = cx.now();
        if let Some(plan) = message.plan
            && plan != self.plan
        {
            if (plan.period, plan.begin) != (self.plan.period, self.plan.begin) {
                self.leaf.up_at = None;
                self.leaf.expect_by = None;
            }
            if plan.changes != self.plan.changes {
                let recent = 2 * plan.period().as_nanos() as u64;
                self.round_trips.forget_before(Time(now.nanos().saturating_sub(recent)));
            }
            self.plan = plan;
            self.round_trips.set_tail(plan.tail());
        }
        let hub = self.hub_place();
        let is_answer =
            |awaited: &mut Awaited| message.stamp.echo.is_some_and(|echo| echo >= awaited.stamp);
        let answered = self.leaf.awaited.take_if(is_answer).is_some();
        if self.leaf.awaited.is_none() && (answered || !self.repair.is_behind(hub)) {
            self.gossip.stop_missing_hub();
        }
        if !self.repair.is_behind(hub) {
            self.leaf.copy_at = None;
        }
        if matches!(message.kind, Kind::Down | Kind::Check) {
            self.leaf.busy = message.busy;
            self.leaf.expect_by = self.expect_by(message, now);
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

    /// When to ask for the hub's next message, after this one.
    fn expect_by(&self, message: &Sync, now: Time) -> Option<Time> {
        let ask = self.plan.ask.filter(|_| message.busy)?;
        let by_schedule = self.way_to_hub().and_then(|way| {
            // The moment after the one that this message is of.
            let said = Time((message.stamp.at as i64 - way.ahead).max(0) as u64 * 1000);
            let after = said + Duration::from_millis(1);
            let next = self.moment(after, |_| 0)?;
            Some(next + Duration::from_micros(way.shortest + ask))
        });
        let hub = self.hub_place();
        let jitter = self.round_trips.timeout(hub).saturating_sub(self.round_trips.mean(hub));
        Some(by_schedule.unwrap_or(now + self.next_down() + jitter))
    }

    /// The moment of a leaf's next action.
    pub(super) fn leaf_due(&self) -> Option<Time> {
        let leaf = &self.leaf;
        let awaited = leaf.awaited.map(|awaited| awaited.until);
        let due = [leaf.up_at, leaf.copy_at, leaf.acknowledge_at, awaited, leaf.expect_by];
        due.into_iter().flatten().min()
    }

    pub(super) fn act_as_leaf(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if is_due(self.leaf.awaited.map(|awaited| awaited.until)) {
            let awaited = self.leaf.awaited.take();
            self.repair.resend(self.hub_place());
            if awaited.is_some_and(|awaited| awaited.is_second) || self.gossip.misses_hub() {
                self.gossip.begin_missing_hub(now);
                if self.is_direct() {
                    // The next look is far away.
                    self.leaf.up_at = None;
                }
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
                // Who got no answer wants one at once.
                let is_missing = self.is_direct() && self.gossip.misses_hub();
                self.send_up(if is_missing { Kind::Ask } else { Kind::Up }, cx);
            }
            if self.is_direct() {
                self.look_back();
                self.leaf_news(now);
            }
        }
        if is_due(self.leaf.copy_at) {
            self.leaf.copy_at = None;
            if self.repair.is_behind(self.hub_place()) {
                self.send_up(Kind::Up, cx);
                self.leaf.copy_at = None;
            }
        }
        if is_due(self.leaf.acknowledge_at) {
            self.send_up(Kind::Up, cx);
        }
    }
}
