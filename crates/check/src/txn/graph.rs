//! Graphs of transactions in compact form, with a label on each edge, and their
//! strongly connected components.

use super::parse::NONE;

/// Which order of transactions counts besides what they read and wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// None.
    Free,
    /// That of each session: of each process.
    Session,
    /// Real time: what was over before another began comes before it.
    RealTime,
}

/// Why one transaction comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Label {
    /// It wrote what the other replaced.
    Ww = 0,
    /// It wrote what the other read.
    Wr = 1,
    /// It read what the other replaced.
    Rw = 2,
    /// It was over before the other began: in its session, or in real time.
    Order = 3,
    /// From a node that stands for several edges: see [`super::edges`].
    Pass = 4,
}

impl Label {
    const ALL: [Label; 5] = [Label::Ww, Label::Wr, Label::Rw, Label::Order, Label::Pass];

    /// What it is called, where such an order counts.
    pub(super) fn name(self, order: Order) -> &'static str {
        match (self, order) {
            (Label::Ww, _) => "ww",
            (Label::Wr, _) => "wr",
            (Label::Rw, _) => "rw",
            (_, Order::Session) => "process",
            _ => "realtime",
        }
    }

    fn of(packed: u32) -> Label {
        Label::ALL[(packed >> SHIFT) as usize]
    }
}

/// A set of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Labels(u8);

impl Labels {
    pub(super) const NONE: Labels = Labels(0);

    pub(super) const fn with(self, label: Label) -> Labels {
        Labels(self.0 | 1 << label as u8)
    }

    #[inline]
    fn has(self, packed: u32) -> bool {
        self.0 >> (packed >> SHIFT) & 1 == 1
    }

    #[inline]
    pub(super) fn contains(self, label: Label) -> bool {
        self.0 >> label as u8 & 1 == 1
    }
}

const SHIFT: u32 = 29;
const NODE: u32 = (1 << SHIFT) - 1;

/// How many nodes a graph can have.
pub(super) const MOST_NODES: usize = 1 << SHIFT;

/// Edges, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Edges(Vec<(u32, u32)>);

impl Edges {
    #[inline]
    pub(crate) fn push(&mut self, from: u32, to: u32, label: Label) {
        self.0.push((from, to | (label as u32) << SHIFT));
    }

    /// Whether no edge leads to any of the first nodes.
    pub(super) fn none_leads_below(&self, nodes: u32) -> bool {
        !self.0.iter().any(|(_, packed)| packed & NODE < nodes)
    }
}

/// A directed graph: the edges out of all nodes in one array. The nodes below
/// `txns` are transactions, the others help to say the same with fewer edges.
#[derive(Debug)]
pub(crate) struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
    pub(super) txns: u32,
}

impl Graph {
    pub(super) fn new(txns: u32, nodes: usize, edges: &Edges) -> Graph {
        assert!(nodes < MOST_NODES, "a graph has at most {MOST_NODES} nodes");
        let mut starts = vec![0u32; nodes + 1];
        for &(from, _) in &edges.0 {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; edges.0.len()];
        for &(from, packed) in &edges.0 {
            targets[next[from as usize] as usize] = packed;
            next[from as usize] += 1;
        }
        Graph { starts, targets, txns }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline]
    fn packed(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// The edges out of a node.
    #[inline]
    pub(super) fn edges(&self, node: u32) -> impl Iterator<Item = (u32, Label)> + '_ {
        self.packed(node).iter().map(|&packed| (packed & NODE, Label::of(packed)))
    }

    /// The edges out of a node with one of some labels.
    #[inline]
    pub(super) fn edges_of(
        &self,
        node: u32,
        labels: Labels,
    ) -> impl Iterator<Item = (u32, Label)> + '_ {
        let packed = self.packed(node).iter().filter(move |&&packed| labels.has(packed));
        packed.map(|&packed| (packed & NODE, Label::of(packed)))
    }

    /// The strongly connected components by edges of some labels.
    pub(super) fn components(&self, labels: Labels) -> Components {
        Components::new(self, labels)
    }

    /// Whether an edge of an order leads to a transaction.
    pub(super) fn has_order(&self) -> bool {
        let order = Labels::NONE.with(Label::Order);
        self.targets.iter().any(|&packed| order.has(packed) && packed & NODE < self.txns)
    }

    /// The graph of some of the nodes alone, in the order given: transactions first.
    /// `local` has room for all nodes and is [`NONE`] everywhere, before and after.
    pub(super) fn part(&self, nodes: &[u32], local: &mut [u32]) -> Graph {
        for (place, &node) in nodes.iter().enumerate() {
            local[node as usize] = place as u32;
        }
        let mut starts = Vec::with_capacity(nodes.len() + 1);
        let mut targets = Vec::new();
        for &node in nodes {
            starts.push(targets.len() as u32);
            for &packed in self.packed(node) {
                let to = local[(packed & NODE) as usize];
                if to != NONE {
                    targets.push(to | packed & !NODE);
                }
            }
        }
        starts.push(targets.len() as u32);
        for &node in nodes {
            local[node as usize] = NONE;
        }
        let txns = nodes.iter().filter(|&&node| node < self.txns).count() as u32;
        Graph { starts, targets, txns }
    }
}

