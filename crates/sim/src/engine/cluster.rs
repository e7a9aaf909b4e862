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
        Node { place: node, name: self.name(node) }
    }

    /// What its name adds to keys.
    pub(super) fn key(&self, node: u32) -> u64 {
        self.keys[node as usize]
    }

    /// The place of the node of this name.
    pub(super) fn place(&self, name: &str) -> Option<u32> {
        // Nearly all names are n and the place.
        if let Some(place) = name.strip_prefix('n').and_then(|place| place.parse::<u32>().ok())
            && self.names.get(place as usize).is_some_and(|at| **at == *name)
        {
            return Some(place);
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
