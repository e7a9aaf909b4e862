//! Monotonic atomic view, read atomic and causal consistency of lists.
//!
//! A list shows all that was appended to it before: who reads it saw the transactions
//! of all its elements, and none whose elements it lacks. So what a transaction saw is
//! known, and each model says what it must have seen besides (Cerone, Bernardi and
//! Gotsman 2015): all of whom it saw, and under causal consistency also whom these
//! saw. All that comes before something must have an order, which is that of appends,
//! too.

use glomers_history::Stop;

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::edges::Builder;
use super::graph::Order;
use super::guess::Outcome;
use super::lists::{Lists, is_kept};
use super::parse::{NONE, Parsed};

/// A read from outside: how many appends it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) key: u32,
    pub(super) length: u32,
}

/// What a transaction appended to a key: where its first element and its last stand
/// among the appends, [`NONE`] for what no read has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Append {
    pub(super) key: u32,
    pub(super) first: u32,
    pub(super) last: u32,
    /// The last that some read has.
    pub(super) seen: u32,
}

/// Transactions, by what each appended and what it read.
pub(super) struct Facts<'a, 'h> {
    pub(super) parsed: &'a Parsed<'h>,
    /// By key the versions that were read and did not fail, in their order.
    pub(super) orders: Vec<Vec<u32>>,
    /// By transaction, in its order.
    pub(super) reads: Vec<Vec<Read>>,
    /// By transaction, by key; of those that certainly happened.
    pub(super) appends: Vec<Vec<Append>>,
    pub(super) order: Order,
}

/// Whether an axiom holds, where an order counts.
pub(super) fn check(
    parsed: &Parsed<'_>,
    lists: &Lists,
    (axiom, order): (Axiom, Order),
    budget: u64,
    stop: &Stop,
) -> Outcome {
    let facts = Facts::new(parsed, lists, axiom, order);
    let mut before = facts.known();
    let broken = match axiom {
        Axiom::Writes | Axiom::Flow => None,
        Axiom::MonotonicAtomicView => facts.cut(false),
        Axiom::ReadAtomic => facts.cut(true),
        Axiom::Causal => None,
    };
    if let Some(step) = broken {
        return Outcome::Broken(vec![step]);
    }
    if !before.known().1.is_acyclic() {
        return before.cycles(1).pop().map_or(Outcome::Holds, Outcome::Broken);
    }
    if axiom != Axiom::Causal {
        return Outcome::Holds;
    }
    match facts.causal(&mut before, budget, stop) {
        None => Outcome::Open,
        Some(None) => Outcome::Holds,
        Some(Some(step)) => Outcome::Broken(vec![step]),
    }
}

impl<'a, 'h> Facts<'a, 'h> {
    fn new(parsed: &'a Parsed<'h>, lists: &Lists, axiom: Axiom, order: Order) -> Facts<'a, 'h> {
        let mut facts = Facts {
            parsed,
            orders: Vec::with_capacity(parsed.keys.len()),
            reads: vec![Vec::new(); parsed.txns.len()],
            appends: vec![Vec::new(); parsed.txns.len()],
            order,
        };
        // By version its place among those that did not fail.
        let mut places = vec![NONE; parsed.versions.len()];
        for growth in &lists.keys {
            let is_read = growth.longest != NONE;
            let kept = growth.order.iter().filter(|&&version| is_read && is_kept(parsed, version));
            let order: Vec<u32> = kept.copied().collect();
            for (place, &version) in (0..).zip(&order) {
                places[version as usize] = place;
            }
            facts.orders.push(order);
        }
        for number in 0..parsed.txns.len() {
            facts.take(lists, &places, axiom, number);
        }
        facts
    }

    fn take(&mut self, lists: &Lists, places: &[u32], axiom: Axiom, number: usize) {
        let txn = self.parsed.txns[number];
        let mops = self.parsed.mops_of(number as u32);
        let is_seen = |version: u32| places[version as usize] != NONE;
        let happened = txn.is_ok()
            || (!txn.is_failed() && mops.iter().any(|mop| mop.is_write && is_seen(mop.value)));
        if !happened {
            return;
        }
        for (at, mop) in mops.iter().enumerate() {
            if self.parsed.is_opaque(mop.key) {
                continue;
            }
            if mop.is_write {
                let place = places[mop.value as usize];
                let appends = &mut self.appends[number];
                match appends.iter_mut().find(|append| append.key == mop.key) {
                    Some(append) => {
                        append.first = append.first.min(place);
                        append.last = append.last.max(place);
                        if append.seen == NONE || (place != NONE && place > append.seen) {
                            append.seen = place;
                        }
                    }
                    None => {
                        let (first, last, seen) = (place, place, place);
                        appends.push(Append { key: mop.key, first, last, seen });
                    }
                }
                continue;
            }
            let mut earlier = mops[..at].iter().filter(|other| other.key == mop.key);
            let counts = axiom == Axiom::MonotonicAtomicView || earlier.all(|other| other.is_write);
            if !counts || !txn.is_ok() {
                continue;
            }
            // What its own transaction appended before is at the end.
            let own = self.appends[number].iter().find(|append| append.key == mop.key);
            let until = own.map_or(NONE, |append| append.first);
            if let Some(length) = self.length(lists, places, mop.key, mop.value) {
                self.reads[number].push(Read { key: mop.key, length: length.min(until) });
            }
        }
    }

