//! How long messages take: distributions by name, and what changes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use glomers_history::MILLISECOND;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::normal::{cumulative, quantile};

/// Latency of the messages on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Mean, in whole ms.
    pub mean_ms: u64,
    /// How it is spread.
    pub distribution: Distribution,
}

/// How a latency is spread around its mean; each message's is a whole number of ms, and
/// never below 0.
///
/// As text: `constant`, `uniform`, `exponential`, `normal:J`, `lognormal:SIGMA`,
/// `pareto:ALPHA`, `paretonormal:J`, `spikes:P,EXTRA`, with J and EXTRA in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Distribution {
    /// Always the mean.
    Constant,
    /// Uniform on 0 … 2·mean − 1.
    Uniform,
    /// Exponential.
    Exponential,
    /// Normal, with this standard deviation; what would be below 0 is 0.
    Normal {
        /// In ms.
        jitter_ms: u64,
    },
    /// Log-normal: the logarithm is normal with this standard deviation.
    Lognormal {
        /// In thousandths.
        sigma_thousandths: u64,
    },
    /// Pareto: the share of messages that take longer than t falls as t to the power of
    /// −α.
    Pareto {
        /// α in thousandths, above 1000.
        alpha_thousandths: u64,
    },
    /// The mean, and a quarter of a normal and three quarters of a Pareto (α = 3)
    /// deviation, each with this standard deviation, as netem's table of that name.
    Paretonormal {
        /// In ms.
        jitter_ms: u64,
    },
    /// The mean, but some messages take longer.
    Spikes {
        /// How many in a million.
        per_million: u64,
        /// How much longer, in ms.
        extra_ms: u64,
    },
}

impl Distribution {
    /// The names, with what belongs behind them.
    pub const FORMS: [&str; 8] = [
        "constant",
        "uniform",
        "exponential",
        "normal:J",
        "lognormal:SIGMA",
        "pareto:ALPHA",
        "paretonormal:J",
        "spikes:P,EXTRA",
    ];
}

/// A number as short as it can be written.
struct Thousandths(u64);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as f64 / 1e3)
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Distribution::Constant => f.write_str("constant"),
            Distribution::Uniform => f.write_str("uniform"),
            Distribution::Exponential => f.write_str("exponential"),
            Distribution::Normal { jitter_ms } => write!(f, "normal:{jitter_ms}"),
            Distribution::Lognormal { sigma_thousandths } => {
                write!(f, "lognormal:{}", Thousandths(sigma_thousandths))
            }
            Distribution::Pareto { alpha_thousandths } => {
                write!(f, "pareto:{}", Thousandths(alpha_thousandths))
            }
            Distribution::Paretonormal { jitter_ms } => write!(f, "paretonormal:{jitter_ms}"),
            Distribution::Spikes { per_million, extra_ms } => {
                write!(f, "spikes:{},{extra_ms}", per_million as f64 / 1e6)
            }
        }
    }
}

/// Whole milliseconds, up to an hour, with or without their unit.
fn milliseconds(text: &str, what: &str) -> Result<u64, String> {
    let number = text.strip_suffix("ms").unwrap_or(text);
    match number.parse() {
        Ok(ms @ 0..=3_600_000) => Ok(ms),
        _ => Err(format!("{what} is a whole number of ms up to 3600000, not {text:?}")),
    }
}

/// A number within bounds, in thousandths.
fn thousandths(text: &str, lowest: f64, highest: f64, what: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if (lowest..=highest).contains(&number) => Ok(libm::round(number * 1e3) as u64),
        _ => Err(format!("{what} is a number from {lowest} to {highest}, not {text:?}")),
    }
}

/// A probability such as `0.01` or `1%`, in millionths.
pub(crate) fn millionths(text: &str) -> Result<u64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    match number {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(libm::round(number * 1e6) as u64),
        _ => Err(format!("a probability is a number from 0 to 1, or a percentage, not {text:?}")),
    }
}

