//! Who has seen whom: by transaction how much of each session it saw, or which others.
//!
//! That is a table of transactions by sessions (or by others), which would be large. It is
//! filled some columns at a time, so that what is kept of it stays small however many
//! there are.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// How many bytes of the table are there at once.
const MOST: usize = 1 << 27;

/// So much of the table is one step of the budget: neighbours are looked at together.
const STEP: u64 = 128;

/// What stands in the table.
pub(super) trait Cell: Copy + Default {
    /// How many columns there are in one cell.
    const COLUMNS: usize;

    /// What both say together.
    fn join(self, other: Self) -> Self;
}

/// How many of a session's transactions were seen: the first so many.
impl Cell for u32 {
    const COLUMNS: usize = 1;

    fn join(self, other: u32) -> u32 {
        self.max(other)
    }
}

/// Which of 64 transactions were seen.
impl Cell for u64 {
    const COLUMNS: usize = 64;

    fn join(self, other: u64) -> u64 {
        self | other
    }
}

/// Some columns of the table.
#[derive(Debug)]
pub(super) struct Rows<T> {
    /// The columns that are there.
    pub(super) columns: Range<usize>,
    all: usize,
    width: usize,
    cells: Vec<T>,
}

impl<T: Cell> Rows<T> {
    /// Rows of so many nodes; no columns yet.
    pub(super) fn new(nodes: usize, columns: usize) -> Rows<T> {
        let room = (MOST / size_of::<T>() / nodes.max(1)).max(1);
        let width = columns.div_ceil(T::COLUMNS).min(room);
        Rows { columns: 0..0, all: columns, width, cells: vec![T::default(); nodes * width] }
    }

    /// What it costs to fill the whole table where nodes see each other by so many edges.
    pub(super) fn steps(&self, edges: usize) -> u64 {
        let nodes = self.cells.len() / self.width.max(1);
        (nodes + edges) as u64 * self.all.div_ceil(T::COLUMNS) as u64 / STEP
    }

    /// What it costs to fill the columns that are there.
    pub(super) fn block_steps(&self, edges: usize) -> u64 {
        (self.cells.len() + edges * self.width) as u64 / STEP
    }

    /// A node has seen nobody in these columns.
    pub(super) fn clear(&mut self, node: u32) {
        let at = node as usize * self.width;
        self.cells[at..at + self.width].fill(T::default());
    }

    /// Goes on to the next columns, if there are any: nobody has seen anything there.
    pub(super) fn advance(&mut self) -> bool {
        let start = self.columns.end;
        self.columns = start..(start + self.width * T::COLUMNS).min(self.all);
        self.cells.fill(T::default());
        !self.columns.is_empty()
    }

    #[inline]
    fn cell(&self, node: u32, column: u32) -> usize {
        node as usize * self.width + (column as usize - self.columns.start) / T::COLUMNS
    }

    /// A node sees all that others saw.
    #[inline]
    pub(super) fn gather(&mut self, node: u32, others: &[u32]) {
        let (width, at) = (self.width, node as usize * self.width);
        for &other in others {
            let from = other as usize * width;
            let (low, high) = self.cells.split_at_mut(at.max(from));
            let (mine, theirs) = match at < from {
                true => (&mut low[at..at + width], &high[..width]),
                false if at > from => (&mut high[..width], &low[from..from + width]),
                false => continue,
            };
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine = mine.join(*theirs);
            }
        }
    }
}

impl Rows<u32> {
    /// How many of a session's transactions a node has seen.
    #[inline]
    pub(super) fn seen(&self, node: u32, session: u32) -> u32 {
        self.cells[self.cell(node, session)]
    }

    /// A node sees the first so many transactions of a session, if that is there.
    pub(super) fn see(&mut self, node: u32, session: u32, count: u32) {
        if self.columns.contains(&(session as usize)) {
            let at = self.cell(node, session);
            self.cells[at] = self.cells[at].max(count);
        }
    }
}

impl Rows<u64> {
    /// How many nodes have seen how many, all together.
    pub(super) fn count(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.count_ones())).sum()
    }

    /// Whether a node has seen the transaction of a column.
    #[inline]
    pub(super) fn has_seen(&self, node: u32, column: u32) -> bool {
        self.cells[self.cell(node, column)] >> (column % 64) & 1 == 1
    }

    /// A node sees the transaction of a column, if that is there.
    pub(super) fn see_one(&mut self, node: u32, column: u32) {
        if self.columns.contains(&(column as usize)) {
            let at = self.cell(node, column);
            self.cells[at] |= 1 << (column % 64);
        }
    }
}

/// By transaction its session and its place there.
#[derive(Debug)]
pub(super) struct Sessions {
    places: Vec<(u32, u32)>,
    /// How many sessions there are.
    pub(super) count: usize,
}

impl Sessions {
    /// The sessions of some of so many transactions, in their order. `session` names that
    /// of a transaction; what has none is one of its own.
    pub(super) fn new(
        count: usize,
        txns: &[u32],
        session: impl Fn(u32) -> Option<u32>,
    ) -> Sessions {
        let mut known: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
        let mut places = vec![(0, 0); count];
        let mut sessions = 0;
        for &txn in txns {
            let mut fresh = || {
                sessions += 1;
                (sessions - 1, 0)
            };
            places[txn as usize] = match session(txn) {
                None => fresh(),
                Some(name) => {
                    let place = known.entry(name).or_insert_with(fresh);
                    place.1 += 1;
                    (place.0, place.1 - 1)
                }
            };
        }
        Sessions { places, count: sessions as usize }
    }

    #[inline]
    pub(super) fn session(&self, txn: u32) -> u32 {
        self.places[txn as usize].0
    }

    /// The place of a transaction in its session.
    #[inline]
    pub(super) fn place(&self, txn: u32) -> u32 {
        self.places[txn as usize].1
    }

    /// Whether so few sessions are better kept track of than so many transactions.
    pub(super) fn are_few(&self, txns: usize) -> bool {
        self.count <= 2 || self.count * 32 <= txns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_filled_some_at_a_time() {
        let nodes = MOST / 8 / 2;
        let mut rows: Rows<u64> = Rows::new(nodes, 300);
        let mut seen = Vec::new();
        while rows.advance() {
            for column in 0..300 {
                rows.see_one(0, column);
            }
            rows.gather(2, &[0]);
            rows.gather(1, &[2]);
            let columns = rows.columns.clone();
            seen.extend(columns.filter(|&column| rows.has_seen(1, column as u32)));
        }
        assert_eq!(seen, (0..300).collect::<Vec<_>>());
    }

    #[test]
    fn what_has_no_session_is_one_of_its_own() {
        let sessions = Sessions::new(5, &[0, 1, 2, 4], |txn| (txn != 1).then_some(7));
        let places = [0, 1, 2, 4].map(|txn| (sessions.session(txn), sessions.place(txn)));
        assert_eq!(places, [(0, 0), (1, 0), (0, 1), (0, 2)]);
        assert_eq!(sessions.count, 2);
    }
}
