//! Where small labels go so that they hide nothing.

/// Half the width and height of a label, in pixels.
const HALF: (f64, f64) = (6.5, 5.0);

/// The middle of a label, from its point: nearer places first.
const PLACES: [(f64, f64); 16] = [
    (11.0, 0.0),
    (0.0, -10.0),
    (-11.0, 0.0),
    (0.0, 10.0),
    (9.0, -8.0),
    (-9.0, -8.0),
    (9.0, 8.0),
    (-9.0, 8.0),
    (18.0, 0.0),
    (0.0, -17.0),
    (-18.0, 0.0),
    (0.0, 17.0),
    (15.0, -13.0),
    (-15.0, -13.0),
    (15.0, 13.0),
    (-15.0, 13.0),
];

/// For each point the middle of its label: the first place where it covers no
/// point, no obstacle and no label before it; else the one that covers least.
pub(crate) fn place(points: &[(f64, f64)], obstacles: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points {
        let covered = |at: (f64, f64)| {
            let near = |other: &&(f64, f64), factor: f64| {
                (other.0 - at.0).abs() < HALF.0 * factor && (other.1 - at.1).abs() < HALF.1 * factor
            };
            let labels = placed.iter().filter(|other| near(other, 2.0)).count();
            let things = points.iter().chain(obstacles).filter(|other| near(other, 1.6)).count();
            3 * labels + things
        };
        let best = PLACES
            .iter()
            .map(|(right, down)| (x + right, y + down))
            .min_by_key(|&at| covered(at))
            .expect("there are places");
        placed.push(best);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn labels_of_neighbours_do_not_overlap() {
        let points = [(100.0, 100.0), (104.0, 101.0), (100.0, 108.0)];
        let labels = place(&points, &[(111.0, 100.0)]);
        for (at, a) in labels.iter().enumerate() {
            for b in &labels[at + 1..] {
                assert!((a.0 - b.0).abs() >= 13.0 || (a.1 - b.1).abs() >= 10.0, "{labels:?}");
            }
        }
    }
}
