//! The content of `frontier.json`.

use serde::{Deserialize, Serialize};

use super::pareto::on_frontier;

/// The version of the form.
pub const VERSION: u32 = 1;

/// What was measured, and what it is to be compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`VERSION`] when it was written.
    pub version: u32,
    /// Somebody stopped the measuring: rows that were not finished are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The cluster.
    pub network: Network,
    /// A row for each algorithm and wanted latency.
    pub rows: Vec<Row>,
    /// Lower bounds; none where they do not hold.
    pub bounds: Vec<Curve>,
    /// Results of others in the same setting; none if it is another.
    pub published: Vec<Published>,
    /// What is to be undercut in the same setting.
    pub marks: Vec<Mark>,
}

/// The cluster, its load and its network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// How many nodes, and clients.
    pub nodes: u32,
    /// Mean latency of messages between nodes.
    pub latency_ms: u64,
    /// How it is spread.
    pub latency_distribution: String,
    /// Operations a second.
    pub rate: f64,
    /// The fraction of messages that is lost.
    pub loss: f64,
    /// What is broken.
    pub nemesis: Vec<String>,
    /// Mean time between faults' beginnings and ends.
    pub nemesis_interval_s: f64,
    /// How long operations go on.
    pub time_limit_s: f64,
    /// The first seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u64,
}

/// An algorithm at one wanted latency: medians over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name of the node.
    pub algorithm: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The wanted latency to the last node, if it has a knob for it.
    pub wanted_ms: Option<f64>,
    /// With an ideal inbox.
    pub ideal: Side,
    /// With Maelstrom's.
    pub maelstrom: Side,
    /// Values lost, in all runs together.
    pub lost_values: u64,
    /// The seeds of runs that were not valid.
    pub invalid_seeds: Vec<u64>,
    /// Messages (ideal inbox) over what any algorithm needs at the same true
    /// maximum.
    pub over_universal: Option<f64>,
    /// Messages (ideal inbox) over what any algorithm with one hub needs.
    pub over_single_hub: Option<f64>,
    /// Whether no other row beats it: messages against true maximum, ideal inbox.
    pub frontier_max: bool,
    /// The same against the true median.
    pub frontier_median: bool,
}

/// A row in one inbox mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Messages between nodes per operation.
    pub messages_per_operation: f64,
    /// Stable latency as readers see it.
    pub observed_ms: Option<Latencies>,
    /// From the first node that has a value to the last.
    pub true_ms: Option<Latencies>,
    /// The mean time of an operation.
    pub client_latency_ms: Option<f64>,
    /// Messages sent and received by the busiest node, per operation.
    pub hottest_per_operation: Option<f64>,
    /// Bytes of bodies between nodes, as JSON, per operation.
    pub bytes_per_operation: f64,
}

/// Quantiles of a latency; over several runs, the median of each run's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// Half are at most this.
    pub median: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// All are at most this.
    pub max: f64,
}

/// A lower bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `universal` or `single-hub`.
    pub name: String,
    /// What it bounds, for the legend.
    pub about: String,
    /// True maximum latency in ms, and messages per operation.
    pub points: Vec<(f64, f64)>,
}

/// Somebody's own report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Whose.
    pub source: String,
    /// For which challenge, as far as said.
    pub challenge: String,
    /// Messages per operation; some count those with clients too.
    pub messages_per_operation: f64,
    /// Observed median.
    pub median_ms: f64,
    /// Observed maximum.
    pub max_ms: f64,
    /// How.
    pub technique: String,
}

/// What a challenge wants undercut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Which challenge.
    pub name: String,
    /// Messages per operation.
    pub messages_per_operation: f64,
    /// Observed median.
    pub median_ms: f64,
    /// Observed maximum.
    pub max_ms: f64,
}

impl Document {
    /// The bytes of `frontier.json`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("all keys are texts");
        bytes.push(b'\n');
        bytes
    }

    /// Marks the rows that no other beats. Rows that lost something are on no
    /// frontier.
    pub fn mark_frontier(&mut self) {
        let on = |which: fn(&Latencies) -> f64| {
            let point = |row: &Row| {
                let latency = row.ideal.true_ms.as_ref().map(which)?;
                row.is_sound().then_some((latency, row.ideal.messages_per_operation))
            };
            on_frontier(&self.rows.iter().map(point).collect::<Vec<_>>())
        };
        let (max, median) = (on(|found| found.max), on(|found| found.median));
        for (row, (max, median)) in self.rows.iter_mut().zip(max.into_iter().zip(median)) {
            (row.frontier_max, row.frontier_median) = (max, median);
        }
    }

    /// The names of the algorithms in the order of the rows.
    pub fn algorithms(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.algorithm.as_str()) {
                names.push(&row.algorithm);
            }
        }
        names
    }
}

impl Row {
    /// Whether nothing was lost in any run, and nothing else was wrong.
    pub fn is_sound(&self) -> bool {
        self.lost_values == 0 && self.invalid_seeds.is_empty()
    }
}

impl Network {
    /// In few words.
    pub fn text(&self) -> String {
        let spread = match self.latency_distribution.as_str() {
            "constant" => String::new(),
            other => format!(" ({other})"),
        };
        let mut text = format!(
            "{} nodes, {} ms{spread}, {} operations/s for {} s",
            self.nodes, self.latency_ms, self.rate, self.time_limit_s
        );
        if self.loss > 0.0 {
            text += &format!(", {} % loss", rounded(self.loss * 100.0));
        }
        if !self.nemesis.is_empty() {
            let names = self.nemesis.join(", ");
            text += &format!(", faults: {names} (about every {} s)", self.nemesis_interval_s);
        }
        let seeds = self.seeds;
        text + &format!(", {seeds} seed{}", if seeds == 1 { "" } else { "s" })
    }
}

/// Six digits: more than a measurement has, and few enough that the last bit of
/// some machine's logarithm does not show.
pub fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn six_digits_stay() {
        assert_eq!(rounded(1.0 / 3.0), 0.333333);
        assert_eq!(rounded(123_456_789.0), 123_457_000.0);
        assert_eq!(rounded(0.0), 0.0);
    }
}
