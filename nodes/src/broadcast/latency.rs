//! How long messages take, measured without comparing clocks: every message says
//! when its sender's clock sent it, and which message it heard last and how long
//! ago, so that the other can tell a round trip by its own clock.

use std::time::Duration;

use glomers_node::Time;
use serde::{Deserialize, Serialize};

/// The part of a message that this module is about; microseconds of the clocks of
/// those who wrote them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When this was sent.
    pub at: u64,
    /// The `at` that was heard last from the receiver …
    pub echo: Option<u64>,
    /// … and how long before this was sent.
    pub held: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Link {
    /// The last stamp that was heard, and when.
    heard: Option<(u64, Time)>,
    round_trip: Option<Duration>,
    shortest: Option<Duration>,
    /// Smoothed round trip and its mean deviation, in microseconds.
    smoothed: Option<(f64, f64)>,
}

/// Round trips to all other nodes.
#[derive(Debug, Default)]
pub struct RoundTrips {
    links: Vec<Link>,
}

impl RoundTrips {
    /// The stamp of a message that is sent now.
    pub fn stamp(&mut self, peer: usize, now: Time) -> Stamp {
        let link = self.link(peer);
        let at = micros(now);
        match link.heard {
            Some((echo, heard_at)) => {
                Stamp { at, echo: Some(echo), held: now.since(heard_at).as_micros() as u64 }
            }
            None => Stamp { at, echo: None, held: 0 },
        }
    }

    /// Takes the stamp of a message that has just arrived; the round trip that it
    /// tells of, if any.
    pub fn heard(&mut self, peer: usize, stamp: Stamp, now: Time) -> Option<Duration> {
        let link = self.link(peer);
        link.heard = Some((stamp.at, now));
        let took = micros(now).checked_sub(stamp.echo?)?.checked_sub(stamp.held)?;
        let round_trip = Duration::from_micros(took);
        link.round_trip = Some(round_trip);
        link.shortest = Some(link.shortest.map_or(round_trip, |least| least.min(round_trip)));
        let took = took as f64;
        link.smoothed = Some(match link.smoothed {
            None => (took, 0.0),
            Some((mean, deviation)) => {
                (mean + (took - mean) / 8.0, deviation + ((took - mean).abs() - deviation) / 4.0)
            }
        });
        link.round_trip
    }

    /// How long a round trip to a node hardly ever takes: the mean and four mean
    /// deviations (as TCP: Jacobson 1988), 20 ms more at the least; a second if
    /// nothing is known.
    pub fn timeout(&self, peer: usize) -> Duration {
        let known = self.links.get(peer).and_then(|link| link.smoothed);
        known.map_or(Duration::from_secs(1), |(mean, deviation)| {
            Duration::from_micros((mean + (4.0 * deviation).max(20_000.0)) as u64)
        })
    }

    /// As [`RoundTrips::timeout`], but no more than four times the shortest round trip
    /// and a second: far slower ones tell how long a node was paused, and would make
    /// repetitions rare long after that.
    pub fn patience(&self, peer: usize) -> Duration {
        let shortest = self.links.get(peer).and_then(|link| link.shortest).unwrap_or_default();
        self.timeout(peer).min(4 * shortest + Duration::from_secs(1))
    }

    /// The mean round trip to a node; half a second if nothing is known.
    pub fn mean(&self, peer: usize) -> Duration {
        let known = self.links.get(peer).and_then(|link| link.smoothed);
        known.map_or(Duration::from_millis(500), |(mean, _)| Duration::from_micros(mean as u64))
    }

    /// What a round trip with the slowest node hardly ever takes, without the
    /// 20 ms of patience.
    pub fn slowest(&self) -> Option<Duration> {
        let known = self.links.iter().filter_map(|link| link.smoothed);
        let times = known.map(|(mean, deviation)| mean + 4.0 * deviation);
        times.max_by(f64::total_cmp).map(|micros| Duration::from_micros(micros as u64))
    }

    /// The longest of all that were measured.
    pub fn longest(&self) -> Option<Duration> {
        self.links.iter().filter_map(|link| link.round_trip).max()
    }

    fn link(&mut self, peer: usize) -> &mut Link {
        if self.links.len() <= peer {
            self.links.resize(peer + 1, Link::default());
        }
        &mut self.links[peer]
    }
}

/// Microseconds of a node's clock.
pub fn micros(time: Time) -> u64 {
    time.nanos() / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by hub-ft under all faults at once (seed 562): 12 s until what was lost
    /// right after a pause was repeated.
    #[test]
    fn pauses_do_not_make_repetitions_rare() {
        let mut trips = RoundTrips::default();
        let mut now = Time::ZERO;
        for took in [20, 20, 6_000, 6_000] {
            let echo = Some(micros(now));
            now += Duration::from_millis(took);
            trips.heard(1, Stamp { at: 0, echo, held: 0 }, now);
        }
        assert!(trips.timeout(1) > Duration::from_secs(6));
        assert_eq!(trips.patience(1), Duration::from_millis(1_080));
        // Without pauses both are the same.
        trips.heard(2, Stamp { at: 0, echo: Some(micros(now) - 200_000), held: 0 }, now);
        assert_eq!(trips.patience(2), trips.timeout(2));
    }
}
