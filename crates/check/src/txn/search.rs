//! The search for an order of transactions that a model allows, where reads and
//! writes leave several possible: a polygraph (Papadimitriou 1979), solved by choices
//! and backjumping.
//!
//! Each transaction is one point, or two where it reads a snapshot and commits later.
//! Of two writers of a key one comes first, and with it all who read what it wrote.
//! A read of a value that several wrote got that of one of them. Such a choice is only
//! made where the order that there is does not fit.

use glomers_history::Stop;
use rustc_hash::{FxHashMap, FxHashSet};

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
    /// Places of those that wrote the same value, ascending.
    pub(super) sources: Vec<Vec<u32>>,
    /// Reads of such a value.
    pub(super) unclear: Vec<Unclear>,
}

/// A read of a value that several wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unclear {
    pub(super) reader: u32,
    /// A number in [`Writers::sources`]: whose value it may be.
    pub(super) source: u32,
}

/// A transaction that may have happened or not: it did if somebody read from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Maybe {
    /// Who would have to come before it, as they read nothing of a key
    /// that it writes.
    pub(super) before: Vec<u32>,
}

/// What is open: in which order the writers of each key come, and who was read.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// By key.
    pub(super) keys: Vec<Writers>,
    /// By transaction.
    pub(super) maybe: FxHashMap<u32, Maybe>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// There is an order.
    Order,
    /// There is none.
    NoOrder(Proof),
    /// The budget did not suffice.
    Open,
}

/// Transactions that show that there is no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) txns: Vec<u32>,
    /// The first of them read what one of the others wrote; nobody knows which.
    pub(super) is_of_read: bool,
}

/// One of the things that a choice is between. Numbers of writers are places in
/// [`Writers::writers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// Of two writers of a key, the first comes before the second.
    Order { key: u32, first: u32, second: u32 },
    /// A read got what a writer wrote.
    Source { key: u32, read: u32, writer: u32 },
}

/// A choice that was made.
#[derive(Debug)]
struct Made {
    choice: Choice,
    /// How many edges there were before.
    edges: usize,
    /// What else it could be, the best at the end.
    rest: Vec<Choice>,
    /// The choices before that ruled out what is no longer among the rest.
    ruled_by: Vec<u32>,
    /// The transaction that happened by this choice.
    happened: Option<u32>,
}

struct Search<'a> {
    graph: &'a Graph,
    level: Level,
    open: &'a Open,
    /// By point its place in the order, until a choice has to be made.
    place: Vec<u32>,
    ordering: Option<Ordering>,
    made: Vec<Made>,
    /// By key and writer who was chosen to have read it, and by which choice.
    chosen: FxHashMap<(u32, u32), Vec<(u32, u32)>>,
    /// Keys and their unclear reads of which it was chosen what they got.
    settled: FxHashSet<(u32, u32)>,
    /// Of those that may have happened, which did, and by which choice.
    happened: FxHashMap<u32, u32>,
    /// How many choices all that were made have left.
    kept: usize,
    /// How much was looked at besides edges.
    steps: u64,
}

/// How many transactions a proof has at most.
const PROOF: usize = 16;

/// How many choices are kept at most: 256 MB.
const KEPT: usize = 1 << 24;

/// It asks whether to stop after so many steps.
const LOOK: u64 = 1 << 20;