    /// How many appends a read shows; `None` if it does not fit the others.
    fn length(&self, lists: &Lists, places: &[u32], key: u32, list: u32) -> Option<u32> {
        if list == NONE {
            return Some(0);
        }
        if !lists.is_prefix[list as usize] {
            return None;
        }
        let last = lists.lasts[list as usize];
        if last != NONE && places[last as usize] != NONE {
            return Some(places[last as usize] + 1);
        }
        // It ends with what failed or what nobody appended.
        let elements = self.parsed.lists[list as usize];
        let versions = &self.parsed.by_value[key as usize];
        let found = elements.iter().map(|element| versions.find(&element));
        let shown = found.filter(|&version| version != NONE && places[version as usize] != NONE);
        Some(shown.map(|version| places[version as usize] + 1).max().unwrap_or(0))
    }

    pub(super) fn writer(&self, key: u32, place: u32) -> u32 {
        self.parsed.writer(self.orders[key as usize][place as usize])
    }

    /// The order of appends, who was read from, and the order of sessions.
    fn known(&self) -> Before {
        let mut builder = Builder::new(self.parsed.txns.len());
        builder.order(self.parsed, self.order);
        let mut before = Before::over(builder);
        for (key, order) in (0..).zip(&self.orders) {
            for pair in order.windows(2) {
                let [from, to] = [pair[0], pair[1]].map(|version| self.parsed.writer(version));
                before.add(from, to, Reason::Replaced { key });
            }
        }
        for number in 0..self.parsed.txns.len() as u32 {
            for append in &self.appends[number as usize] {
                let last = self.orders[append.key as usize].last();
                if let (NONE, Some(&last)) = (append.last, last) {
                    let reason = Reason::Replaced { key: append.key };
                    before.add(self.parsed.writer(last), number, reason);
                }
            }
            for read in self.reads[number as usize].iter().filter(|read| read.length > 0) {
                let writer = self.writer(read.key, read.length - 1);
                before.add(writer, number, Reason::Read { key: read.key });
            }
        }
        before
    }

    /// Transactions that certainly happened.
    pub(super) fn happened(&self) -> impl Iterator<Item = u32> + '_ {
        let happened = |&number: &u32| {
            let at = number as usize;
            self.parsed.txns[at].is_ok() || !self.appends[at].is_empty()
        };
        (0..self.parsed.txns.len() as u32).filter(happened)
    }

    /// A read that shows a part of a transaction of which another read of the same
    /// transaction shows something, or the same read; without `all`, only one that came
    /// later.
    fn cut(&self, all: bool) -> Option<Step> {
        let spans = Spans::new(&self.appends);
        for (reader, reads) in (0..).zip(&self.reads) {
            for (at, read) in reads.iter().enumerate() {
                for (place, other) in reads.iter().enumerate() {
                    // One that shows less of the same goes back.
                    let is_later = all || place >= at;
                    if !is_later || read.length == 0 {
                        continue;
                    }
                    let is_back = other.key == read.key && other.length < read.length;
                    let found = match is_back {
                        true => Some(self.writer(read.key, read.length - 1)),
                        false => spans.find(read, other),
                    };
                    if let Some(from) = found.filter(|&from| from != reader) {
                        let reason = Reason::Saw { reader, key: other.key };
                        return Some(Step { from, to: reader, reason });
                    }
                }
            }
        }
        None
    }
}

/// Transactions that appended to two keys, or twice to one: where they are first seen
/// on the one and last on the other.
struct Spans {
    /// By the keys and the first place; the last place is the furthest up to here.
    all: Vec<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    keys: (u32, u32),
    first: u32,
    last: u32,
    txn: u32,
}

impl Spans {
    fn new(appends: &[Vec<Append>]) -> Spans {
        let mut all = Vec::new();
        for (txn, appends) in (0..).zip(appends) {
            for one in appends.iter().filter(|one| one.first != NONE) {
                for other in
                    appends.iter().filter(|other| one.key != other.key || one.first < other.last)
                {
                    let keys = (one.key, other.key);
                    all.push(Span { keys, first: one.first, last: other.last, txn });
                }
            }
        }
        all.sort_unstable();
        for at in 1..all.len() {
            let before = all[at - 1];
            let span = &mut all[at];
            if before.keys == span.keys && before.last > span.last {
                (span.last, span.txn) = (before.last, before.txn);
            }
        }
        Spans { all }
    }

    /// A transaction that one read shows and of which another lacks something.
    fn find(&self, shows: &Read, lacks: &Read) -> Option<u32> {
        let keys = (shows.key, lacks.key);
        let until = self.all.partition_point(|span| (span.keys, span.first) < (keys, shows.length));
        let span = self.all[..until].last().filter(|span| span.keys == keys)?;
        (span.last >= lacks.length).then_some(span.txn)
    }
}
