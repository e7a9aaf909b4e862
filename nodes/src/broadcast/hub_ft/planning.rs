//! How the hub turns a wanted latency into a plan.
//!
//! Of D, the time until the last node is to have a value, the way up and the way
//! down take a round trip, which every message measures; S is left for waiting.
//!
//! - With a schedule of period P = S − guard (and less 1 %, for what is queued) each leaf sends (1 − e^(−μS))/S
//!   messages a second and gets 1/S.
//! - With timers, where leaves send at once and the hub waits S, it sends μ and
//!   gets 1/(S + 1/λ).
//! - Directly, where nodes hold what they have for D − L and send it to all others:
//!   n messages a second to and from each for each 1/(D − L + 1/μ).
//!
//! The hub takes what costs least at the rate that it observes, and tells it to
//! leaves in its messages. (25 nodes, 100 ms, 50 values a second: directly up to
//! D = 207 ms, timers up to S = 0.22 s.) With less than the shortest round trip only
//! the direct way is left; queueing cannot raise that one.
//!
//! Where latencies vary, D is kept by 99 of 100 values, and the hub computes from
//! all latencies that it has measured what that takes; see `forecast`.
//!
//! At its start the hub asks four leaves for a sign of life, to have measured round
//! trips before there are values. From these it makes its first plan and tells it to
//! all; if they differ all answer at once, and it plans again at its first moment. The
//! schedule counts from the start, so values wait for it (a fifth of D if it is late) and
//! are in time. With a D of 500 ms or less they do not wait: the hub passes on what
//! comes after a tenth of D, and asks all others if round trips differ. Without a
//! wanted latency it takes the fixed period, or what the network allows; see
//! [`HubFt::choose_latency`].
//!
//! A plan that follows another begins with the next moment of that one, or earlier, so
//! that what waits for it is in time.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::direct::MEND;
use super::forecast::{COPY_AFTER, Candidate, Forecast};
use super::message::{Kind, Plan};
use crate::broadcast::latency::{HARDLY_EVER, Ways, micros, quantile};
use crate::broadcast::repair::Which;

/// Plans do not change more often: each change costs a start-up of the schedule.
const STEADY: Duration = Duration::from_secs(2);
/// The rate that is assumed until one was observed. It is moderate, as to change
/// from timers to a schedule delays nothing, but the other way does, once.
const FIRST_RATE: f64 = 50.0;
/// How many leaves the hub asks first, and how many round trips tell enough of a
/// network whose latencies vary.
const FIRST_ASKED: usize = 4;
const ENOUGH: u64 = 12;
/// So long the hub waits for them, if some are lost.
const PATIENCE: Duration = Duration::from_secs(2);
/// Latencies that vary by less are taken to be constant: by a tenth of it, as long
/// as few were measured.
const EVEN: u32 = 30_000;
/// With a wanted latency of this or less values do not wait for the first plan: it may be
/// hardly more than a round trip.
const HURRIED: Duration = Duration::from_millis(500);
/// For such a part of the wanted latency others do.
const WAITS_FOR_PLAN: u32 = 5;
/// How long messages of many leaves that come together wait for each other, in
/// microseconds. It is not measured: the first plan comes before the first queue, and is
/// kept.
const QUEUED: u64 = 4_000;
/// Such a part of the time that is left the hub waits at its moment for messages that are
/// coming, but no longer than this.
const PUT_OFF_PART: u32 = 100;
const PUT_OFF: Duration = Duration::from_micros(4_500);
/// From this part of messages that are lost on, a plan for constant latencies would break its
/// promise: of a value that goes to 24 others, 1 in 40 is late for a lost message.
const LOSSY: f64 = 0.001;
/// Latencies that the hub chooses are not shorter, as nobody waits for less, nor longer,
/// as what goes wrong is mended a period later, and a multiple of so many milliseconds.
const LEAST_CHOSEN: Duration = Duration::from_millis(200);
const MOST_CHOSEN: Duration = Duration::from_secs(3);
const STEP: u128 = 50;
/// The part of values that is planned to be late where latencies vary but none is very
/// long, and where some are: less than the hundredth that may be, as the slowest of few
/// messages tell little of those that are rarer still. All from runs over 20 seeds.
const ALLOWED: (f64, f64) = (0.0095, 0.0034);
/// As long as few messages were measured, only such a part of that.
const EARLY: (f64, f64) = (2.0, 4.0);
/// How many those are.
const FEW: (f64, f64) = (100.0, 160.0);
/// With less time than so many times what a message takes, less may be late in the plan: several
/// of the hub's messages are on their way at once, and the forecast takes each to be late
/// for itself.
const FEW_WAYS: f64 = 12.0;
/// The part of the period that is taken after the first messages.
const FIRST_PERIOD: (f64, f64) = (0.7, 0.35);