/// Looks for an order. The graph has what is known to come before what; steps are
/// edges looked at.
pub(super) fn search(
    (graph, components): &(Graph, Components),
    level: Level,
    open: &Open,
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
        let txns = knot.into_iter().filter(|&point| point < graph.txns).collect();
        return Found::NoOrder(Proof { txns, is_of_read: false });
    }
    // Components are numbered against the edges.
    let last = components.of.len() as u32;
    let place = components.of.iter().map(|&of| last - 1 - of).collect();
    let search = Search {
        graph,
        level,
        open,
        place,
        ordering: None,
        made: Vec::new(),
        chosen: FxHashMap::default(),
        settled: FxHashSet::default(),
        happened: FxHashMap::default(),
        kept: 0,
        steps: 0,
    };
    search.run(budget, stop)
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
    fn run(mut self, budget: u64, stop: &Stop) -> Found {
        let mut look = LOOK;
        loop {
            let mut is_clean = true;
            for key in 0..self.open.keys.len() {
                while let Some(choices) = self.misfit(key) {
                    is_clean = false;
                    let steps = self.steps();
                    if steps > budget || self.kept > KEPT {
                        return Found::Open;
                    }
                    if steps > look {
                        look = steps + LOOK;
                        if stop.is_wanted() {
                            return Found::Open;
                        }
                    }
                    if let Err(proof) = self.choose(choices) {
                        return Found::NoOrder(proof);
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

    /// Whether a transaction happened, as far as it is chosen.
    fn has_happened(&self, txn: u32) -> bool {
        !self.open.maybe.contains_key(&txn) || self.happened.contains_key(&txn)
    }

    /// Who certainly read a writer, or was chosen to.
    fn readers(&self, key: u32, writer: u32) -> impl Iterator<Item = u32> + '_ {
        let known = self.open.keys[key as usize].readers[writer as usize].iter().copied();
        let chosen = self.chosen.get(&(key, writer)).into_iter().flatten();
        known.chain(chosen.map(|&(reader, _)| reader))
    }

    /// A choice where the order does not fit, the best at the end: between two writers
    /// of a key that overlap, or of which the second comes between the first and one
    /// who read what that wrote; or between those of whom a read may have got its value.
    fn misfit(&mut self, key: usize) -> Option<Vec<Choice>> {
        let open = self.open;
        let Writers { writers, readers, sources, unclear } = &open.keys[key];
        if writers.len() < 2 {
            return None;
        }
        let mut order: Vec<u32> = (0..writers.len() as u32).collect();
        if !open.maybe.is_empty() {
            order.retain(|&at| self.has_happened(writers[at as usize]));
        }
        order.sort_unstable_by_key(|&at| self.place(writers[at as usize]));
        self.steps += order.len() as u64;
        let key = key as u32;
        for pair in order.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            let next = writers[second as usize];
            let until = self.place(next);
            let begin = self.place(self.snapshot(next));
            let end = self.place(writers[first as usize]);
            let overlap = self.level == Level::Snapshot && begin < end;
            let is_late =
                |&reader: &u32| reader != next && self.place(self.snapshot(reader)) > until;
            // Most have no chosen readers at all, and this is where the time goes.
            if overlap
                || readers[first as usize].iter().any(is_late)
                || (!self.chosen.is_empty() && self.readers(key, first).any(|at| is_late(&at)))
            {
                let choice = Choice::Order { key, first, second };
                return Some(vec![Choice::Order { key, first: second, second: first }, choice]);
            }
        }
        for (read, unclear) in (0..).zip(unclear) {
            self.steps += 1;
            let until = self.place(self.snapshot(unclear.reader));
            let place = |at: u32| self.place(writers[at as usize]);
            let all = &sources[unclear.source as usize];
            let last = order[..order.partition_point(|&at| place(at) < until)].last();
            if self.settled.contains(&(key, read))
                || last.is_some_and(|last| all.binary_search(last).is_ok())
            {
                continue;
            }
            // The nearest before it are the best, of those that happened.
            let others = all.iter().filter(|&&at| writers[at as usize] != unclear.reader);
            let mut sources: Vec<u32> = others.copied().collect();
            self.steps += sources.len() as u64;
            let place = |at: u32| self.place(writers[at as usize]);
            sources.sort_by_key(|&at| {
                let place = place(at);
                let rank = if place < until { place } else { u32::MAX - place };
                (self.has_happened(writers[at as usize]), place < until, rank)
            });
            let choices = sources.into_iter();
            return Some(choices.map(|writer| Choice::Source { key, read, writer }).collect());
        }
        None
    }

    /// Makes a choice, the best that fits; goes back as far as it must if none does.
    ///
    /// # Errors
    /// If no choice before helps: some transactions that show it.
    fn choose(&mut self, choices: Vec<Choice>) -> Result<(), Proof> {
        let mut rest = choices;
        let mut proof = self.proof(rest.last());
        let mut ruled_by = self.grounds(rest.last());
        loop {
            if let Some(choice) = rest.pop() {
                match self.make(choice) {
                    Ok((edges, happened)) => {
                        self.kept += rest.len();
                        self.made.push(Made { choice, edges, rest, ruled_by, happened });
                        return Ok(());
                    }
                    Err(reasons) => ruled_by = union(&ruled_by, &reasons),
                }
                continue;
            }
            // Of the choices that are in the way, the latest one is wrong.
            let Some(latest) = ruled_by.pop() else { return Err(proof) };
            let Some(made) = self.take_back(latest as usize) else { return Err(proof) };
            proof = self.proof(Some(&made.choice));
            ruled_by = union(&ruled_by, &made.ruled_by);
            rest = made.rest;
        }
    }

    /// Takes back a choice and all after it.
    fn take_back(&mut self, number: usize) -> Option<Made> {
        let mut last = None;
        while self.made.len() > number {
            let made = self.made.pop()?;
            self.kept -= made.rest.len();
            if let Choice::Source { key, read, writer } = made.choice {
                self.settled.remove(&(key, read));
                self.chosen.entry((key, writer)).or_default().pop();
            }
            if let Some(txn) = made.happened {
                self.happened.remove(&txn);
            }
            last = Some(made);
        }
        let edges = last.as_ref()?.edges;
        self.ordering().shrink(edges);
        last
    }

    /// Transactions that a choice is about.
    fn proof(&self, choice: Option<&Choice>) -> Proof {
        let writer = |key: u32, at: u32| self.open.keys[key as usize].writers[at as usize];
        match choice {
            Some(&Choice::Order { key, first, second }) => {
                Proof { txns: vec![writer(key, first), writer(key, second)], is_of_read: false }
            }
            Some(&Choice::Source { key, read, .. }) => {
                let unclear = &self.open.keys[key as usize].unclear[read as usize];
                let sources = &self.open.keys[key as usize].sources[unclear.source as usize];
                let sources = sources.iter().map(|&at| writer(key, at));
                let others = sources.filter(|&source| source != unclear.reader);
                let txns = std::iter::once(unclear.reader).chain(others).take(PROOF).collect();
                Proof { txns, is_of_read: true }
            }
            None => Proof { txns: Vec::new(), is_of_read: false },
        }
    }

    /// The choices before that one rests on, ascending: two writers need an order only
    /// if both happened, and readers move along with what they were chosen to have read.
    fn grounds(&self, choice: Option<&Choice>) -> Vec<u32> {
        let Some(&Choice::Order { key, first, second }) = choice else { return Vec::new() };
        let mut grounds = Vec::new();
        for at in [first, second] {
            let writer = self.open.keys[key as usize].writers[at as usize];
            grounds.extend(self.happened.get(&writer));
            let chosen = self.chosen.get(&(key, at)).into_iter().flatten();
            grounds.extend(chosen.map(|&(_, choice)| choice));
        }
        union(&grounds, &[])
    }

    /// Makes a choice: how many edges there were before, and the transaction that
    /// happened by it.
    ///
    /// # Errors
    /// If it closes a cycle: the choices before that it does not fit with.
    fn make(&mut self, choice: Choice) -> Result<(usize, Option<u32>), Vec<u32>> {
        let number = self.made.len() as u32;
        debug_assert_ne!(number, NONE, "there are fewer choices than that");
        let open = self.open;
        let mut happened = None;
        let points: Vec<(u32, u32)> = match choice {
            Choice::Order { key, first, second } => {
                let writers = &open.keys[key as usize].writers;
                let (from, to) = (writers[first as usize], writers[second as usize]);
                let begin = if self.level == Level::Snapshot { self.snapshot(to) } else { to };
                let readers = self.readers(key, first).filter(|&reader| reader != to);
                let readers = readers.map(|reader| (self.snapshot(reader), to));
                std::iter::once((from, begin)).chain(readers).collect()
            }
            Choice::Source { key, read, writer } => {
                let Writers { writers, unclear, .. } = &open.keys[key as usize];
                let (reader, from) = (unclear[read as usize].reader, writers[writer as usize]);
                happened = (!self.has_happened(from)).then_some(from);
                let maybe = happened.and_then(|txn| open.maybe.get(&txn));
                let before = maybe.into_iter().flat_map(|maybe| &maybe.before);
                let before = before.map(|&reader| (self.snapshot(reader), from));
                std::iter::once((from, self.snapshot(reader))).chain(before).collect()
            }
        };
        let edges = self.ordering().added();
        for (from, to) in points {
            if let Err(mut reasons) = self.ordering().add(from, to, number) {
                self.ordering().shrink(edges);
                reasons.retain(|&reason| reason != number);
                return Err(reasons);
            }
        }
        if let Choice::Source { key, read, writer } = choice {
            let reader = open.keys[key as usize].unclear[read as usize].reader;
            self.settled.insert((key, read));
            self.chosen.entry((key, writer)).or_default().push((reader, number));
        }
        if let Some(txn) = happened {
            self.happened.insert(txn, number);
        }
        Ok((edges, happened))
    }
}

/// All of two lists, ascending.
fn union(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}
