//! Guarantees of sessions together with a weak model, over registers.
//!
//! Whom a transaction saw grows with each guarantee, beginning with those that it read from
//! (after Terry et al. 1994, for transactions):
//! * read your writes: whom its session did before,
//! * monotonic reads: whom these saw,
//! * monotonic writes: of whom it saw, whom their sessions did before,
//! * writes follow reads: of whom it saw, whom their sessions had seen.
//!
//! Who read a version though it saw another of the same key puts the other before it. Under
//! monotonic writes the writes of a session stay in its order, and where writes follow
//! reads a session's writes come after what it saw.

use std::cmp::Reverse;

use glomers_history::Stop;
use rustc_hash::FxHashMap;

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::causal::Findings;
use super::edges::Builder;
use super::facts::Facts;
use super::graph::{Edges, Graph, Label, Labels};
use super::guarantees::Guarantees;
use super::parse::NONE;
use super::seen::Rows;

/// Sessions, and transactions in an order that mostly fits whom they see.
struct Course {
    order: Vec<u32>,
    /// By transaction the one before it in its session, and the last of these that wrote.
    earlier: Vec<u32>,
    wrote: Vec<u32>,
    /// Whether the order fits.
    is_acyclic: bool,
    /// The transactions that wrote, and by transaction its number among these.
    columns: Vec<u32>,
    column_of: Vec<u32>,
    /// By key the columns of those that wrote it.
    writers: Vec<Vec<u32>>,
}

/// The rows of a transaction: whom it saw, whom its session had seen when it ended, and who
/// of its session wrote before; and one to work on.
struct Nodes(u32);

impl Nodes {
    fn memory(&self, txn: u32) -> u32 {
        self.0 + txn
    }

    fn own(&self, txn: u32) -> u32 {
        2 * self.0 + txn
    }

    fn here(&self) -> u32 {
        3 * self.0
    }
}

impl Facts<'_, '_> {
    /// What breaks some guarantees together with the axiom; `None` if there is too much to
    /// look at. Where only writes have an order, each key has one of its own.
    pub(super) fn guaranteed(
        &self,
        promised: Guarantees,
        budget: u64,
        stop: &Stop,
    ) -> Option<Vec<Vec<Step>>> {
        let course = self.course();
        let mut found = Findings::default();
        self.fill(&course, promised, &mut found, budget, stop)?;
        if !found.missed.is_empty() {
            return Some(found.missed);
        }
        let mut edges: Vec<(u32, u32, u32, Reason)> = Vec::new();
        for &(from, to, reader, key) in &found.edges {
            let reason = match reader {
                NONE => Reason::Follows { key },
                reader => Reason::Saw { reader, key },
            };
            edges.push((from, to, key, reason));
        }
        if promised.writes {
            let mut last: FxHashMap<(u32, u32), u32> = FxHashMap::default();
            for number in self.happened() {
                let txn = self.parsed.txns[number as usize];
                for &key in &self.written[number as usize] {
                    let before = last.get(&(txn.process, key));
                    edges.extend(before.map(|&from| (from, number, key, Reason::Session)));
                    if txn.is_ok() {
                        last.insert((txn.process, key), number);
                    }
                }
            }
        }
        for read in self.reads.iter().flatten().filter(|read| read.writer != NONE) {
            if self.axiom != Axiom::Writes || self.writes(read.reader, read.key) {
                let key = read.key;
                edges.push((read.writer, read.reader, key, Reason::Read { key }));
            }
        }
        Some(self.circles(&edges))
    }

    /// Circles of transactions; where only writes have an order, of one key.
    fn circles(&self, edges: &[(u32, u32, u32, Reason)]) -> Vec<Vec<Step>> {
        let apart = self.axiom == Axiom::Writes;
        let mut ids: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut txns: Vec<u32> = Vec::new();
        let mut id = |txn: u32, key: u32| {
            *ids.entry((txn, if apart { key } else { NONE })).or_insert_with(|| {
                txns.push(txn);
                txns.len() as u32 - 1
            })
        };
        let pairs: Vec<(u32, u32)> =
            edges.iter().map(|&(from, to, key, _)| (id(from, key), id(to, key))).collect();
        let mut before = Before::over(Builder::new(txns.len()));
        for (&(from, to), &(.., reason)) in pairs.iter().zip(edges) {
            before.add(from, to, reason);
        }
        let mut circles = before.cycles(1);
        for step in circles.iter_mut().flatten() {
            (step.from, step.to) = (txns[step.from as usize], txns[step.to as usize]);
        }
        circles
    }

    fn course(&self) -> Course {
        let count = self.parsed.txns.len();
        let (mut earlier, mut wrote) = (vec![NONE; count], vec![NONE; count]);
        let mut last: FxHashMap<u32, u32> = FxHashMap::default();
        let mut edges = Edges::default();
        for number in self.happened() {
            let txn = self.parsed.txns[number as usize];
            if let Some(&before) = last.get(&txn.process) {
                earlier[number as usize] = before;
                let is_writer = !self.written[before as usize].is_empty();
                wrote[number as usize] = if is_writer { before } else { wrote[before as usize] };
                edges.push(before, number, Label::Order);
            }
            if txn.is_ok() {
                last.insert(txn.process, number);
            }
        }
        for read in self.reads.iter().flatten().filter(|read| read.writer != NONE) {
            edges.push(read.writer, read.reader, Label::Wr);
        }
        let graph = Graph::new(count as u32, count, &edges);
        let components = graph.components(Labels::NONE.with(Label::Order).with(Label::Wr));
        let mut order: Vec<u32> = self.happened().collect();
        order.sort_by_key(|&number| Reverse(components.of[number as usize]));
        let is_writer = |txn: &&u32| !self.written[**txn as usize].is_empty();
        let columns: Vec<u32> = order.iter().filter(is_writer).copied().collect();
        let mut column_of = vec![NONE; count];
        let mut writers: Vec<Vec<u32>> = vec![Vec::new(); self.parsed.keys.len()];
        for (column, &number) in (0..).zip(&columns) {
            column_of[number as usize] = column;
            for &key in &self.written[number as usize] {
                writers[key as usize].push(column);
            }
        }
        let is_acyclic = components.is_acyclic();
        Course { order, earlier, wrote, is_acyclic, columns, column_of, writers }
    }

