//! What the hub does.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::message::{Kind, Plan, Sync};
use super::planning::PlannedAt;
use super::{BACKLOG, HubFt};
use crate::broadcast::latency::micros;
use crate::broadcast::repair::{Received, Which};
use crate::broadcast::schedule::Grid;

/// A leaf that speaks for the first time is told the schedule at once if the next
/// moment is so far off. A shorter time is not worth the message.
const INTRODUCTION: Duration = Duration::from_secs(1);
/// At its moment the hub waits for a message after another has come just before, as
/// those of many leaves come together and take their time one after the other …
const BURST: Duration = Duration::from_millis(6);
/// … but no longer than this in all.
const LONGEST_BURST: Duration = Duration::from_millis(18);

/// How a hub stands to a leaf.
#[derive(Debug, Clone, Copy, Default)]
struct Child {
    /// It sent values that no message of the hub has acknowledged.
    is_owed: bool,
    /// The last message to it was as long as allowed, and there was more.
    has_more: bool,
    /// It has spoken to this node as its hub.
    is_known: bool,
}

/// What a hub remembers.
#[derive(Debug, Default)]
pub(super) struct Hub {
    pub(super) flush_at: Option<Time>,
    /// When the flush that waits for a burst to end was due.
    put_off: Option<Time>,
    /// When a leaf was heard last.
    heard_at: Option<Time>,
    /// When a backlog was passed on last.
    backlog_at: Option<Time>,
    children: Vec<Child>,
    /// The rate of new values, a second, and the state when it was taken.
    rate: f64,
    counted: Option<(Time, u64)>,
    pub(super) busy: bool,
    /// The rate over many seconds, and what it was counted from.
    steady: Option<f64>,
    steady_counted: Option<(Time, u64)>,
    /// When the plan was made, and how long it stays.
    pub(super) planned_at: PlannedAt,
    pub(super) steady_for: Duration,
    /// How often latencies have changed.
    pub(super) changes: u64,
    /// All leaves were asked for a sign of life.
    pub(super) asked_all: bool,
    /// The next message to each is to be answered at once.
    pub(super) asks_all: bool,
    /// The latency that it chose, where none is wanted.
    pub(super) chosen: Option<Duration>,
}

impl Hub {
    /// Forgets everything.
    pub(super) fn start(&mut self, nodes: usize) {
        *self = Hub { children: vec![Child::default(); nodes], ..Hub::default() };
    }

    /// The rate of new values, once it is known.
    pub(super) fn steady_rate(&self) -> Option<f64> {
        self.steady
    }

    /// A rate that a few busy moments do not change.
    fn count_slowly(&mut self, total: u64, now: Time) {
        let (before, counted) = *self.steady_counted.get_or_insert((now, total));
        let took = now.since(before).as_secs_f64();
        if took < 2.0 {
            return;
        }
        let rate = total.saturating_sub(counted) as f64 / took;
        self.steady = Some(self.steady.map_or(rate, |steady| steady + (rate - steady) / 4.0));
        self.steady_counted = Some((now, total));
    }

    /// Takes note of the total of values at a moment of the schedule.
    fn count(&mut self, total: u64, now: Time, plan: &Plan) {
        self.count_slowly(total, now);
        if let Some((before, counted)) = self.counted {
            // Many short spans make one long enough to tell a rate.
            if now.since(before).as_millis() < 200 {
                return;
            }
            let took = now.since(before).as_secs_f64().max(0.001);
            let rate = total.saturating_sub(counted) as f64 / took;
            self.rate += (rate - self.rate) * 0.5;
        }
        self.counted = Some((now, total));
        // Fewer than one period in a thousand is then without news.
        self.busy = self.rate * plan.period().as_secs_f64() > 7.0;
    }
}

impl HubFt {
    /// The hub's moments, once they are fixed.
    fn grid(&self) -> Option<Grid> {
        let begin = Time(self.plan.begin? * 1000);
        Some(Grid::new(begin, self.plan.period()))
    }

    /// The first of the hub's moments after this one, once they are fixed.
    pub(super) fn next_moment(&self, now: Time) -> Option<Time> {
        Some(self.grid()?.next(now + Duration::from_millis(1)).1)
    }

    pub(super) fn hub_news(&mut self, now: Time) {
        if self.hub.flush_at.is_some() {
            return;
        }
        let period = self.plan.period();
        if self.plan.is_eager() && self.plan.begin.is_none() {
            self.hub.flush_at = Some(now + self.wait_for_more(now));
            return;
        }
        self.plan.begin.get_or_insert(micros(now + period));
        self.hub.flush_at = self.grid().map(|grid| grid.next(now).1);
    }

