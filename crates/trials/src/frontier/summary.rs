//! The figures of many seeds.

use super::figures::{Figures, Quantiles};

/// The median of each figure over the runs of many seeds; so `observed.max` is
/// the median of the runs' maxima.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Medians; `lost` is the sum and `is_valid` true if all runs were.
    pub figures: Figures,
    /// How many runs were not valid.
    pub invalid: u64,
}

impl Summary {
    /// `None` of nothing.
    pub fn of(runs: &[Figures]) -> Option<Summary> {
        let of = |figure: fn(&Figures) -> f64| median(runs.iter().map(figure));
        let figures = Figures {
            messages_per_operation: of(|run| run.messages_per_operation)?,
            hottest_per_operation: median(runs.iter().filter_map(|run| run.hottest_per_operation)),
            bytes_per_operation: of(|run| run.bytes_per_operation)?,
            observed: quantiles(runs, |run| run.observed),
            truth: quantiles(runs, |run| run.truth),
            client_latency_ms: median(runs.iter().filter_map(|run| run.client_latency_ms)),
            lost: runs.iter().map(|run| run.lost).sum(),
            is_valid: runs.iter().all(|run| run.is_valid),
        };
        let invalid = runs.iter().filter(|run| !run.is_valid).count() as u64;
        Some(Summary { figures, invalid })
    }
}

fn quantiles(runs: &[Figures], which: fn(&Figures) -> Option<Quantiles>) -> Option<Quantiles> {
    let of = |one: fn(&Quantiles) -> f64| {
        median(runs.iter().filter_map(which).map(|quantiles| one(&quantiles)))
    };
    Some(Quantiles {
        median: of(|q| q.median)?,
        p95: of(|q| q.p95)?,
        p99: of(|q| q.p99)?,
        max: of(|q| q.max)?,
    })
}

/// The middle number, or the mean of the two in the middle; `None` of nothing.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        count if count % 2 == 1 => Some(numbers[half]),
        _ => Some((numbers[half - 1] + numbers[half]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
