//! What models mean, by their definitions, tried out on all there is.

use glomers_history::OpKind;

use super::small::{Held, KEYS, Mop, Small, Txn};

/// Which order of transactions counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Free,
    Session,
    RealTime,
}

impl Order {
    fn has(self, a: &Txn, b: &Txn) -> bool {
        let over = a.kind == OpKind::Ok && a.end < b.begin && b.kind != OpKind::Fail;
        match self {
            Order::Free => false,
            Order::Session => over && a.process == b.process,
            Order::RealTime => over,
        }
    }
}

/// How transactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// One after the other.
    Serial,
    /// On snapshots; no two that write the same key overlap.
    Snapshot,
    /// On snapshots.
    Prefix,
}

/// Whether there is a sequence of commits that gives every answered transaction what it
/// read.
pub(crate) fn runs(small: &Small, run: Run, order: Order) -> bool {
    let start = vec![Held::new(); KEYS];
    Sequence { small, run, order, done: Vec::new(), states: vec![start] }.search()
}

struct Sequence<'a> {
    small: &'a Small,
    run: Run,
    order: Order,
    done: Vec<usize>,
    /// What was held after each commit.
    states: Vec<Vec<Held>>,
}

impl Sequence<'_> {
    fn search(&mut self) -> bool {
        let txns = &self.small.txns;
        let all_ok = |at: &usize| txns[*at].kind != OpKind::Ok || self.done.contains(at);
        if (0..txns.len()).all(|at| all_ok(&at)) {
            return true;
        }
        for (at, txn) in txns.iter().enumerate() {
            if txn.kind == OpKind::Fail || self.done.contains(&at) || !self.fits(at) {
                continue;
            }
            let mut state = self.states[self.done.len()].clone();
            for mop in &txn.mops {
                if let Mop::Write(key, value) = mop {
                    self.small.write(&mut state[*key], *value);
                }
            }
            self.done.push(at);
            self.states.push(state);
            if self.search() {
                return true;
            }
            self.done.pop();
            self.states.pop();
        }
        false
    }

    /// Whether some snapshot fits a transaction that commits next.
    fn fits(&self, at: usize) -> bool {
        let txn = &self.small.txns[at];
        let before = |other: usize| self.order.has(&self.small.txns[other], txn);
        // Those that had to come first must have been there.
        let needed = (0..self.small.txns.len()).filter(|&other| before(other));
        let mut from = 0;
        for other in needed {
            match self.done.iter().position(|&done| done == other) {
                Some(place) => from = from.max(place + 1),
                None => return false,
            }
        }
        let latest = self.done.len();
        if self.run == Run::Serial {
            from = latest;
        }
        (from..=latest).any(|snapshot| {
            let meets = |&other: &usize| conflict(&self.small.txns[other], txn);
            let clash = self.run == Run::Snapshot && self.done[snapshot..].iter().any(meets);
            !clash && reads_fit(self.small, txn, &self.states[snapshot])
        })
    }
}

fn conflict(a: &Txn, b: &Txn) -> bool {
    let writes = |txn: &Txn, key: usize| {
        txn.mops.iter().any(|mop| matches!(mop, Mop::Write(k, _) if *k == key))
    };
    (0..KEYS).any(|key| writes(a, key) && writes(b, key))
}

fn reads_fit(small: &Small, txn: &Txn, snapshot: &[Held]) -> bool {
    let mut own = snapshot.to_vec();
    txn.mops.iter().all(|mop| match mop {
        Mop::Write(key, value) => {
            small.write(&mut own[*key], *value);
            true
        }
        Mop::Read(key, held) => txn.kind != OpKind::Ok || own[*key] == *held,
    })
}

/// What the dependencies between transactions say, of some order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    /// Writes have no cycle.
    pub(crate) writes: bool,
    /// Writes and reads of what was written have none.
    pub(crate) flow: bool,
    /// Nor have these with one read that misses a write.
    pub(crate) single: bool,
}

/// What may be wrong with single reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reads {
    /// A read has what failed, what was overwritten, or what its own transaction only
    /// writes later.
    pub(crate) dirty: bool,
    /// A read does not fit what its own transaction did.
    pub(crate) internal: bool,
    /// Reads of a list that do not fit together.
    pub(crate) orders: bool,
}

