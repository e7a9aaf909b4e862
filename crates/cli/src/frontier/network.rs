//! The cluster and its network: options that `frontier` and `compare` share.

use std::time::Duration;

use clap::Args;
use glomers_report::frontier::{Latencies, Network, Side, rounded};
use glomers_sim::nemesis::Kind;
use glomers_sim::{Distribution, Latency};
use glomers_trials::frontier::{Figures, Quantiles, Setting};

use crate::error::CliError;
use crate::{faults, measured, number};

/// Optional all, so that it is known what was typed.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct NetworkArguments {
    /// How many nodes [default: 25]
    #[arg(long, value_name = "N", help_heading = "Network",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    node_count: Option<u32>,

    /// What `test` calls the names of nodes, and what this count was called.
    #[arg(long, hide = true)]
    nodes: Option<String>,

    /// Mean latency of messages between nodes, in whole ms [default: 100]
    #[arg(long, value_name = "MS", value_parser = number::latency, help_heading = "Network")]
    latency: Option<u64>,

    /// How latencies are spread, as for "test" [default: constant]
    #[arg(long, value_name = "HOW", help_heading = "Network")]
    latency_dist: Option<Distribution>,

    /// Operations per second of all clients together [default: 100]
    #[arg(long, value_name = "R", value_parser = rate, help_heading = "Network")]
    rate: Option<f64>,

    /// The fraction of messages between nodes that is lost, 0 to 1 [default: 0]
    #[arg(long, value_name = "P", value_parser = number::fraction, help_heading = "Network")]
    loss: Option<f64>,

    /// What to break, with commas between
    #[arg(long, value_name = "KIND,KIND", value_parser = faults::kind(), value_delimiter = ',',
          help_heading = "Network")]
    nemesis: Vec<Kind>,

    /// Mean time between faults' beginnings and ends, in seconds [default: 10]
    #[arg(long, value_name = "S", value_parser = number::interval, help_heading = "Network")]
    nemesis_interval: Option<Duration>,

    /// How long operations go on, in seconds [default: 20]
    #[arg(long, value_name = "S", value_parser = number::seconds, help_heading = "Network")]
    time_limit: Option<Duration>,

    /// How many seeds [default: 20; 3 where there is an executable]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: Option<u64>,

    /// The first seed [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e6 => Ok(rate),
        _ => Err("a rate is a number of operations per second, above 0".to_owned()),
    }
}

/// A wanted latency.
pub(crate) fn wanted(text: &str) -> Result<u64, String> {
    match number::latency(text) {
        Ok(0) => Err("nothing arrives within 0 ms".to_owned()),
        other => other,
    }
}

impl NetworkArguments {
    /// Refuses what is said otherwise.
    ///
    /// # Errors
    /// If there is `--nodes`.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        if let Some(nodes) = &self.nodes {
            let count = match nodes.parse::<u32>() {
                Ok(count) => count as usize,
                Err(_) => nodes.split(',').count(),
            };
            return Err(CliError::usage(format!("--nodes {nodes} is not taken here"))
                .hint(format!("nodes have no names of their own here; say --node-count {count}")));
        }
        Ok(())
    }

    pub(crate) fn setting(&self) -> Setting {
        let distribution = self.latency_dist.unwrap_or(Distribution::Constant);
        Setting {
            nodes: self.node_count.unwrap_or(25),
            latency: Latency { mean_ms: self.latency.unwrap_or(100), distribution },
            rate: self.rate.unwrap_or(100.0),
            loss: self.loss.unwrap_or(0.0),
            nemesis: self.nemesis.clone(),
            nemesis_interval: self.nemesis_interval.unwrap_or(Duration::from_secs(10)),
            time_limit: self.time_limit.unwrap_or(Duration::from_secs(20)),
        }
    }

    /// The seeds: fewer if nobody says how many and there is an executable.
    pub(crate) fn seeds(&self, has_executable: bool) -> Vec<u64> {
        let first = self.seed.unwrap_or(1);
        let count = self.seeds.unwrap_or(if has_executable { measured::SEEDS } else { 20 });
        (0..count).map(|number| first.wrapping_add(number)).collect()
    }

    /// As a report shows it.
    pub(crate) fn describe(&self, has_executable: bool) -> Network {
        let (setting, seeds) = (self.setting(), self.seeds(has_executable));
        Network {
            nodes: setting.nodes,
            latency_ms: setting.latency.mean_ms,
            latency_distribution: setting.latency.distribution.to_string(),
            rate: setting.rate,
            loss: setting.loss,
            nemesis: self.nemesis.iter().map(|kind| kind.name().to_owned()).collect(),
            nemesis_interval_s: setting.nemesis_interval.as_secs_f64(),
            time_limit_s: setting.time_limit.as_secs_f64(),
            seed: seeds[0],
            seeds: seeds.len() as u64,
        }
    }
}

/// Figures as a report has them.
pub(crate) fn side_of(figures: &Figures) -> Side {
    Side {
        messages_per_operation: rounded(figures.messages_per_operation),
        observed_ms: figures.observed.map(latencies_of),
        true_ms: figures.truth.map(latencies_of),
        client_latency_ms: figures.client_latency_ms.map(rounded),
        hottest_per_operation: figures.hottest_per_operation.map(rounded),
        bytes_per_operation: rounded(figures.bytes_per_operation),
    }
}

fn latencies_of(quantiles: Quantiles) -> Latencies {
    let Quantiles { median, p95, p99, max } = quantiles;
    Latencies { median, p95, p99, max }
}
