//! How the hub turns a wanted latency into a plan.
//!
//! Of D, the time until the last node is to have a value, the way up and the way
//! down take a round trip, which every message measures; S is left for waiting.
//!
//! - With a schedule of period P = S − guard each leaf sends (1 − e^(−μS))/S
//!   messages a second and gets 1/S.
//! - With timers, where leaves send at once and the hub waits S, it sends μ and
//!   gets 1/(S + 1/λ).
//!
//! - Directly, where nodes hold what they have for D − L and send it to all others:
//!   n messages a second to and from each for each 1/(D − L + 1/μ).
//!
//! The hub takes what costs least at the rate that it observes, and tells it to
//! leaves in its messages. (25 nodes, 100 ms, 50 values a second: directly up to
//! D = 207 ms, timers up to S = 0.22 s.) With less than a round trip only the direct
//! way is left.
//!
//! At its start the hub asks a leaf for a sign of life, to have measured a round
//! trip before there are values. Until it has, values wait a tenth of D.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::direct::MEND;
use super::message::Plan;

/// Plans do not change more often: each change costs a start-up of the schedule.
const STEADY: Duration = Duration::from_secs(2);
/// The rate that is assumed until one was observed. It is moderate, as to change
/// from timers to a schedule delays nothing, but the other way does, once.
const FIRST_RATE: f64 = 50.0;

/// The plan for a wanted latency.
pub(super) fn plan(
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
    if wanted < round_trip || directly < with_timers.min(with_schedule) {
        let period = MEND.as_micros() as u64;
        let direct = Some(wanted.as_micros() as u64);
        return Plan { period, guard: guard_micros, nack, eager: true, direct };
    }
    let eager = with_timers < with_schedule || spare <= 2.0 * guard.as_secs_f64();
    let period = match eager {
        true => Duration::from_secs_f64(spare),
        false => Duration::from_secs_f64(spare) - guard,
    };
    let period = period.as_micros() as u64;
    Plan { period, guard: guard_micros, nack, eager, direct: None }
}

impl HubFt {
    /// Called by the hub whenever it passes news on; whether there is another plan,
    /// which all must be told.
    pub(super) fn reconsider_plan(&mut self, cx: &mut Cx) -> bool {
        let now = cx.now();
        let (Some(wanted), Some(round_trip)) =
            (self.options.max_latency, self.round_trips.slowest())
        else {
            return false;
        };
        let (guard, nack) = (self.options.guard, self.options.nack);
        let nodes = self.repair.nodes();
        let rate = self.hub.steady_rate().unwrap_or(FIRST_RATE);
        let next = plan(wanted, round_trip, guard, nack, rate, nodes);
        // Two ways that cost nearly the same are not worth a change.
        let other = plan(wanted, round_trip, guard, nack, rate * 1.5, nodes);
        let way = |plan: &Plan| (plan.eager, plan.direct.is_some());
        let is_close = way(&other) != way(&next) && wanted >= round_trip;
        let next = match self.hub.planned_at {
            Some(_) if is_close => self.plan,
            _ => next,
        };
        let change = next.period.abs_diff(self.plan.period) as f64 / self.plan.period as f64;
        let is_steady = self.hub.planned_at.is_some_and(|at| now < at + STEADY);
        if next == self.plan || is_steady || way(&next) == way(&self.plan) && change < 0.03 {
            self.hub.planned_at.get_or_insert(now);
            return false;
        }
        cx.log(match (next.direct, next.eager) {
            (Some(_), _) => "plans to send to all directly".to_owned(),
            (None, true) => format!("plans timers, {} ms", next.period / 1000),
            (None, false) => format!("plans a schedule, {} ms", next.period / 1000),
        });
        self.plan = next;
        self.hub.begin_plan(now, &next);
        true
    }
}

impl HubFt {
    /// Called after each message: a hub that waits without a plan makes one as soon
    /// as it can.
    pub(super) fn hub_learned(&mut self, now: Time) {
        let can_plan = self.options.max_latency.is_some() && self.round_trips.slowest().is_some();
        if self.is_hub() && can_plan && self.hub.planned_at.is_none() && self.is_direct() {
            self.hub.flush_at = self.hub.flush_at.map(|_| now);
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
        let way = |wanted: u32| plan(wanted * MS, 200 * MS, 10 * MS, true, 50.0, 25);
        assert!(way(300).eager && way(400).eager);
        assert!(!way(450).eager && !way(2000).eager);
        assert_eq!(way(610).period(), 400 * MS);
        assert_eq!(way(300).period(), 100 * MS);
        assert!(way(210).direct.is_none());
        // Not enough for a hub, or hardly.
        assert!([100, 150, 200].map(|wanted| way(wanted).direct.is_some()) == [true; 3]);
    }
}
