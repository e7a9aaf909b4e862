//! Latencies as tests write them.

use std::time::Duration;

use glomers_sim::{Distribution, Latency};

/// Every message takes this long, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant(pub Duration);

/// Latencies are spread evenly from 0 to just below twice this mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uniform(pub Duration);

/// Latencies are spread exponentially with this mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exponential(pub Duration);

fn latency(mean: Duration, distribution: Distribution) -> Latency {
    Latency { mean_ms: u64::try_from(mean.as_millis()).unwrap_or(u64::MAX), distribution }
}

impl From<Constant> for Latency {
    fn from(Constant(mean): Constant) -> Latency {
        latency(mean, Distribution::Constant)
    }
}

impl From<Uniform> for Latency {
    fn from(Uniform(mean): Uniform) -> Latency {
        latency(mean, Distribution::Uniform)
    }
}

impl From<Exponential> for Latency {
    fn from(Exponential(mean): Exponential) -> Latency {
        latency(mean, Distribution::Exponential)
    }
}
