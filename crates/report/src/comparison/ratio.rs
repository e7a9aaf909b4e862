//! Ratios of pairs and how far they can be trusted.

/// B over A.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The mean of A.
    pub mean_a: f64,
    /// The mean of B.
    pub mean_b: f64,
    /// The geometric mean of the pairs' ratios; the ratio of the means if a value
    /// is 0; `None` if all of A are 0 and not all of B.
    pub ratio: Option<f64>,
    /// Where it lies with a confidence of 95 %; `None` if that cannot be said, as
    /// of one pair or of zeros.
    pub interval: Option<(f64, f64)>,
}

/// What a ratio says; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A is less, beyond noise.
    A,
    /// B is less, beyond noise.
    B,
    /// No difference beyond noise.
    Noise,
    /// No difference at all.
    Same,
    /// Nobody knows what is noise.
    Unknown,
}

impl Ratio {
    /// Of pairs (A, B); `None` of nothing.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Ratio> {
        if pairs.is_empty() {
            return None;
        }
        let count = pairs.len() as f64;
        let mean_a = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
        let mean_b = pairs.iter().map(|pair| pair.1).sum::<f64>() / count;
        if pairs.iter().all(|(a, b)| a == b) {
            let interval = (pairs.len() > 1).then_some((1.0, 1.0));
            return Some(Ratio { mean_a, mean_b, ratio: Some(1.0), interval });
        }
        if pairs.iter().any(|(a, b)| *a <= 0.0 || *b <= 0.0) {
            // Zeros have no logarithm.
            let ratio = (mean_a > 0.0).then(|| mean_b / mean_a);
            return Some(Ratio { mean_a, mean_b, ratio, interval: None });
        }
        let logs: Vec<f64> = pairs.iter().map(|(a, b)| libm::log(b / a)).collect();
        let mean = logs.iter().sum::<f64>() / count;
        let interval = (logs.len() > 1).then(|| {
            let squares: f64 = logs.iter().map(|log| (log - mean) * (log - mean)).sum();
            let error = libm::sqrt(squares / (count - 1.0) / count);
            let reach = student_t(logs.len() - 1) * error;
            (libm::exp(mean - reach), libm::exp(mean + reach))
        });
        Some(Ratio { mean_a, mean_b, ratio: Some(libm::exp(mean)), interval })
    }

    /// Which side is better.
    pub fn verdict(&self) -> Verdict {
        if self.ratio == Some(1.0) && self.interval.is_none_or(|interval| interval == (1.0, 1.0)) {
            return Verdict::Same;
        }
        match self.interval {
            Some((low, _)) if low > 1.0 => Verdict::A,
            Some((_, high)) if high < 1.0 => Verdict::B,
            Some(_) => Verdict::Noise,
            None => Verdict::Unknown,
        }
    }
}

/// The 0.975 quantile of Student's t, for 1 to 30 degrees of freedom.
const STUDENT_T: [f64; 30] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010,
    2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687,
    2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];

fn student_t(freedom: usize) -> f64 {
    if let Some(found) = freedom.checked_sub(1).and_then(|at| STUDENT_T.get(at)) {
        return *found;
    }
    // Cornish and Fisher's first two terms; right to four decimals from 30 on.
    let (z, freedom) = (1.959_964_f64, freedom as f64);
    let cube = z * z * z;
    let first = (cube + z) / 4.0;
    let second = (5.0 * cube * z * z + 16.0 * cube + 3.0 * z) / 96.0;
    z + first / freedom + second / (freedom * freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // Logarithms 0, 0.1, 0.2: mean 0.1, deviation 0.1, error 0.1/√3.
        let pairs = [0.0, 0.1, 0.2].map(|log: f64| (2.0, 2.0 * log.exp()));
        let ratio = Ratio::of(&pairs).unwrap();
        let reach = 4.3027 * 0.1 / 3f64.sqrt();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(ratio.ratio.unwrap(), 0.1f64.exp()));
        let (low, high) = ratio.interval.unwrap();
        assert!(near(low, (0.1 - reach).exp()) && near(high, (0.1 + reach).exp()));
        assert_eq!(ratio.verdict(), Verdict::Noise);
        let pairs = [(1.0, 0.5), (1.0, 0.51), (1.0, 0.49)];
        assert_eq!(Ratio::of(&pairs).unwrap().verdict(), Verdict::B);
        let pairs = pairs.map(|(a, b)| (b, a));
        assert_eq!(Ratio::of(&pairs).unwrap().verdict(), Verdict::A);
    }

    #[test]
    fn equal_is_equal_and_zeros_have_no_interval() {
        let same = Ratio::of(&[(0.0, 0.0), (3.0, 3.0)]).unwrap();
        assert_eq!((same.ratio, same.interval), (Some(1.0), Some((1.0, 1.0))));
        assert_eq!(same.verdict(), Verdict::Same);
        let zeros = Ratio::of(&[(0.0, 1.0), (2.0, 3.0)]).unwrap();
        assert_eq!((zeros.ratio, zeros.interval), (Some(2.0), None));
        assert_eq!(Ratio::of(&[(0.0, 1.0)]).unwrap().ratio, None);
        assert_eq!(Ratio::of(&[(1.0, 2.0)]).unwrap().verdict(), Verdict::Unknown);
        assert_eq!(Ratio::of(&[]), None);
    }

    #[test]
    fn the_approximation_continues_the_table() {
        assert!((student_t(31) - 2.0395).abs() < 1e-4, "{}", student_t(31));
        assert!((student_t(60) - 2.0003).abs() < 1e-4, "{}", student_t(60));
        assert!((student_t(1000) - 1.9623).abs() < 1e-4, "{}", student_t(1000));
    }
}
