//! Where several wrote one value: whose each read may have got.

use super::small::{Mop, Small};

/// How many readings are tried at most.
const MOST: usize = 64;

/// The same history once for each way to say which write each read got: then no value is
/// written twice. `None` if there are too many.
pub(crate) fn readings(small: &Small) -> Option<Vec<Small>> {
    // Writes by number: their transaction, key and value. One that a transaction writes
    // again is the same.
    let mut writes: Vec<(usize, usize, u8)> = Vec::new();
    let mut open: Vec<(usize, usize, Vec<u8>)> = Vec::new();
    for (at, txn) in small.txns.iter().enumerate() {
        for mop in &txn.mops {
            if let Mop::Write(key, value) = mop
                && !writes.contains(&(at, *key, *value))
            {
                writes.push((at, *key, *value));
            }
        }
    }
    let number = |write: usize| write as u8 + 1;
    for (at, txn) in small.txns.iter().enumerate() {
        for (place, mop) in txn.mops.iter().enumerate() {
            let Mop::Read(key, held) = mop else { continue };
            let Some(value) = held.first() else { continue };
            let fits = |write: &usize| (writes[*write].1, writes[*write].2) == (*key, *value);
            let sources = (0..writes.len()).filter(fits).map(number);
            open.push((at, place, sources.collect()));
        }
    }
    if open.iter().map(|(.., sources)| sources.len()).product::<usize>() > MOST {
        return None;
    }
    let mut first = small.clone();
    for (at, txn) in first.txns.iter_mut().enumerate() {
        for mop in &mut txn.mops {
            if let Mop::Write(key, value) = mop {
                let write = writes.iter().position(|write| *write == (at, *key, *value));
                *value = number(write.expect("all writes are there"));
            }
        }
    }
    let mut all = vec![first];
    for (at, place, sources) in open {
        let with = |small: &Small, source: u8| {
            let mut small = small.clone();
            if let Mop::Read(_, held) = &mut small.txns[at].mops[place] {
                *held = vec![source];
            }
            small
        };
        let all_with = |small: &Small| -> Vec<Small> {
            sources.iter().map(|&source| with(small, source)).collect()
        };
        all = all.iter().flat_map(all_with).collect();
    }
    Some(all)
}