pub(crate) fn reads(small: &Small) -> Reads {
    let mut found = Reads::default();
    let mut longest: Vec<Held> = vec![Held::new(); KEYS];
    for txn in small.txns.iter().filter(|txn| txn.kind == OpKind::Ok) {
        for mop in &txn.mops {
            if let Mop::Read(key, held) = mop
                && held.len() > longest[*key].len()
            {
                longest[*key] = held.clone();
            }
        }
    }
    for txn in small.txns.iter().filter(|txn| txn.kind != OpKind::Fail && small.lists) {
        // Own appends stand in the order in which they were made.
        for (place, mop) in txn.mops.iter().enumerate() {
            let Mop::Write(key, value) = mop else { continue };
            let at = |value: &u8| longest[*key].iter().position(|other| other == value);
            found.internal |= txn.mops[place + 1..].iter().any(|later| match later {
                Mop::Write(k, later) if k == key => {
                    at(later).is_some_and(|later| at(value).is_none_or(|first| first > later))
                }
                _ => false,
            });
        }
    }
    for txn in small.txns.iter().filter(|txn| txn.kind == OpKind::Ok) {
        let mut own: Vec<Option<Held>> = vec![None; KEYS];
        let mut wrote: Vec<Held> = vec![Held::new(); KEYS];
        for (place, mop) in txn.mops.iter().enumerate() {
            match mop {
                Mop::Write(key, value) => {
                    wrote[*key].push(*value);
                    if let Some(held) = &mut own[*key] {
                        small.write(held, *value);
                    } else if !small.lists {
                        own[*key] = Some(vec![*value]);
                    }
                }
                Mop::Read(key, held) => {
                    let later = |value: &u8| {
                        let is_it = Mop::Write(*key, *value);
                        let (before, after) = txn.mops.split_at(place);
                        after.contains(&is_it) && !before.contains(&is_it)
                    };
                    found.dirty |= held.iter().any(later);
                    found.internal |= match &own[*key] {
                        Some(expected) => expected != held,
                        None => !held.ends_with(&wrote[*key]),
                    };
                    found.orders |= small.lists && !longest[*key].starts_with(held);
                    for (at, value) in held.iter().enumerate() {
                        let is_last = at + 1 == held.len();
                        found.dirty |= is_dirty(small, txn, *key, *value, is_last);
                    }
                    own[*key] = Some(held.clone());
                    wrote[*key].clear();
                }
            }
        }
    }
    found
}

fn is_dirty(small: &Small, reader: &Txn, key: usize, value: u8, is_last: bool) -> bool {
    small.txns.iter().any(|txn| {
        let is_it = Mop::Write(key, value);
        let mut writes = txn.mops.iter().filter(|mop| matches!(mop, Mop::Write(k, _) if *k == key));
        let replaced = writes.next_back() != Some(&is_it);
        txn.mops.contains(&is_it)
            && (txn.kind == OpKind::Fail || (is_last && replaced && txn != reader))
    })
}

/// The best levels that any order of versions reaches, where reads are clean and
/// orders fit.
pub(crate) fn levels(small: &Small, order: Order) -> Levels {
    let mut choices: Vec<Vec<Vec<u8>>> = Vec::new();
    for key in 0..KEYS {
        choices.push(version_orders(small, key));
    }
    let mut best = Levels::default();
    let mut pick = [0; KEYS];
    if choices.iter().any(Vec::is_empty) {
        return best;
    }
    loop {
        let orders: Vec<&[u8]> = (0..KEYS).map(|key| &*choices[key][pick[key]]).collect();
        let found = graph_levels(small, &orders, order);
        best.writes |= found.writes;
        best.flow |= found.flow;
        best.single |= found.single;
        let Some(key) = (0..KEYS).find(|&key| pick[key] + 1 < choices[key].len()) else {
            return best;
        };
        pick[key] += 1;
        pick[..key].fill(0);
    }
}

/// Whether there are so few orders of versions that all can be tried.
pub(crate) fn is_handy(small: &Small) -> bool {
    let count = |key: usize| {
        let mops = small.txns.iter().flat_map(|txn| &txn.mops).filter(|mop| mop.key() == key);
        let writes = mops.clone().filter(|mop| matches!(mop, Mop::Write(..))).count();
        let seen = mops.map(|mop| match mop {
            Mop::Read(_, held) if small.lists => held.len(),
            _ => 0,
        });
        (1..=writes.saturating_sub(seen.max().unwrap_or(0))).product::<usize>()
    };
    (0..KEYS).map(count).product::<usize>() <= 750
}

