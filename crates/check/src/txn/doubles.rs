//! Values that were written to a key more than once: whose write was read.

use rustc_hash::FxHashMap;

use super::parse::{Kind, NONE, Parsed};

impl Parsed<'_> {
    /// Finds out which write of a value each read got, where several wrote it. What
    /// failed is not read, nor what was overwritten, if another write is left; a
    /// transaction reads its own; and where several are left the read says nothing of
    /// other transactions.
    pub(super) fn settle_doubles(&mut self) {
        if self.written_again.is_empty() {
            return;
        }
        let mut groups: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for &(first, other) in &self.written_again {
            groups.entry(first).or_insert_with(|| vec![first]).push(other);
        }
        // By the first version of a value the one that is read; itself if nobody knows.
        let mut read: FxHashMap<u32, Option<u32>> = FxHashMap::default();
        for (first, versions) in groups {
            let fails = |version: u32| self.txns[self.writer(version) as usize].is_failed();
            let kept = || versions.iter().copied().filter(|&version| !fails(version));
            let last = kept().filter(|&version| !self.versions[version as usize].is_overwritten);
            let last: Vec<u32> = last.collect();
            let left: Vec<u32> = if last.is_empty() { kept().collect() } else { last };
            let found = match &*left {
                [] => Some(first),
                [version] => Some(*version),
                _ => None,
            };
            read.insert(first, found);
        }
        match self.kind {
            Kind::List => self.settle_lists(&read),
            Kind::Register => self.settle_registers(&read),
        }
    }

    fn settle_lists(&mut self, read: &FxHashMap<u32, Option<u32>>) {
        self.opaque = vec![false; self.keys.len()];
        for (&first, found) in read {
            let key = self.versions[first as usize].key as usize;
            match found {
                None => self.opaque[key] = true,
                Some(found) => {
                    let value = self.version_value(first);
                    self.by_value[key].insert(&value, *found);
                }
            }
        }
    }

    fn settle_registers(&mut self, read: &FxHashMap<u32, Option<u32>>) {
        let firsts: FxHashMap<u32, u32> = self.written_again.iter().map(|&(a, b)| (b, a)).collect();
        let first = |version: u32| firsts.get(&version).copied().unwrap_or(version);
        // What two answered transactions left behind.
        let mut left: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, version) in self.versions.iter().enumerate() {
            let is_first = read.contains_key(&(number as u32));
            let is_double = is_first || firsts.contains_key(&(number as u32));
            if is_double && !version.is_overwritten && self.txns[version.writer as usize].is_ok() {
                left.entry(first(number as u32)).or_default().push(version.writer);
            }
        }
        for number in 0..self.txns.len() {
            let (from, to) = self.txns[number].mops;
            for at in from as usize..to as usize {
                let mop = self.mops[at];
                if mop.is_write || mop.value == NONE {
                    continue;
                }
                let Some(&found) = read.get(&mop.value) else { continue };
                let value = mop.value;
                let earlier = self.mops[from as usize..at].iter().rev();
                let before = earlier.copied().find(|other| other.key == mop.key);
                let is_same = |value: u32| {
                    let is_unclear = value != NONE && self.versions[value as usize].is_unclear;
                    let read = |mop: usize| self.mop_value(mop as u32);
                    match is_unclear {
                        true => read(self.versions[value as usize].mop as usize) == read(at),
                        false => first(value) == mop.value,
                    }
                };
                let is_first = before.is_none() && self.txns[number].is_ok();
                let before = before.map(|before| before.value).filter(|&value| is_same(value));
                if let Some([_, second, ..]) = left.get(&value).map(Vec::as_slice)
                    && is_first
                {
                    self.read_of_two.get_or_insert((value, *second));
                }
                self.mops[at].value = match before.or(found) {
                    Some(version) => version,
                    None => {
                        let version = self.new_version(mop.key, at as u32, NONE);
                        self.versions[version as usize].is_unclear = true;
                        version
                    }
                };
            }
        }
    }
}