/// How many times as long as the middle one the slowest take where tails are short.
const SHORT_TAIL: f64 = 2.1;

/// How much longer than the middle one slow messages take: 0 for short tails, as of
/// uniform latencies, 1 for long ones, as of exponential latencies.
struct Tail(f64);

impl Tail {
    fn of(ways: &Ways) -> Tail {
        let middle = f64::from(quantile(&ways.took, 0.5).max(1));
        let slow = f64::from(quantile(&ways.took, HARDLY_EVER)) / middle;
        // Twice the middle for uniform latencies, log₂ n times for exponential ones: of few
        // messages the slowest is not very slow.
        let long = 0.65 * (ways.took.len().clamp(12, 500) as f64).log2();
        Tail(((slow - SHORT_TAIL) / (long - SHORT_TAIL)).clamp(0.0, 1.0))
    }

    fn between(&self, (short, long): (f64, f64)) -> f64 {
        short + (long - short) * self.0
    }

    /// The part of values that may be late, when so many round trips were measured.
    fn allowed(&self, samples: u64) -> f64 {
        let is_early = (samples as f64) < self.between(FEW);
        self.between(ALLOWED) / if is_early { self.between(EARLY) } else { 1.0 }
    }

    /// The part of the planned period that so many round trips are trusted with.
    fn trusted(&self, samples: u64) -> f64 {
        (self.between(FIRST_PERIOD) + samples as f64 / 250.0).min(1.0)
    }
}

/// The plan for a wanted latency in a network whose latencies do not vary.
pub(super) fn even_plan(
    wanted: Duration,
    round_trip: Duration,
    guard: Duration,
    nack: bool,
    rate: f64,
    nodes: usize,
) -> Plan {
    let spare = wanted.saturating_sub(round_trip).as_secs_f64().max(0.001);
    let own = rate.max(0.001) / nodes.max(1) as f64;
    let hold = wanted.saturating_sub(round_trip / 2).as_secs_f64();
    // What each leaf sends and gets, a second.
    let directly = nodes as f64 / (hold + 1.0 / own);
    let with_schedule = (1.0 - (-own * spare).exp() + 1.0) / spare;
    let with_timers = own + 1.0 / (spare + 1.0 / rate.max(0.001));
    let guard_micros = guard.as_micros() as u64;
    let even = Plan { begin: None, ask: nack.then_some(20_000), tail: 0, ..Plan::default() };
    if wanted < round_trip || directly < with_timers.min(with_schedule) {
        let direct = Some(wanted.as_micros() as u64);
        return Plan { period: MEND.as_micros() as u64, direct, ..even };
    }
    let is_eager = with_timers < with_schedule || spare <= 2.0 * guard.as_secs_f64();
    let spare = Duration::from_secs_f64(spare);
    let (period, margin) = match is_eager {
        true => (spare, None),
        false => (spare - guard - (spare / PUT_OFF_PART).min(PUT_OFF), Some(guard_micros)),
    };
    Plan { period: period.as_micros() as u64, margin, ..even }
}

fn uneven_plan(best: &Candidate, tail: u32) -> Plan {
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    Plan {
        period: micros(best.period),
        margin: best.margin.map(micros),
        ask: best.ask.map(micros),
        copy: best.is_double.then_some(micros(COPY_AFTER)),
        tail: tail.into(),
        ..Plan::default()
    }
}

