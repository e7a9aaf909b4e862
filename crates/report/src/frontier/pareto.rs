//! Which points nobody beats.

/// Latencies that differ by less count as equal: a schedule that is 1 ms shorter
/// by chance is no achievement.
const TOLERANCE: f64 = 1.01;

/// For each point (latency, messages) whether no other point is as good in both
/// and better in one. `None` is on no frontier and beats nobody.
pub(crate) fn on_frontier(points: &[Option<(f64, f64)>]) -> Vec<bool> {
    // Two points never beat each other: that takes equal messages, and then the
    // lower latency decides.
    let beats = |a: (f64, f64), b: (f64, f64)| {
        a.0 <= b.0 * TOLERANCE && a.1 <= b.1 && (a.0 < b.0 || a.1 < b.1)
    };
    points
        .iter()
        .map(|point| {
            point.is_some_and(|point| !points.iter().flatten().any(|other| beats(*other, point)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_is_beaten_is_not_on_it() {
        let points = [
            Some((1.0, 9.0)),
            Some((2.0, 5.0)),
            Some((2.0, 6.0)),
            None,
            Some((3.0, 5.0)),
            Some((4.0, 1.0)),
        ];
        assert_eq!(on_frontier(&points), [true, true, false, false, false, true]);
        assert_eq!(on_frontier(&[Some((1.000, 2.0)), Some((1.009, 1.0))]), [false, true]);
        // Twins beat neither each other nor themselves.
        assert_eq!(on_frontier(&[Some((1.0, 1.0)); 2]), [true, true]);
    }
}
