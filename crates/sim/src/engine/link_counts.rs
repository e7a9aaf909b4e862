//! What each link has carried: what tells apart the messages that one step sends to one
//! receiver, and the messages of processes that say nothing about their cause.

use rustc_hash::FxHashMap;

/// The largest cluster whose links have a table; it has a megabyte and a half then.
const LARGEST_TABLE: usize = 256;

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
        let nodes = if nodes <= LARGEST_TABLE { nodes } else { 0 };
        let table = vec![Past::default(); nodes * nodes];
        LinkCounts { nodes, table, others: FxHashMap::default() }
    }

    /// Counts a message that a step sends.
    #[inline]
    pub(super) fn count(&mut self, src: u32, dest: u32, cause: u64) -> Place {
        let is_in_table = (src as usize) < self.nodes && (dest as usize) < self.nodes;
        let past = if is_in_table {
            &mut self.table[src as usize * self.nodes + dest as usize]
        } else {
            self.others.entry((src, dest)).or_default()
        };
        if past.cause != cause {
            (past.cause, past.of_cause) = (cause, 0);
        }
        let place = Place { of_all: past.count, of_cause: past.of_cause };
        past.count += 1;
        past.of_cause += 1;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_counts_for_itself_in_small_clusters_and_large_ones() {
        for nodes in [0, 1, 3, LARGEST_TABLE, LARGEST_TABLE + 1] {
            let mut counts = LinkCounts::new(nodes);
            let ends = [0, 1, 2, 255, 256, 257, u32::MAX];
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