impl FromStr for Distribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Distribution, String> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name.trim(), Some(rest.trim())),
            None => (text.trim(), None),
        };
        let needs = |form: &str| format!("it needs a number, as in {form}");
        let jitter = |form: &str| milliseconds(rest.ok_or_else(|| needs(form))?, "the jitter");
        let distribution = match name {
            "constant" => Distribution::Constant,
            "uniform" => Distribution::Uniform,
            "exponential" => Distribution::Exponential,
            "normal" => Distribution::Normal { jitter_ms: jitter("normal:20")? },
            "paretonormal" => Distribution::Paretonormal { jitter_ms: jitter("paretonormal:20")? },
            "lognormal" => {
                let sigma = rest.ok_or_else(|| needs("lognormal:0.6"))?;
                let sigma_thousandths = thousandths(sigma, 0.0, 5.0, "sigma")?;
                Distribution::Lognormal { sigma_thousandths }
            }
            "pareto" => {
                let alpha = rest.ok_or_else(|| needs("pareto:2.5"))?;
                // With α of 1 or less there is no mean.
                let alpha_thousandths = thousandths(alpha, 1.001, 1000.0, "alpha")?;
                Distribution::Pareto { alpha_thousandths }
            }
            "spikes" => {
                let both = rest.and_then(|rest| rest.split_once(','));
                let (share, extra) = both.ok_or_else(|| {
                    "it needs a probability and what is added in ms, as in spikes:0.01,1000"
                        .to_owned()
                })?;
                let per_million = millionths(share.trim())?;
                let extra_ms = milliseconds(extra.trim(), "what a spike adds")?;
                Distribution::Spikes { per_million, extra_ms }
            }
            _ => {
                return Err(format!(
                    "there is no distribution {text:?}; known: {}",
                    Distribution::FORMS.join(", ")
                ));
            }
        };
        let takes_none = matches!(
            distribution,
            Distribution::Constant | Distribution::Uniform | Distribution::Exponential
        );
        match rest {
            Some(rest) if takes_none => Err(format!("{name} takes no number, but has {rest:?}")),
            _ => Ok(distribution),
        }
    }
}

impl Latency {
    /// A latency in whole ms.
    pub(crate) fn draw(self, draws: impl FnOnce() -> Draws) -> u64 {
        if self.mean_ms == 0 && !self.is_random() {
            return 0;
        }
        match self.distribution {
            Distribution::Constant => self.mean_ms,
            Distribution::Uniform => draws().below(2 * self.mean_ms),
            Distribution::Exponential => draws().exponential(self.mean_ms as f64) as u64,
            _ => self.at(draws().unit()),
        }
    }

    /// Whether messages may take other than the mean.
    fn is_random(self) -> bool {
        let by_itself = matches!(
            self.distribution,
            Distribution::Normal { .. }
                | Distribution::Paretonormal { .. }
                | Distribution::Spikes { .. }
        );
        by_itself || (self.mean_ms > 0 && self.distribution != Distribution::Constant)
    }

    /// The latency in whole ms that a share of `unit` of all messages does not exceed.
    pub(crate) fn at(self, unit: f64) -> u64 {
        let mean = self.mean_ms as f64;
        let ms = match self.distribution {
            Distribution::Constant => mean,
            Distribution::Uniform => return (unit * 2.0 * mean) as u64,
            Distribution::Exponential => return (-libm::log(1.0 - unit) * mean) as u64,
            Distribution::Normal { jitter_ms } => mean + jitter_ms as f64 * quantile(unit),
            Distribution::Lognormal { sigma_thousandths } => {
                let sigma = sigma_thousandths as f64 / 1e3;
                mean * libm::exp(sigma * quantile(unit) - sigma * sigma / 2.0)
            }
            Distribution::Pareto { alpha_thousandths } => {
                let alpha = alpha_thousandths as f64 / 1e3;
                mean * (alpha - 1.0) / alpha * libm::pow(1.0 - unit, -1.0 / alpha)
            }
            Distribution::Paretonormal { jitter_ms } => {
                // A Pareto variable with α = 3 from 1 on has mean 3/2 and variance 3/4.
                let pareto = (libm::cbrt(1.0 / (1.0 - unit)) - 1.5) / libm::sqrt(0.75);
                mean + jitter_ms as f64 * (0.25 * quantile(unit) + 0.75 * pareto)
            }
            Distribution::Spikes { per_million, extra_ms } => {
                let is_spike = unit >= 1.0 - per_million as f64 / 1e6;
                mean + if is_spike { extra_ms as f64 } else { 0.0 }
            }
        };
        // A float as an integer is at least 0 and at most the largest.
        libm::round(ms) as u64
    }
}

