//! Graphs in compact form, and their strongly connected components.

/// No node.
const NONE: u32 = u32::MAX;

/// A directed graph: the successors of all nodes in one array.
#[derive(Debug)]
pub(super) struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// A graph of so many nodes and these edges.
    pub(super) fn new(nodes: usize, edges: &[(u32, u32)]) -> Graph {
        let mut starts = vec![0u32; nodes + 1];
        for &(from, _) in edges {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; edges.len()];
        for &(from, to) in edges {
            targets[next[from as usize] as usize] = to;
            next[from as usize] += 1;
        }
        Graph { starts, targets }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn successors(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// For each node the number of its strongly connected component (Tarjan 1972,
    /// with a stack of its own: a chain of a million nodes is no deep recursion).
    pub(super) fn components(&self) -> Vec<u32> {
        let nodes = self.len();
        let mut component = vec![NONE; nodes];
        let mut lowest = vec![NONE; nodes];
        let mut stack: Vec<u32> = Vec::new();
        // A node and how many of its successors were visited.
        let mut path: Vec<(u32, u32)> = Vec::new();
        let (mut visited, mut components) = (0, 0);
        let mut order = vec![NONE; nodes];
        for root in 0..nodes as u32 {
            if order[root as usize] != NONE {
                continue;
            }
            path.push((root, 0));
            while let Some((node, done)) = path.pop() {
                let at = node as usize;
                if done == 0 {
                    order[at] = visited;
                    lowest[at] = visited;
                    visited += 1;
                    stack.push(node);
                } else {
                    // The successor visited last is finished now.
                    let child = self.successors(node)[done as usize - 1] as usize;
                    if component[child] == NONE {
                        lowest[at] = lowest[at].min(lowest[child]);
                    }
                }
                let mut next = done;
                let mut descend = None;
                for &child in &self.successors(node)[done as usize..] {
                    next += 1;
                    let known = order[child as usize];
                    if known == NONE {
                        descend = Some(child);
                        break;
                    }
                    if component[child as usize] == NONE {
                        lowest[at] = lowest[at].min(known);
                    }
                }
                if let Some(child) = descend {
                    path.push((node, next));
                    path.push((child, 0));
                    continue;
                }
                if lowest[at] == order[at] {
                    while let Some(member) = stack.pop() {
                        component[member as usize] = components;
                        if member == node {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        component
    }

    /// A shortest path between two nodes that stays among those that `within`
    /// accepts; both ends are in it.
    pub(super) fn path(
        &self,
        from: u32,
        to: u32,
        within: impl Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        let mut came_from = rustc_hash::FxHashMap::default();
        let mut queue = std::collections::VecDeque::from([from]);
        came_from.insert(from, NONE);
        while let Some(node) = queue.pop_front() {
            if node == to {
                let mut path = vec![to];
                let mut at = came_from[&to];
                while at != NONE {
                    path.push(at);
                    at = came_from[&at];
                }
                path.reverse();
                return Some(path);
            }
            for &next in self.successors(node) {
                if within(next) && !came_from.contains_key(&next) {
                    came_from.insert(next, node);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}
