//! Options of the network beyond a mean latency and a loss.

use std::path::{Path, PathBuf};

use glomers_sim::{
    Bursts, Distribution, Latency, LatencyStep, PlanBuilder, Regions, parse_bandwidth,
};

use crate::error::CliError;
use crate::number;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NetworkModels {
    /// How latencies are spread: constant, uniform, exponential, normal:J, lognormal:SIGMA,
    /// pareto:ALPHA, paretonormal:J or spikes:P,EXTRA, with J and EXTRA in ms
    #[arg(long, value_name = "HOW", default_value = "constant", help_heading = "Network")]
    pub(crate) latency_dist: Distribution,

    /// How much the latencies that a link has within one second go up and down together,
    /// from 0 to below 1
    #[arg(long, value_name = "C", default_value = "0", value_parser = number::fraction,
          help_heading = "Network")]
    pub(crate) latency_correlation: f64,

    /// Changes of the latency while the run goes on: a file with lines such as "5s 200
    /// exponential" or "10s x2" for twice the time
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) latency_steps: Option<PathBuf>,

    /// Where the nodes are: a file with the round trips between regions, or "world", which
    /// comes with Glomers; nodes are placed in the regions in turn
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) regions: Option<String>,

    /// Messages of a link do not overtake each other, as with TCP
    #[arg(long, help_heading = "Network")]
    pub(crate) in_order: bool,

    /// How much a link carries each way, as 10mbit or 500kbit a second
    #[arg(long, value_name = "RATE", value_parser = parse_bandwidth, help_heading = "Network")]
    pub(crate) bandwidth: Option<u64>,

    /// Loss in bursts: gemodel:P,R[,LOSS[,LOSS-GOOD]]. Every 10 ms a good link turns bad with
    /// probability P, and a bad one good with probability R
    #[arg(long, value_name = "HOW", help_heading = "Network")]
    pub(crate) loss_model: Option<Bursts>,
}

impl NetworkModels {
    /// Puts them into a Plan with this mean latency.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(crate) fn put_into(&self, plan: &mut PlanBuilder, mean_ms: u64) -> Result<(), CliError> {
        plan.latency(Latency { mean_ms, distribution: self.latency_dist })
            .latency_correlation(self.latency_correlation)
            .in_order(self.in_order)
            .bandwidth(self.bandwidth)
            .loss_bursts(self.loss_model);
        if let Some(file) = &self.latency_steps {
            let steps = read("--latency-steps", file, LatencyStep::parse_all).map_err(|error| {
                error.hint("a line is a moment and a latency or a factor, as in: 5s 200 uniform")
            })?;
            for step in steps {
                plan.latency_step(step);
            }
        }
        if let Some(name) = &self.regions {
            plan.regions(&regions(name)?, self.latency_dist);
        }
        Ok(())
    }
}

/// Regions by the name that they come with Glomers by, or from a file.
fn regions(name: &str) -> Result<Regions, CliError> {
    match Regions::shipped(name) {
        Some(regions) => Ok(regions),
        None => read("--regions", Path::new(name), Regions::parse).map_err(|error| {
            let shipped = Regions::SHIPPED.join(", ");
            error.hint(format!("name a file, or regions that come with Glomers: {shipped}"))
        }),
    }
}

/// Reads a file and says where it is wrong.
fn read<T>(
    flag: &str,
    file: &Path,
    parse: impl Fn(&str) -> Result<T, (usize, String)>,
) -> Result<T, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::usage(format!("{flag}: {} cannot be read: {error}", file.display()))
    })?;
    parse(&text).map_err(|(line, what)| {
        CliError::usage(format!("{flag}: {}, line {line}: {what}", file.display()))
    })
}