/// How long the latencies of a link go up and down together.
pub(crate) const CORRELATION_WINDOW: u64 = 1000 * MILLISECOND;

/// Where a message is in its distribution, from 0 to 1, if `correlation` of the variance
/// (of a normal variable that tells) is common to all messages of its link and window.
pub(crate) fn correlated(correlation: f64, common: f64, own: f64) -> f64 {
    let score =
        libm::sqrt(correlation) * quantile(common) + libm::sqrt(1.0 - correlation) * quantile(own);
    cumulative(score).min(1.0 - f64::EPSILON)
}

/// A change of all latencies while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyStep {
    /// When, ns from the beginning of the main phase.
    pub at: u64,
    /// What.
    pub change: LatencyChange,
}

/// What becomes of latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatencyChange {
    /// All links without a rule of their own have this one.
    To(Latency),
    /// All messages take so many thousandths of the time that they would.
    Times {
        /// 1000 is no change.
        thousandths: u64,
    },
}

impl LatencyStep {
    /// Reads steps, one a line: `5s 200 exponential`, or `5s x2` for twice the time; `#`
    /// begins a comment.
    ///
    /// # Errors
    /// The number of the line, from 1, and what is wrong with it.
    pub fn parse_all(text: &str) -> Result<Vec<LatencyStep>, (usize, String)> {
        let mut steps: Vec<LatencyStep> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<&str> =
                line.split('#').next().unwrap_or_default().split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            let step = LatencyStep::parse(&words).map_err(|what| (number, what))?;
            if steps.last().is_some_and(|last| last.at > step.at) {
                return Err((number, "it is before the line above; put them in order".to_owned()));
            }
            steps.push(step);
        }
        Ok(steps)
    }

    /// Reads one step from its words.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(words: &[&str]) -> Result<LatencyStep, String> {
        let [moment, rest @ ..] = words else { return Err("it is empty".to_owned()) };
        let at = seconds(moment)?;
        let change = match rest {
            [factor] if factor.starts_with('x') => LatencyChange::Times {
                thousandths: thousandths(&factor[1..], 0.0, 1000.0, "a factor")?,
            },
            [mean] => LatencyChange::To(Latency {
                mean_ms: milliseconds(mean, "a latency")?,
                distribution: Distribution::Constant,
            }),
            [mean, distribution] => LatencyChange::To(Latency {
                mean_ms: milliseconds(mean, "a latency")?,
                distribution: distribution.parse()?,
            }),
            _ => return Err("a step is a moment and a latency or a factor".to_owned()),
        };
        Ok(LatencyStep { at, change })
    }
}

/// `5s`, `1500ms` or `5`, in ns.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("a moment is a time such as 5s or 1500ms, not {text:?}");
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * unit;
    if !(0.0..=1e7).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds).as_nanos() as u64)
}

