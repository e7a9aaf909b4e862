//! An order of nodes that grows with the edges that it has to fit, and shrinks with
//! them again.
//!
//! Pearce and Kelly 2006: an edge against the order moves only the nodes between its
//! ends. Taking edges away needs no change.

use rustc_hash::FxHashMap;

use super::parse::NONE;

/// Nodes in an order that fits all edges between them.
#[derive(Debug)]
pub(super) struct Ordering {
    out: Ends,
    into: Ends,
    /// By node its place.
    place: Vec<u32>,
    seen: Vec<u32>,
    from: Vec<(u32, u32)>,
    rounds: u32,
    /// The edges that can be taken away, in the order in which they came.
    added: Vec<(u32, u32)>,
    /// How many edges were looked at.
    pub(super) steps: u64,
}

/// The other end of an edge, and the choice that it rests on: [`NONE`] if none.
type Edge = (u32, u32);

/// The other ends of the edges of each node.
#[derive(Debug)]
struct Ends {
    /// Of those that stay, in one array.
    starts: Vec<u32>,
    fixed: Vec<u32>,
    /// Of those that were added.
    added: FxHashMap<u32, Vec<Edge>>,
}

impl Ends {
    fn new(nodes: usize, edges: &[(u32, u32)], ends: impl Fn(&(u32, u32)) -> (u32, u32)) -> Ends {
        let mut starts = vec![0u32; nodes + 1];
        for edge in edges {
            starts[ends(edge).0 as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut fixed = vec![0; edges.len()];
        for edge in edges {
            let (node, end) = ends(edge);
            fixed[next[node as usize] as usize] = end;
            next[node as usize] += 1;
        }
        Ends { starts, fixed, added: FxHashMap::default() }
    }

    #[inline]
    fn of(&self, node: u32) -> impl Iterator<Item = Edge> + '_ {
        let at = node as usize;
        let fixed = &self.fixed[self.starts[at] as usize..self.starts[at + 1] as usize];
        let added = self.added.get(&node).into_iter().flatten().copied();
        fixed.iter().map(|&end| (end, NONE)).chain(added)
    }

    fn add(&mut self, node: u32, edge: Edge) {
        self.added.entry(node).or_default().push(edge);
    }

    fn remove(&mut self, node: u32) {
        if let Some(edges) = self.added.get_mut(&node) {
            edges.pop();
        }
    }
}

impl Ordering {
    /// The nodes in this order: by node its place. All edges fit it.
    pub(super) fn new(place: Vec<u32>, edges: &[(u32, u32)]) -> Ordering {
        let nodes = place.len();
        Ordering {
            out: Ends::new(nodes, edges, |&(from, to)| (from, to)),
            into: Ends::new(nodes, edges, |&(from, to)| (to, from)),
            place,
            seen: vec![0; nodes],
            from: vec![(NONE, NONE); nodes],
            rounds: 0,
            added: Vec::new(),
            steps: 0,
        }
    }

    #[inline]
    pub(super) fn place(&self, node: u32) -> u32 {
        self.place[node as usize]
    }

    /// How many edges were added.
    pub(super) fn added(&self) -> usize {
        self.added.len()
    }

    /// Takes away all edges but the first so many of those that were added.
    pub(super) fn shrink(&mut self, length: usize) {
        while self.added.len() > length {
            if let Some((from, to)) = self.added.pop() {
                self.out.remove(from);
                self.into.remove(to);
            }
        }
    }

    /// Adds an edge that rests on a choice.
    ///
    /// # Errors
    /// If that closes a cycle: the choices that the rest of it rests on.
    pub(super) fn add(&mut self, from: u32, to: u32, choice: u32) -> Result<(), Vec<u32>> {
        if from == to {
            return Err(Vec::new());
        }
        let (low, high) = (self.place(to), self.place(from));
        if low < high {
            let forward = self.forward(to, high);
            if self.seen[from as usize] == self.rounds {
                return Err(self.reasons(to, from));
            }
            let backward = self.backward(from, low);
            self.reorder(forward, backward);
        }
        self.out.add(from, (to, choice));
        self.into.add(to, (from, choice));
        self.added.push((from, to));
        Ok(())
    }

    /// All that a node leads to, up to a place.
    fn forward(&mut self, start: u32, high: u32) -> Vec<u32> {
        self.rounds += 1;
        let mut found = vec![start];
        self.seen[start as usize] = self.rounds;
        let mut at = 0;
        while let Some(&node) = found.get(at) {
            at += 1;
            for (to, choice) in self.out.of(node) {
                self.steps += 1;
                if self.place[to as usize] <= high && self.seen[to as usize] != self.rounds {
                    self.seen[to as usize] = self.rounds;
                    self.from[to as usize] = (node, choice);
                    found.push(to);
                }
            }
        }
        found
    }

    /// All that leads to a node, down to a place.
    fn backward(&mut self, start: u32, low: u32) -> Vec<u32> {
        self.rounds += 1;
        let mut found = vec![start];
        self.seen[start as usize] = self.rounds;
        let mut at = 0;
        while let Some(&node) = found.get(at) {
            at += 1;
            for (from, _) in self.into.of(node) {
                self.steps += 1;
                if self.place[from as usize] >= low && self.seen[from as usize] != self.rounds {
                    self.seen[from as usize] = self.rounds;
                    found.push(from);
                }
            }
        }
        found
    }

    /// Puts all that leads to the one end before all that the other leads to, in the
    /// places that these have together.
    fn reorder(&mut self, mut forward: Vec<u32>, mut backward: Vec<u32>) {
        forward.sort_unstable_by_key(|&node| self.place[node as usize]);
        backward.sort_unstable_by_key(|&node| self.place[node as usize]);
        backward.extend(forward);
        let mut places: Vec<u32> = backward.iter().map(|&node| self.place[node as usize]).collect();
        places.sort_unstable();
        for (node, place) in backward.into_iter().zip(places) {
            self.place[node as usize] = place;
        }
    }

    /// The choices on the path that the last look forward found.
    fn reasons(&self, start: u32, end: u32) -> Vec<u32> {
        let mut choices = Vec::new();
        let mut at = end;
        while at != start {
            let (before, choice) = self.from[at as usize];
            if choice != NONE {
                choices.push(choice);
            }
            at = before;
        }
        choices.sort_unstable();
        choices.dedup();
        choices
    }
}
