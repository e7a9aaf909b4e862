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

/// Latencies are normal with this mean and standard deviation; what would be below 0 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normal(pub Duration, pub Duration);

/// Latencies are log-normal: this mean, and this standard deviation of the logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lognormal(pub Duration, pub f64);

/// Latencies are Pareto: this mean, and this exponent (above 1; the smaller, the longer
/// the tail).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pareto(pub Duration, pub f64);

/// Latencies are a quarter normal and three quarters Pareto around this mean, each with
/// this standard deviation, as netem's table of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParetoNormal(pub Duration, pub Duration);

/// Every message takes the first time, but this fraction of them so much longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spikes(pub Duration, pub f64, pub Duration);

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn latency(mean: Duration, distribution: Distribution) -> Latency {
    Latency { mean_ms: ms(mean), distribution }
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

impl From<Normal> for Latency {
    fn from(Normal(mean, jitter): Normal) -> Latency {
        latency(mean, Distribution::Normal { jitter_ms: ms(jitter) })
    }
}

impl From<Lognormal> for Latency {
    fn from(Lognormal(mean, sigma): Lognormal) -> Latency {
        let sigma_thousandths = (sigma * 1e3).round() as u64;
        latency(mean, Distribution::Lognormal { sigma_thousandths })
    }
}

impl From<Pareto> for Latency {
    /// # Panics
    /// If the exponent is 1 or less: there is no mean then.
    fn from(Pareto(mean, alpha): Pareto) -> Latency {
        assert!(alpha > 1.0, "a Pareto distribution has a mean if its exponent is above 1");
        let alpha_thousandths = (alpha * 1e3).round() as u64;
        latency(mean, Distribution::Pareto { alpha_thousandths })
    }
}

impl From<ParetoNormal> for Latency {
    fn from(ParetoNormal(mean, jitter): ParetoNormal) -> Latency {
        latency(mean, Distribution::Paretonormal { jitter_ms: ms(jitter) })
    }
}

impl From<Spikes> for Latency {
    fn from(Spikes(usual, share, extra): Spikes) -> Latency {
        let per_million = (share.clamp(0.0, 1.0) * 1e6).round() as u64;
        latency(usual, Distribution::Spikes { per_million, extra_ms: ms(extra) })
    }
}