/// Whether a transaction certainly happened.
pub(crate) fn happened(small: &Small, txn: &Txn) -> bool {
    let read = |key: usize, value: u8| {
        let others = small.txns.iter().filter(|other| other.kind == OpKind::Ok);
        let mut mops = others.flat_map(|other| &other.mops);
        mops.any(|mop| matches!(mop, Mop::Read(k, held) if *k == key && held.contains(&value)))
    };
    txn.kind == OpKind::Ok
        || (txn.kind == OpKind::Info
            && txn.mops.iter().any(|mop| matches!(mop, Mop::Write(k, v) if read(*k, *v))))
}

/// All orders that the versions of a key may have.
fn version_orders(small: &Small, key: usize) -> Vec<Vec<u8>> {
    let mut free: Vec<u8> = Vec::new();
    let mut fixed: Vec<u8> = Vec::new();
    let mut after: Vec<(u8, u8)> = Vec::new();
    for txn in small.txns.iter().filter(|txn| happened(small, txn)) {
        let mine = |mop: &&Mop| mop.key() == key;
        let writes = txn.mops.iter().filter_map(|mop| match mop {
            Mop::Write(k, value) if *k == key => Some(*value),
            _ => None,
        });
        let writes: Vec<u8> = writes.collect();
        if small.lists {
            free.extend(&writes);
        } else {
            free.extend(writes.last());
        }
        // What a transaction read of a register first comes before what it writes.
        if let (Some(Mop::Read(_, held)), Some(&last)) = (txn.mops.iter().find(mine), writes.last())
            && txn.kind == OpKind::Ok
        {
            after.extend(held.last().map(|&read| (read, last)));
        }
        for mop in &txn.mops {
            if let Mop::Read(k, held) = mop
                && *k == key
                && small.lists
                && txn.kind == OpKind::Ok
                && held.len() > fixed.len()
            {
                fixed = held.clone();
            }
        }
    }
    free.retain(|value| !fixed.contains(value));
    let mut orders = vec![fixed];
    for _ in 0..free.len() {
        let longer = |order: Vec<u8>| {
            let rest: Vec<u8> = free.iter().copied().filter(|v| !order.contains(v)).collect();
            rest.into_iter().map(move |value| [&*order, &[value]].concat())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    if !small.lists {
        orders.retain(|order| {
            let place = |value: u8| order.iter().position(|&v| v == value);
            after.iter().all(|&(a, b)| match (place(a), place(b)) {
                (Some(a), Some(b)) => a < b,
                _ => true,
            })
        });
    }
    orders
}

type Matrix = [u8; 8];

fn graph_levels(small: &Small, orders: &[&[u8]], order: Order) -> Levels {
    let txns = &small.txns;
    let (mut ww, mut wr, mut rw, mut before): (Matrix, Matrix, Matrix, Matrix) = Default::default();
    let writer = |key: usize, value: u8| {
        txns.iter().position(|txn| txn.mops.contains(&Mop::Write(key, value)))
    };
    let link = |matrix: &mut Matrix, a: Option<usize>, b: Option<usize>| {
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            matrix[a] |= 1 << b;
        }
    };
    for (a, first) in txns.iter().enumerate() {
        for (b, second) in txns.iter().enumerate() {
            if order.has(first, second) {
                link(&mut before, Some(a), Some(b));
            }
        }
    }
    for (key, versions) in orders.iter().enumerate() {
        for pair in versions.windows(2) {
            link(&mut ww, writer(key, pair[0]), writer(key, pair[1]));
        }
        for (at, txn) in txns.iter().enumerate().filter(|(_, txn)| txn.kind == OpKind::Ok) {
            let mut is_first = true;
            for mop in txn.mops.iter().filter(|mop| mop.key() == key) {
                let external = is_first || small.lists;
                is_first = false;
                let Mop::Read(_, held) = mop else { continue };
                if !external {
                    continue;
                }
                let last = held.last().copied();
                if let Some(value) = last {
                    link(&mut wr, writer(key, value), Some(at));
                }
                let next = match last {
                    None => versions.first(),
                    Some(value) => {
                        let place = versions.iter().position(|&v| v == value);
                        place.and_then(|place| versions.get(place + 1))
                    }
                };
                link(&mut rw, Some(at), next.and_then(|&value| writer(key, value)));
            }
        }
    }
    let union = |a: &Matrix, b: &Matrix| -> Matrix { std::array::from_fn(|at| a[at] | b[at]) };
    let closed = |matrix: &Matrix| {
        let mut closed = *matrix;
        for middle in 0..8 {
            for from in 0..8 {
                if closed[from] >> middle & 1 == 1 {
                    closed[from] |= closed[middle];
                }
            }
        }
        closed
    };
    let acyclic = |closed: &Matrix| (0..8).all(|at| closed[at] >> at & 1 == 0);
    let writes = closed(&union(&ww, &before));
    let flow = closed(&union(&union(&ww, &wr), &before));
    let is_single = |at: usize| (0..8).any(|to| rw[at] >> to & 1 == 1 && flow[to] >> at & 1 == 1);
    let flow_fits = acyclic(&flow);
    Levels {
        writes: acyclic(&writes),
        flow: flow_fits,
        single: flow_fits && !(0..8).any(is_single),
    }
}

/// What a transaction saw, by the axiom of a weak model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axiom {
    /// Whom it read from before.
    MonotonicAtomicView,
    /// Whom it reads from.
    ReadAtomic,
    /// Whom it reads from, and whom these saw.
    Causal,
}

