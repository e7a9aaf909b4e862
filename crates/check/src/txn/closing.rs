//! The search for a cycle of one sort in a strongly connected graph: each is closed
//! by an edge, and the rest is a shortest path back to where that begins.

use rustc_hash::FxHashSet;

use super::graph::{Components, Edges, Graph, Label, Labels};
use super::parse::NONE;
use super::paths::{Hop, Paths};
use super::sort::{Sort, is_nonadjacent, labels};

/// In components of so many nodes the shortest cycle of all is found, in larger
/// ones a shortest one through the first edge that closes any.
const SMALL: u32 = 2000;

/// How many edges may be looked at before that is enough, nonetheless.
const PATIENCE: u64 = 20_000_000;

/// How many nodes are looked at for one edge before many edges are done together.
const NEAR: usize = 512;

/// How many closing edges are tried where a path may meet itself.
const TRIED: usize = 64;

type Steps = Vec<(u32, Label)>;

/// The search in one graph.
pub(super) struct Closing<'g> {
    graph: &'g Graph,
    paths: Paths,
}

impl<'g> Closing<'g> {
    pub(super) fn new(graph: &'g Graph) -> Closing<'g> {
        Closing { graph, paths: Paths::new(graph) }
    }

    /// A cycle of a sort, if there is one that no worse sort already covers. `more`
    /// are labels of an order that counts too.
    pub(super) fn find(&mut self, sort: Sort, more: Labels) -> Option<Steps> {
        let labels = labels(sort, more);
        match sort {
            Sort::Write => self.closed_by(Label::Ww, labels),
            Sort::Flow => self.closed_by(Label::Wr, labels),
            Sort::Any => self.closed_by(Label::Rw, labels),
            Sort::Single => self.single(labels),
            Sort::Nonadjacent => self.nonadjacent(labels),
        }
    }

    fn is_small(&self) -> bool {
        self.graph.txns <= SMALL
    }

    /// A cycle by edges of some labels that an edge of one of them closes.
    fn closed_by(&mut self, label: Label, labels: Labels) -> Option<Steps> {
        let graph = self.graph;
        let components = graph.components(labels);
        let closing = self.edges(label);
        let closing = closing.filter(|&(from, to)| components.same(from, to));
        let within = |from: u32| {
            let (components, of) = (&components, components.of[from as usize]);
            move |node: u32| components.of[node as usize] == of
        };
        let mut best: Option<Steps> = None;
        let enough = self.paths.steps + PATIENCE;
        for (from, to) in closing {
            let limit = limit(best.as_ref());
            let weighs = |node| node < graph.txns;
            let path = self.paths.shortest(graph, (to, from), labels, limit, weighs, within(from));
            if let Some(path) = path {
                best = Some(self.steps(from, label, &path));
            }
            if best.is_some() && (!self.is_small() || self.paths.steps > enough) {
                break;
            }
        }
        best
    }

    /// The edges with a label that no other edge between the two makes needless.
    fn edges(&self, label: Label) -> impl Iterator<Item = (u32, u32)> + use<'g> {
        let graph = self.graph;
        let all = move |from: u32| {
            let edges = graph.edges_of(from, Labels::NONE.with(label));
            edges.map(move |(to, _)| (from, to))
        };
        let edges = (0..graph.txns).flat_map(all);
        edges.filter(move |&(from, to)| label != Label::Rw || !is_covered(graph, from, to))
    }

    /// A cycle with one read that misses a write.
    fn single(&mut self, labels: Labels) -> Option<Steps> {
        let graph = self.graph;
        let components = graph.components(labels);
        // Edges lead to lower numbers, or stay.
        let number = |node: u32| components.of[node as usize];
        let closing = self.edges(Label::Rw).filter(|&(from, to)| number(to) >= number(from));
        let mut best: Option<Steps> = None;
        if self.is_small() {
            let enough = self.paths.steps + PATIENCE;
            for (from, to) in closing {
                let limit = limit(best.as_ref());
                if let Some(steps) = self.single_by((from, to), labels, limit, &components) {
                    best = Some(steps);
                    if self.paths.steps > enough {
                        break;
                    }
                }
            }
            return best;
        }
        let mut far = Vec::new();
        for (from, to) in closing {
            let within = |node| number(node) >= number(from);
            match self.paths.leads(graph, (to, from), labels, NEAR, within) {
                Some(true) => return self.single_by((from, to), labels, u32::MAX, &components),
                Some(false) => {}
                None => far.push((from, to)),
            }
        }
        let closing = first_that_leads(graph, labels, &components, &far)?;
        self.single_by(closing, labels, u32::MAX, &components)
    }

    fn single_by(
        &mut self,
        (from, to): (u32, u32),
        labels: Labels,
        limit: u32,
        components: &Components,
    ) -> Option<Steps> {
        let graph = self.graph;
        let end = components.of[from as usize];
        let within = |node: u32| components.of[node as usize] >= end;
        let weighs = |node| node < graph.txns;
        let path = self.paths.shortest(graph, (to, from), labels, limit, weighs, within)?;
        Some(self.steps(from, Label::Rw, &path))
    }