impl HubFt {
    /// Asks a few leaves for a sign of life.
    pub(super) fn begin_measuring(&mut self, cx: &mut Cx) {
        for peer in self.repair.others().take(FIRST_ASKED) {
            self.send(peer, Kind::Check, Which::Nothing, cx);
        }
    }

    /// Whether there is no plan yet, and values may wait for it.
    pub(super) fn awaits_plan(&self) -> bool {
        let wanted = self.options.max_latency;
        wanted.is_some_and(|wanted| wanted > HURRIED) && self.plan == self.options.plan()
    }

    /// How long values wait for the first plan.
    pub(super) fn wait_for_plan(&self) -> Duration {
        self.options.max_latency.unwrap_or_default() / WAITS_FOR_PLAN
    }

    /// How long the hub waits for more after its first news, where it has no schedule.
    pub(super) fn wait_for_more(&self, now: Time) -> Duration {
        if self.awaits_plan() {
            return self.wait_for_plan();
        }
        // What comes now waited at a leaf until that heard of the plan.
        let has_waited = self.options.max_latency.is_some_and(|wanted| wanted > HURRIED)
            && self.hub.planned_at.is_some_and(|at| {
                now < at + self.round_trips.slowest().unwrap_or_default()
                    && at < self.view_since + PATIENCE
            });
        let waited = if has_waited { self.wait_for_plan() } else { Duration::ZERO };
        self.plan.period().saturating_sub(waited)
    }

    /// Asks all others, once, if round trips differ.
    fn measure_all(&mut self, cx: &mut Cx) {
        if std::mem::replace(&mut self.hub.asked_all, true) {
            return;
        }
        for peer in self.repair.others().skip(FIRST_ASKED) {
            self.send(peer, Kind::Check, Which::Nothing, cx);
        }
    }

    /// Called by the hub whenever it passes news on; whether there is another plan,
    /// which all must be told.
    pub(super) fn reconsider_plan(&mut self, cx: &mut Cx) -> bool {
        let now = cx.now();
        let recent = (2 * self.plan.period()).max(STEADY);
        if self.round_trips.notice_change(recent, now) {
            cx.log("latencies are not what they were");
            self.hub.changes += 1;
            self.hub.steady_for = Duration::ZERO;
        }
        let is_steady = self.hub.planned_at.is_some_and(|at| now < at + self.hub.steady_for);
        if is_steady {
            return false;
        }
        let ways = self.round_trips.ways();
        if ways.took.is_empty() {
            return false;
        }
        let tail = quantile(&ways.excess, HARDLY_EVER);
        let samples = self.round_trips.samples();
        let is_even = tail < if samples < ENOUGH { EVEN / 10 } else { EVEN };
        let is_even = is_even && self.round_trips.loss() < LOSSY;
        let awaits_plan = self.awaits_plan();
        if !is_even && !awaits_plan {
            self.measure_all(cx);
        }
        if !self.is_planned() {
            return self.follow_spread(&ways, is_even);
        }
        let enough = if is_even || awaits_plan { FIRST_ASKED as u64 } else { ENOUGH };
        let enough = enough.min(self.repair.nodes() as u64 - 1);
        if samples < enough && self.hub.planned_at.is_none() && now < self.view_since + PATIENCE {
            return false;
        }
        let wanted = match self.options.max_latency {
            Some(wanted) => wanted,
            None => self.choose_latency(&ways, cx),
        };
        let rate = self.hub.steady_rate().unwrap_or(FIRST_RATE);
        let next = self.best_plan(wanted, &ways, is_even, rate);
        // Two ways that cost nearly the same are not worth a change.
        let way = |plan: &Plan| (plan.margin.is_none(), plan.direct.is_some());
        let is_close =
            is_even && way(&self.best_plan(wanted, &ways, is_even, rate * 1.5)) != way(&next);
        let is_first = self.hub.planned_at.is_none();
        self.hub.planned_at = Some(now);
        // What few round trips tell is soon known better.
        self.hub.steady_for = if !is_even && samples < 200 { STEADY / 4 } else { STEADY };
        if !is_first && is_close {
            return false;
        }
        let mut way = self.plan.way;
        if awaits_plan {
            let times = if is_even { &ways.shortest } else { &ways.took };
            way = Some(quantile(times, if is_even { 1.0 } else { 0.5 }).into());
            // The messages that tell of the first plan ask for signs of life, too.
            self.hub.asks_all = !is_even;
            self.hub.asked_all |= !is_even;
            if !is_even {
                self.hub.steady_for = Duration::ZERO;
            }
        }
        self.take_plan(Plan { way, changes: self.hub.changes, ..next }, is_first, cx)
    }

