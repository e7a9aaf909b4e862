//! What comes before what by an axiom.

use super::axiom::{Reason, Step};
use super::graph::{Edges, Graph, Label, Labels};
use super::paths::Paths;

/// What comes before what, and why.
#[derive(Debug)]
pub(super) struct Before {
    pub(super) edges: Edges,
    /// Each edge and its reason.
    pub(super) reasons: Vec<(u32, u32, Reason)>,
    txns: usize,
}

impl Before {
    pub(super) fn new(txns: usize) -> Before {
        Before { edges: Edges::default(), reasons: Vec::new(), txns }
    }

    pub(super) fn add(&mut self, from: u32, to: u32, reason: Reason) {
        if from != to {
            self.edges.push(from, to, Label::Ww);
            self.reasons.push((from, to, reason));
        }
    }

    /// By transaction its place in an order that fits, and whether there is such an order.
    pub(super) fn places(&self) -> (Vec<u32>, bool) {
        let graph = Graph::new(self.txns as u32, self.txns, &self.edges);
        let components = graph.components(Labels::NONE.with(Label::Ww));
        let is_acyclic = components.is_acyclic();
        // Components are numbered against the edges.
        (components.of.into_iter().map(|of| u32::MAX - of).collect(), is_acyclic)
    }

    /// Steps from a transaction to itself, if there are any.
    pub(super) fn cycle(mut self) -> Option<Vec<Step>> {
        let ww = Labels::NONE.with(Label::Ww);
        let graph = Graph::new(self.txns as u32, self.txns, &self.edges);
        let components = graph.components(ww);
        let knot = components.knots().into_iter().next()?;
        let of = components.of[knot[0] as usize];
        let within = |node: u32| components.of[node as usize] == of;
        let mut paths = Paths::new(&graph);
        let next = graph.edges(knot[0]).map(|(to, _)| to).find(|&to| within(to))?;
        let path = paths.shortest(&graph, (next, knot[0]), ww, u32::MAX, |_| true, within)?;
        let nodes: Vec<u32> =
            std::iter::once(knot[0]).chain(path.into_iter().map(|(node, _)| node)).collect();
        self.reasons.sort_by_key(|(from, to, _)| (*from, *to));
        let step = |at: usize| {
            let (from, to) = (nodes[at], nodes[(at + 1) % nodes.len()]);
            let place = self.reasons.partition_point(|(f, t, _)| (*f, *t) < (from, to));
            Step { from, to, reason: self.reasons[place].2 }
        };
        Some((0..nodes.len()).map(step).collect())
    }
}
