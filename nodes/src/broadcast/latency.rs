//! How long messages take, measured without comparing clocks: every message says
//! when its sender's clock sent it, and which message it heard last and how long
//! ago, so that the other can tell a round trip by its own clock.
//!
//! From the same figures come the times of single ways, and how far the clocks are
//! apart, as in NTP: of the last messages each way the fastest are taken to have
//! taken the same time. What others took longer is their *excess*, whose
//! distribution is that of jitter and queueing. If the two ways differ, only the
//! split between them is wrong: what goes there and back is right.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use glomers_node::Time;
use serde::{Deserialize, Serialize};

/// So many of the last messages each way tell of a link.
const WINDOW: usize = 32;
/// What is missing in a row beyond this was cut off, and no chance loss.
const OUTAGE: u64 = 8;
/// A message that is overtaken has so long to come.
const OVERTAKEN: Duration = Duration::from_secs(2);

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
    /// How many messages the sender has sent to the receiver, this one included; 0
    /// if it does not count.
    #[serde(default)]
    pub number: u64,
}

/// Times in microseconds, and when each was measured.
type Times = VecDeque<(Time, i64)>;

fn least(times: &Times) -> Option<i64> {
    times.iter().map(|&(_, time)| time).min()
}

#[derive(Debug, Clone, Default)]
struct Link {
    /// The last stamp that was heard, and when.
    heard: Option<(u64, Time)>,
    shortest: Option<Duration>,
    /// Smoothed round trip and its mean deviation, in microseconds.
    smoothed: Option<(f64, f64)>,
    /// What messages took to here and from here, by the two clocks: too long by as
    /// much as the receiver's clock is ahead.
    inward: Times,
    outward: Times,
    /// The last echo that was heard.
    echoed: u64,
    sent: u64,
    /// The highest number that was heard, and those below that were not, with when
    /// that was noticed.
    highest: u64,
    missing: BTreeMap<u64, Time>,
}

/// How a link's clocks and its fastest messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// How far the other's clock is ahead of this node's, in microseconds.
    pub ahead: i64,
    /// What the fastest messages took one way, in microseconds.
    pub shortest: u64,
}

/// What is known of all links together, times in microseconds and in ascending
/// order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ways {
    /// What single messages took.
    pub took: Vec<u32>,
    /// How much longer than the fastest on their link.
    pub excess: Vec<u32>,
    /// The fastest of each link.
    pub shortest: Vec<u32>,
}

/// The element below which this part of a sorted list is; 0 of nothing.
pub fn quantile(sorted: &[u32], part: f64) -> u32 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// Round trips to all other nodes.
#[derive(Debug, Default)]
pub struct RoundTrips {
    links: Vec<Link>,
    /// How much longer than the fastest a message hardly ever takes, if somebody has
    /// said so who knows more links.
    tail: Duration,
    /// Numbered messages that came and that did not, the older ones ever less.
    came: f64,
    lost: f64,
    samples: u64,
    /// Whether the tail is that of all links together, and how many round trips must have
    /// been measured when it is computed next.
    pools_at: Option<u64>,
}

/// Hardly any message takes longer than this quantile.
pub const HARDLY_EVER: f64 = 0.998;

impl RoundTrips {
    /// For nodes that plan nothing: time-outs follow how far latencies are spread on all
    /// links together, as no link alone has messages enough to tell.
    pub fn pooled() -> RoundTrips {
        RoundTrips { pools_at: Some(0), ..RoundTrips::default() }
    }

    /// The stamp of a message that is sent now.
    pub fn stamp(&mut self, peer: usize, now: Time) -> Stamp {
        let link = self.link(peer);
        link.sent += 1;
        let (at, number) = (micros(now), link.sent);
        match link.heard {
            Some((echo, heard_at)) => {
                let held = now.since(heard_at).as_micros() as u64;
                Stamp { at, echo: Some(echo), held, number }
            }
            None => Stamp { at, echo: None, held: 0, number },
        }
    }

