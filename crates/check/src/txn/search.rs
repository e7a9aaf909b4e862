//! The search for an order of transactions that a model allows, where reads and
//! writes leave several possible: a polygraph (Papadimitriou 1979), solved by choices
//! and backjumping.
//!
//! Each transaction is one point, or two where it reads a snapshot and commits later.
//! Of two writers of a key one comes first, and with it all who read what it wrote.
//! Such a choice is only made where the order that there is does not fit.

use glomers_history::Stop;

use super::graph::{Components, Edges, Graph, Label, Labels};
use super::ordering::Ordering;
use super::parse::NONE;

/// What an order must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// One after the other.
    Serial,
    /// Each reads a snapshot, and no two that write the same key overlap.
    Snapshot,
    /// Each reads a snapshot.
    Prefix,
}

/// The writers of a key, and who read what each of them wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers {
    pub(super) writers: Vec<u32>,
    /// In the same order.
    pub(super) readers: Vec<Vec<u32>>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// There is an order.
    Order,
    /// There is none; transactions that show it.
    NoOrder(Vec<u32>),
    /// The budget did not suffice.
    Open,
}

/// Of two writers of a key, the first comes before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    key: u32,
    /// Places in [`Writers::writers`].
    first: u32,
    second: u32,
}

/// A choice that was made.
#[derive(Debug)]
struct Made {
    choice: Choice,
    /// How many edges there were before.
    edges: usize,
    /// If the opposite was ruled out: the choices that ruled it out.
    forced_by: Option<Vec<u32>>,
}

struct Search<'a> {
    graph: &'a Graph,
    level: Level,
    keys: &'a [Writers],
    /// By point its place in the order, until a choice has to be made.
    place: Vec<u32>,
    ordering: Option<Ordering>,
    made: Vec<Made>,
    /// How much was looked at besides edges.
    steps: u64,
}

/// It asks whether to stop after so many steps.
const LOOK: u64 = 1 << 20;

/// Looks for an order. The graph has what is known to come before what; steps are
/// edges looked at.
pub(super) fn search(
    (graph, components): &(Graph, Components),
    level: Level,
    keys: &[Writers],
    budget: u64,
    stop: &Stop,
) -> Found {
    let of_points;
    let components = if level == Level::Serial {
        components
    } else {
        let mut edges = Edges::default();
        point_edges(graph, level, |from, to| edges.push(from, to, Label::Ww));
        let points = graph.len() + graph.txns as usize;
        of_points = Graph::new(0, points, &edges).components(Labels::NONE.with(Label::Ww));
        &of_points
    };
    if !components.is_acyclic() {
        let knot = components.knots().into_iter().next().unwrap_or_default();
        return Found::NoOrder(knot.into_iter().filter(|&point| point < graph.txns).collect());
    }
    // Components are numbered against the edges.
    let last = components.of.len() as u32;
    let place = components.of.iter().map(|&of| last - 1 - of).collect();
    let (ordering, made) = (None, Vec::new());
    Search { graph, level, keys, place, ordering, made, steps: 0 }.run(budget, stop)
}

/// The edges between the points of transactions.
fn point_edges(graph: &Graph, level: Level, mut each: impl FnMut(u32, u32)) {
    let nodes = graph.len() as u32;
    for from in 0..nodes {
        for (to, label) in graph.edges(from) {
            let (from, to) = points(graph, level, from, to, label);
            each(from, to);
        }
        if level != Level::Serial && from < graph.txns {
            each(nodes + from, from);
        }
    }
}

/// The points that an edge connects: commits are nodes of the graph themselves, the
/// snapshots of transactions come after all of these.
fn points(graph: &Graph, level: Level, from: u32, to: u32, label: Label) -> (u32, u32) {
    if level == Level::Serial {
        return (from, to);
    }
    let nodes = graph.len() as u32;
    let snapshot = |node: u32| if node < graph.txns { nodes + node } else { node };
    match label {
        Label::Rw => (snapshot(from), to),
        Label::Pass => (from, to),
        Label::Ww if level == Level::Prefix => (from, to),
        _ => (from, snapshot(to)),
    }
}

