//! What comes before what by an axiom.

use super::axiom::{Reason, Step};
use super::edges::Builder;
use super::graph::{Components, Edges, Graph, Label, Labels};
use super::paths::Paths;

/// What comes before what, and why.
#[derive(Debug)]
pub(super) struct Before {
    edges: Edges,
    /// Each edge and its reason; those of an order have none.
    reasons: Vec<(u32, u32, Reason)>,
    txns: u32,
    nodes: usize,
    /// What was known when it was looked at first, without what follows by the axiom; and
    /// how many reasons there were then.
    known: Option<(Graph, Components)>,
    first: usize,
}

const ALL: Labels = Labels::NONE.with(Label::Ww).with(Label::Order);

impl Before {
    /// What an order says of transactions.
    pub(super) fn over(builder: Builder) -> Before {
        let (edges, txns, nodes) = builder.into_edges();
        Before { edges, reasons: Vec::new(), txns, nodes, known: None, first: 0 }
    }

    pub(super) fn add(&mut self, from: u32, to: u32, reason: Reason) {
        if from != to {
            self.edges.push(from, to, Label::Ww);
            self.reasons.push((from, to, reason));
        }
    }

    fn graph(&self) -> Graph {
        Graph::new(self.txns, self.nodes, &self.edges)
    }

    /// What is known so far, and its components.
    pub(super) fn known(&mut self) -> &(Graph, Components) {
        let graph = self.known.take().unwrap_or_else(|| {
            let graph = self.graph();
            let components = graph.components(ALL);
            self.first = self.reasons.len();
            (graph, components)
        });
        self.known.insert(graph)
    }

    /// A shortest way from one transaction to another by what was known.
    pub(super) fn path(&self, from: u32, to: u32) -> Option<Vec<Step>> {
        let (graph, _) = self.known.as_ref()?;
        let weighs = |node| node < self.txns;
        let path =
            Paths::new(graph).shortest(graph, (from, to), ALL, u32::MAX, weighs, |_| true)?;
        let mut nodes: Vec<u32> = path.into_iter().map(|(node, _)| node).collect();
        nodes.push(to);
        Some(self.steps(&nodes, &sorted(&self.reasons[..self.first])))
    }

    /// The steps of a path.
    fn steps(&self, nodes: &[u32], reasons: &[(u32, u32, Reason)]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut last = (nodes[0], 0);
        for (at, &node) in nodes.iter().enumerate().skip(1).filter(|(_, node)| **node < self.txns) {
            let (from, place) = last;
            let is_it = |&&(f, t, _): &&(u32, u32, Reason)| (f, t) == (from, node);
            let start = reasons.partition_point(|(f, t, _)| (*f, *t) < (from, node));
            let known = reasons.get(start).filter(is_it).map(|(_, _, reason)| *reason);
            let reason = match known {
                _ if at > place + 1 => Reason::RealTime,
                None => Reason::Session,
                Some(reason) => reason,
            };
            steps.push(Step { from, to: node, reason });
            last = (node, at);
        }
        steps
    }

    /// Steps from a transaction to itself: one such cycle of each component, of so many
    /// at most.
    pub(super) fn cycles(&self, most: usize) -> Vec<Vec<Step>> {
        let graph = self.graph();
        let components = graph.components(ALL);
        if components.is_acyclic() {
            return Vec::new();
        }
        let reasons = sorted(&self.reasons);
        let mut paths = Paths::new(&graph);
        let cycle = |knot: Vec<u32>| {
            let of = components.of[knot[0] as usize];
            let within = |node: u32| components.of[node as usize] == of;
            let weighs = |node| node < self.txns;
            let next = graph.edges(knot[0]).map(|(to, _)| to).find(|&to| within(to))?;
            let ends = (next, knot[0]);
            let path = paths.shortest(&graph, ends, ALL, u32::MAX, weighs, within)?;
            let mut nodes = vec![knot[0]];
            nodes.extend(path.into_iter().map(|(node, _)| node));
            nodes.push(knot[0]);
            Some(self.steps(&nodes, &reasons))
        };
        components.knots().into_iter().filter_map(cycle).take(most).collect()
    }
}

/// Reasons by what they connect.
fn sorted(reasons: &[(u32, u32, Reason)]) -> Vec<(u32, u32, Reason)> {
    let mut reasons = reasons.to_vec();
    reasons.sort_by_key(|(from, to, _)| (*from, *to));
    reasons
}