    /// A latency that the network allows: three of its slow round trips. Another is
    /// chosen only if the network is a quite different one now. The mark says which.
    fn choose_latency(&mut self, ways: &Ways, cx: &mut Cx) -> Duration {
        // One message in a few that was held up says nothing of the others.
        let slow = Duration::from_micros(2 * u64::from(quantile(&ways.took, 0.9)));
        let wanted = (3 * slow).clamp(LEAST_CHOSEN, MOST_CHOSEN);
        if let Some(chosen) = self.hub.chosen
            && (wanted * 2 / 3..=wanted * 8 / 3).contains(&chosen)
        {
            return chosen;
        }
        let steps = wanted.as_millis().div_ceil(STEP);
        let chosen = Duration::from_millis((steps * STEP) as u64);
        cx.log(format!("chose a latency of {} ms", chosen.as_millis()));
        cx.mark("max-latency", chosen.as_millis() as u64);
        self.hub.chosen = Some(chosen);
        chosen
    }

    fn best_plan(&self, wanted: Duration, ways: &Ways, is_even: bool, rate: f64) -> Plan {
        let nodes = self.repair.nodes();
        let shortest = self.round_trips.shortest().unwrap_or_default();
        if is_even {
            let slowest = 2 * u64::from(quantile(&ways.shortest, 1.0)) + QUEUED;
            let slowest = Duration::from_micros(slowest);
            return even_plan(wanted, slowest, self.options.guard, self.options.nack, rate, nodes);
        }
        if wanted < shortest {
            return even_plan(wanted, shortest, self.options.guard, self.options.nack, rate, nodes);
        }
        let samples = self.round_trips.samples();
        let tail = Tail::of(ways);
        let few_ways = FEW_WAYS * f64::from(quantile(&ways.took, 0.5).max(1));
        let allowed = tail.allowed(samples) * (wanted.as_micros() as f64 / few_ways).min(1.0);
        let forecast = Forecast::new(ways, self.round_trips.loss(), nodes, rate, allowed);
        let mut best = forecast.best(wanted.as_secs_f64(), self.options.nack);
        best.period *= tail.trusted(samples);
        uneven_plan(&best, quantile(&ways.excess, HARDLY_EVER))
    }

    /// Takes another plan, if it differs enough.
    fn take_plan(&mut self, next: Plan, is_first: bool, cx: &mut Cx) -> bool {
        let now = cx.now();
        let way = |plan: &Plan| (plan.margin.is_some(), plan.direct.is_some());
        let change = next.period as f64 / self.plan.period as f64 - 1.0;
        let is_same = way(&next) == way(&self.plan) && (-0.03..0.06).contains(&change);
        if is_same && !is_first {
            // Leaves hear of these with the next message, and nothing begins anew.
            self.plan = Plan { period: self.plan.period, begin: self.plan.begin, ..next };
            return false;
        }
        cx.log(match (next.direct, next.margin) {
            (Some(_), _) => "plans to send to all directly".to_owned(),
            (None, None) => format!("plans that leaves send at once, {} ms", next.period / 1000),
            (None, Some(_)) => format!("plans a schedule, {} ms", next.period / 1000),
        });
        let has_schedule = next.margin.is_some() || next.tail > 0;
        let begin = match self.next_moment(now) {
            _ if self.awaits_plan() => self.first_begin(&next, now),
            // What waits for a moment of the plan before is not to wait longer.
            Some(moment) => micros(moment.min(now + next.period())).saturating_sub(next.period),
            None => micros(now),
        };
        self.plan = Plan { begin: has_schedule.then_some(begin), ..next };
        self.round_trips.set_tail(self.plan.tail());
        true
    }

