//! Deleting what is not needed: counter-based probabilistic delta debugging.

/// Deletes as many elements as can go while `holds` says that what is left will do, which
/// it must of all. Sets of elements are tried first, from half of them down to single
/// ones: each failure of a set makes it likelier that its elements are needed, so the sets
/// of the next round are smaller by e/(e−1) (Zhang and others 2024). In the end no single
/// element can go, unless `holds` has begun to refuse everything.
pub(crate) fn delete<T: Clone>(all: &[T], mut holds: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept: Vec<T> = all.to_vec();
    if kept.is_empty() {
        return kept;
    }
    if holds(&[]) {
        return Vec::new();
    }
    let mut size = kept.len().div_ceil(2);
    loop {
        let mut has_deleted = false;
        // From the end: what comes last causes least of all else.
        let mut end = kept.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let rest: Vec<T> = kept[..start].iter().chain(&kept[end..]).cloned().collect();
            if rest.len() < kept.len() && !rest.is_empty() && holds(&rest) {
                kept = rest;
                has_deleted = true;
            }
            end = start.min(kept.len());
        }
        match size {
            1 if !has_deleted => return kept,
            1 => {}
            // 1 − 1/e of it, but always less.
            _ => size = (size * 632 / 1000).clamp(1, size - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_cannot_lose_a_single_element() {
        for needed in
            [vec![], vec![3], vec![0, 99], vec![5, 6, 7, 50], (0..100).step_by(7).collect()]
        {
            let all: Vec<u32> = (0..100).collect();
            let mut tests = 0;
            let left = delete(&all, |some| {
                tests += 1;
                needed.iter().all(|one| some.contains(one))
            });
            assert_eq!(left, needed);
            assert!(tests < 700, "{tests}");
        }
    }

    /// An element that only matters while another is there.
    #[test]
    fn what_can_go_after_another_goes() {
        let holds = |some: &[u32]| some.contains(&1) && (!some.contains(&9) || some.contains(&2));
        assert_eq!(delete(&(0..10).collect::<Vec<u32>>(), holds), [1]);
    }
}
