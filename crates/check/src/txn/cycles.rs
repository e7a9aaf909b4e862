//! Cycles of transactions, and which anomalies they are.
//!
//! A cycle exists where a component has two members; what it is called depends on
//! its edges. Each name has a polynomial test, tried from the worst name down; what
//! a name that was found implies is not looked for in the same component.

use super::closing::Closing;
use super::graph::Order;
use super::graph::{Components, Graph, Label, Labels};
use super::models::{self, Names};
use super::parse::NONE;
use super::sort::{DATA, Sort};

/// A cycle: each transaction comes before the next, the last before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// The name of the anomaly.
    pub(crate) name: &'static str,
    /// The transactions and why each comes before the next.
    pub(crate) steps: Vec<(u32, Label)>,
}

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
