//! What the registry says of a node.

use glomers_nodes::Make;

/// A node that is wrong. How it is found out is written beside the code that tries it.
pub struct Entry {
    /// Its name; it runs as `broken/NAME`.
    pub name: &'static str,
    /// The workload that it is for.
    pub workload: &'static str,
    /// What is wrong, in one sentence.
    pub wrong: &'static str,
    /// The fewest nodes that can show it.
    pub nodes: u32,
    /// What they must live through, at least, in words: operations and faults.
    pub shows: &'static str,
    /// Makes the node.
    pub make: Make,
}

impl Entry {
    /// The smallest run that shows it, in words.
    pub fn minimal(&self) -> String {
        let s = if self.nodes == 1 { "" } else { "s" };
        format!("{} node{s}; {}", self.nodes, self.shows)
    }
}
