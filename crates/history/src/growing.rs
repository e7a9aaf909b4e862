//! Reads of a set that grows: long lists that begin as an earlier one does.

use std::collections::BTreeMap;

use glomers_protocol::SmallIntegers;

use crate::List;

/// How many elements two lists must have in common at their beginning, at least.
const LEAST: usize = 256;
/// How many lists with one beginning are remembered: nodes may have the same values first,
/// and go on in orders of their own.
const ALIKE: usize = 32;
/// How many beginnings are remembered.
const MOST: usize = 1024;
/// How many elements at the end of a list are compared first: there most differ.
const END: usize = 64;

/// The last lists of each beginning, and what somebody knows about them.
///
/// What is found depends on the elements alone, never on what lists share in memory, so
/// that files are the same whether a history comes from a run or from its store.
#[derive(Debug, Clone)]
pub struct Growing<T> {
    last: BTreeMap<u64, Vec<(List, T)>>,
}

impl<T> Default for Growing<T> {
    fn default() -> Growing<T> {
        Growing { last: BTreeMap::new() }
    }
}

impl<T: Clone> Growing<T> {
    /// Notes a list that is long enough, and has `update` make what is known about it of
    /// what is known about an earlier one: one that it continues, else the last one that
    /// begins in the same way; with how many elements in common. `None` if the list is short
    /// or its elements are no small integers.
    pub fn note(
        &mut self,
        list: &List,
        update: impl FnOnce(Option<(T, usize)>) -> T,
    ) -> Option<&T> {
        let small = list.as_small().filter(|small| small.count() > LEAST)?;
        let key = small.iter().take(LEAST).fold(0u64, |key, element| {
            (key.rotate_left(5) ^ u64::from(element)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        if self.last.len() >= MOST && !self.last.contains_key(&key) {
            self.last.clear();
        }
        let alike = self.last.entry(key).or_default();
        let before = match alike.iter().rposition(|(earlier, _)| continues(small, earlier)) {
            Some(place) => {
                let (earlier, known) = alike.remove(place);
                Some((known, earlier.len()))
            }
            None => alike.last().and_then(|(earlier, known)| {
                let count = small.common_prefix(earlier.as_small()?);
                (count >= LEAST).then(|| (known.clone(), count))
            }),
        };
        if alike.len() >= ALIKE {
            alike.remove(0);
        }
        alike.push((list.clone(), update(before)));
        alike.last().map(|(_, known)| known)
    }
}

/// Whether a list begins with all of an earlier one.
fn continues(list: SmallIntegers<'_>, earlier: &List) -> bool {
    let Some(earlier) = earlier.as_small() else { return false };
    let count = earlier.count();
    let end = |list: SmallIntegers<'_>| {
        list.range(count.saturating_sub(END), END.min(count)).collect::<Vec<u32>>()
    };
    count <= list.count() && end(list) == end(earlier) && list.common_prefix(earlier) == count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_begin_alike_are_told_apart_by_how_they_go_on() {
        // Five nodes have the first 300 values in the same order, the others in their own.
        let list = |node: i64, length: i64| {
            let rest = (300..length).map(|i| i * [7, 11, 13, 17, 19][node as usize] % 10_007);
            List::from_integers(&(0..300.min(length)).chain(rest).collect::<Vec<_>>())
        };
        let mut growing: Growing<(i64, i64)> = Growing::default();
        for length in (310..2000).step_by(9) {
            for node in 0..5 {
                growing.note(&list(node, length), |earlier| {
                    match earlier {
                        Some((known, count)) if length > 310 => {
                            assert_eq!((known, count as i64), ((node, length - 9), length - 9));
                        }
                        Some((_, count)) => assert!((300..310).contains(&count), "{count}"),
                        None => assert_eq!((node, length), (0, 310)),
                    }
                    (node, length)
                });
            }
        }
    }
}
