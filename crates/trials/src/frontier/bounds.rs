//! Messages that no broadcast algorithm can do without.

use std::time::Duration;

/// Lower bounds on the messages between nodes per operation, for a wanted latency
/// D from the acceptance of a value to its presence at the last node.
///
/// What is assumed:
/// - a message carries all that its sender knows (its size costs nothing) and
///   takes exactly L; nodes compute in no time;
/// - broadcasts are half of all operations, a Poisson process spread evenly over
///   the n nodes: λ = r/2 a second, μ = λ/n of each node;
/// - the run is long: its ends, final reads and idle time do not count. (Measured
///   figures divide by all operations, the final read of each client among them,
///   and so may lie about 1 % below a bound that is attained.)
///
/// Nothing is assumed about the algorithm: it may know the future. All bounds are
/// on the *true* latency; what readers observe may be less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    nodes: f64,
    /// L, in seconds.
    latency: f64,
    /// r.
    rate: f64,
}

impl Bounds {
    /// For n nodes, links of latency L and r operations a second.
    pub fn new(nodes: u32, latency: Duration, rate: f64) -> Bounds {
        Bounds { nodes: f64::from(nodes), latency: latency.as_secs_f64(), rate }
    }

    /// λ: broadcasts a second, of all nodes.
    fn broadcasts(&self) -> f64 {
        self.rate / 2.0
    }

    /// 1/μ: seconds between two broadcasts of one node.
    fn own_gap(&self) -> f64 {
        self.nodes / self.broadcasts()
    }

    /// 1/λ′: seconds between two broadcasts of all nodes but one.
    fn others_gap(&self) -> f64 {
        1.0 / (self.broadcasts() - self.broadcasts() / self.nodes)
    }

    /// D − L; `None` if nothing can arrive in time.
    fn slack(&self, wanted: Duration) -> Option<f64> {
        let slack = wanted.as_secs_f64() - self.latency;
        // A nanosecond's rounding is no reason to call D = L impossible.
        (slack > -1e-9).then_some(slack.max(0.0))
    }

    /// S = D − 2L; `None` if two hops cannot arrive in time.
    fn two_hop_slack(&self, wanted: Duration) -> Option<f64> {
        let slack = wanted.as_secs_f64() - 2.0 * self.latency;
        (slack > -1e-9).then_some(slack.max(0.0))
    }

    /// From messages a second to messages per operation. One node needs none.
    fn per_operation(&self, messages: f64) -> f64 {
        if self.nodes < 2.0 || self.rate <= 0.0 { 0.0 } else { messages / self.rate }
    }

    /// T1: every node must be woken. For each broadcast made elsewhere at t a node
    /// needs an inbound message sent in \[t, t + D − L\]; stabbing these intervals
    /// greedily is optimal: M ≥ n/(D − L + 1/λ′), λ′ = λ − μ.
    pub fn wake(&self, wanted: Duration) -> Option<f64> {
        let slack = self.slack(wanted)?;
        Some(self.per_operation(self.nodes / (slack + self.others_gap())))
    }

    /// T1′, for D ≥ 2L: others' news is stale. A message sent at s brings news of
    /// third nodes only up to s − L, so two messages in a row into one node, from
    /// u₁ and u₂, leave a gap of at most S + T₃, T₃ being the time until a third
    /// other node has broadcast: M ≥ n/(S + E T₃). Needs four nodes.
    pub fn stale_news(&self, wanted: Duration) -> Option<f64> {
        let slack = self.two_hop_slack(wanted)?;
        if self.nodes < 4.0 {
            return Some(0.0);
        }
        let third: f64 = (1..=3).map(|i| self.own_gap() / (self.nodes - f64::from(i))).sum();
        Some(self.per_operation(self.nodes / (slack + third)))
    }

    /// T2: every origin must speak: M ≥ n/(D − L + 1/μ).
    pub fn origins(&self, wanted: Duration) -> Option<f64> {
        let slack = self.slack(wanted)?;
        Some(self.per_operation(self.nodes / (slack + self.own_gap())))
    }

    /// T3: gossip in windows. Spreading the news of k origins to all takes
    /// (k − 1) + (n − 1) one-way messages. Windows that begin at a broadcast and
    /// cover those of a further time a hold all their messages within
    /// a + D − L, so M ≥ (n − 1)(2 − e^(−μa))/(a + D − L + 1/λ) for every a ≥ 0;
    /// here for the best a.
    pub fn gossip(&self, wanted: Duration) -> Option<f64> {
        let slack = self.slack(wanted)?;
        let (own_rate, rest) = (1.0 / self.own_gap(), slack + 1.0 / self.broadcasts());
        let silent = |a: f64| (-own_rate * a).exp();
        // Concave over linear: it rises until this is negative, then falls.
        let slope = |a: f64| own_rate * silent(a) * (a + rest) - (2.0 - silent(a));
        let (mut low, mut high) = (0.0, 0.0);
        if slope(0.0) > 0.0 {
            high = self.own_gap();
            while slope(high) > 0.0 {
                high *= 2.0;
            }
            for _ in 0..100 {
                let middle = (low + high) / 2.0;
                if slope(middle) > 0.0 { low = middle } else { high = middle }
            }
        }
        let best = (low + high) / 2.0;
        let messages = (self.nodes - 1.0) * (2.0 - silent(best)) / (best + rest);
        Some(self.per_operation(messages))
    }

    /// T4, when every node always has news (μ → ∞): M ≥ (2n − 2)/(D − L). Not part
    /// of [`Bounds::universal`], as no finite rate is a full load; still divided
    /// by r.
    pub fn full_load(&self, wanted: Duration) -> Option<f64> {
        let slack = self.slack(wanted)?;
        Some(self.per_operation((2.0 * self.nodes - 2.0) / slack))
    }

