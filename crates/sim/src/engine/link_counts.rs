//! How many messages each link has carried: what the draws about the next are
//! keyed by.

use rustc_hash::FxHashMap;

/// The largest cluster whose links have a table; it has half a megabyte then.
const LARGEST_TABLE: usize = 256;

/// A counter for each pair of ends.
pub(super) struct LinkCounts {
    nodes: usize,
    /// The links between nodes, a row for each source; empty if they are too many.
    /// It costs a message less than half of what a map does: that is most of what
    /// a fault costs that is in the Plan and not on.
    table: Vec<u64>,
    /// All other links.
    others: FxHashMap<(u32, u32), u64>,
}

impl LinkCounts {
    pub(super) fn new(nodes: usize) -> LinkCounts {
        let nodes = if nodes <= LARGEST_TABLE { nodes } else { 0 };
        LinkCounts { nodes, table: vec![0; nodes * nodes], others: FxHashMap::default() }
    }

    /// How many there were before this one.
    #[inline]
    pub(super) fn count(&mut self, src: u32, dest: u32) -> u64 {
        let is_in_table = (src as usize) < self.nodes && (dest as usize) < self.nodes;
        let counter = if is_in_table {
            &mut self.table[src as usize * self.nodes + dest as usize]
        } else {
            self.others.entry((src, dest)).or_default()
        };
        let before = *counter;
        *counter += 1;
        before
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
            for before in 0..3 {
                for src in ends {
                    for dest in ends {
                        assert_eq!(counts.count(src, dest), before, "{src} to {dest} of {nodes}");
                    }
                }
            }
        }
    }
}
