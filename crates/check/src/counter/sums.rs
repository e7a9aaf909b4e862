//! The sums of some of several integers.

use std::fmt;

/// How many intervals may be gone through in all: about a second.
const STEPS: u64 = 200_000_000;

/// How many intervals may be kept: 64 MiB, twice while they are merged.
const INTERVALS: usize = 2 << 20;

/// There are too many sums to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the adds that may have happened make too many different sums (the budget is \
                   {INTERVALS} intervals and {STEPS} steps)"
        )
    }
}

/// All sums of an integer and some of others, as closed intervals that grow with
/// each of the others.
///
/// Small integers, as counters have them, soon make one interval, whatever their
/// number; a few large ones make a few. So this takes less than a bit for each
/// possible sum would, and is as exact.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// Disjoint, sorted, with a gap between any two; in units of `unit`.
    intervals: Vec<(i128, i128)>,
    base: i128,
    /// What divides all the others.
    unit: i128,
    steps: u64,
    is_exhausted: bool,
}

fn greatest_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

impl Sums {
    /// Just the integer; the others must be among `deltas`.
    pub(super) fn new(base: i128, deltas: &[i128]) -> Sums {
        let unit = deltas.iter().copied().fold(0, greatest_divisor).max(1);
        Sums { intervals: vec![(0, 0)], base, unit, steps: 0, is_exhausted: false }
    }

    /// The sums of an integer and some of the others.
    pub(super) fn of(base: i128, deltas: &[i128]) -> Result<Sums, TooMany> {
        let mut sums = Sums::new(base, deltas);
        // Small ones first: what they fill stays filled.
        let mut deltas = deltas.to_vec();
        deltas.sort_unstable_by_key(|delta| delta.abs());
        for delta in deltas {
            sums.add(delta)?;
        }
        Ok(sums)
    }

    /// Whether the budget was used up; then the sums are not known.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// One more of the others.
    pub(super) fn add(&mut self, delta: i128) -> Result<(), TooMany> {
        let delta = delta / self.unit;
        if delta == 0 {
            return Ok(());
        }
        self.steps += self.intervals.len() as u64;
        if self.steps > STEPS || self.intervals.len() > INTERVALS || self.is_exhausted {
            self.is_exhausted = true;
            return Err(TooMany);
        }
        if let [(low, high)] = &mut self.intervals[..]
            && delta.abs() <= *high - *low + 1
        {
            *low += delta.min(0);
            *high += delta.max(0);
            return Ok(());
        }
        // Two sorted lists, one shifted, into one.
        let mut merged: Vec<(i128, i128)> = Vec::with_capacity(2 * self.intervals.len());
        let mut as_they_are = self.intervals.iter().copied().peekable();
        let shift = |&(low, high): &(i128, i128)| (low + delta, high + delta);
        let mut shifted = self.intervals.iter().map(shift).peekable();
        loop {
            let next = match (as_they_are.peek(), shifted.peek()) {
                (Some(a), Some(b)) if a.0 <= b.0 => as_they_are.next(),
                (Some(_), None) => as_they_are.next(),
                _ => shifted.next(),
            };
            let Some((low, high)) = next else { break };
            match merged.last_mut() {
                Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        self.intervals = merged;
        Ok(())
    }

    /// Whether an integer is one of the sums.
    pub(super) fn contains(&self, sum: i128) -> bool {
        let sum = sum - self.base;
        if sum % self.unit != 0 {
            return false;
        }
        let sum = sum / self.unit;
        let after = self.intervals.partition_point(|&(low, _)| low <= sum);
        after > 0 && sum <= self.intervals[after - 1].1
    }

    /// The least and the greatest sum.
    pub(super) fn range(&self) -> (i128, i128) {
        let low = self.intervals.first().map_or(0, |interval| interval.0);
        let high = self.intervals.last().map_or(0, |interval| interval.1);
        (self.base + low * self.unit, self.base + high * self.unit)
    }

    /// The sum that is next to an integer.
    pub(super) fn nearest(&self, integer: i128) -> i128 {
        let at = (integer - self.base).div_euclid(self.unit);
        let mut nearest = self.range().0;
        let after = self.intervals.partition_point(|&(low, _)| low <= at);
        let around = after.saturating_sub(1)..(after + 1).min(self.intervals.len());
        for &(low, high) in &self.intervals[around] {
            // The unit below, and the one above.
            for candidate in [at.clamp(low, high), (at + 1).clamp(low, high)] {
                let candidate = self.base + candidate * self.unit;
                if (candidate - integer).abs() < (nearest - integer).abs() {
                    nearest = candidate;
                }
            }
        }
        nearest
    }

    /// The sums as closed intervals.
    pub(super) fn intervals(&self) -> Vec<(i128, i128)> {
        let sum = |at: i128| self.base + at * self.unit;
        if self.unit == 1 {
            return self.intervals.iter().map(|&(low, high)| (sum(low), sum(high))).collect();
        }
        // With a unit each sum is an interval; what is not shown is counted, so
        // more than are kept otherwise are not needed.
        let points = self.intervals.iter().flat_map(|&(low, high)| low..=high);
        points.take(INTERVALS).map(|at| (sum(at), sum(at))).collect()
    }
}