    pub(super) fn hear_leaf(
        &mut self,
        leaf: usize,
        message: &Sync,
        received: Received,
        was_silent: bool,
        cx: &mut Cx,
    ) {
        if !self.is_hub() {
            // It takes this node for the hub; the answer says who is.
            self.send(leaf, Kind::Tell, Which::Unacknowledged, cx);
            return;
        }
        let now = cx.now();
        let child = &mut self.hub.children[leaf];
        let is_first = !child.is_known;
        child.is_owed |= received.items > 0;
        child.is_known = true;
        let is_owed = child.is_owed;
        self.hub.heard_at = Some(now);
        let is_backlog =
            received.new > BACKLOG && (was_silent || is_first || message.kind == Kind::Ask);
        let long_ago = self.hub.backlog_at.is_none_or(|at| now >= at + self.plan.period() / 2);
        if is_backlog && long_ago {
            // The backlog of a node, or of a part of the network, that was cut off.
            self.hub.backlog_at = Some(now);
            self.flush(cx);
        } else if is_owed {
            self.hub_news(now);
        }
        let lacks = self.repair.is_behind(leaf);
        let asks = message.kind == Kind::Ask && (is_owed || lacks);
        let goes_on = lacks && self.hub.children[leaf].has_more;
        // It does not know the schedule yet, and would send at once whatever comes.
        let is_early = |at: Time| at.since(now) >= INTRODUCTION;
        let is_lost = is_first && !self.plan.is_eager() && self.hub.flush_at.is_some_and(is_early);
        if is_lost
            || asks
            || goes_on
            || message.delta.more
            || (was_silent || received.reborn) && lacks
        {
            self.send_down(leaf, cx);
        }
    }

    fn send_down(&mut self, leaf: usize, cx: &mut Cx) {
        self.hub.children[leaf].is_owed = false;
        // A leaf that was sent everything already is late with its acknowledgement.
        let kind = match self.repair.is_behind(leaf) && !self.repair.has_unsent(leaf) {
            _ if self.hub.asks_all => Kind::Check,
            true if self.repeat_at(leaf).is_some_and(|at| at <= cx.now()) => Kind::Check,
            _ => Kind::Down,
        };
        let (_, more) = self.send(leaf, kind, Which::Unacknowledged, cx);
        self.hub.children[leaf].has_more = more;
        if kind == Kind::Check || self.is_silent(leaf) {
            self.checks[leaf] += 1;
        }
    }

    /// Passes on what there is to those whom it concerns.
    pub(super) fn flush(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let has_new_plan = self.reconsider_plan(cx);
        self.hub.flush_at = None;
        self.hub.put_off = None;
        self.hub.count(self.repair.storage.total(), now, &self.plan);
        for leaf in self.repair.others() {
            let is_due = if self.is_silent(leaf) {
                self.repeat_at(leaf).is_some_and(|at| at <= now)
            } else {
                let is_behind = match self.is_direct() {
                    true => self.is_overdue(leaf),
                    false => self.repair.has_unsent(leaf),
                };
                is_behind || has_new_plan || self.hub.children[leaf].is_owed
            };
            if is_due {
                self.send_down(leaf, cx);
            }
        }
        self.hub.asks_all = false;
        if self.is_direct() {
            self.look_back();
            let mut others = self.repair.others();
            if others.any(|leaf| !self.is_silent(leaf) && self.repair.is_behind(leaf)) {
                self.hub_news(now);
            }
        }
    }

    /// Tells everybody, whether there is news or not.
    pub(super) fn flush_all(&mut self, cx: &mut Cx) {
        self.hub.flush_at = None;
        self.hub.count(self.repair.storage.total(), cx.now(), &self.plan);
        for leaf in self.repair.others() {
            self.send_down(leaf, cx);
        }
    }

    /// The moment of the hub's next action.
    pub(super) fn hub_due(&self) -> Option<Time> {
        let repeats = self.repair.others().filter_map(|leaf| self.hub_repeat_at(leaf));
        repeats.chain(self.hub.flush_at).min()
    }

    /// When a leaf must get something apart from the schedule.
    fn hub_repeat_at(&self, leaf: usize) -> Option<Time> {
        if !self.is_silent(leaf) && self.repair.has_unsent(leaf) {
            return None;
        }
        self.repeat_at(leaf)
    }

    /// Whether messages of leaves are coming one after the other just now.
    fn is_in_burst(&mut self, due: Time, now: Time) -> bool {
        let first = *self.hub.put_off.get_or_insert(due);
        let is_coming = self.hub.heard_at.is_some_and(|at| now < at + BURST);
        self.plan.begin.is_some() && is_coming && now < first + LONGEST_BURST
    }

    pub(super) fn act_as_hub(&mut self, cx: &mut Cx) {
        let now = cx.now();
        if let Some(due) = self.hub.flush_at.filter(|&at| at <= now) {
            if self.is_in_burst(due, now) {
                self.hub.flush_at = Some(now + BURST / 2);
            } else {
                self.flush(cx);
            }
        }
        for leaf in self.repair.others() {
            if self.hub_repeat_at(leaf).is_some_and(|at| at <= now) {
                self.send_down(leaf, cx);
            }
        }
    }
}