    /// Takes the stamp of a message that has just arrived; the round trip that it
    /// tells of, if any.
    pub fn heard(&mut self, peer: usize, stamp: Stamp, now: Time) -> Option<Duration> {
        self.count(peer, stamp.number, now);
        let link = self.link(peer);
        link.heard = Some((stamp.at, now));
        remember(&mut link.inward, WINDOW, (now, micros(now) as i64 - stamp.at as i64));
        let echo = stamp.echo?;
        let took = micros(now).checked_sub(echo)?.checked_sub(stamp.held)?;
        if echo > link.echoed || link.outward.is_empty() {
            link.echoed = echo;
            let outward = stamp.at as i64 - stamp.held as i64 - echo as i64;
            remember(&mut link.outward, WINDOW, (now, outward));
        }
        let round_trip = Duration::from_micros(took);
        link.shortest = Some(link.shortest.map_or(round_trip, |least| least.min(round_trip)));
        let took = took as f64;
        link.smoothed = Some(match link.smoothed {
            None => (took, 0.0),
            Some((mean, deviation)) => {
                (mean + (took - mean) / 8.0, deviation + ((took - mean).abs() - deviation) / 4.0)
            }
        });
        self.samples += 1;
        if self.pools_at.is_some_and(|at| self.samples >= at) {
            self.tail = Duration::from_micros(quantile(&self.ways().excess, HARDLY_EVER).into());
            self.pools_at = Some(self.samples + (self.samples / 4).clamp(8, 256));
        }
        Some(round_trip)
    }

    /// Forgets a node that lives a new life, whose clock has begun anew.
    pub fn forget(&mut self, peer: usize) {
        let link = self.link(peer);
        *link = Link { sent: link.sent, ..Link::default() };
    }

    /// Takes note of which messages come and which do not.
    fn count(&mut self, peer: usize, number: u64, now: Time) {
        let link = self.link(peer);
        if number == 0 {
            return;
        }
        if number > link.highest {
            // What is missing at the beginning may have been sent to an earlier life.
            if link.highest > 0 && number - link.highest <= OUTAGE {
                link.missing.extend((link.highest + 1..number).map(|missing| (missing, now)));
            }
            link.highest = number;
        } else if link.missing.remove(&number).is_none() {
            return;
        }
        let before = link.missing.len();
        link.missing.retain(|_, noticed| now.since(*noticed) < OVERTAKEN);
        let lost = before - link.missing.len();
        self.lost += lost as f64;
        self.came += 1.0;
        if self.came > 2000.0 {
            self.came /= 2.0;
            self.lost /= 2.0;
        }
    }

    /// The fraction of messages that is lost on the way here.
    pub fn loss(&self) -> f64 {
        // One alone is no rate.
        if self.lost < 2.0 { 0.0 } else { self.lost / (self.came + self.lost) }
    }

    /// How many round trips were measured.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// How the clocks of a link and its fastest messages are, once both ways were
    /// measured.
    pub fn way(&self, peer: usize) -> Option<Way> {
        self.links.get(peer)?.way()
    }

    /// The same for a node that has not said yet when it heard this one, if its messages
    /// take so long.
    pub fn way_if(&self, peer: usize, shortest: u64) -> Option<Way> {
        let inward = least(&self.links.get(peer)?.inward)?;
        Some(Way { ahead: shortest as i64 - inward, shortest })
    }

    /// What messages take on all links together.
    pub fn ways(&self) -> Ways {
        let mut all = Ways::default();
        let known: Vec<(&Link, Way)> =
            self.links.iter().filter_map(|link| Some((link, link.way()?))).collect();
        let few = |link: &Link| link.inward.len().min(link.outward.len()) < 2;
        if known.iter().filter(|(link, _)| few(link)).count() * 2 > known.len() {
            all.guess(&known);
            return all;
        }
        for (link, way) in known {
            all.shortest.push(way.shortest as u32);
            for (_, excess) in link.excesses() {
                all.excess.push(excess);
                all.took.push(way.shortest as u32 + excess);
            }
        }
        all.sort();
        all
    }