    /// The beginning of the first plan: the start. Where latencies do not vary, what was
    /// made at the start is in time at the plan's first moment if that is a period and one
    /// way later, and leaves that hear of the plan now are to be in time for it, too.
    fn first_begin(&self, plan: &Plan, now: Time) -> u64 {
        let way = plan.way.unwrap_or(0);
        if plan.tail > 0 {
            return micros(self.view_since);
        }
        let slot = micros(now) + 2 * way + plan.margin.unwrap_or(0);
        slot.saturating_sub(plan.period).max(micros(self.view_since) + way)
    }

    /// With a fixed period: how long before the hub's moments leaves send follows
    /// the latencies, and so do the timers.
    fn follow_spread(&mut self, ways: &Ways, is_even: bool) -> bool {
        let (guard, tail) =
            (self.options.guard.as_micros() as u64, quantile(&ways.excess, HARDLY_EVER));
        let margin = match is_even {
            true => guard,
            false => guard + u64::from(quantile(&ways.excess, 0.97)),
        };
        let ask = if is_even { 20_000 } else { tail };
        self.plan.changes = self.hub.changes;
        self.plan.margin = Some(margin.min(self.plan.period));
        self.plan.ask = self.options.nack.then_some(ask.into());
        self.plan.tail = if is_even { 0 } else { tail.into() };
        self.round_trips.set_tail(self.plan.tail());
        false
    }
}

impl HubFt {
    /// Called after each message: a hub that waits without a plan makes one as soon
    /// as it can.
    pub(super) fn hub_learned(&mut self, now: Time) {
        let can_plan = self.is_planned() && self.round_trips.slowest().is_some();
        if self.is_hub() && can_plan && self.hub.planned_at.is_none() {
            let others = self.repair.nodes() as u64 - 1;
            let is_enough = self.round_trips.samples() >= others.min(FIRST_ASKED as u64);
            if self.is_direct() {
                self.hub.flush_at = self.hub.flush_at.map(|_| now);
            } else if is_enough && self.awaits_plan() {
                self.hub.flush_at = Some(now);
            }
        }
        self.notice_spread(now);
    }

    /// Few round trips may be alike by chance: when more are known, the hub does not
    /// wait for its next moment to see that latencies vary.
    fn notice_spread(&mut self, now: Time) {
        let samples = self.round_trips.samples();
        let is_early = samples < 64 && samples.is_multiple_of(4);
        if !self.is_hub() || !is_early || self.plan.tail > 0 || self.plan.begin.is_none() {
            return;
        }
        if quantile(&self.round_trips.ways().excess, HARDLY_EVER) >= EVEN {
            self.hub.steady_for = Duration::ZERO;
            self.hub.flush_at = Some(now);
        }
    }
}

/// When a plan was made.
pub(super) type PlannedAt = Option<Time>;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn timers_win_while_little_time_is_left() {
        let way = |wanted: u32| even_plan(wanted * MS, 200 * MS, 10 * MS, true, 50.0, 25);
        assert!(way(300).margin.is_none() && way(400).margin.is_none());
        assert!(way(450).margin.is_some() && way(2000).margin.is_some());
        assert_eq!(way(610).period(), 400 * MS - 4100 * Duration::from_micros(1));
        assert_eq!(way(300).period(), 100 * MS);
        assert!(way(210).direct.is_none());
        // Not enough for a hub, or hardly.
        assert!([100, 150, 200].map(|wanted| way(wanted).direct.is_some()) == [true; 3]);
    }
}
