//! What is wrong with lists without a look at cycles.

use std::collections::BTreeMap;

use glomers_history::{OpKind, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::cases::{Anomalies, Case, Expected};
use super::lists::{Lists, is_prefix};
use super::parse::{Mop, NONE, Parsed};

/// Finds all of it; what Elle has no name for goes to `more`.
pub(super) fn find(
    parsed: &Parsed<'_>,
    lists: &Lists,
    anomalies: &mut Anomalies,
    more: &mut Anomalies,
) {
    let mut scan = Scan { parsed, lists, anomalies, more, updates: Vec::new() };
    for number in 0..parsed.txns.len() as u32 {
        scan.txn(number);
    }
    scan.lost_updates();
    scan.orders();
    scan.dirty_updates();
}

struct Scan<'a, 'h> {
    parsed: &'a Parsed<'h>,
    lists: &'a Lists,
    anomalies: &'a mut Anomalies,
    more: &'a mut Anomalies,
    /// Reads of a key that their transaction then appends to: the key, how much was
    /// read, the micro-operation and the transaction.
    updates: Vec<(u32, u32, u32, u32)>,
}

impl Scan<'_, '_> {
    fn txn(&mut self, number: u32) {
        let parsed = self.parsed;
        let txn = parsed.txns[number as usize];
        if txn.is_failed() {
            return;
        }
        let mops = parsed.mops_of(number);
        for (place, mop) in mops.iter().enumerate() {
            if mop.is_write || mop.value == NONE {
                continue;
            }
            if parsed.is_opaque(mop.key) {
                continue;
            }
            let at = txn.mops.0 + place as u32;
            if txn.is_ok() {
                self.read(number, at, mop);
            }
            self.doubles(at, mop);
        }
        if mops.len() > 1 {
            self.own_appends(number, mops);
            if txn.is_ok() {
                self.own(number, txn.mops.0, mops);
            }
        }
    }

    /// What a transaction appends to a key stands there in the order in which it did.
    fn own_appends(&mut self, number: u32, mops: &[Mop]) {
        let place = |version: u32| self.lists.places[version as usize];
        for (at, first) in mops.iter().enumerate().filter(|(_, mop)| mop.is_write) {
            if !self.parsed.versions[first.value as usize].is_overwritten {
                continue;
            }
            let mut later = mops[at + 1..].iter();
            let second = later.find(|other| other.is_write && other.key == first.key);
            let Some(second) = second.filter(|second| place(second.value) != NONE) else {
                continue;
            };
            // What is not there has the highest place.
            if place(first.value) > place(second.value) {
                let (first, second) = (first.value, second.value);
                let case = Case::Reordered { txn: number, first, second };
                self.more.add_as("reordered-appends", "internal", case);
            }
        }
    }

    /// A read of what failed, of what nobody appended, or of a part of what a
    /// transaction appended.
    fn read(&mut self, number: u32, at: u32, mop: &Mop) {
        let parsed = self.parsed;
        let list = parsed.lists[mop.value as usize];
        let growth = &self.lists.keys[mop.key as usize];
        let length = list.len() as u32;
        let is_prefix = self.lists.is_prefix[mop.value as usize];
        let until = growth.until_failed.min(growth.until_garbage);
        if !is_prefix || length >= until {
            for element in list.iter() {
                let version = parsed.by_value[mop.key as usize].find(&element);
                if version == NONE {
                    self.more.add("garbage-read", Case::Garbage { mop: at, value: element });
                } else if parsed.txns[parsed.writer(version) as usize].is_failed() {
                    self.anomalies.add("G1a", Case::Aborted { mop: at, version });
                }
            }
        }
        let last = self.lists.lasts[mop.value as usize];
        if last != NONE
            && parsed.versions[last as usize].is_overwritten
            && parsed.writer(last) != number
        {
            self.anomalies.add("G1b", Case::Intermediate { mop: at, version: last });
        }
    }

    fn doubles(&mut self, at: u32, mop: &Mop) {
        let list = self.parsed.lists[mop.value as usize];
        let growth = &self.lists.keys[mop.key as usize];
        let is_prefix = self.lists.is_prefix[mop.value as usize];
        if is_prefix && list.len() as u32 <= growth.until_double {
            return;
        }
        let mut counts: BTreeMap<Value, usize> = BTreeMap::new();
        for element in list.iter() {
            *counts.entry(element).or_default() += 1;
        }
        counts.retain(|_, count| *count > 1);
        if !counts.is_empty() {
            let doubles = counts.into_iter().collect();
            self.anomalies.add("duplicate-elements", Case::Doubles { mop: at, doubles });
        }
    }

    /// What a transaction does with one key: reads against its own reads and appends
    /// before, and appends against its reads before.
    fn own(&mut self, number: u32, first: u32, mops: &[Mop]) {
        let repeats = |at: usize| mops[..at].iter().any(|other| other.key == mops[at].key);
        if mops.len() <= 8 && !(1..mops.len()).any(repeats) {
            return;
        }
        let mut by_key: FxHashMap<u32, Own> = FxHashMap::default();
        let (mut internal, mut future) = (None, None);
        for (place, mop) in mops.iter().enumerate() {
            let own = by_key.entry(mop.key).or_default();
            let at = first + place as u32;
            if mop.is_write {
                let known = own.reads.iter().copied();
                let mut reads = known.filter(|&read| self.parsed.mops[read as usize].value != NONE);
                let early = reads.find(|&read| {
                    let list = self.parsed.mops[read as usize].value;
                    self.lists.holds(self.parsed, list, mop.value)
                });
                if let Some(read) = early.filter(|_| future.is_none())
                    && !self.parsed.is_opaque(mop.key)
                {
                    future = Some(Case::FutureRead { mop: read, version: mop.value });
                }
                // As Elle has it, also behind a write that no read came before.
                if let Some(&read) = own.reads.first().filter(|_| !own.is_update) {
                    own.is_update = true;
                    self.updates.push((mop.key, length(self.parsed, read), read, number));
                }
                own.appends.push(mop.value);
                continue;
            }
            if internal.is_none()
                && let Some(expected) = self.unlike(own, mop)
            {
                internal = Some(Case::Internal { mop: at, expected });
            }
            own.reads.push(at);
            own.base = Some(mop.value);
            own.appends.clear();
        }
        if let Some(case) = internal {
            self.anomalies.add("internal", case);
        }
        if let Some(case) = future {
            self.anomalies.add("future-read", case);
        }
    }

    /// What a read should have got, if it got something else.
    fn unlike(&self, own: &Own, mop: &Mop) -> Option<Expected> {
        let parsed = self.parsed;
        let appended = || own.appends.iter().map(|&version| parsed.version_value(version));
        let list = (mop.value != NONE).then(|| parsed.lists[mop.value as usize]);
        let length = list.map_or(0, |list| list.len());
        let ends_right = || {
            let start = length.checked_sub(own.appends.len())?;
            let list = list?;
            let elements = (start..length).map(|at| list.get(at));
            elements.eq(appended().map(Some)).then_some(())
        };
        let tail = own.appends.is_empty() || ends_right().is_some();
        match own.base {
            None if own.appends.is_empty() || tail => None,
            None => Some(Expected::Ending(appended().collect())),
            Some(base) => {
                let base = (base != NONE).then(|| parsed.lists[base as usize]);
                let before = base.map_or(0, |base| base.len());
                let head = match (base, list) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(base), Some(list)) => is_prefix(base, list),
                };
                if tail && head && length == before + own.appends.len() {
                    return None;
                }
                let all = base.into_iter().flat_map(|base| base.iter()).chain(appended());
                Some(Expected::Exactly(Value::list(all)))
            }
        }
    }

    fn lost_updates(&mut self) {
        let parsed = self.parsed;
        let mut updates = std::mem::take(&mut self.updates);
        updates.sort_unstable_by_key(|&(key, length, mop, _)| (key, length, mop));
        let same = |a: &(u32, u32, u32, u32), b: &(u32, u32, u32, u32)| (a.0, a.1) == (b.0, b.1);
        for group in updates.chunk_by(same).filter(|group| group.len() > 1) {
            // Reads of the same length are the same, but where orders do not fit.
            let mut by_list: BTreeMap<Option<Value>, Vec<(u32, u32)>> = BTreeMap::new();
            for &(_, _, mop, txn) in group {
                let list = parsed.mops[mop as usize].value;
                let strange = list != NONE && !self.lists.is_prefix[list as usize];
                let read = strange.then(|| Value::List(parsed.lists[list as usize].clone()));
                by_list.entry(read).or_default().push((mop, txn));
            }
            for same in by_list.into_values().filter(|same| same.len() > 1) {
                let (key, mop) = (group[0].0, same[0].0);
                let txns = same.into_iter().map(|(_, txn)| txn).collect();
                self.anomalies.add("lost-update", Case::LostUpdate { key, mop, txns });
            }
        }
    }

    /// Reads of a key that do not fit together, by length, one pair a key.
    fn orders(&mut self) {
        let parsed = self.parsed;
        if self.lists.is_prefix.iter().all(|&is_prefix| is_prefix) {
            return;
        }
        let mut strange: FxHashSet<u32> = FxHashSet::default();
        for mop in parsed.mops.iter().filter(|mop| !mop.is_write && mop.value != NONE) {
            if !self.lists.is_prefix[mop.value as usize] {
                strange.insert(mop.key);
            }
        }
        let mut reads: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for txn in parsed.txns.iter().filter(|txn| !txn.is_failed()) {
            for at in txn.mops.0..txn.mops.1 {
                let mop = &parsed.mops[at as usize];
                if !mop.is_write && mop.value != NONE && strange.contains(&mop.key) {
                    reads.entry(mop.key).or_default().push(at);
                }
            }
        }
        for (key, mut reads) in reads {
            reads.sort_by_key(|&mop| length(parsed, mop));
            let list = |mop: u32| parsed.lists[parsed.mops[mop as usize].value as usize];
            let pair = reads.windows(2).find(|pair| !is_prefix(list(pair[0]), list(pair[1])));
            if let Some(&[a, b]) = pair {
                let [shorter, longer] = [a, b].map(|mop| Value::List(list(mop).clone()));
                let case = Case::IncompatibleOrder { key, shorter, longer, mops: [a, b] };
                self.anomalies.add("incompatible-order", case);
            }
        }
    }

    /// What was kept on top of what failed.
    fn dirty_updates(&mut self) {
        let parsed = self.parsed;
        for (key, growth) in self.lists.keys.iter().enumerate() {
            if growth.until_failed == NONE {
                continue;
            }
            let mut failed: Option<(u32, Vec<u32>)> = None;
            for &version in growth.order.iter().filter(|&&version| version != NONE) {
                let writer = parsed.writer(version);
                match (parsed.txns[writer as usize].kind, &mut failed) {
                    (OpKind::Fail, None) => failed = Some((writer, vec![version])),
                    (OpKind::Ok, found @ Some(_)) => {
                        let Some((from, mut versions)) = found.take() else { continue };
                        versions.push(version);
                        let (key, txns) = (key as u32, [from, writer]);
                        let case = Case::DirtyUpdate { key, versions, txns };
                        self.anomalies.add("dirty-update", case);
                    }
                    (OpKind::Ok, None) | (OpKind::Info | OpKind::Invoke, None) => {}
                    (_, Some((_, versions))) => versions.push(version),
                }
            }
        }
    }
}

/// What a transaction did with a key so far.
#[derive(Debug, Default)]
struct Own {
    /// What it read last, and what it appended since.
    base: Option<u32>,
    appends: Vec<u32>,
    reads: Vec<u32>,
    /// Whether it wrote what it had read.
    is_update: bool,
}

fn length(parsed: &Parsed<'_>, mop: u32) -> u32 {
    match parsed.mops[mop as usize].value {
        NONE => 0,
        list => parsed.lists[list as usize].len() as u32,
    }
}