    /// Whether what messages took in the last `recent` differs from what they took before by
    /// more than chance would have it. If so, what was measured before is forgotten.
    pub fn notice_change(&mut self, recent: Duration, now: Time) -> bool {
        let since = Time(now.nanos().saturating_sub(recent.as_nanos() as u64));
        let (mut before, mut after) = (Moments::default(), Moments::default());
        for (link, way) in self.links.iter().filter_map(|link| Some((link, link.way()?))) {
            for (at, excess) in link.excesses() {
                let side = if at < since { &mut before } else { &mut after };
                side.add(way.shortest as f64 + f64::from(excess));
            }
        }
        let is_other = before.differs(&after);
        if is_other {
            self.forget_before(since);
        }
        is_other
    }

    /// Forgets what messages took that came before a moment; of each link the newest of each
    /// direction stays.
    pub fn forget_before(&mut self, since: Time) {
        let mut left = 0;
        for link in &mut self.links {
            for times in [&mut link.inward, &mut link.outward] {
                let newest = times.back().copied();
                times.retain(|&(at, _)| at >= since);
                if times.is_empty() {
                    times.extend(newest);
                }
            }
            left += link.outward.len();
            link.shortest = None;
        }
        self.samples = left as u64;
    }

    /// Sets how much longer than the fastest a message hardly ever takes.
    pub fn set_tail(&mut self, tail: Duration) {
        self.tail = tail;
    }

    /// How long a round trip to a node hardly ever takes: the mean and four mean
    /// deviations (as TCP: Jacobson 1988), 20 ms more at the least; a second if
    /// nothing is known. Not less than the fastest and what both ways hardly ever
    /// take longer, if that is known.
    pub fn timeout(&self, peer: usize) -> Duration {
        let Some(link) = self.links.get(peer) else {
            return Duration::from_secs(1);
        };
        let usual = link.smoothed.map_or(Duration::from_secs(1), |(mean, deviation)| {
            Duration::from_micros((mean + (4.0 * deviation).max(20_000.0)) as u64)
        });
        match link.shortest {
            Some(shortest) if !self.tail.is_zero() => usual.max(shortest + self.tail * 13 / 10),
            _ => usual,
        }
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

    /// The shortest of all that were measured.
    pub fn shortest(&self) -> Option<Duration> {
        self.links.iter().filter_map(|link| link.shortest).min()
    }

    fn link(&mut self, peer: usize) -> &mut Link {
        if self.links.len() <= peer {
            self.links.resize(peer + 1, Link::default());
        }
        &mut self.links[peer]
    }
}

/// Number, sum and sum of squares of some times.
#[derive(Debug, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

/// Means of fewer times than this tell nothing.
const FEW_TIMES: f64 = 24.0;
/// A change is a mean that is larger by more than this, or smaller by as much, …
const CHANGE: f64 = 1.3;
/// … and so many standard errors away.
const CERTAIN: f64 = 4.5;

impl Moments {
    fn add(&mut self, time: f64) {
        self.count += 1.0;
        self.sum += time;
        self.squares += time * time;
    }

    fn differs(&self, other: &Moments) -> bool {
        if self.count.min(other.count) < FEW_TIMES {
            return false;
        }
        let mean = |of: &Moments| of.sum / of.count;
        let error =
            |of: &Moments| (of.squares / of.count - mean(of) * mean(of)).max(0.0) / of.count;
        let (here, there) = (mean(self), mean(other));
        let is_large = here > there * CHANGE || there > here * CHANGE;
        is_large && (here - there).abs() > CERTAIN * (error(self) + error(other)).sqrt()
    }
}

impl Link {
    fn way(&self) -> Option<Way> {
        let (inward, outward) = (least(&self.inward)?, least(&self.outward)?);
        let shortest = ((inward + outward) / 2).max(0) as u64;
        Some(Way { ahead: (outward - inward) / 2, shortest })
    }