/// Reads how much a link carries a second, as `tc` writes it: `10mbit`, `500kbit`,
/// `1gbit`, `9600bit`; in bits.
///
/// # Errors
/// If it is something else.
pub fn parse_bandwidth(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let units = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("bit", 1.0)];
    let found = units.iter().find_map(|(unit, size)| Some((lower.strip_suffix(unit)?, *size)));
    let number = found.and_then(|(number, size)| Some(number.trim().parse::<f64>().ok()? * size));
    match number {
        Some(bits) if (1.0..=1e15).contains(&bits) => Ok(bits as u64),
        _ => Err(format!(
            "a bandwidth is a number with its unit, as 10mbit or 500kbit, not {text:?}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Purpose;

    fn latency(mean_ms: u64, text: &str) -> Latency {
        Latency { mean_ms, distribution: text.parse().unwrap() }
    }

    #[test]
    fn each_distribution_has_the_mean_and_the_tail_that_it_claims() {
        // The mean, and the share of messages that take longer than three times as long.
        for (text, mean, tail) in [
            ("constant", 100.0, 0.0),
            ("uniform", 99.5, 0.0),
            ("exponential", 99.5, 0.0498),
            ("normal:20", 100.0, 0.0),
            ("lognormal:0.6", 100.0, 0.0166),
            ("pareto:2.5", 100.0, 0.0179),
            ("paretonormal:50", 100.0, 0.0075),
            ("spikes:1%,1000", 110.0, 0.01),
        ] {
            let latency = latency(100, text);
            let count = 60_000;
            let (mut sum, mut long) = (0, 0);
            for key in 0..count {
                let drawn = latency.draw(|| Draws::keyed(1, Purpose::Latency, key, 0, 0));
                sum += drawn;
                long += u64::from(drawn > 300);
            }
            let (found, share) = (sum as f64 / count as f64, long as f64 / count as f64);
            assert!((found - mean).abs() < 2.5, "{text}: {found}");
            assert!((share - tail).abs() < 0.004, "{text}: {share}");
        }
    }

    #[test]
    fn a_distribution_reads_what_it_writes() {
        for text in [
            "constant",
            "uniform",
            "exponential",
            "normal:20",
            "lognormal:0.6",
            "pareto:2.5",
            "paretonormal:5",
            "spikes:0.01,1000",
        ] {
            assert_eq!(text.parse::<Distribution>().unwrap().to_string(), text);
        }
        for (text, said) in [
            ("gauss", "known: constant"),
            ("normal", "normal:20"),
            ("normal:-1", "whole number of ms"),
            ("pareto:1", "from 1.001"),
            ("spikes:2,3", "from 0 to 1"),
            ("spikes:0.1", "spikes:0.01,1000"),
            ("constant:1", "takes no number"),
        ] {
            let error = text.parse::<Distribution>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn correlated_latencies_keep_their_distribution() {
        let latency = latency(100, "exponential");
        let unit = |key, purpose| Draws::keyed(1, purpose, key, 0, 0).unit();
        let drawn = |window: u64, key: u64| {
            let common = unit(window, Purpose::Correlation);
            latency.at(correlated(0.8, common, unit(key, Purpose::Latency))) as f64
        };
        let pairs: Vec<(f64, f64)> =
            (0..20_000).map(|at| (drawn(at, 2 * at), drawn(at, 2 * at + 1))).collect();
        let count = pairs.len() as f64;
        let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
        assert!((mean - 99.5).abs() < 3.0, "{mean}");
        let product = pairs.iter().map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count;
        let variance = pairs.iter().map(|(a, _)| (a - mean) * (a - mean)).sum::<f64>() / count;
        let correlation = product / variance;
        assert!((0.65..0.85).contains(&correlation), "{correlation}");
    }

    #[test]
    fn steps_and_bandwidths_are_read() {
        let steps = LatencyStep::parse_all("# a night\n5s 200 exponential\n1500ms 10\n");
        assert_eq!(steps.unwrap_err().0, 3);
        let steps = LatencyStep::parse_all("500ms x2\n5 200 uniform # slow\n").unwrap();
        assert_eq!(steps[0].change, LatencyChange::Times { thousandths: 2000 });
        assert_eq!((steps[1].at, steps.len()), (5_000 * MILLISECOND, 2));
        assert!(LatencyStep::parse_all("soon x2").unwrap_err().1.contains("such as 5s"));
        assert_eq!(parse_bandwidth("10mbit").unwrap(), 10_000_000);
        assert_eq!(parse_bandwidth("2.5 kbit").unwrap(), 2_500);
        assert!(parse_bandwidth("10").is_err() && parse_bandwidth("0bit").is_err());
    }
}
