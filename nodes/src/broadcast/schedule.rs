//! One schedule for all nodes, although no clocks are compared and no latency is
//! assumed.
//!
//! A collector (the hub) passes on what it has at the moments T, T + P, T + 2P …
//! of its clock: its [`Grid`]. Who sends to it wants to arrive just before. The
//! collector tells each sender how early a message of its came (its slack): one
//! sent at s with slack x could have been sent as late as s + x. That moment, less
//! a guard, is the sender's [`Slot`] in every period.
//!
//! Both count periods from the same one, the epoch, so that a message that came
//! too late is understood: its slack for the epoch it was too late for would be
//! negative, and it moves the slot forward.
//!
//! Where latencies vary, slots follow a high quantile of them: of the last
//! `SAMPLES` messages the slowest decides with up to 8, the second slowest with
//! more.

use std::collections::VecDeque;
use std::time::Duration;

use glomers_node::Time;
use serde::{Deserialize, Serialize};

use super::latency::micros;

/// How many messages a sender remembers.
const SAMPLES: usize = 24;

/// When a collector passes on what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    begin: Time,
    period: Duration,
}

impl Grid {
    /// A grid whose epoch 0 is at `begin`.
    pub fn new(begin: Time, period: Duration) -> Grid {
        Grid { begin, period }
    }

    /// The first epoch that is not over yet, and its moment.
    pub fn next(&self, now: Time) -> (i64, Time) {
        let period = self.period.as_nanos() as u64;
        let epoch = now.since(self.begin).as_nanos().div_ceil(u128::from(period)) as u64;
        (epoch as i64, Time(self.begin.nanos() + epoch * period))
    }
}

/// What a collector tells a sender about one of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// When the sender's clock sent it, in microseconds.
    pub stamp: u64,
    /// How long before the epoch it came, in microseconds.
    pub slack: u64,
    /// Before which epoch.
    pub epoch: i64,
}

impl Feedback {
    /// About a message that came at `arrived` and was passed on in an epoch that
    /// is at `at`.
    pub fn new(stamp: u64, arrived: Time, epoch: i64, at: Time) -> Feedback {
        Feedback { stamp, slack: at.since(arrived).as_micros() as u64, epoch }
    }
}

/// When a sender sends.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    period: Duration,
    guard: Duration,
    /// The latest moments for epoch 0, by each of the last messages.
    latest: VecDeque<i64>,
}

impl Slot {
    /// Nothing is known yet but the period. The guard is how much before its
    /// latest moment a message is sent.
    pub fn new(period: Duration, guard: Duration) -> Slot {
        Slot { period, guard, latest: VecDeque::new() }
    }

    /// The period.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Learns from what the collector says.
    pub fn learn(&mut self, feedback: Feedback) {
        let latest = feedback.stamp as i64 + feedback.slack as i64;
        if self.latest.len() == SAMPLES {
            self.latest.pop_front();
        }
        self.latest.push_back(latest - feedback.epoch * self.period.as_micros() as i64);
    }

    /// The first slot that is not over yet: its epoch and moment; `None` as long as
    /// nothing has been learned.
    pub fn next(&self, now: Time) -> Option<(i64, Time)> {
        let mut sorted: Vec<i64> = self.latest.iter().copied().collect();
        sorted.sort_unstable();
        let latest = *sorted.get(sorted.len() / 9)?;
        let first = latest - self.guard.as_micros() as i64;
        let (now, period) = (micros(now) as i64, self.period.as_micros() as i64);
        let epoch = -(first - now).div_euclid(period);
        Some((epoch, Time((first + epoch * period).max(0) as u64 * 1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_grid_begins_with_epoch_0_and_a_moment_is_not_over_while_it_lasts() {
        let grid = Grid::new(Time(500 * MS), Duration::from_millis(400));
        assert_eq!(grid.next(Time(3 * MS)), (0, Time(500 * MS)));
        assert_eq!(grid.next(Time(500 * MS)), (0, Time(500 * MS)));
        assert_eq!(grid.next(Time(500 * MS + 1)), (1, Time(900 * MS)));
    }

    #[test]
    fn a_slot_is_a_guard_before_the_latest_moment() {
        let mut slot = Slot::new(Duration::from_millis(400), Duration::from_millis(10));
        assert_eq!(slot.next(Time(0)), None);
        // Sent at 1000 ms, it came 150 ms before epoch 3: at 1150 ms it would
        // have come in time, and at 1550 ms for epoch 4.
        slot.learn(Feedback { stamp: 1_000_000, slack: 150_000, epoch: 3 });
        assert_eq!(slot.next(Time(1140 * MS)), Some((3, Time(1140 * MS))));
        assert_eq!(slot.next(Time(1141 * MS)), Some((4, Time(1540 * MS))));
        // A message that took 30 ms longer.
        slot.learn(Feedback { stamp: 1_540_000, slack: 380_000, epoch: 5 });
        assert_eq!(slot.next(Time(1141 * MS)), Some((4, Time(1510 * MS))));
        assert_eq!(slot.next(Time(0)), Some((1, Time(310 * MS))));
    }
}
