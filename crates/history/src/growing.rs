//! Reads of a set that grows: long lists that begin as an earlier one does.

use std::collections::BTreeMap;

use crate::List;

/// How many elements two lists must have in common at their beginning, at least.
const LEAST: usize = 256;
/// How many lists are remembered: one for each beginning. A cluster whose nodes have the
/// values in their own order makes as many as it has nodes.
const MOST: usize = 4096;

/// The last list of each beginning, and what somebody knows about it.
///
/// What is found depends on the elements alone, never on what lists share in memory, so
/// that files are the same whether a history comes from a run or from its store.
#[derive(Debug, Clone)]
pub struct Growing<T> {
    last: BTreeMap<u64, (List, T)>,
}

impl<T> Default for Growing<T> {
    fn default() -> Growing<T> {
        Growing { last: BTreeMap::new() }
    }
}

impl<T> Growing<T> {
    /// Notes a list that is long enough, and has `update` make what is known about it of
    /// what is known about the one before, if that begins in the same way: with how many
    /// elements in common. `None` if the list is short or its elements are no small integers.
    pub fn note(
        &mut self,
        list: &List,
        update: impl FnOnce(Option<(T, usize)>) -> T,
    ) -> Option<&T> {
        let small = list.as_small().filter(|small| small.count() > LEAST)?;
        let key = small.iter().take(LEAST).fold(0u64, |key, element| {
            (key.rotate_left(5) ^ u64::from(element)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let before = self.last.remove(&key).and_then(|(earlier, known)| {
            let count = small.common_prefix(earlier.as_small()?);
            (count >= LEAST).then_some((known, count))
        });
        if self.last.len() >= MOST {
            self.last.clear();
        }
        let known = update(before);
        Some(&self.last.entry(key).or_insert((list.clone(), known)).1)
    }
}
