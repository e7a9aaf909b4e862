//! Causal consistency of lists: a transaction saw all that it could have seen through
//! others, which are those of all elements that it read, and whom these saw.

use std::cmp::Reverse;

use glomers_history::Stop;

use super::axiom::{Reason, Step};
use super::before::Before;
use super::graph::{Label, Labels, Order};
use super::parse::NONE;
use super::seen::{Cell, Rows, Sessions};
use super::weak_lists::{Facts, Read};

/// The transactions in an order, and the nodes of what they read and append: one for each
/// version, of all that who reads it last saw by that.
struct Course {
    order: Vec<u32>,
    /// By transaction the one before it in its session.
    earlier: Vec<u32>,
    /// By key the node of its first version; the others follow.
    first: Vec<u32>,
    nodes: usize,
}

/// A transaction that appended to a key: its session and its place there, the furthest
/// place that one of the session up to it appended to, and which did.
type Appended = (u32, u32, u32, u32);

impl Facts<'_, '_> {
    /// A read that lacks what was appended by someone whom its transaction could have
    /// seen through others; `None` if there is too much to look at.
    pub(super) fn causal(
        &self,
        before: &mut Before,
        budget: u64,
        stop: &Stop,
    ) -> Option<Option<Step>> {
        let count = self.parsed.txns.len();
        let (graph, components) = before.known();
        let mut order: Vec<u32> = self.happened().collect();
        // What was left open is nothing that its session did before others.
        let sessions = Sessions::new(count, &order, |txn| {
            let txn = &self.parsed.txns[txn as usize];
            (self.order == Order::Session && txn.is_ok()).then_some(txn.process)
        });
        let few = sessions.are_few(count).then(|| self.by_session(&order, &sessions));
        order.sort_unstable_by_key(|&number| Reverse(components.of[number as usize]));
        let mut earlier = vec![NONE; count];
        for from in 0..count as u32 {
            for (to, _) in graph.edges_of(from, Labels::NONE.with(Label::Order)) {
                earlier[to as usize] = from;
            }
        }
        let mut nodes = count as u32;
        let first = self.orders.iter().map(|order| {
            nodes += order.len() as u32;
            nodes - order.len() as u32
        });
        let first: Vec<u32> = first.collect();
        let course = Course { order, earlier, first, nodes: nodes as usize };
        match few {
            Some(appended) => self.few(&course, &sessions, &appended, budget, stop),
            None => self.many(&course, budget, stop),
        }
    }

    /// By key who appended to it, by session.
    fn by_session(&self, order: &[u32], sessions: &Sessions) -> Vec<Vec<Appended>> {
        let mut appended: Vec<Vec<Appended>> = vec![Vec::new(); self.orders.len()];
        for &number in order {
            let (session, place) = (sessions.session(number), sessions.place(number));
            for append in &self.appends[number as usize] {
                appended[append.key as usize].push((session, place, append.last, number));
            }
        }
        for of_key in &mut appended {
            of_key.sort_unstable();
            for at in 1..of_key.len() {
                let before = of_key[at - 1];
                if before.0 == of_key[at].0 && before.2 >= of_key[at].2 {
                    (of_key[at].2, of_key[at].3) = (before.2, before.3);
                }
            }
        }
        appended
    }

    /// Each transaction has seen the first so many of each session.
    fn few(
        &self,
        course: &Course,
        sessions: &Sessions,
        appended: &[Vec<Appended>],
        budget: u64,
        stop: &Stop,
    ) -> Option<Option<Step>> {
        let mut rows: Rows<u32> = Rows::new(course.nodes, sessions.count);
        if rows.steps(course.nodes) > budget {
            return None;
        }
        while rows.advance() {
            if stop.is_wanted() {
                return None;
            }
            let (first, last) = (rows.columns.start as u32, rows.columns.end as u32);
            for &number in &course.order {
                self.see(course, number, &mut rows);
                for read in &self.reads[number as usize] {
                    let all = &appended[read.key as usize];
                    let all = &all[all.partition_point(|&(session, ..)| session < first)..];
                    let all = &all[..all.partition_point(|&(session, ..)| session < last)];
                    for of_session in all.chunk_by(|a, b| a.0 == b.0) {
                        let seen = rows.seen(number, of_session[0].0);
                        let until = of_session.partition_point(|&(_, place, ..)| place < seen);
                        if let Some(&(.., furthest, from)) = of_session[..until].last()
                            && furthest >= read.length
                        {
                            return Some(Some(lacks(read, from, number)));
                        }
                    }
                }
                rows.see(number, sessions.session(number), sessions.place(number) + 1);
                self.append(course, number, &mut rows);
            }
        }
        Some(None)
    }

    /// Where there are too many sessions, by each that appended whether it was seen.
    fn many(&self, course: &Course, budget: u64, stop: &Stop) -> Option<Option<Step>> {
        let is_writer = |txn: &&u32| !self.appends[**txn as usize].is_empty();
        let columns: Vec<u32> = course.order.iter().filter(is_writer).copied().collect();
        // By key the columns of those that appended to it, and how far.
        let mut appended: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.orders.len()];
        let mut column_of = vec![NONE; self.parsed.txns.len()];
        for (column, &number) in (0..).zip(&columns) {
            column_of[number as usize] = column;
            for append in &self.appends[number as usize] {
                appended[append.key as usize].push((column, append.last));
            }
        }
        let mut rows: Rows<u64> = Rows::new(course.nodes, columns.len());
        if rows.steps(course.nodes) > budget {
            return None;
        }
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
                self.see(course, number, &mut rows);
                for read in &self.reads[number as usize] {
                    let all = &appended[read.key as usize];
                    let from = all.partition_point(|&(column, _)| column < first);
                    let mut all = all[from..].iter().take_while(|&&(column, _)| column < last);
                    let lacked = all.find(|&&(column, furthest)| {
                        furthest >= read.length && rows.has_seen(number, column)
                    });
                    if let Some(&(column, _)) = lacked {
                        return Some(Some(lacks(read, columns[column as usize], number)));
                    }
                }
                let column = column_of[number as usize];
                if column != NONE {
                    rows.see_one(number, column);
                }
                self.append(course, number, &mut rows);
            }
        }
        Some(None)
    }

    /// A transaction sees whom its session saw, and who appended what it read.
    fn see<T: Cell>(&self, course: &Course, number: u32, rows: &mut Rows<T>) {
        let earlier = course.earlier[number as usize];
        if earlier != NONE {
            rows.gather(number, &[earlier]);
        }
        for read in self.reads[number as usize].iter().filter(|read| read.length > 0) {
            rows.gather(number, &[course.first[read.key as usize] + read.length - 1]);
        }
    }

    /// Who reads what a transaction appended sees it, and who appended before.
    fn append<T: Cell>(&self, course: &Course, number: u32, rows: &mut Rows<T>) {
        for append in self.appends[number as usize].iter().filter(|append| append.first != NONE) {
            let first = course.first[append.key as usize];
            for place in append.first..=append.seen {
                let node = first + place;
                rows.gather(node, &[number]);
                if place > 0 {
                    rows.gather(node, &[node - 1]);
                }
            }
        }
    }
}

/// A read that lacks what someone appended whom its transaction saw.
fn lacks(read: &Read, from: u32, to: u32) -> Step {
    Step { from, to, reason: Reason::Saw { reader: to, key: read.key } }
}
