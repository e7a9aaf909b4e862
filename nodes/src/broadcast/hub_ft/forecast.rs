//! How many values would come too late with a schedule, and what it would cost:
//! for networks whose latencies vary, computed from the latencies that the hub has
//! measured.
//!
//! Moments of the hub are P apart. A value waits for its leaf's slot, or not; its
//! message comes before one of the hub's moments T₀, T₁ …, and then goes to all
//! others with every message of theirs until they acknowledge it. So a leaf lacks it
//! at a time only if all messages since are late: with S(x) for the part of
//! messages that take longer than x, lost ones included, that has the probability
//! S(t) · S(t − P) · …, and if it asks after A for what has not come, each factor is
//! S(x) times the part of round trips that take longer than x − A. That all n − 2
//! others have it has the (n − 2)th power of the complement. It is averaged over the
//! moment at which the value is made and the moment it comes in time for.
//!
//! Source: spec of this project, section 10; overlapping batches are its "what is
//! unacknowledged is sent again".

use crate::broadcast::latency::{Ways, quantile};
use crate::broadcast::spread::{Survival, power};

/// Moments within a period at which values are taken to be made.
const PHASES: usize = 16;
/// Steps of the search for a period.
const STEPS: usize = 11;
/// The time between two copies to the hub, in seconds.
pub(super) const COPY_AFTER: f64 = 0.06;
/// Which parts of the messages to the hub a slot may wait for …
const MARGINS: [f64; 8] = [0.5, 0.7, 0.85, 0.93, 0.97, 0.99, 0.998, 1.0];
/// … or so many times as long as the slowest took: the slowest of few is not the slowest
/// of all.
const BEYOND: [f64; 3] = [1.05, 1.25, 1.6];
/// After which parts of its messages a leaf may ask for one.
const ASKS: [f64; 4] = [0.93, 0.97, 0.985, 0.995];

/// A way of working. All times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) period: f64,
    /// How long before the hub's moment a leaf sends, given how much longer than the
    /// fastest its message may take; `None`: at once.
    pub(super) margin: Option<f64>,
    /// Leaves send everything twice.
    pub(super) is_double: bool,
    /// How much later than the fastest a message of the hub may be until the leaf
    /// asks.
    pub(super) ask: Option<f64>,
    /// Messages a second between the hub and a leaf.
    pub(super) cost: f64,
}

/// What the hub has measured.
pub(super) struct Forecast {
    one: Survival,
    /// As `one`, without the fastest time on each link.
    excess: Survival,
    there_and_back: Survival,
    shortest: f64,
    margins: Vec<f64>,
    asks: Vec<f64>,
    nodes: f64,
    /// Values a second from each node.
    own: f64,
    /// The part of values that may be late.
    allowed: f64,
}

impl Forecast {
    /// `loss` is that of each message; `rate` the values a second of all nodes.
    pub(super) fn new(ways: &Ways, loss: f64, nodes: usize, rate: f64, allowed: f64) -> Forecast {
        let took = &ways.took;
        // Pairs of ways that have nothing to do with each other.
        let pair = |place: usize| took[place] + took[(place * 7 + took.len() / 3) % took.len()];
        let mut pairs: Vec<u32> = (0..took.len()).map(pair).collect();
        pairs.sort_unstable();
        let seconds = |micros: u32| f64::from(micros) / 1e6;
        let parts = |parts: &[f64]| -> Vec<f64> {
            parts.iter().map(|&part| seconds(quantile(&ways.excess, part))).collect()
        };
        let beyond = |times: f64| seconds(quantile(&ways.excess, 1.0)) * times + 0.005;
        Forecast {
            one: Survival::new(took, loss),
            excess: Survival::new(&ways.excess, loss),
            there_and_back: Survival::new(&pairs, 1.0 - (1.0 - loss) * (1.0 - loss)),
            shortest: seconds(quantile(&ways.shortest, 0.5)),
            margins: parts(&MARGINS).into_iter().chain(BEYOND.map(beyond)).collect(),
            asks: parts(&ASKS),
            nodes: nodes as f64,
            own: rate / nodes as f64,
            allowed,
        }
    }

    /// Whether few enough values are not everywhere after `wanted`.
    fn is_enough(&self, way: &Candidate, wanted: f64) -> bool {
        let period = way.period;
        let has_news = 1.0 - (-self.own * self.nodes * period).exp();
        let sends_again = 1.0 - (-self.own * period).exp();
        let (mut late, mut has_not) = (0.0, Vec::new());
        let allowed = self.allowed * PHASES as f64;
        // Those that wait longest first: they decide it mostly.
        for phase in (0..PHASES).rev() {
            let wait = (phase as f64 + 0.5) / PHASES as f64 * period;
            // Until the hub's first moment, of which so much is the message's way.
            let (left, way_up) = match way.margin {
                Some(margin) => (wanted - wait - margin - self.shortest, margin),
                None => (wanted - wait, wait - self.shortest),
            };
            // Whether a leaf has at each of the hub's moments what it could have by then: a
            // product over the later moments, so from the last to the first.
            let moments = if left < 0.0 { 0 } else { (left / period) as usize + 1 };
            has_not.resize(moments, 0.0);
            let mut later = 1.0;
            for moment in (0..moments).rev() {
                let part = self.lacks_after(left - moment as f64 * period, way.ask);
                has_not[moment] = part * later;
                later *= 1.0 - has_news * (1.0 - part);
            }
            // It is sent again with the leaf's next news, at each moment so far.
            let (mut missed, mut in_time, mut again) = (1.0, 0.0, 1.0);
            for (moment, lacking) in has_not.iter().enumerate() {
                let since = way_up + moment as f64 * period;
                let part = self.excess.at(since);
                // What has not come by now.
                let mut not_yet = part * again;
                if way.is_double {
                    not_yet *= self.excess.at(since - COPY_AFTER);
                }
                again *= 1.0 - sends_again * (1.0 - part);
                let not_yet = f64::min(not_yet, missed);
                in_time += (missed - not_yet) * power(1.0 - lacking, self.nodes as u32 - 2);
                missed = not_yet;
            }
            late += 1.0 - in_time;
            if late > allowed {
                return false;
            }
        }
        true
    }

