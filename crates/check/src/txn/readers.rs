//! Who read what, in one array.

use super::parse::{NONE, Parsed};

/// The transactions that read each version, and nothing of each key, ascending and
/// each once.
#[derive(Debug)]
pub(super) struct Readers {
    starts: Vec<u32>,
    txns: Vec<u32>,
    versions: usize,
}

impl Readers {
    /// `all` hands on each read twice: its key, its version, [`NONE`] for nothing, and
    /// its transaction, in order of transactions.
    pub(super) fn new(parsed: &Parsed<'_>, all: impl Fn(&mut dyn FnMut(u32, u32, u32))) -> Readers {
        let versions = parsed.versions.len();
        let slots = versions + parsed.keys.len();
        let slot = |key: u32, version: u32| {
            if version == NONE { versions + key as usize } else { version as usize }
        };
        let mut starts = vec![0u32; slots + 1];
        let mut last = vec![NONE; slots];
        all(&mut |key, version, txn| {
            let slot = slot(key, version);
            if last[slot] != txn {
                last[slot] = txn;
                starts[slot + 1] += 1;
            }
        });
        for slot in 0..slots {
            starts[slot + 1] += starts[slot];
        }
        let mut next = starts.clone();
        let mut txns = vec![0u32; starts[slots] as usize];
        last.fill(NONE);
        all(&mut |key, version, txn| {
            let slot = slot(key, version);
            if last[slot] != txn {
                last[slot] = txn;
                txns[next[slot] as usize] = txn;
                next[slot] += 1;
            }
        });
        Readers { starts, txns, versions }
    }

    /// Who read a version.
    pub(super) fn of(&self, version: u32) -> &[u32] {
        self.slot(version as usize)
    }

    /// Who read nothing where a key is.
    pub(super) fn of_nothing(&self, key: u32) -> &[u32] {
        self.slot(self.versions + key as usize)
    }

    fn slot(&self, slot: usize) -> &[u32] {
        &self.txns[self.starts[slot] as usize..self.starts[slot + 1] as usize]
    }
}
