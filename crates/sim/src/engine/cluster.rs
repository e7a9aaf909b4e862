//! The nodes of a run: who they are, in what state, and what is wrong with them at present.

use std::sync::Arc;

use glomers_history::Node;
use glomers_node::NodeId;
use glomers_node::key::of_name;
use rustc_hash::FxHashMap;

use super::nodes::NodeState;
use crate::disk::DiskCondition;

/// All nodes, by their places.
pub(super) struct Cluster {
    pub(super) names: Vec<NodeId>,
    /// The same, as events have them.
    texts: Vec<Box<str>>,
    /// Whether each name is n and the place.
    is_numbered: bool,
    /// What names add to keys.
    keys: Vec<u64>,
    places: FxHashMap<NodeId, u32>,
    /// The names as `init` tells them.
    shared: Option<Arc<[NodeId]>>,
    pub(super) nodes: Vec<NodeState>,
    /// How many times as long each takes for a message; `None`: all as ever.
    pub(super) slow: Option<Vec<u64>>,
    /// How wrong each one's clock is: its jump and its drift.
    pub(super) clocks: Vec<(i64, i64)>,
    /// What is wrong with each one's disk.
    pub(super) disks: Vec<Option<DiskCondition>>,
}

impl Cluster {
    pub(super) fn new(names: &[String]) -> Cluster {
        let names: Vec<NodeId> = names.iter().map(NodeId::new).collect();
        Cluster {
            texts: names.iter().map(|name| Box::from(name.as_str())).collect(),
            is_numbered: (0..).zip(&names).all(|(place, name)| number_of(name) == Some(place)),
            keys: names.iter().map(|name| of_name(name)).collect(),
            places: names.iter().cloned().zip(0..).collect(),
            shared: None,
            nodes: names.iter().map(|_| NodeState::default()).collect(),
            slow: None,
            clocks: vec![(0, 0); names.len()],
            disks: vec![None; names.len()],
            names,
        }
    }

    pub(super) fn name(&self, node: u32) -> &NodeId {
        &self.names[node as usize]
    }

    /// A node as events tell of it.
    pub(super) fn named(&self, node: u32) -> Node<'_> {
        Node { place: node, name: self.text(node) }
    }

    /// What its name adds to keys.
    pub(super) fn key(&self, node: u32) -> u64 {
        self.keys[node as usize]
    }

    /// The name, for events.
    pub(super) fn text(&self, node: u32) -> &str {
        &self.texts[node as usize]
    }

    /// The place of the node of this name.
    #[inline]
    pub(super) fn place(&self, name: &NodeId) -> Option<u32> {
        if self.is_numbered {
            return number_of(name).filter(|place| (*place as usize) < self.names.len());
        }
        self.places.get(name).copied()
    }

    /// All names, in one list that all share.
    pub(super) fn shared_names(&mut self) -> Arc<[NodeId]> {
        self.shared.get_or_insert_with(|| self.names.iter().cloned().collect()).clone()
    }

    /// Whether this is the incarnation of the node that lives.
    pub(super) fn is_current(&self, node: u32, incarnation: u32) -> bool {
        let state = &self.nodes[node as usize];
        state.is_up && state.incarnation == incarnation
    }

    /// The incarnation that gets what is sent to a node now: what is sent to a node that is
    /// down does not reach a later one.
    pub(super) fn receiving(&self, node: u32) -> u32 {
        let state = &self.nodes[node as usize];
        if state.is_up { state.incarnation } else { u32::MAX }
    }
}

/// The number in a name that is an n and a number of some digits, without zeros before it.
#[inline]
fn number_of(name: &NodeId) -> Option<u32> {
    match name.as_bytes() {
        b"n0" => Some(0),
        [b'n', digits @ ..] if (1..=9).contains(&digits.len()) && digits[0] != b'0' => {
            digits.iter().try_fold(0, |number, digit| match digit {
                b'0'..=b'9' => Some(number * 10 + u32::from(digit - b'0')),
                _ => None,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_by_its_name_and_no_other() {
        let numbered: Vec<String> = (0..120).map(|place| format!("n{place}")).collect();
        let others = ["n0", "n01", "x", "n2"].map(str::to_owned);
        for names in [&numbered[..], &others] {
            let cluster = Cluster::new(names);
            for (place, name) in (0..).zip(names) {
                assert_eq!(cluster.place(&NodeId::new(name)), Some(place));
            }
            for name in ["", "n", "n120", "n007", "n1x", "n+1", "c1", "n99999999999", "lin-kv"] {
                assert_eq!(cluster.place(&NodeId::new(name)), None, "{name}");
            }
        }
    }
}
