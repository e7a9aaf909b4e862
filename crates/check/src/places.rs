//! Integers to small numbers, by indexing where they lie close together.

use std::collections::BTreeMap;

/// No number.
pub(crate) const NONE: u32 = u32::MAX;

/// A map from integers: an array as long as at least an eighth of it is used, a
/// tree for what lies beyond.
#[derive(Debug, Default)]
pub(crate) struct Places {
    dense: Vec<u32>,
    used: usize,
    sparse: BTreeMap<i64, u32>,
}

impl Places {
    /// The number of an integer, [`NONE`] if it has none.
    #[inline]
    pub(crate) fn get(&self, integer: i64) -> u32 {
        match usize::try_from(integer).ok().and_then(|place| self.dense.get(place)) {
            Some(&number) => number,
            None => self.sparse.get(&integer).copied().unwrap_or(NONE),
        }
    }

    /// Gives a number to an integer that has none.
    #[inline]
    pub(crate) fn insert(&mut self, integer: i64, number: u32) {
        self.used += 1;
        let room = 64 + 8 * self.used;
        let place = usize::try_from(integer).ok().filter(|&place| place < room);
        match place {
            Some(place) if place < self.dense.len() => self.dense[place] = number,
            Some(place) => {
                self.grow((place + 1).max(2 * self.dense.len()).min(room));
                self.dense[place] = number;
            }
            None => {
                self.sparse.insert(integer, number);
            }
        }
    }

    /// Makes the array longer; what lay beyond it and does no more moves in.
    fn grow(&mut self, length: usize) {
        let old = self.dense.len();
        self.dense.resize(length, NONE);
        if self.sparse.is_empty() {
            return;
        }
        let moving = self.sparse.range(old as i64..length as i64).map(|(&at, &n)| (at, n));
        for (integer, number) in moving.collect::<Vec<_>>() {
            self.sparse.remove(&integer);
            self.dense[integer as usize] = number;
        }
    }

    /// All integers that have a number, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        let below = self.sparse.range(..0).map(|(&at, &n)| (at, n));
        let above = self.sparse.range(0..).map(|(&at, &n)| (at, n));
        let dense = self.dense.iter().enumerate().map(|(at, &n)| (at as i64, n));
        below.chain(dense.filter(|&(_, number)| number != NONE)).chain(above)
    }
}
