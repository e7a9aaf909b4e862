//! Cycles of transactions, and which anomalies they are.
//!
//! A cycle exists where a component has two members; what it is called depends on
//! its edges. Each name has a polynomial test, tried from the worst name down; what
//! a name that was found implies is not looked for in the same component.

use super::closing::Closing;
use super::edges::Order;
use super::graph::{Components, Graph, Label, Labels};
use super::models::{self, Names};
use super::parse::NONE;

/// A cycle: each transaction comes before the next, the last before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// The name of the anomaly.
    pub(crate) name: &'static str,
    /// The transactions and why each comes before the next.
    pub(crate) steps: Vec<(u32, Label)>,
}

/// What sort of cycle is looked for, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// Of writes alone.
    Write,
    /// Of writes and of reads of what was written.
    Flow,
    /// With one read of what was replaced.
    Single,
    /// With several of them, no two in a row.
    Nonadjacent,
    /// With several of them.
    Any,
}

impl Sort {
    const ALL: [Sort; 5] = [Sort::Write, Sort::Flow, Sort::Single, Sort::Nonadjacent, Sort::Any];

    /// Its name, with a suffix where an order is part of it.
    pub(super) fn name(self, suffix: Option<Order>) -> &'static str {
        let names = match self {
            Sort::Write => ["G0", "G0-process", "G0-realtime"],
            Sort::Flow => ["G1c", "G1c-process", "G1c-realtime"],
            Sort::Single => ["G-single-item", "G-single-item-process", "G-single-item-realtime"],
            Sort::Nonadjacent => {
                ["G-nonadjacent-item", "G-nonadjacent-item-process", "G-nonadjacent-item-realtime"]
            }
            Sort::Any => ["G2-item", "G2-item-process", "G2-item-realtime"],
        };
        match suffix {
            None | Some(Order::Free) => names[0],
            Some(Order::Session) => names[1],
            Some(Order::RealTime) => names[2],
        }
    }

    /// The sort of a cycle of such edges.
    pub(super) fn of(steps: &[(u32, Label)]) -> Sort {
        let count = |label| steps.iter().filter(|(_, other)| *other == label).count();
        match count(Label::Rw) {
            0 if count(Label::Wr) == 0 => Sort::Write,
            0 => Sort::Flow,
            1 => Sort::Single,
            _ if is_nonadjacent(steps) => Sort::Nonadjacent,
            _ => Sort::Any,
        }
    }
}

/// Whether no two reads of what was replaced stand in a row, round the cycle.
pub(super) fn is_nonadjacent(steps: &[(u32, Label)]) -> bool {
    let labels = || steps.iter().map(|(_, label)| *label);
    let mut pairs = labels().zip(labels().cycle().skip(1));
    !pairs.any(|(a, b)| a == Label::Rw && b == Label::Rw)
}

const PASS: Labels = Labels::NONE.with(Label::Pass);
const WRITES: Labels = PASS.with(Label::Ww);
const FLOW: Labels = WRITES.with(Label::Wr);
const DATA: Labels = FLOW.with(Label::Rw);

/// The components of a graph by all its edges.
pub(crate) fn components(graph: &Graph) -> Components {
    graph.components(DATA.with(Label::Order))
}

/// All anomalies that cycles of a graph are: of each name at most one for each
/// component.
pub(crate) fn cycles(graph: &Graph, components: &Components, order: Order) -> Vec<Cycle> {
    let knots = components.knots();
    if knots.is_empty() {
        return Vec::new();
    }
    let mut room = vec![NONE; graph.len()];
    let mut cycles = Vec::new();
    for knot in knots {
        let part = graph.part(&knot, &mut room);
        for mut cycle in Search::new(&part, order).run() {
            for (txn, _) in &mut cycle.steps {
                *txn = knot[*txn as usize];
            }
            begin_with_first(&mut cycle.steps);
            cycles.push(cycle);
        }
    }
    cycles
}

/// A cycle is told from its transaction that came first.
fn begin_with_first(steps: &mut [(u32, Label)]) {
    let first = (0..steps.len()).min_by_key(|&at| steps[at].0);
    steps.rotate_left(first.unwrap_or(0));
}

/// The search in one component.
struct Search<'g> {
    graph: &'g Graph,
    order: Order,
    found: Vec<Cycle>,
    implied: Names,
}

impl Search<'_> {
    fn new(graph: &Graph, order: Order) -> Search<'_> {
        Search { graph, order, found: Vec::new(), implied: Names::new() }
    }

    fn run(mut self) -> Vec<Cycle> {
        self.without_order();
        if self.order != Order::Free {
            self.with_order();
        }
        self.found
    }

    /// Cycles of what was read and written: they lie in components of these edges,
    /// which are often much smaller than the whole.
    fn without_order(&mut self) {
        let graph = self.graph;
        let knots = graph.components(DATA).knots();
        let mut room = vec![NONE; if knots.is_empty() { 0 } else { graph.len() }];
        let parts: Vec<Graph> = knots.iter().map(|knot| graph.part(knot, &mut room)).collect();
        let mut searches: Vec<Closing<'_>> = parts.iter().map(Closing::new).collect();
        for sort in Sort::ALL {
            if self.implied.contains(sort.name(None)) {
                continue;
            }
            let mut best: Option<Vec<(u32, Label)>> = None;
            for (search, knot) in searches.iter_mut().zip(&knots) {
                let Some(mut steps) = search.find(sort, Labels::NONE) else { continue };
                if best.as_ref().is_some_and(|best| best.len() <= steps.len()) {
                    continue;
                }
                for (txn, _) in &mut steps {
                    *txn = knot[*txn as usize];
                }
                best = Some(steps);
            }
            self.add(best);
        }
    }

    fn with_order(&mut self) {
        let mut search = Closing::new(self.graph);
        for sort in Sort::ALL {
            if self.implied.contains(sort.name(Some(self.order))) {
                continue;
            }
            let found = search.find(sort, Labels::NONE.with(Label::Order));
            self.add(found);
        }
    }

    /// Adds a cycle by the name that its edges give it.
    fn add(&mut self, steps: Option<Vec<(u32, Label)>>) {
        let Some(steps) = steps else { return };
        let is_ordered = steps.iter().any(|(_, label)| *label == Label::Order);
        let name = Sort::of(&steps).name(is_ordered.then_some(self.order));
        self.implied.extend(models::implied([name]));
        self.found.push(Cycle { name, steps });
    }
}

/// The labels of the edges that a sort of cycle may have, besides those of an order.
pub(super) fn labels(sort: Sort, more: Labels) -> Labels {
    let labels = match sort {
        Sort::Write => WRITES,
        Sort::Flow | Sort::Single | Sort::Nonadjacent => FLOW,
        Sort::Any => DATA,
    };
    if more.contains(Label::Order) { labels.with(Label::Order) } else { labels }
}