    /// Finds out who saw whom, and what follows.
    fn fill(
        &self,
        course: &Course,
        promised: Guarantees,
        found: &mut Findings,
        budget: u64,
        stop: &Stop,
    ) -> Option<()> {
        let count = self.parsed.txns.len();
        let nodes = Nodes(count as u32);
        let mut rows: Rows<u64> = Rows::new(3 * count + 1, course.columns.len());
        let mut spent = 0;
        while rows.advance() {
            let mut known = 0;
            loop {
                spent += rows.block_steps(4 * count);
                if stop.is_wanted() || spent > budget {
                    return None;
                }
                for &number in &course.order {
                    self.see(course, promised, &nodes, number, &mut rows);
                }
                let seen = if course.is_acyclic { 0 } else { rows.count() };
                if seen == known {
                    break;
                }
                known = seen;
            }
            for &number in &course.order {
                self.look(course, promised, &nodes, number, &mut rows, found);
            }
            found.tidy(1 << 20);
        }
        found.tidy(0);
        Some(())
    }

    /// Whom a transaction saw as its session had.
    fn of_session(
        course: &Course,
        promised: Guarantees,
        nodes: &Nodes,
        number: u32,
    ) -> impl Iterator<Item = u32> {
        let (earlier, wrote) = (course.earlier[number as usize], course.wrote[number as usize]);
        let own = promised.own.then(|| nodes.own(number));
        let seen = (promised.reads && earlier != NONE).then_some(earlier);
        let followed =
            (promised.own && promised.follow && wrote != NONE).then(|| nodes.memory(wrote));
        own.into_iter().chain(seen).chain(followed)
    }

    /// A row sees a transaction, and whom it shows besides.
    fn see_writer(
        &self,
        course: &Course,
        promised: Guarantees,
        nodes: &Nodes,
        (at, writer): (u32, u32),
        rows: &mut Rows<u64>,
    ) {
        rows.see_one(at, course.column_of[writer as usize]);
        if promised.writes {
            rows.gather(at, &[nodes.own(writer)]);
        }
        if promised.follow {
            rows.gather(at, &[nodes.memory(writer)]);
        }
        if self.axiom == Axiom::Causal {
            rows.gather(at, &[writer]);
        }
    }

    fn see(
        &self,
        course: &Course,
        promised: Guarantees,
        nodes: &Nodes,
        number: u32,
        rows: &mut Rows<u64>,
    ) {
        let (own, memory) = (nodes.own(number), nodes.memory(number));
        let earlier = course.earlier[number as usize];
        if earlier != NONE {
            rows.gather(own, &[nodes.own(earlier)]);
            if self.axiom == Axiom::Causal && !self.written[earlier as usize].is_empty() {
                rows.gather(own, &[earlier]);
            }
            let column = course.column_of[earlier as usize];
            if column != NONE {
                rows.see_one(own, column);
            }
            rows.gather(memory, &[nodes.memory(earlier)]);
        }
        for from in Self::of_session(course, promised, nodes, number) {
            rows.gather(number, &[from]);
        }
        for read in self.reads[number as usize].iter().filter(|read| read.writer != NONE) {
            self.see_writer(course, promised, nodes, (number, read.writer), rows);
        }
        rows.gather(memory, &[number]);
    }

    /// What follows from what a transaction read and wrote.
    fn look(
        &self,
        course: &Course,
        promised: Guarantees,
        nodes: &Nodes,
        number: u32,
        rows: &mut Rows<u64>,
        found: &mut Findings,
    ) {
        let here = nodes.here();
        rows.clear(here);
        for from in Self::of_session(course, promised, nodes, number) {
            rows.gather(here, &[from]);
        }
        let reads = &self.reads[number as usize];
        let is_first = matches!(self.axiom, Axiom::ReadAtomic | Axiom::Causal);
        if is_first {
            rows.gather(here, &[number]);
        }
        for read in reads {
            for column in self.in_block(course, read.key, rows) {
                if rows.has_seen(here, column) && course.columns[column as usize] != number {
                    found.note(read, course.columns[column as usize]);
                }
            }
            if self.axiom == Axiom::MonotonicAtomicView && read.writer != NONE {
                self.see_writer(course, promised, nodes, (here, read.writer), rows);
            }
        }
        if promised.follow {
            for &key in &self.written[number as usize] {
                for column in self.in_block(course, key, rows) {
                    let from = course.columns[column as usize];
                    if from != number && rows.has_seen(nodes.memory(number), column) {
                        found.edges.push((from, number, NONE, key));
                    }
                }
            }
        }
    }

    /// The columns of those that wrote a key, of those that are there.
    fn in_block<'c>(
        &self,
        course: &'c Course,
        key: u32,
        rows: &Rows<u64>,
    ) -> impl Iterator<Item = u32> + use<'c> {
        let writers = &course.writers[key as usize];
        let (first, last) = (rows.columns.start as u32, rows.columns.end as u32);
        let from = writers.partition_point(|&column| column < first);
        writers[from..].iter().copied().take_while(move |&column| column < last)
    }
}
