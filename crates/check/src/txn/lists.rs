//! The order in which each list grew, as reads tell it, and who read how much.

use glomers_history::{List, OpKind, Value};

use super::parse::{NONE, Parsed};

/// What is known of one list.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// The longest read, a number in [`Parsed::lists`], [`NONE`] if all were empty.
    pub(super) longest: u32,
    /// Its elements as versions, each once; [`NONE`] for what nobody appended.
    pub(super) order: Vec<u32>,
    /// How many elements of the longest read there are before one that is there
    /// twice is there again; all if none is.
    pub(super) until_double: u32,
    /// Appends that no longest read has, of transactions that did not fail, in order
    /// of transactions.
    pub(super) unseen: Vec<u32>,
    /// The least length of a read that has an element of a failed append, and of one
    /// that has what nobody appended; [`NONE`] if there is none.
    pub(super) until_failed: u32,
    pub(super) until_garbage: u32,
}

/// What is known of all lists.
#[derive(Debug)]
pub(super) struct Lists {
    /// By key.
    pub(super) keys: Vec<Growth>,
    /// By version its place in the order of its key, [`NONE`] if it has none.
    pub(super) places: Vec<u32>,
    /// By list that was read whether it is how the longest read begins.
    pub(super) is_prefix: Vec<bool>,
    /// By list its last element as a version, [`NONE`] for what nobody appended.
    pub(super) lasts: Vec<u32>,
}

impl Lists {
    pub(super) fn new(parsed: &Parsed<'_>) -> Lists {
        let mut keys: Vec<Growth> = Vec::new();
        keys.resize_with(parsed.keys.len(), || Growth { longest: NONE, ..Growth::default() });
        let mut lists = Lists {
            keys,
            places: vec![NONE; parsed.versions.len()],
            is_prefix: vec![true; parsed.lists.len()],
            lasts: vec![NONE; parsed.lists.len()],
        };
        lists.find_longest(parsed);
        lists.find_orders(parsed);
        lists.compare(parsed);
        lists
    }

    fn find_longest(&mut self, parsed: &Parsed<'_>) {
        let mut lengths = vec![0usize; parsed.keys.len()];
        for txn in parsed.txns.iter().filter(|txn| !txn.is_failed()) {
            for mop in &parsed.mops[txn.mops.0 as usize..txn.mops.1 as usize] {
                if mop.is_write || mop.value == NONE || parsed.is_opaque(mop.key) {
                    continue;
                }
                let length = parsed.lists[mop.value as usize].len();
                if length > lengths[mop.key as usize] {
                    lengths[mop.key as usize] = length;
                    self.keys[mop.key as usize].longest = mop.value;
                }
            }
        }
    }

    fn find_orders(&mut self, parsed: &Parsed<'_>) {
        // A key that one append was ever made to grew by it, read or not.
        let mut appends = vec![(0u32, NONE); parsed.keys.len()];
        for (number, version) in parsed.versions.iter().enumerate() {
            let txn = parsed.txns.get(version.writer as usize);
            if txn.is_some_and(|txn| !txn.is_failed()) && !parsed.is_opaque(version.key) {
                let (count, last) = &mut appends[version.key as usize];
                *count += 1;
                *last = number as u32;
            }
        }
        for (key, &(count, only)) in appends.iter().enumerate() {
            let growth = &mut self.keys[key];
            (growth.until_failed, growth.until_garbage) = (NONE, NONE);
            if growth.longest == NONE {
                if count == 1 {
                    self.places[only as usize] = 0;
                    growth.order.push(only);
                }
                continue;
            }
            let list = parsed.lists[growth.longest as usize];
            growth.until_double = list.len() as u32;
            let mut garbage: rustc_hash::FxHashSet<Value> = Default::default();
            let versions = &parsed.by_value[key];
            for (place, element) in list.iter().enumerate() {
                let version = versions.find(&element);
                let is_new = if version == NONE {
                    growth.until_garbage = growth.until_garbage.min(place as u32 + 1);
                    garbage.insert(element)
                } else {
                    self.places[version as usize] == NONE
                };
                if !is_new {
                    growth.until_double = growth.until_double.min(place as u32);
                    continue;
                }
                if version != NONE {
                    self.places[version as usize] = growth.order.len() as u32;
                    if parsed.txns[parsed.writer(version) as usize].is_failed() {
                        growth.until_failed = growth.until_failed.min(place as u32 + 1);
                    }
                }
                growth.order.push(version);
            }
        }
        for (number, version) in parsed.versions.iter().enumerate() {
            let txn = parsed.txns.get(version.writer as usize);
            let is_unseen = self.places[number] == NONE && !parsed.is_opaque(version.key);
            if is_unseen && txn.is_some_and(|txn| !txn.is_failed()) {
                self.keys[version.key as usize].unseen.push(number as u32);
            }
        }
        for growth in &mut self.keys {
            growth.unseen.sort_by_key(|&version| parsed.writer(version));
        }
    }