    /// How much longer than the fastest messages took, and when that was measured.
    fn excesses(&self) -> impl Iterator<Item = (Time, u32)> {
        [&self.inward, &self.outward].into_iter().flat_map(|times| {
            let least = least(times).unwrap_or(0);
            times.iter().map(move |&(at, time)| (at, (time - least) as u32))
        })
    }
}

impl Ways {
    /// From one round trip of each link, which does not tell the two ways apart:
    /// as if all links were alike, and the times of single ways spread as the halves
    /// of round trips, but √2 times as far, as each is the mean of two.
    fn guess(&mut self, known: &[(&Link, Way)]) {
        let halves: Vec<f64> = known.iter().map(|(_, way)| way.shortest as f64).collect();
        let mean = halves.iter().sum::<f64>() / halves.len().max(1) as f64;
        let spread = halves.iter().map(|half| mean + (half - mean) * std::f64::consts::SQRT_2);
        self.took = spread.map(|time| time.max(0.0) as u32).collect();
        self.took.sort_unstable();
        let least = self.took.first().copied().unwrap_or(0);
        self.excess = self.took.iter().map(|time| time - least).collect();
        self.shortest = vec![least; known.len()];
    }

    fn sort(&mut self) {
        self.took.sort_unstable();
        self.excess.sort_unstable();
        self.shortest.sort_unstable();
    }
}

/// How long answers took, for nodes whose messages have no [`Stamp`].
#[derive(Debug, Default)]
pub struct AnswerTimes {
    /// The last ones, in microseconds.
    took: VecDeque<u32>,
    noted: usize,
    timeout: Option<Duration>,
}

impl AnswerTimes {
    /// Takes note of a round trip.
    pub fn note(&mut self, took: Duration) {
        remember(&mut self.took, ANSWERS, took.as_micros() as u32);
        self.noted += 1;
        // Sorting is not for each: of many, another tells little.
        if self.noted >= FEW_ANSWERS && self.noted.is_multiple_of(self.took.len().min(32)) {
            let mut sorted: Vec<u32> = self.took.iter().copied().collect();
            sorted.sort_unstable();
            let below = |part| Duration::from_micros(quantile(&sorted, part).into());
            let hardly_ever = below(0.99) * 5 / 4 + Duration::from_millis(20);
            self.timeout = Some(hardly_ever.min(LONGEST_TIMEOUT));
        }
    }

    /// How long an answer hardly ever takes; half a second if too few are known. No more than a
    /// second: answers of nodes that were held up, or of links that were slow, would make
    /// repetitions rare long after that.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_millis(500))
    }
}

/// Time-outs are not longer.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);
/// So many answers are remembered …
const ANSWERS: usize = 256;
/// … and fewer than this tell nothing.
const FEW_ANSWERS: usize = 8;

