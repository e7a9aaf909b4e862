//! Logarithmic axes.

/// From numbers to places on paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LogScale {
    low: f64,
    high: f64,
    /// Where `low` and `high` lie.
    from: f64,
    to: f64,
}

impl LogScale {
    /// From `low` at `from` to `high` at `to`.
    pub(crate) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> LogScale {
        LogScale { low, high, from, to }
    }

    pub(crate) fn place(&self, value: f64) -> f64 {
        let part = libm::log(value.max(1e-12) / self.low) / libm::log(self.high / self.low);
        self.from + part * (self.to - self.from)
    }

    pub(crate) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The numbers that get a line, and whether they are written out too: 1, 2 and
    /// 5 of each power of ten.
    pub(crate) fn ticks(&self) -> Vec<(f64, bool)> {
        let mut ticks = Vec::new();
        for exponent in -6..9 {
            for digit in 1..10 {
                let value = decimal(digit, exponent);
                if self.contains(value) {
                    ticks.push((value, matches!(digit, 1 | 2 | 5)));
                }
            }
        }
        ticks
    }
}

/// The digit times ten to the exponent, as exactly as there is.
fn decimal(digit: i32, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().expect("this is how numbers are written")
}

/// The range of some numbers, somewhat wider; `None` of nothing.
pub(crate) fn range(numbers: impl Iterator<Item = f64>, margin: f64) -> Option<(f64, f64)> {
    let numbers = numbers.filter(|number| number.is_finite() && *number > 0.0);
    let (low, high) =
        numbers.fold((f64::MAX, 0.0f64), |(low, high), number| (low.min(number), high.max(number)));
    (high > 0.0).then_some((low / margin, high * margin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_equally_far_apart() {
        let scale = LogScale::new((1.0, 100.0), (0.0, 200.0));
        assert_eq!([1.0, 10.0, 100.0].map(|value| scale.place(value)), [0.0, 100.0, 200.0]);
        let written: Vec<f64> =
            scale.ticks().into_iter().filter(|tick| tick.1).map(|tick| tick.0).collect();
        assert_eq!(written, [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn a_range_ignores_what_has_no_logarithm() {
        assert_eq!(range([0.0, 2.0, f64::NAN, 8.0].into_iter(), 2.0), Some((1.0, 16.0)));
        assert_eq!(range([0.0].into_iter(), 2.0), None);
    }
}