/// Whether transactions over registers have an order in which every read got the last
/// write of those that its transaction saw; with sessions it saw what its session did.
pub(crate) fn axiom(small: &Small, axiom: Axiom, order: Order) -> bool {
    let txns: Vec<&Txn> = small.txns.iter().filter(|txn| happened(small, txn)).collect();
    let wrote = |at: usize, key: usize| {
        txns[at].mops.iter().any(|mop| matches!(mop, Mop::Write(k, _) if *k == key))
    };
    // Reads of keys that their transactions did nothing with before, or did not write,
    // where reads need not be repeatable: the reader, the key, and who wrote what it got.
    let mut reads: Vec<(usize, usize, Option<usize>)> = Vec::new();
    for (at, txn) in txns.iter().enumerate().filter(|(_, txn)| txn.kind == OpKind::Ok) {
        for (place, mop) in txn.mops.iter().enumerate() {
            let is_first = !txn.mops[..place].iter().any(|other| {
                let counts = axiom != Axiom::MonotonicAtomicView || matches!(other, Mop::Write(..));
                counts && other.key() == mop.key()
            });
            if let (Mop::Read(key, held), true) = (mop, is_first) {
                let writer = held.last().and_then(|&value| {
                    txns.iter().position(|txn| txn.mops.contains(&Mop::Write(*key, value)))
                });
                reads.push((at, *key, writer));
            }
        }
    }
    let mut before: Matrix = Default::default();
    for &(reader, _, writer) in &reads {
        if let Some(writer) = writer.filter(|&writer| writer != reader) {
            before[writer] |= 1 << reader;
        }
    }
    for (a, first) in txns.iter().enumerate() {
        for (b, second) in txns.iter().enumerate() {
            if order.has(first, second) {
                before[a] |= 1 << b;
            }
        }
    }
    let mut seen = before;
    if axiom == Axiom::Causal {
        for middle in 0..8 {
            for from in 0..8 {
                if seen[from] >> middle & 1 == 1 {
                    seen[from] |= seen[middle];
                }
            }
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (a, row) in before.iter().enumerate() {
        pairs.extend((0..8).filter(|b| row >> b & 1 == 1).map(|b| (a, b)));
    }
    for (place, &(reader, key, writer)) in reads.iter().enumerate() {
        if writer == Some(reader) {
            continue;
        }
        for other in (0..txns.len()).filter(|&other| other != reader && wrote(other, key)) {
            let earlier =
                reads[..place].iter().any(|read| read.0 == reader && read.2 == Some(other));
            let saw = match axiom {
                Axiom::MonotonicAtomicView => earlier,
                _ => seen[other] >> reader & 1 == 1,
            };
            match writer {
                _ if !saw || writer == Some(other) => {}
                Some(writer) => pairs.push((other, writer)),
                None => return false,
            }
        }
    }
    let mut order: Vec<usize> = Vec::new();
    fits(txns.len(), &pairs, &mut order)
}

/// Whether transactions over lists have an order that fits all appends, in which each saw
/// the transactions of all elements that it read, and whom the axiom says, and read all
/// that these appended.
pub(crate) fn axiom_of_lists(small: &Small, axiom: Axiom, order: Order) -> bool {
    let txns: Vec<&Txn> = small.txns.iter().filter(|txn| happened(small, txn)).collect();
    let appends = |at: usize, key: usize| {
        txns[at].mops.iter().filter_map(move |mop| match mop {
            Mop::Write(k, value) if *k == key => Some(*value),
            _ => None,
        })
    };
    let writer = |key: usize, value: u8| {
        (0..txns.len()).find(|&at| appends(at, key).any(|other| other == value))
    };
    // Who comes before whom.
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for key in 0..KEYS {
        let held = txns.iter().filter(|txn| txn.kind == OpKind::Ok).flat_map(|txn| &txn.mops);
        let held = held.filter_map(|mop| match mop {
            Mop::Read(k, held) if *k == key => Some(held),
            _ => None,
        });
        let longest = held.max_by_key(|held| held.len()).cloned().unwrap_or_default();
        let order: Vec<usize> = longest.iter().filter_map(|&value| writer(key, value)).collect();
        pairs.extend(order.windows(2).map(|pair| (pair[0], pair[1])));
        for at in 0..txns.len() {
            let is_unseen = appends(at, key).any(|value| !longest.contains(&value));
            pairs.extend(order.last().filter(|_| is_unseen).map(|&last| (last, at)));
        }
    }
    // What each transaction read of others, one read after the other.
    let mut reads: Vec<Vec<(usize, Held)>> = vec![Vec::new(); txns.len()];
    let mut saw: Matrix = Default::default();
    for (at, txn) in txns.iter().enumerate().filter(|(_, txn)| txn.kind == OpKind::Ok) {
        for (place, mop) in txn.mops.iter().enumerate() {
            let Mop::Read(key, held) = mop else { continue };
            let own = txn.mops[..place].iter();
            let mut again = own.clone().filter(|other| other.key() == *key);
            if axiom != Axiom::MonotonicAtomicView
                && again.any(|other| matches!(other, Mop::Read(..)))
            {
                continue;
            }
            let mut held = held.clone();
            held.retain(|value| !own.clone().any(|mop| *mop == Mop::Write(*key, *value)));
            for from in held.iter().filter_map(|&value| writer(*key, value)) {
                saw[from] |= 1 << at;
            }
            reads[at].push((*key, held));
        }
    }
    for (a, first) in txns.iter().enumerate() {
        for (b, second) in txns.iter().enumerate() {
            if order.has(first, second) {
                saw[a] |= 1 << b;
            }
        }
    }
    if axiom == Axiom::Causal {
        for middle in 0..8 {
            for from in 0..8 {
                if saw[from] >> middle & 1 == 1 {
                    saw[from] |= saw[middle];
                }
            }
        }
    }
    for (at, reads) in reads.iter().enumerate() {
        let mut seen: Vec<usize> =
            (0..txns.len()).filter(|&from| from != at && saw[from] >> at & 1 == 1).collect();
        if axiom == Axiom::MonotonicAtomicView {
            seen.clear();
        }
        for (key, held) in reads {
            if axiom == Axiom::MonotonicAtomicView {
                seen.extend(held.iter().filter_map(|&value| writer(*key, value)));
            }
            let lacks = |&from: &usize| appends(from, *key).any(|value| !held.contains(&value));
            if seen.iter().filter(|&&from| from != at).any(lacks) {
                return false;
            }
        }
    }
    for (from, row) in saw.iter().enumerate() {
        pairs.extend((0..8).filter(|to| from != *to && row >> to & 1 == 1).map(|to| (from, to)));
    }
    pairs.retain(|(a, b)| a != b);
    let is_own = |at: usize| saw[at] >> at & 1 == 1;
    let has_loop = axiom == Axiom::Causal && (0..txns.len()).any(is_own);
    !has_loop && fits(txns.len(), &pairs, &mut Vec::new())
}

/// Whether some order of so many has the first of each pair before the second.
fn fits(count: usize, pairs: &[(usize, usize)], order: &mut Vec<usize>) -> bool {
    if order.len() == count {
        return true;
    }
    for next in 0..count {
        let late = |&(a, b): &(usize, usize)| b == next && !order.contains(&a);
        if order.contains(&next) || pairs.iter().any(late) {
            continue;
        }
        order.push(next);
        if fits(count, pairs, order) {
            return true;
        }
        order.pop();
    }
    false
}