    fn lacks_after(&self, time: f64, ask: Option<f64>) -> f64 {
        let lacks = self.one.at(time);
        match ask {
            Some(ask) => lacks * self.there_and_back.at(time - ask - self.shortest),
            None => lacks,
        }
    }

    fn cost(&self, way: &Candidate) -> f64 {
        let copies = if way.is_double { 2.0 } else { 1.0 };
        let up = match way.margin {
            Some(_) => (1.0 - (-self.own * way.period).exp()) / way.period,
            None => self.own / (1.0 + self.own * way.period / 8.0),
        };
        let down = (1.0 - (-self.own * self.nodes * way.period).exp()) / way.period;
        let asked = way.ask.map_or(0.0, |ask| 2.0 * self.excess.at(ask));
        up * copies + down * (1.0 + asked)
    }

    /// The longest period that is short enough, for a way of working.
    fn fit(&self, way: Candidate, wanted: f64) -> Option<Candidate> {
        let with = |period: f64| Candidate { period, ..way };
        let is_enough = |period: f64| self.is_enough(&with(period), wanted);
        let shortest = (wanted / 40.0).max(0.005);
        let (mut short, mut long) = (shortest, wanted);
        for _ in 0..STEPS {
            let middle = (short + long) / 2.0;
            if is_enough(middle) { short = middle } else { long = middle }
        }
        // Last, as many short periods take long to compute.
        if short == shortest && !is_enough(short) {
            return None;
        }
        let found = with(short);
        Some(Candidate { cost: self.cost(&found), ..found })
    }

    /// The cheapest way of working with which few enough values are late; if there
    /// is none, that with which the fewest are.
    pub(super) fn best(&self, wanted: f64, may_ask: bool) -> Candidate {
        let margins = self.margins.iter().copied().map(Some).chain([None]);
        let plain = margins.flat_map(|margin| [false, true].map(|is_double| (margin, is_double)));
        let ways = plain.map(|(margin, is_double)| Candidate {
            period: 0.0,
            margin,
            is_double,
            ask: None,
            cost: 0.0,
        });
        let cheapest = |ways: &mut dyn Iterator<Item = Candidate>| {
            let fitting = ways.filter_map(|way| self.fit(way, wanted));
            fitting.min_by(|one, other| one.cost.total_cmp(&other.cost))
        };
        let Some(best) = cheapest(&mut ways.into_iter()) else {
            let period = (wanted / 8.0).max(0.01);
            let way = Candidate { period, margin: None, is_double: true, ask: None, cost: 0.0 };
            return Candidate { cost: self.cost(&way), ..way };
        };
        if !may_ask {
            return best;
        }
        let near = self.margins.iter().copied().map(Some).chain([None]);
        let mut asking = near.flat_map(|margin| {
            self.asks.iter().map(move |&ask| Candidate { margin, ask: Some(ask), ..best })
        });
        match cheapest(&mut asking) {
            Some(other) if other.cost < best.cost => other,
            _ => best,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured latencies as they would be with these quantiles.
    fn ways(quantile: impl Fn(f64) -> f64) -> Ways {
        let took: Vec<u32> =
            (0..1000).map(|place| (quantile((place as f64 + 0.5) / 1000.0) * 1e6) as u32).collect();
        let (excess, least) = (took.iter().map(|time| time - took[0]).collect(), took[0]);
        Ways { took, excess, shortest: vec![least; 24] }
    }

    /// Messages per operation, half of which are broadcasts.
    fn cost(ways: &Ways, loss: f64, wanted: f64) -> f64 {
        Forecast::new(ways, loss, 25, 50.0, 0.01).best(wanted, true).cost * 24.0 / 100.0
    }

    /// The models of the spec, which are simulations, say 2.78, 1.89, 1.29, 0.86
    /// (exponential) and 1.66, 1.00, 0.75, 0.49 (uniform).
    #[test]
    fn costs_are_those_of_the_models() {
        let exponential = ways(|part| -0.1 * (1.0 - part).ln());
        let uniform = ways(|part| 0.2 * part);
        for (ways, goals) in [
            (&exponential, [(0.6, 2.9), (0.8, 1.95), (1.0, 1.35), (1.5, 0.88)]),
            (&uniform, [(0.6, 1.66), (0.8, 1.0), (1.0, 0.75), (1.5, 0.49)]),
        ] {
            for (wanted, most) in goals {
                let found = cost(ways, 0.0, wanted);
                assert!(found <= most && found > most * 0.75, "{wanted} s: {found} of {most}");
            }
        }
        assert!(cost(&exponential, 0.01, 1.0) > cost(&exponential, 0.0, 1.0));
    }
}