    /// A cycle with reads that miss a write, no two in a row: a cycle in a graph of
    /// two layers, the upper one for what such a read has just led to.
    fn nonadjacent(&mut self, labels: Labels) -> Option<Steps> {
        let graph = self.graph;
        let nodes = graph.len() as u32;
        let mut edges = Edges::default();
        for node in 0..nodes {
            for (to, label) in graph.edges(node) {
                match label {
                    Label::Rw => edges.push(node, nodes + to, Label::Rw),
                    Label::Pass => edges.push(nodes + node, nodes + to, Label::Pass),
                    label if labels.contains(label) => {
                        edges.push(node, to, label);
                        edges.push(nodes + node, to, label);
                    }
                    _ => {}
                }
            }
        }
        let layers = Graph::new(0, 2 * nodes as usize, &edges);
        let both = labels.with(Label::Rw);
        let components = layers.components(both);
        let closing = self.edges(Label::Rw).filter(|&(from, to)| components.same(from, nodes + to));
        let mut paths = Paths::new(&layers);
        let mut best: Option<Steps> = None;
        for (tried, (from, to)) in closing.enumerate() {
            let of = components.of[from as usize];
            let within = |node: u32| components.of[node as usize] == of;
            let weighs = |node: u32| node % nodes < graph.txns;
            let limit = limit(best.as_ref());
            let path = paths.shortest(&layers, (nodes + to, from), both, limit, weighs, within);
            if let Some(mut path) = path {
                for (node, _) in &mut path {
                    *node %= nodes;
                }
                let steps = simple(self.steps(from, Label::Rw, &path));
                let is_better = |steps: &Steps| best.as_ref().is_none_or(|b| steps.len() < b.len());
                best = steps.filter(is_better).or(best);
            }
            let is_enough = !self.is_small() || paths.steps > PATIENCE;
            if is_enough && (best.is_some() || tried >= TRIED) {
                break;
            }
        }
        best
    }

    /// The steps of a cycle: an edge from a node, and the path back to it.
    fn steps(&self, from: u32, label: Label, path: &[Hop]) -> Steps {
        let mut steps = vec![(from, label)];
        steps.extend(path.iter().filter(|(node, _)| *node < self.graph.txns));
        for at in 0..steps.len() {
            let (here, next) = (steps[at].0, steps[(at + 1) % steps.len()].0);
            if steps[at].1 == Label::Rw
                && let Some(label) = covering(self.graph, here, next)
            {
                steps[at].1 = label;
            }
        }
        steps
    }
}

/// Paths must be shorter than what is the best so far: a path has the nodes of the
/// cycle, so it may be as long as that is, less one.
fn limit(best: Option<&Steps>) -> u32 {
    best.map_or(u32::MAX, |steps| steps.len() as u32)
}

/// The label of an edge by which a transaction comes before another anyway, so that
/// it does not matter that it read what that replaced.
fn covering(graph: &Graph, from: u32, to: u32) -> Option<Label> {
    let flow = Labels::NONE.with(Label::Ww).with(Label::Wr);
    graph.edges_of(from, flow).filter(|(node, _)| *node == to).map(|(_, label)| label).min()
}

fn is_covered(graph: &Graph, from: u32, to: u32) -> bool {
    covering(graph, from, to).is_some()
}

/// The first of some edges whose end leads back to its beginning, 64 at a time.
fn first_that_leads(
    graph: &Graph,
    labels: Labels,
    components: &Components,
    edges: &[(u32, u32)],
) -> Option<(u32, u32)> {
    if edges.is_empty() {
        return None;
    }
    let number = |node: u32| components.of[node as usize];
    let mut nodes: Vec<u32> = (0..graph.len() as u32).collect();
    nodes.sort_by_key(|&node| std::cmp::Reverse(number(node)));
    let mut reached: Vec<u64> = vec![0; graph.len()];
    for batch in edges.chunks(64) {
        let highest = batch.iter().map(|&(_, to)| number(to)).max().unwrap_or(0);
        let lowest = batch.iter().map(|&(from, _)| number(from)).min().unwrap_or(0);
        for (bit, &(_, to)) in batch.iter().enumerate() {
            reached[number(to) as usize] |= 1 << bit;
        }
        let start = nodes.partition_point(|&node| number(node) > highest);
        let end = nodes.partition_point(|&node| number(node) >= lowest);
        for &node in &nodes[start..end] {
            let here = reached[number(node) as usize];
            if here != 0 {
                for (to, _) in graph.edges_of(node, labels) {
                    reached[number(to) as usize] |= here;
                }
            }
        }
        let leads = |&(bit, &(from, _)): &(usize, &(u32, u32))| {
            reached[number(from) as usize] >> bit & 1 == 1
        };
        if let Some((_, &edge)) = batch.iter().enumerate().find(leads) {
            return Some(edge);
        }
        reached.fill(0);
    }
    None
}

/// A cycle through each transaction once, made of a walk that may meet itself: where
/// it does, one of its two halves still has no two reads that miss a write in a
/// row.
fn simple(mut steps: Steps) -> Option<Steps> {
    let is_right =
        |steps: &Steps| steps.iter().any(|(_, label)| *label == Label::Rw) && is_nonadjacent(steps);
    loop {
        if !is_right(&steps) {
            return None;
        }
        let mut seen = FxHashSet::default();
        let Some(end) = steps.iter().position(|&(txn, _)| !seen.insert(txn)) else {
            return Some(steps);
        };
        let start = steps.iter().position(|&(txn, _)| txn == steps[end].0).unwrap_or(NONE as usize);
        let inner = steps[start..end].to_vec();
        let outer = [&steps[end..], &steps[..start]].concat();
        steps = if is_right(&inner) { inner } else { outer };
    }
}
