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
//! The hub takes what costs less at the rate that it observes (with 25 nodes and
//! 50 values a second timers up to S = 0.22 s), and tells it to leaves in its
//! messages. With less than a round trip no hub will do; it then passes on at
//! once, and `direct` is the node to use.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::message::Plan;

/// Plans do not change more often: each change costs a start-up of the schedule.
const STEADY: Duration = Duration::from_secs(2);

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
    let own = rate / nodes.max(1) as f64;
    let with_schedule = (1.0 - (-own * spare).exp() + 1.0) / spare;
    let with_timers = own + 1.0 / (spare + 1.0 / rate.max(0.001));
    let eager = with_timers < with_schedule || spare <= 2.0 * guard.as_secs_f64();
    let period = match eager {
        true => Duration::from_secs_f64(spare),
        false => Duration::from_secs_f64(spare) - guard,
    };
    Plan { period: period.as_micros() as u64, guard: guard.as_micros() as u64, nack, eager }
}

impl HubFt {
    /// Called by the hub whenever it passes news on.
    pub(super) fn reconsider_plan(&mut self, cx: &mut Cx) {
        let now = cx.now();
        let (Some(wanted), Some(round_trip)) =
            (self.options.max_latency, self.round_trips.slowest())
        else {
            return;
        };
        let (guard, nack) = (self.options.guard, self.options.nack);
        let nodes = self.repair.nodes();
        // A rate is known after a while; until then it is taken to be high.
        let rate = self.hub.steady_rate(now).unwrap_or(100.0);
        let next = plan(wanted, round_trip, guard, nack, rate, nodes);
        // Two ways that cost nearly the same are not worth a change.
        let other = plan(wanted, round_trip, guard, nack, rate * 1.5, nodes);
        let next = match self.hub.planned_at {
            Some(_) if other.eager != next.eager => Plan { eager: self.plan.eager, ..self.plan },
            _ => next,
        };
        let change = next.period.abs_diff(self.plan.period) as f64 / self.plan.period as f64;
        let is_steady = self.hub.planned_at.is_some_and(|at| now < at + STEADY);
        if next == self.plan || is_steady || (next.eager == self.plan.eager && change < 0.03) {
            return;
        }
        let way = if next.eager { "timers" } else { "a schedule" };
        cx.log(format!("plans {way}, {} ms", next.period / 1000));
        self.plan = next;
        self.hub.begin_plan(now);
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
        // Less than a round trip: as fast as a hub can be.
        assert!(way(150).eager && way(150).period() == MS);
    }
}
