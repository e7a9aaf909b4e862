//! Values that were written to a key more than once: whose write was read.

use rustc_hash::FxHashMap;

use super::parse::{Kind, NONE, Parsed};

impl Parsed<'_> {
    /// Finds out which write of a value each read got, where several wrote it. What
    /// failed is not read, nor what was overwritten, if another write is left; a
    /// transaction reads its own, but not before it wrote it. Where several are left,
    /// what a register held may be any of them, and a list says nothing of other
    /// transactions.
    ///
    /// Where what failed or was overwritten may be read, too, a value that one of the
    /// writes left behind so is unclear.
    pub(super) fn settle_doubles(&mut self, is_clean: bool) {
        if self.written_again.is_empty() {
            return;
        }
        let mut groups: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for &(first, other) in &self.written_again {
            groups.entry(first).or_insert_with(|| vec![first]).push(other);
        }
        match self.kind {
            Kind::List => self.settle_lists(&groups),
            Kind::Register => self.settle_registers(&groups, is_clean),
        }
    }

    /// Of versions with one value, those that somebody else may have read.
    fn left(&self, versions: &[u32], reader: u32) -> Vec<u32> {
        let fails = |version: u32| self.txns[self.writer(version) as usize].is_failed();
        let kept = versions.iter().copied();
        let kept = kept.filter(|&version| !fails(version) && self.writer(version) != reader);
        let kept: Vec<u32> = kept.collect();
        let last = kept.iter().copied();
        let last: Vec<u32> =
            last.filter(|&version| !self.versions[version as usize].is_overwritten).collect();
        if last.is_empty() { kept } else { last }
    }

    fn settle_lists(&mut self, groups: &FxHashMap<u32, Vec<u32>>) {
        self.opaque = vec![false; self.keys.len()];
        for (&first, versions) in groups {
            let key = self.versions[first as usize].key as usize;
            match *self.left(versions, NONE) {
                [] => {}
                [found] => {
                    let value = self.version_value(first);
                    self.by_value[key].insert(&value, found);
                }
                _ => self.opaque[key] = true,
            }
        }
    }

    fn settle_registers(&mut self, groups: &FxHashMap<u32, Vec<u32>>, is_clean: bool) {
        let firsts: FxHashMap<u32, u32> = self.written_again.iter().map(|&(a, b)| (b, a)).collect();
        let first = |version: u32| firsts.get(&version).copied().unwrap_or(version);
        // What two answered transactions left behind.
        let mut left: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, version) in self.versions.iter().enumerate() {
            let is_first = groups.contains_key(&(number as u32));
            let is_double = is_first || firsts.contains_key(&(number as u32));
            if is_double && !version.is_overwritten && self.txns[version.writer as usize].is_ok() {
                left.entry(first(number as u32)).or_default().push(version.writer);
            }
        }
        // By the first version with a value, what a read of it may have got.
        let mut sources: FxHashMap<u32, u32> = FxHashMap::default();
        for number in 0..self.txns.len() {
            let (from, to) = self.txns[number].mops;
            for at in from as usize..to as usize {
                let mop = self.mops[at];
                if mop.is_write || mop.value == NONE {
                    continue;
                }
                let Some(versions) = groups.get(&mop.value) else { continue };
                let value = mop.value;
                let earlier = self.mops[from as usize..at].iter().rev();
                let before = earlier.copied().find(|other| other.key == mop.key);
                let is_same = |value: u32| {
                    let is_unclear = value != NONE && self.is_unclear(value);
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
                // What it wrote before it may read again, were it in between something else.
                let mut earlier = self.mops[from as usize..at].iter();
                let mine = earlier.find(|other| other.is_write && first(other.value) == value);
                self.mops[at].value = match before.or(mine.map(|mine| mine.value)) {
                    Some(version) => version,
                    None => {
                        let source = *sources.entry(value).or_insert_with(|| {
                            let all = is_clean.then(|| self.left(versions, NONE));
                            self.sources.push(all.unwrap_or_else(|| versions.clone()));
                            self.sources.len() as u32 - 1
                        });
                        match is_clean {
                            true => self.source_of(number as u32, at as u32, versions, source),
                            false => self.unclear_version(at as u32, source),
                        }
                    }
                };
            }
        }
    }

    /// The version that a read got of some with one value; a new one if it may be several:
    /// those of `sources`.
    fn source_of(&mut self, reader: u32, at: u32, versions: &[u32], source: u32) -> u32 {
        let others = self.sources[source as usize].iter().copied();
        let others = others.filter(|&version| self.writer(version) != reader);
        let others: Vec<u32> = others.take(2).collect();
        let is_last = |version: u32| !self.versions[version as usize].is_overwritten;
        match *others {
            [found] => found,
            // Several wrote it, and all of them wrote the key again.
            [found, ..] if !is_last(found) => found,
            [_, ..] => self.unclear_version(at, source),
            [] => {
                let mine = versions.iter().find(|&&version| self.writer(version) == reader);
                let left = self.left(versions, reader);
                left.first().or(mine).or(versions.first()).copied().unwrap_or(NONE)
            }
        }
    }

    fn unclear_version(&mut self, at: u32, source: u32) -> u32 {
        let version = self.new_version(self.mops[at as usize].key, at, NONE);
        self.unclear.push(source);
        version
    }

    /// Whether a transaction left a version behind that another may have read.
    pub(super) fn is_left_for(&self, version: u32, reader: u32) -> bool {
        let version = &self.versions[version as usize];
        let writer = version.writer;
        writer != reader && !self.txns[writer as usize].is_failed() && !version.is_overwritten
    }
}