    fn compare(&mut self, parsed: &Parsed<'_>) {
        for txn in parsed.txns.iter().filter(|txn| !txn.is_failed()) {
            for mop in &parsed.mops[txn.mops.0 as usize..txn.mops.1 as usize] {
                if mop.is_write || mop.value == NONE {
                    continue;
                }
                let list = parsed.lists[mop.value as usize];
                let growth = &self.keys[mop.key as usize];
                let at = mop.value as usize;
                if growth.longest == NONE {
                    self.is_prefix[at] = false;
                    continue;
                }
                let is_prefix = is_prefix(list, parsed.lists[growth.longest as usize]);
                self.is_prefix[at] = is_prefix;
                let is_simple = is_prefix && list.len() as u32 <= growth.until_double;
                self.lasts[at] = if is_simple {
                    growth.order[list.len() - 1]
                } else {
                    let last = list.get(list.len() - 1).unwrap_or(Value::Null);
                    parsed.by_value[mop.key as usize].find(&last)
                };
            }
        }
    }

    /// Whether a read has a version.
    pub(super) fn holds(&self, parsed: &Parsed<'_>, list: u32, version: u32) -> bool {
        let elements = parsed.lists[list as usize];
        let growth = &self.keys[parsed.versions[version as usize].key as usize];
        if self.is_prefix[list as usize] && elements.len() as u32 <= growth.until_double {
            return self.places[version as usize] < elements.len() as u32;
        }
        let value = parsed.version_value(version);
        elements.iter().any(|element| element == value)
    }

    /// Whether a failed append stands in an order.
    pub(super) fn has_failed(&self) -> bool {
        self.keys.iter().any(|growth| growth.until_failed != NONE)
    }

    /// The version before one in the order of its key, of those that did not fail;
    /// [`NONE`] for the empty list. What no read has comes after all that one has.
    pub(super) fn before(&self, parsed: &Parsed<'_>, version: u32) -> u32 {
        let growth = &self.keys[parsed.versions[version as usize].key as usize];
        let until = match self.places[version as usize] {
            NONE => growth.order.len(),
            place => place as usize,
        };
        let mut before = growth.order[..until].iter().rev().copied();
        before.find(|&version| is_kept(parsed, version)).unwrap_or(NONE)
    }
}

/// Whether a version is one of a transaction that did not fail.
pub(super) fn is_kept(parsed: &Parsed<'_>, version: u32) -> bool {
    version != NONE && parsed.txns[parsed.writer(version) as usize].kind != OpKind::Fail
}

/// Whether a list is how another begins.
pub(super) fn is_prefix(list: &List, longer: &List) -> bool {
    if list.len() > longer.len() {
        return false;
    }
    match (list.as_small(), longer.as_small()) {
        (Some(list), Some(longer)) => {
            let mut pairs = list.chunks().zip(longer.chunks());
            pairs.all(|(part, whole)| part.len() <= whole.len() && *part == whole[..part.len()])
        }
        _ => list.iter().zip(longer.iter()).all(|(a, b)| a == b),
    }
}
