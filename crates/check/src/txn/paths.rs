//! Shortest paths, counted in transactions.

use std::collections::VecDeque;

use super::graph::{Graph, Label, Labels};
use super::parse::NONE;

/// A node of a path and the edge by which it is left.
pub(super) type Hop = (u32, Label);

/// Looks for paths in one graph; keeps its memory between searches.
#[derive(Debug)]
pub(super) struct Paths {
    /// Which search a node was reached by, how far it is, and whence it was reached.
    round: Vec<u32>,
    far: Vec<u32>,
    from: Vec<(u32, Label)>,
    rounds: u32,
    queue: VecDeque<u32>,
    /// How many edges were looked at, in all searches.
    pub(super) steps: u64,
}

impl Paths {
    pub(super) fn new(graph: &Graph) -> Paths {
        let nodes = graph.len();
        Paths {
            round: vec![0; nodes],
            far: vec![0; nodes],
            from: vec![(NONE, Label::Pass); nodes],
            rounds: 0,
            queue: VecDeque::new(),
            steps: 0,
        }
    }

    /// A shortest path by edges of some labels between two nodes, among nodes that
    /// `within` accepts: its nodes but for the last, each with the edge that leaves
    /// it. `weighs` says which nodes count; paths of `limit` such nodes or more are
    /// not looked at.
    pub(super) fn shortest(
        &mut self,
        graph: &Graph,
        (from, to): (u32, u32),
        labels: Labels,
        limit: u32,
        weighs: impl Fn(u32) -> bool,
        within: impl Fn(u32) -> bool,
    ) -> Option<Vec<Hop>> {
        self.rounds += 1;
        self.queue.clear();
        self.reach(from, u32::from(weighs(from)), (NONE, Label::Pass));
        self.queue.push_back(from);
        while let Some(node) = self.queue.pop_front() {
            if node == to {
                return Some(self.trace(to));
            }
            let far = self.far[node as usize];
            if far >= limit {
                return None;
            }
            for (next, label) in graph.edges_of(node, labels) {
                self.steps += 1;
                if !within(next) {
                    continue;
                }
                let weight = u32::from(weighs(next));
                let known = self.round[next as usize] == self.rounds;
                if known && self.far[next as usize] <= far + weight {
                    continue;
                }
                self.reach(next, far + weight, (node, label));
                if weight == 0 {
                    self.queue.push_front(next);
                } else {
                    self.queue.push_back(next);
                }
            }
        }
        None
    }

    fn reach(&mut self, node: u32, far: u32, from: (u32, Label)) {
        let node = node as usize;
        self.round[node] = self.rounds;
        self.far[node] = far;
        self.from[node] = from;
    }

    fn trace(&self, to: u32) -> Vec<Hop> {
        let mut hops = Vec::new();
        let mut at = to;
        loop {
            let (before, label) = self.from[at as usize];
            if before == NONE {
                break;
            }
            hops.push((before, label));
            at = before;
        }
        hops.reverse();
        hops
    }

    /// Whether one node leads to another by edges of some labels among nodes that
    /// `within` accepts; `None` if more than `most` nodes were seen before it was
    /// clear.
    pub(super) fn leads(
        &mut self,
        graph: &Graph,
        (from, to): (u32, u32),
        labels: Labels,
        most: usize,
        within: impl Fn(u32) -> bool,
    ) -> Option<bool> {
        self.rounds += 1;
        self.queue.clear();
        self.queue.push_back(from);
        self.round[from as usize] = self.rounds;
        let mut seen = 0;
        while let Some(node) = self.queue.pop_back() {
            if node == to {
                return Some(true);
            }
            seen += 1;
            if seen > most {
                return None;
            }
            for (next, _) in graph.edges_of(node, labels) {
                if self.round[next as usize] != self.rounds && within(next) {
                    self.round[next as usize] = self.rounds;
                    self.queue.push_back(next);
                }
            }
        }
        Some(false)
    }
}
