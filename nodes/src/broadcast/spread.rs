//! How long a message takes that goes to many, where latencies vary: from the times of
//! single messages that were measured on all links together.
//!
//! The slowest of many messages takes longer than a quantile of one: that all of n take at
//! most x has the n-th power of the probability for one. So timers that wait for "all have
//! it" must look far into the tail, of which a few samples tell nothing: it is taken to fall
//! as it does among the slowest that were measured.
//!
//! Source: spec of this project, section 10.

use std::time::Duration;

use super::latency::{RoundTrips, Ways};

/// So many slow messages are no chance.
const HELD_UP: usize = 4;

/// The part of messages that take longer than a time.
pub(super) struct Survival {
    table: Vec<f64>,
    step: f64,
}

impl Survival {
    /// From measured times in microseconds, ascending. Beyond the slowest, of which
    /// a few samples tell nothing, it falls as it does among the slowest in 25.
    pub(super) fn new(sorted: &[u32], lost: f64) -> Survival {
        let tail = &sorted[sorted.len() - (sorted.len() / 25).max(8).min(sorted.len())..];
        let from = f64::from(tail.first().copied().unwrap_or(0));
        let mean = tail.iter().map(|&time| f64::from(time) - from).sum::<f64>();
        let decay = (mean / tail.len().max(1) as f64).max(500.0) / 1e6;
        let part = tail.len() as f64 / sorted.len().max(1) as f64;
        let most = 8.0 * decay + f64::from(sorted.last().copied().unwrap_or(0)) / 1e6;
        let step = most / 1024.0;
        let mut place = 0;
        let table = (0..=1024)
            .map(|at| {
                let time = at as f64 * step;
                while sorted.get(place).is_some_and(|&sample| f64::from(sample) <= time * 1e6) {
                    place += 1;
                }
                let slower = (sorted.len() - place) as f64 / sorted.len().max(1) as f64;
                let smooth = (part * (-(time - from / 1e6) / decay).exp()).min(part);
                // Unless quite a few are far slower than that: some messages are held up.
                let are_held_up = sorted.len() - place >= HELD_UP && slower > 2.0 * smooth;
                let slower = if time * 1e6 > from && !are_held_up { smooth } else { slower };
                lost + (1.0 - lost) * slower
            })
            .collect();
        Survival { table, step }
    }

    /// The part that takes longer than so many seconds.
    pub(super) fn at(&self, time: f64) -> f64 {
        if time <= 0.0 {
            return 1.0;
        }
        let place = time / self.step;
        let index = place as usize;
        match self.table.get(index..index + 2) {
            Some(&[left, right]) => left + (right - left) * (place - index as f64),
            _ => self.table.last().copied().unwrap_or(0.0),
        }
    }
}

/// Moments at which the first of two messages in a row is taken to come.
const PARTS: usize = 64;
/// Steps of the search for a time.
const STEPS: usize = 24;

/// After which time this part of values has come to so many others: each by a message of
/// its own, sent at once, or (`is_relayed`) when one message to who sends them has come.
/// `None` as long as nothing was measured.
pub(super) fn reached_after(
    ways: &Ways,
    others: usize,
    is_relayed: bool,
    part: f64,
) -> Option<Duration> {
    let slowest = f64::from(*ways.took.last()?) / 1e6;
    let survival = Survival::new(&ways.took, 0.0);
    let came = |time: f64| power(1.0 - survival.at(time), others as u32);
    let first = |part: usize| f64::from(ways.took[part * ways.took.len() / PARTS]) / 1e6;
    let all_came = |time: f64| match is_relayed {
        true => (0..PARTS).map(|part| came(time - first(part))).sum::<f64>() / PARTS as f64,
        false => came(time),
    };
    let (mut short, mut long) = (0.0, 4.0 * slowest + 0.01);
    for _ in 0..STEPS {
        let middle = (short + long) / 2.0;
        if all_came(middle) >= part { long = middle } else { short = middle }
    }
    Some(Duration::from_secs_f64(long))
}

/// By squaring: what `std` computes may differ between machines.
pub(super) fn power(mut base: f64, mut times: u32) -> f64 {
    let mut product = 1.0;
    while times > 0 {
        if times % 2 == 1 {
            product *= base;
        }
        base *= base;
        times /= 2;
    }
    product
}

/// The part of values that are to be everywhere in time.
const IN_TIME: f64 = 0.99;

/// [`reached_after`] of what was measured, computed anew only when much was.
#[derive(Debug, Default)]
pub(super) struct Reach {
    of_samples: u64,
    after: Option<Duration>,
}

impl Reach {
    /// Takes what was measured by now.
    pub(super) fn learn(&mut self, trips: &RoundTrips, others: usize, is_relayed: bool) {
        let samples = trips.samples();
        if self.after.is_none() || samples >= self.of_samples + (self.of_samples / 4).min(500) {
            self.of_samples = samples;
            self.after = reached_after(&trips.ways(), others, is_relayed, IN_TIME);
        }
    }

    /// How long values may wait so that 99 of 100 have come to all by then.
    pub(super) fn spare(&self, max_latency: Duration) -> Duration {
        self.after.map_or(Duration::ZERO, |after| max_latency.saturating_sub(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(took: impl Iterator<Item = f64>) -> Ways {
        let took: Vec<u32> = took.map(|seconds| (seconds * 1e6) as u32).collect();
        Ways { took, ..Ways::default() }
    }

    #[test]
    fn equal_latencies_take_what_one_message_takes() {
        let ways = ways((0..200).map(|_| 0.1));
        let within = |found: Option<Duration>, low, high| {
            let millis = found.expect("there are samples").as_millis();
            assert!((low..=high).contains(&millis), "{millis}");
        };
        within(reached_after(&ways, 24, false, 0.99), 100, 104);
        within(reached_after(&ways, 23, true, 0.99), 200, 204);
        assert_eq!(reached_after(&Ways::default(), 24, true, 0.99), None);
    }

    /// Of 24 exponential latencies with a mean of 100 ms the slowest takes at most
    /// −0.1·ln(1 − 0.99^(1/24)) = 778 ms in 99 of 100 cases.
    #[test]
    fn the_slowest_of_many_takes_much_longer_than_one() {
        let ways =
            ways((0..1000).map(|place| -0.1 * (1.0 - (f64::from(place) + 0.5) / 1000.0).ln()));
        let one = reached_after(&ways, 1, false, 0.99).unwrap().as_secs_f64();
        assert!((one - 0.4605).abs() < 0.02, "{one}");
        let all = reached_after(&ways, 24, false, 0.99).unwrap().as_secs_f64();
        assert!((all - 0.778).abs() < 0.06, "{all}");
        let relayed = reached_after(&ways, 24, true, 0.99).unwrap().as_secs_f64();
        assert!(relayed > all + 0.05 && relayed < all + 0.25, "{relayed}");
    }
}
