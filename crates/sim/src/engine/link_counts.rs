//! What each link has carried: what tells apart the messages that one step sends to one
//! receiver, and the messages of processes that say nothing about their cause.

use rustc_hash::FxHashMap;

/// The largest cluster whose links have a table; it has a megabyte and a half then.
const LARGEST_TABLE: usize = 256;
/// How many links of one source are looked through in a larger cluster.
const LONGEST_ROW: usize = 8;

/// A link's past.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    /// All its messages.
    count: u64,
    /// The step that sent the last one, and how many that has sent.
    cause: u64,
    of_cause: u64,
}

/// A counter for each pair of ends.
pub(super) struct LinkCounts {
    nodes: usize,
    /// The links between nodes, a row for each source; empty if they are too many.
    /// It costs a message less than half of what a map does.
    table: Vec<Past>,
    /// In a cluster that has no table, the first links that each source uses: mostly they
    /// are few, and all are used together.
    rows: Vec<Vec<(u32, Past)>>,
    /// All other links.
    others: FxHashMap<(u32, u32), Past>,
}

/// Which of a link's messages one is, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Of all.
    pub(super) of_all: u64,
    /// Of those that its step sent.
    pub(super) of_cause: u64,
}

impl LinkCounts {
    pub(super) fn new(nodes: usize) -> LinkCounts {
        let (in_table, rows) = if nodes <= LARGEST_TABLE { (nodes, 0) } else { (0, nodes) };
        LinkCounts {
            nodes: in_table,
            table: vec![Past::default(); in_table * in_table],
            rows: vec![Vec::new(); rows],
            others: FxHashMap::default(),
        }
    }

    /// Counts a message that a step sends.
    #[inline]
    pub(super) fn count(&mut self, src: u32, dest: u32, cause: u64) -> Place {
        let is_in_table = (src as usize) < self.nodes && (dest as usize) < self.nodes;
        let past = if is_in_table {
            &mut self.table[src as usize * self.nodes + dest as usize]
        } else {
            self.outside_of_table(src, dest)
        };
        if past.cause != cause {
            (past.cause, past.of_cause) = (cause, 0);
        }
        let place = Place { of_all: past.count, of_cause: past.of_cause };
        past.count += 1;
        past.of_cause += 1;
        place
    }

    fn outside_of_table(&mut self, src: u32, dest: u32) -> &mut Past {
        let Some(row) = self.rows.get_mut(src as usize) else {
            return self.others.entry((src, dest)).or_default();
        };
        match row.iter().position(|(other, _)| *other == dest) {
            Some(place) => &mut row[place].1,
            None if row.len() < LONGEST_ROW => {
                let place = row.len();
                row.push((dest, Past::default()));
                &mut row[place].1
            }
            None => self.others.entry((src, dest)).or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_counts_for_itself_in_small_clusters_and_large_ones() {
        for nodes in [0, 1, 3, LARGEST_TABLE, LARGEST_TABLE + 1] {
            let mut counts = LinkCounts::new(nodes);
            let ends = [0, 1, 2, 3, 4, 5, 6, 255, 256, 257, u32::MAX];
            for before in 0..4 {
                for src in ends {
                    for dest in ends {
                        // Two messages a step.
                        let place = counts.count(src, dest, 7 + before / 2);
                        let expected = Place { of_all: before, of_cause: before % 2 };
                        assert_eq!(place, expected, "{src} to {dest} of {nodes}");
                    }
                }
            }
        }
    }
}