impl Search<'_> {
    fn run(&mut self, budget: u64, stop: &Stop) -> Found {
        let mut look = LOOK;
        loop {
            let mut is_clean = true;
            for key in 0..self.keys.len() {
                while let Some((first, second)) = self.misfit(key) {
                    is_clean = false;
                    let steps = self.steps();
                    if steps > budget {
                        return Found::Open;
                    }
                    if steps > look {
                        look = steps + LOOK;
                        if stop.is_wanted() {
                            return Found::Open;
                        }
                    }
                    let choice = Choice { key: key as u32, first, second };
                    if let Err(txns) = self.choose(choice) {
                        return Found::NoOrder(txns);
                    }
                }
            }
            if is_clean {
                return Found::Order;
            }
        }
    }

    fn snapshot(&self, txn: u32) -> u32 {
        if self.level == Level::Serial { txn } else { self.graph.len() as u32 + txn }
    }

    #[inline]
    fn place(&self, point: u32) -> u32 {
        match &self.ordering {
            Some(ordering) => ordering.place(point),
            None => self.place[point as usize],
        }
    }

    fn steps(&self) -> u64 {
        self.steps + self.ordering.as_ref().map_or(0, |ordering| ordering.steps)
    }

    /// The order, to which edges can be added.
    fn ordering(&mut self) -> &mut Ordering {
        let (graph, level, place) = (self.graph, self.level, &mut self.place);
        self.ordering.get_or_insert_with(|| {
            let mut edges = Vec::new();
            point_edges(graph, level, |from, to| edges.push((from, to)));
            Ordering::new(std::mem::take(place), &edges)
        })
    }

    /// Two writers of a key that overlap, or of which the second comes between the
    /// first and one who read what that wrote.
    fn misfit(&mut self, key: usize) -> Option<(u32, u32)> {
        let Writers { writers, readers } = &self.keys[key];
        if writers.len() < 2 {
            return None;
        }
        let mut order: Vec<u32> = (0..writers.len() as u32).collect();
        order.sort_unstable_by_key(|&at| self.place(writers[at as usize]));
        self.steps += order.len() as u64;
        for pair in order.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            let next = writers[second as usize];
            let until = self.place(next);
            let begin = self.place(self.snapshot(next));
            let end = self.place(writers[first as usize]);
            if self.level == Level::Snapshot && begin < end {
                return Some((first, second));
            }
            let mut late = readers[first as usize].iter().filter(|&&reader| reader != next);
            if late.any(|&reader| self.place(self.snapshot(reader)) > until) {
                return Some((first, second));
            }
        }
        None
    }

    /// Makes a choice, or the opposite; goes back as far as it must if neither fits.
    ///
    /// # Errors
    /// If no choice before helps: some transactions that show it.
    fn choose(&mut self, choice: Choice) -> Result<(), Vec<u32>> {
        let opposite = Choice { first: choice.second, second: choice.first, ..choice };
        let first = match self.make(choice, None) {
            Ok(()) => return Ok(()),
            Err(reasons) => reasons,
        };
        let mut reasons = match self.make(opposite, Some(first.clone())) {
            Ok(()) => return Ok(()),
            Err(second) => union(&first, &second),
        };
        let mut txns = self.writers_of(choice).to_vec();
        // Of the choices that are in the way, the latest one is wrong.
        loop {
            let Some(latest) = reasons.pop() else { return Err(txns) };
            let Some(made) = self.made.drain(latest as usize..).next() else { return Err(txns) };
            txns = self.writers_of(made.choice).to_vec();
            self.ordering().shrink(made.edges);
            if let Some(forced_by) = made.forced_by {
                reasons = union(&reasons, &forced_by);
                continue;
            }
            let Choice { key, first, second } = made.choice;
            let opposite = Choice { key, first: second, second: first };
            match self.make(opposite, Some(reasons.clone())) {
                Ok(()) => return Ok(()),
                Err(more) => reasons = union(&reasons, &more),
            }
        }
    }

    fn writers_of(&self, choice: Choice) -> [u32; 2] {
        let writers = &self.keys[choice.key as usize].writers;
        [choice.first, choice.second].map(|at| writers[at as usize])
    }

    /// Makes a choice.
    ///
    /// # Errors
    /// If it closes a cycle: the choices before that it does not fit with.
    fn make(&mut self, choice: Choice, forced_by: Option<Vec<u32>>) -> Result<(), Vec<u32>> {
        let edges = self.ordering().added();
        let number = self.made.len() as u32;
        let keys = self.keys;
        let Writers { writers, readers } = &keys[choice.key as usize];
        let (first, second) = (writers[choice.first as usize], writers[choice.second as usize]);
        let begin = match self.level {
            Level::Serial | Level::Prefix => second,
            Level::Snapshot => self.snapshot(second),
        };
        let readers = readers[choice.first as usize].iter().filter(|&&reader| reader != second);
        let points: Vec<(u32, u32)> = std::iter::once((first, begin))
            .chain(readers.map(|&reader| (self.snapshot(reader), second)))
            .collect();
        for (from, to) in points {
            if let Err(mut reasons) = self.ordering().add(from, to, number) {
                self.ordering().shrink(edges);
                reasons.retain(|&reason| reason != number);
                return Err(reasons);
            }
        }
        debug_assert_ne!(number, NONE, "there are fewer choices than that");
        self.made.push(Made { choice, edges, forced_by });
        Ok(())
    }
}

/// All of two ascending lists, ascending.
fn union(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}
