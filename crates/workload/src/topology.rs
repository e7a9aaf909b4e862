//! Topologies: which neighbours each node is told.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use glomers_protocol::NodeId;

/// Which neighbours each node is told: a suggestion that nodes may ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Topology {
    /// Each node has the one before and the one after.
    Line,
    /// Rows of ⌈√n⌉ nodes; each has those below, above, right and left of it.
    #[default]
    Grid,
    /// A heap in which each node has so many children.
    Tree(u32),
    /// Each node has all others.
    Total,
}

/// The names that `--topology` takes.
pub const TOPOLOGIES: [&str; 7] = ["line", "grid", "tree", "tree2", "tree3", "tree4", "total"];

impl FromStr for Topology {
    type Err = ();

    fn from_str(name: &str) -> Result<Topology, ()> {
        Ok(match name {
            "line" => Topology::Line,
            "grid" => Topology::Grid,
            "tree" | "tree2" => Topology::Tree(2),
            "tree3" => Topology::Tree(3),
            "tree4" => Topology::Tree(4),
            "total" => Topology::Total,
            _ => return Err(()),
        })
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topology::Line => f.write_str("line"),
            Topology::Grid => f.write_str("grid"),
            Topology::Tree(children) => write!(f, "tree{children}"),
            Topology::Total => f.write_str("total"),
        }
    }
}

impl Topology {
    /// The neighbours of node `node` of `count`, in Maelstrom's order.
    fn neighbours(self, node: usize, count: usize) -> Vec<usize> {
        match self {
            Topology::Line => {
                let before = node.checked_sub(1);
                let after = Some(node + 1).filter(|&after| after < count);
                before.into_iter().chain(after).collect()
            }
            Topology::Grid => {
                let width = (1..=count).find(|width| width * width >= count).unwrap_or(1);
                let column = node % width;
                let below = Some(node + width).filter(|&below| below < count);
                let above = node.checked_sub(width);
                let right = Some(node + 1).filter(|&right| column + 1 < width && right < count);
                let left = node.checked_sub(1).filter(|_| column > 0);
                [below, above, right, left].into_iter().flatten().collect()
            }
            Topology::Tree(children) => {
                let children = children as usize;
                let parent = node.checked_sub(1).map(|before| before / children);
                let first = node * children + 1;
                parent.into_iter().chain((first..first + children).filter(|&c| c < count)).collect()
            }
            Topology::Total => (0..count).filter(|&other| other != node).collect(),
        }
    }

    /// The whole map. A line of a single node has no entries, as in Maelstrom.
    pub fn map(self, nodes: &[NodeId]) -> BTreeMap<NodeId, Vec<NodeId>> {
        if self == Topology::Line && nodes.len() == 1 {
            return BTreeMap::new();
        }
        (0..nodes.len())
            .map(|node| {
                let neighbours = self.neighbours(node, nodes.len());
                (nodes[node].clone(), neighbours.into_iter().map(|n| nodes[n].clone()).collect())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(topology: &str, count: usize) -> String {
        let nodes: Vec<NodeId> = (0..count).map(|i| NodeId::from(format!("n{i}"))).collect();
        let topology: Topology = topology.parse().unwrap();
        let map = topology.map(&nodes);
        nodes
            .iter()
            .filter_map(|node| map.get(node))
            .map(|of| of.iter().map(|id| id[1..].to_owned()).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join(" | ")
    }

    #[test]
    fn neighbours_are_those_that_maelstrom_names() {
        assert_eq!(text("line", 3), "1 | 0 2 | 1");
        assert_eq!(text("line", 1), "");
        assert_eq!(text("grid", 5), "3 1 | 4 2 0 | 1 | 0 4 | 1 3");
        assert_eq!(text("tree", 5), "1 2 | 0 3 4 | 0 | 1 | 1");
        assert_eq!(text("tree4", 6), "1 2 3 4 | 0 5 | 0 | 0 | 0 | 1");
        assert_eq!(text("total", 3), "1 2 | 0 2 | 0 1");
        assert_eq!(text("grid", 1), "");
    }

    #[test]
    fn neighbours_are_mutual() {
        for name in TOPOLOGIES {
            let topology: Topology = name.parse().unwrap();
            for count in 1..30 {
                for node in 0..count {
                    for other in topology.neighbours(node, count) {
                        assert!(
                            topology.neighbours(other, count).contains(&node),
                            "{name} {count}"
                        );
                    }
                }
            }
        }
    }
}