/// The strongly connected components of a graph, numbered so that an edge leads
/// from a higher number to a lower one, or stays.
#[derive(Debug)]
pub(crate) struct Components {
    /// By node.
    pub(super) of: Vec<u32>,
    count: u32,
}

impl Components {
    /// Tarjan 1972, with a stack of its own: a chain of a million nodes is no deep
    /// recursion. The last node is visited first, so that the numbers follow the
    /// order of nodes as far as edges do.
    fn new(graph: &Graph, labels: Labels) -> Components {
        let nodes = graph.len();
        let mut of = vec![NONE; nodes];
        let mut lowest = vec![NONE; nodes];
        let mut stack: Vec<u32> = Vec::new();
        // A node, which of its edges comes next, and when it was visited.
        let mut path: Vec<(u32, u32, u32)> = Vec::new();
        let (mut visited, mut count) = (0, 0);
        for root in (0..nodes as u32).rev() {
            if lowest[root as usize] != NONE {
                continue;
            }
            path.push((root, graph.starts[root as usize], visited));
            lowest[root as usize] = visited;
            visited += 1;
            stack.push(root);
            while let Some(&mut (node, ref mut next, order)) = path.last_mut() {
                let at = node as usize;
                let end = graph.starts[at + 1];
                let mut descend = NONE;
                while *next < end {
                    let packed = graph.targets[*next as usize];
                    *next += 1;
                    if !labels.has(packed) {
                        continue;
                    }
                    let child = packed & NODE;
                    if lowest[child as usize] == NONE {
                        descend = child;
                        break;
                    }
                    if of[child as usize] == NONE {
                        lowest[at] = lowest[at].min(lowest[child as usize]);
                    }
                }
                if descend != NONE {
                    path.push((descend, graph.starts[descend as usize], visited));
                    lowest[descend as usize] = visited;
                    visited += 1;
                    stack.push(descend);
                    continue;
                }
                path.pop();
                if lowest[at] == order {
                    while let Some(member) = stack.pop() {
                        of[member as usize] = count;
                        if member == node {
                            break;
                        }
                    }
                    count += 1;
                }
                if let Some(&(parent, ..)) = path.last()
                    && of[at] == NONE
                {
                    let parent = parent as usize;
                    lowest[parent] = lowest[parent].min(lowest[at]);
                }
            }
        }
        Components { of, count }
    }

    /// Whether no two nodes are of one component.
    pub(super) fn is_acyclic(&self) -> bool {
        self.count as usize == self.of.len()
    }

    /// Whether two nodes are of one component.
    #[inline]
    pub(super) fn same(&self, a: u32, b: u32) -> bool {
        self.of[a as usize] == self.of[b as usize]
    }

    /// The members of each component that has two or more, ascending; the components
    /// by their first members.
    pub(super) fn knots(&self) -> Vec<Vec<u32>> {
        let mut sizes = vec![0u32; self.count as usize];
        for &component in &self.of {
            sizes[component as usize] += 1;
        }
        if sizes.iter().all(|&size| size < 2) {
            return Vec::new();
        }
        let mut places = vec![NONE; self.count as usize];
        let mut knots: Vec<Vec<u32>> = Vec::new();
        for (node, &component) in self.of.iter().enumerate() {
            let component = component as usize;
            if sizes[component] < 2 {
                continue;
            }
            if places[component] == NONE {
                places[component] = knots.len() as u32;
                knots.push(Vec::with_capacity(sizes[component] as usize));
            }
            knots[places[component] as usize].push(node as u32);
        }
        knots
    }
}