    /// T5, for D < 2L: only one hop is in time, so each ordered pair needs messages
    /// of its own: M = n(n − 1)/(D − L + 1/μ). Direct batches that are held for
    /// D − L attain it. For D ≥ 2L: what direct batches cost there.
    pub fn one_hop(&self, wanted: Duration) -> Option<f64> {
        let slack = self.slack(wanted)?;
        let pairs = self.nodes * (self.nodes - 1.0);
        Some(self.per_operation(pairs / (slack + self.own_gap())))
    }

    /// What no algorithm can beat: T5 below 2L, and above the highest of T1, T1′,
    /// T2 and T3. `None` below L, where nothing arrives in time.
    pub fn universal(&self, wanted: Duration) -> Option<f64> {
        if self.two_hop_slack(wanted).is_none() {
            return self.one_hop(wanted);
        }
        let bounds = [
            self.wake(wanted)?,
            self.stale_news(wanted)?,
            self.origins(wanted)?,
            self.gossip(wanted)?,
        ];
        Some(bounds.into_iter().fold(0.0, f64::max))
    }

    /// What no algorithm can beat in which every value goes from its origin to one
    /// hub and from there to all: M ≥ (n − 1)(1/(S + 1/μ) + 1/(S + 1/λ′)). `None`
    /// below 2L.
    pub fn single_hub(&self, wanted: Duration) -> Option<f64> {
        let slack = self.two_hop_slack(wanted)?;
        let (up, down) = (1.0 / (slack + self.own_gap()), 1.0 / (slack + self.others_gap()));
        Some(self.per_operation((self.nodes - 1.0) * (up + down)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn challenge() -> Bounds {
        Bounds::new(25, 100 * MS, 100.0)
    }

    /// D in ms, universal, single-hub: the table of the project's analysis.
    const TABLE: [(u32, f64, Option<f64>); 20] = [
        (100, 12.000, None),
        (150, 10.909, None),
        (190, 10.169, None),
        (200, 3.828, Some(12.000)),
        (220, 2.931, Some(6.339)),
        (250, 2.168, Some(3.825)),
        (300, 1.512, Some(2.386)),
        (350, 1.161, Some(1.774)),
        (400, 0.942, Some(1.430)),
        (500, 0.684, Some(1.048)),
        (600, 0.537, Some(0.837)),
        (700, 0.442, Some(0.701)),
        (800, 0.376, Some(0.605)),
        (1000, 0.289, Some(0.477)),
        (1200, 0.245, Some(0.395)),
        (1500, 0.205, Some(0.315)),
        (1800, 0.176, Some(0.262)),
        (2000, 0.162, Some(0.236)),
        // Not in the table: below L nothing arrives in time.
        (99, f64::NAN, None),
        (0, f64::NAN, None),
    ];

    #[test]
    fn agree_with_the_table() {
        for (wanted, universal, single_hub) in TABLE {
            let found = challenge().universal(wanted * MS);
            match found {
                Some(found) => assert!((found - universal).abs() <= 0.0005, "{wanted}: {found}"),
                None => assert!(universal.is_nan(), "{wanted}: none"),
            }
            let found = challenge().single_hub(wanted * MS);
            match (found, single_hub) {
                (Some(found), Some(hub)) => {
                    assert!((found - hub).abs() <= 0.0005, "{wanted}: {found}");
                }
                (found, wanted) => assert_eq!(found, wanted),
            }
        }
    }

    #[test]
    fn agree_with_the_table_of_full_load_and_of_direct_batches() {
        let full =
            [(300, 2.4), (400, 1.6), (600, 0.96), (1000, 0.533), (1500, 0.343), (2000, 0.253)];
        for (wanted, bound) in full {
            let found = challenge().full_load(wanted * MS).unwrap();
            assert!((found - bound).abs() <= 0.0005, "{wanted}: {found}");
        }
        for (wanted, cost) in [(200, 10.0), (300, 8.571), (1000, 4.286), (2000, 2.5)] {
            let found = challenge().one_hop(wanted * MS).unwrap();
            assert!((found - cost).abs() <= 0.0005, "{wanted}: {found}");
        }
    }

    #[test]
    fn the_best_window_is_the_best() {
        let bounds = challenge();
        for wanted in [300, 1000, 2000] {
            let slack = f64::from(wanted) / 1e3 - 0.1;
            let best = (0..20_000)
                .map(|step| f64::from(step) / 1e4)
                .map(|a| 24.0 * (2.0 - (-2.0 * a).exp()) / (a + slack + 0.02) / 100.0)
                .fold(0.0, f64::max);
            let found = bounds.gossip(wanted * MS).unwrap();
            assert!((found - best).abs() < 1e-6, "{wanted}: {found} and {best}");
        }
    }

    #[test]
    fn more_time_never_costs_more() {
        for nodes in [1, 2, 3, 4, 25, 1000] {
            let bounds = Bounds::new(nodes, 100 * MS, 100.0);
            for bound in [Bounds::universal, Bounds::single_hub] {
                let costs: Vec<f64> =
                    (100..3000).filter_map(|wanted| bound(&bounds, wanted * MS)).collect();
                assert!(costs.iter().all(|cost| cost.is_finite()), "{nodes}");
                assert!(costs.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12), "{nodes}");
            }
        }
    }

    #[test]
    fn one_node_or_no_load_needs_nothing() {
        assert_eq!(Bounds::new(1, 100 * MS, 100.0).universal(300 * MS), Some(0.0));
        assert_eq!(Bounds::new(25, 100 * MS, 0.0).universal(300 * MS), Some(0.0));
        assert_eq!(Bounds::new(25, Duration::ZERO, 0.0).single_hub(MS), Some(0.0));
    }
}
