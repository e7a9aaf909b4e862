//! Monotonic atomic view, read atomic and causal consistency of lists.
//!
//! A list shows all that was appended to it before: who reads it saw the transactions
//! of all its elements, and none whose elements it lacks. So what a transaction saw is
//! known, and each model says what it must have seen besides (Cerone, Bernardi and
//! Gotsman 2015): all of whom it saw, and under causal consistency also whom these
//! saw. All that comes before something must have an order, which is that of appends,
//! too.

use rustc_hash::FxHashMap;

use super::axiom::{Axiom, Reason, Step};
use super::before::Before;
use super::clocks::Clocks;
use super::edges::Builder;
use super::graph::{Label, Labels, Order};
use super::guess::Outcome;
use super::lists::{Lists, is_kept};
use super::parse::{NONE, Parsed};

/// A read from outside: how many appends it shows.
#[derive(Debug, Clone, Copy)]
struct Read {
    key: u32,
    length: u32,
}

/// What a transaction appended to a key: where its first element and its last stand
/// among the appends, [`NONE`] for what no read has.
#[derive(Debug, Clone, Copy)]
struct Append {
    key: u32,
    first: u32,
    last: u32,
    /// The last that some read has.
    seen: u32,
}

struct Facts<'a, 'h> {
    parsed: &'a Parsed<'h>,
    /// By key the versions that were read and did not fail, in their order.
    orders: Vec<Vec<u32>>,
    /// By transaction, in its order.
    reads: Vec<Vec<Read>>,
    /// By transaction, by key; of those that certainly happened.
    appends: Vec<Vec<Append>>,
    order: Order,
}

/// Whether an axiom holds, where an order counts.
pub(super) fn check(parsed: &Parsed<'_>, lists: &Lists, axiom: Axiom, order: Order) -> Outcome {
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
    if let Some(steps) = before.cycles(1).pop() {
        return Outcome::Broken(steps);
    }
    if axiom != Axiom::Causal {
        return Outcome::Holds;
    }
    match facts.causal(&mut before) {
        None => Outcome::Open,
        Some(None) => Outcome::Holds,
        Some(Some(step)) => Outcome::Broken(vec![step]),
    }
}

/// What a session appended to one key: see [`Facts::sessions`].
type OfSession = (u32, Vec<(u32, u32, u32)>);

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

    fn writer(&self, key: u32, place: u32) -> u32 {
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
    fn happened(&self) -> impl Iterator<Item = u32> + '_ {
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

    /// A read that lacks what was appended by someone whom its transaction could have
    /// seen through others; `None` if there is too much to look at.
    fn causal(&self, before: &mut Before) -> Option<Option<Step>> {
        let (graph, components) = before.known();
        let count = self.parsed.txns.len();
        let mut order: Vec<u32> = self.happened().collect();
        // What was left open is nothing that its session did before others.
        let process = |number: u32| {
            let txn = &self.parsed.txns[number as usize];
            let is_session = self.order == Order::Session && txn.is_ok();
            (is_session, if is_session { txn.process } else { number })
        };
        // A clock for each version, too: of all that who reads it last saw by that.
        let node = |version: u32| count as u32 + version;
        let nodes = count + self.parsed.versions.len();
        let mut clocks = Clocks::new(nodes, &order, process)?;
        let sessions = self.sessions(&order, &clocks);
        order.sort_unstable_by_key(|&number| std::cmp::Reverse(components.of[number as usize]));
        let mut earlier: FxHashMap<u32, u32> = FxHashMap::default();
        for from in 0..count as u32 {
            let next = graph.edges_of(from, Labels::NONE.with(Label::Order));
            earlier.extend(next.map(|(to, _)| (to, from)));
        }
        let mut sources = Vec::new();
        for &number in &order {
            let reads = &self.reads[number as usize];
            sources.clear();
            sources.extend(earlier.get(&number));
            for read in reads.iter().filter(|read| read.length > 0) {
                sources.push(node(self.orders[read.key as usize][read.length as usize - 1]));
            }
            clocks.see_all(number, &sources);
            for append in self.appends[number as usize].iter().filter(|append| append.first != NONE)
            {
                let order = &self.orders[append.key as usize];
                for place in append.first..=append.seen {
                    let start = if place == 0 { number } else { node(order[place as usize - 1]) };
                    clocks.gather(node(order[place as usize]), &[start, number]);
                }
            }
            for read in reads {
                for (session, of_session) in sessions.get(read.key as usize).into_iter().flatten() {
                    let seen = clocks.seen(number, *session);
                    let until = of_session.partition_point(|&(place, ..)| place < seen);
                    if let Some(&(_, last, from)) = of_session[..until].last()
                        && last >= read.length
                    {
                        let reason = Reason::Saw { reader: number, key: read.key };
                        return Some(Some(Step { from, to: number, reason }));
                    }
                }
            }
        }
        Some(None)
    }

    /// By key each session's transactions that appended to it: its place in the session,
    /// the furthest place that one up to it appended to, and which did.
    fn sessions(&self, order: &[u32], clocks: &Clocks) -> Vec<Vec<OfSession>> {
        let mut sessions: Vec<Vec<OfSession>> = vec![Vec::new(); self.orders.len()];
        let mut places = FxHashMap::default();
        for &number in order {
            let session = clocks.session(number);
            for append in &self.appends[number as usize] {
                let of_key = &mut sessions[append.key as usize];
                let place = *places.entry((append.key, session)).or_insert_with(|| {
                    of_key.push((session, Vec::new()));
                    of_key.len() - 1
                });
                let of_session = &mut of_key[place].1;
                let (furthest, by) = match of_session.last() {
                    Some(&(_, furthest, by)) if furthest >= append.last => (furthest, by),
                    _ => (append.last, number),
                };
                of_session.push((clocks.place(number), furthest, by));
            }
        }
        sessions
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