/// Adds the newest to at most so many.
fn remember<T>(all: &mut VecDeque<T>, most: usize, newest: T) {
    if all.len() == most {
        all.pop_front();
    }
    all.push_back(newest);
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
            trips.heard(1, Stamp { echo, ..Stamp::default() }, now);
        }
        assert!(trips.timeout(1) > Duration::from_secs(6));
        assert_eq!(trips.patience(1), Duration::from_millis(1_080));
        // Without pauses both are the same.
        let echo = Some(micros(now) - 200_000);
        trips.heard(2, Stamp { echo, ..Stamp::default() }, now);
        assert_eq!(trips.patience(2), trips.timeout(2));
    }

    /// The other's clock is 1 s ahead, and the fastest message takes 5 ms.
    #[test]
    fn clocks_and_single_ways_are_told_from_the_fastest_messages() {
        let mut trips = RoundTrips::default();
        for (round, (there, back)) in [(9, 7), (5, 30), (12, 5), (40, 6)].into_iter().enumerate() {
            let sent = 1_000_000 * (round as u64 + 1);
            let answered = sent + 1_000_000 + there * 1000 + 300;
            let stamp = Stamp { at: answered, echo: Some(sent), held: 300, number: 0 };
            let came = Time((answered - 1_000_000 + back * 1000) * 1000);
            let round_trip = trips.heard(1, stamp, came);
            assert_eq!(round_trip, Some(Duration::from_millis(there + back)));
        }
        assert_eq!(trips.way(1), Some(Way { ahead: 1_000_000, shortest: 5_000 }));
        let ways = trips.ways();
        assert_eq!(ways.took, [5, 5, 6, 7, 9, 12, 30, 40].map(|ms| ms * 1000));
        assert_eq!(ways.excess, [0, 0, 1, 2, 4, 7, 25, 35].map(|ms| ms * 1000));
    }

    /// Of exponential latencies (mean 100 ms) 3 of 1,000 round trips take longer than 0.8 s.
    #[test]
    fn pooled_timeouts_wait_out_jitter_and_not_much_more() {
        let mut trips = RoundTrips::pooled();
        let mut now = Time::ZERO;
        for round in 0..2_000_u64 {
            // Drawn evenly and in no order.
            let way = |number: u64| {
                let part = ((number * 617) % 1009) as f64 / 1009.0;
                (-100_000.0 * (1.0 - part).ln()) as u64
            };
            let peer = (round % 5) as usize;
            let sent = micros(now);
            let (there, back) = (way(2 * round), way(2 * round + 1));
            let stamp = Stamp { at: sent + there, echo: Some(sent), held: 0, number: 0 };
            trips.heard(peer, stamp, Time((sent + there + back) * 1000));
            now += Duration::from_millis(50);
        }
        for peer in 0..5 {
            let millis = trips.timeout(peer).as_millis();
            assert!((600..1_400).contains(&millis), "{millis}");
        }
    }

    /// Latencies of 100 ms double. Half of the last messages used to be the old ones for half
    /// a minute, and plans rested on both.
    #[test]
    fn latencies_that_change_are_noticed_and_the_old_ones_forgotten() {
        let mut trips = RoundTrips::default();
        let hear = |trips: &mut RoundTrips, peer, second: u64, way: u64| {
            let sent = second * 1_000_000;
            let stamp = Stamp { at: sent + way, echo: Some(sent), held: 0, number: 0 };
            trips.heard(peer, stamp, Time((sent + 2 * way) * 1000));
        };
        for second in 0..10 {
            (0..12).for_each(|peer| hear(&mut trips, peer, second, 100_000));
            assert!(!trips.notice_change(Duration::from_secs(2), Time(second * 1_000_000_000)));
        }
        (0..12).for_each(|peer| hear(&mut trips, peer, 10, 200_000));
        let now = Time(10_500_000_000);
        assert!(trips.notice_change(Duration::from_millis(500), now));
        // One message each way tells of a link what half a round trip tells.
        assert_eq!(trips.ways().took, [200_000; 12]);
        assert!(!trips.notice_change(Duration::from_millis(500), now));
    }

    #[test]
    fn answers_tell_how_long_to_wait_for_one() {
        let mut answers = AnswerTimes::default();
        for took in [200; 7] {
            answers.note(Duration::from_millis(took));
            assert_eq!(answers.timeout(), Duration::from_millis(500));
        }
        answers.note(Duration::from_millis(200));
        assert_eq!(answers.timeout(), Duration::from_millis(270));
        // Found by hunts for flood-retry: an answer of a node that was held up (seed 237), or
        // links that were slow (seed 303), made time-outs so long that three or four losses in a
        // row took 10 s.
        (0..7).for_each(|_| answers.note(Duration::from_millis(200)));
        answers.note(Duration::from_secs(8));
        assert_eq!(answers.timeout(), Duration::from_secs(1));
        // Latencies rise.
        (0..300).for_each(|_| answers.note(Duration::from_millis(600)));
        assert_eq!(answers.timeout(), Duration::from_millis(770));
    }

    #[test]
    fn what_is_overtaken_is_not_lost() {
        let mut trips = RoundTrips::default();
        let mut hear = |number, second| {
            let stamp = Stamp { number, ..Stamp::default() };
            trips.heard(1, stamp, Time(second * 1_000_000_000));
            trips.loss()
        };
        for number in [1, 2, 4, 3, 5, 7, 9] {
            assert_eq!(hear(number, number / 3), 0.0);
        }
        // 6 and 8 never came.
        assert_eq!(hear(10, 9), 2.0 / 10.0);
        // Then the link was cut.
        assert!(hear(1000, 90) < 0.2);
    }
}
