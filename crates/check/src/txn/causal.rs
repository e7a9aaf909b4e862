//! Causal consistency of registers: a transaction saw all that it could have seen through
//! others.

use std::cmp::Reverse;

use glomers_history::Stop;

use super::axiom::Reason;
use super::before::Before;
use super::facts::{Facts, Missed, Read};
use super::graph::{Edges, Graph, Label, Order};
use super::parse::NONE;
use super::seen::{Rows, Sessions};

/// So many edges are looked through for doubles at least.
const MANY: usize = 1 << 20;

/// What follows: the first transaction comes before the second, as the third saw the first
/// and read what the second wrote to a key.
pub(super) type Edge = (u32, u32, u32, u32);

/// What is found while the table is filled.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) edges: Vec<Edge>,
    /// How many edges there were when doubles were taken out.
    clean: usize,
    pub(super) missed: Vec<Missed>,
}

impl Findings {
    /// A read that saw another writer of its key.
    pub(super) fn note(&mut self, read: &Read, other: u32) {
        if read.writer == NONE {
            Facts::miss(read, other, &mut self.missed);
        } else if read.writer != other {
            self.edges.push((other, read.writer, read.reader, read.key));
        }
    }

    /// Takes out doubles, if there may be many.
    pub(super) fn tidy(&mut self, least: usize) {
        if self.edges.len() >= 2 * self.clean + least {
            self.edges.sort_unstable_by_key(|&(from, to, reader, key)| (from, to, key, reader));
            self.edges.dedup_by_key(|&mut (from, to, _, key)| (from, to, key));
            self.clean = self.edges.len();
        }
    }
}

/// The transactions in an order, and whom each sees directly.
struct Course {
    order: Vec<u32>,
    into: Graph,
    edges: usize,
}

impl Facts<'_, '_> {
    /// Adds all that follows; `None` if there is too much to look at.
    pub(super) fn causal(
        &self,
        before: &mut Before,
        missed: &mut Vec<Missed>,
        budget: u64,
        stop: &Stop,
    ) -> Option<()> {
        let count = self.parsed.txns.len();
        let (graph, components) = before.known();
        if !components.is_acyclic() {
            return Some(());
        }
        let mut order: Vec<u32> = self.happened().collect();
        // What was left open is nothing that its session did before others.
        let sessions = Sessions::new(count, &order, |txn| {
            let txn = &self.parsed.txns[txn as usize];
            (self.order == Order::Session && txn.is_ok()).then_some(txn.process)
        });
        order.sort_unstable_by_key(|&number| Reverse(components.of[number as usize]));
        let mut into = Edges::default();
        let mut edges = 0;
        for from in 0..count as u32 {
            for (to, _) in graph.edges(from) {
                into.push(to, from, Label::Ww);
                edges += 1;
            }
        }
        let course = Course { order, into: Graph::new(count as u32, count, &into), edges };
        let mut found = Findings::default();
        if sessions.are_few(count) {
            self.by_session(&course, &sessions, &mut found, budget, stop)?;
        } else {
            self.one_by_one(&course, &mut found, budget, stop)?;
        }
        found.tidy(0);
        missed.extend(found.missed);
        for (from, to, reader, key) in found.edges {
            before.add(from, to, Reason::Saw { reader, key });
        }
        Some(())
    }

    /// Each transaction has seen the first so many of each session.
    fn by_session(
        &self,
        course: &Course,
        sessions: &Sessions,
        found: &mut Findings,
        budget: u64,
        stop: &Stop,
    ) -> Option<()> {
        let count = self.parsed.txns.len();
        // By key each session and those of it that wrote the key, in its order.
        let mut writers: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.parsed.keys.len()];
        for number in self.happened() {
            for &key in &self.written[number as usize] {
                writers[key as usize].push((sessions.session(number), number));
            }
        }
        writers.iter_mut().for_each(|writers| writers.sort_unstable());
        let mut rows: Rows<u32> = Rows::new(count, sessions.count);
        if rows.steps(course.edges) > budget {
            return None;
        }
        let mut sources = Vec::new();
        while rows.advance() {
            if stop.is_wanted() {
                return None;
            }
            let (first, last) = (rows.columns.start as u32, rows.columns.end as u32);
            for &number in &course.order {
                sources.clear();
                sources.extend(course.into.edges(number).map(|(from, _)| from));
                rows.gather(number, &sources);
                for read in &self.reads[number as usize] {
                    let writers = &writers[read.key as usize];
                    let start = writers.partition_point(|&(session, _)| session < first);
                    let writers = &writers[start..];
                    let writers = &writers[..writers.partition_point(|&(s, _)| s < last)];
                    for of_session in writers.chunk_by(|a, b| a.0 == b.0) {
                        let session = of_session[0].0;
                        let seen = rows.seen(number, session);
                        let until = of_session.partition_point(|&(_, w)| sessions.place(w) < seen);
                        let Some(&(_, writer)) = of_session[..until].last() else { continue };
                        // Whom the writer saw comes before it anyway.
                        let is_known = read.writer != NONE
                            && rows.seen(read.writer, session) > sessions.place(writer);
                        if !is_known {
                            found.note(read, writer);
                        }
                    }
                }
                rows.see(number, sessions.session(number), sessions.place(number) + 1);
            }
            found.tidy(MANY);
        }
        Some(())
    }

    /// Where there are too many sessions, by each writer whether it was seen.
    fn one_by_one(
        &self,
        course: &Course,
        found: &mut Findings,
        budget: u64,
        stop: &Stop,
    ) -> Option<()> {
        let count = self.parsed.txns.len();
        let is_writer = |txn: &&u32| !self.written[**txn as usize].is_empty();
        let columns: Vec<u32> = course.order.iter().filter(is_writer).copied().collect();
        // By key the columns of its writers.
        let mut writers: Vec<Vec<u32>> = vec![Vec::new(); self.parsed.keys.len()];
        let mut column_of = vec![NONE; count];
        for (column, &number) in (0..).zip(&columns) {
            column_of[number as usize] = column;
            for &key in &self.written[number as usize] {
                writers[key as usize].push(column);
            }
        }
        let mut rows: Rows<u64> = Rows::new(count, columns.len());
        if rows.steps(course.edges) > budget {
            return None;
        }
        let mut sources = Vec::new();
        let mut start = 0;
        while rows.advance() {
            if stop.is_wanted() {
                return None;
            }
            let (first, last) = (rows.columns.start as u32, rows.columns.end as u32);
            // Nobody before has seen any of these.
            let earliest = columns[first as usize];
            start += course.order[start..].iter().position(|&number| number == earliest)?;
            for &number in &course.order[start..] {
                sources.clear();
                sources.extend(course.into.edges(number).map(|(from, _)| from));
                rows.gather(number, &sources);
                for read in &self.reads[number as usize] {
                    let writers = &writers[read.key as usize];
                    let from = writers.partition_point(|&column| column < first);
                    for &column in writers[from..].iter().take_while(|&&column| column < last) {
                        let is_known = || read.writer != NONE && rows.has_seen(read.writer, column);
                        if rows.has_seen(number, column) && !is_known() {
                            found.note(read, columns[column as usize]);
                        }
                    }
                }
                let column = column_of[number as usize];
                if column != NONE {
                    rows.see_one(number, column);
                }
            }
            found.tidy(MANY);
        }
        Some(())
    }
}
