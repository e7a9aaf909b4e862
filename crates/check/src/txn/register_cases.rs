//! What is wrong with registers without a look at cycles.

use glomers_history::Value;
use rustc_hash::FxHashMap;

use super::cases::{Anomalies, Case, Expected};
use super::parse::{Mop, NONE, Parsed};

/// Finds all of it; what Elle does not look for goes to `more`.
pub(super) fn find(parsed: &Parsed<'_>, anomalies: &mut Anomalies, more: &mut Anomalies) {
    // Reads of a key that their transaction then writes: the key, the version read,
    // the micro-operation and the transaction.
    let mut updates: Vec<(u32, u32, u32, u32)> = Vec::new();
    for (number, txn) in parsed.txns.iter().enumerate() {
        if !txn.is_ok() {
            continue;
        }
        let number = number as u32;
        let mops = parsed.mops_of(number);
        for (place, mop) in mops.iter().enumerate() {
            if !mop.is_write && mop.value != NONE {
                let at = txn.mops.0 + place as u32;
                if parsed.is_unclear(mop.value) {
                    continue;
                }
                if parsed.writer(mop.value) == NONE {
                    let value = parsed.mop_value(at);
                    more.add("garbage-read", Case::Garbage { mop: at, value });
                } else {
                    read(parsed, number, at, mop, anomalies);
                }
            }
        }
        let repeats = |at: usize| mops[..at].iter().any(|other| other.key == mops[at].key);
        if mops.len() > 8 || (1..mops.len()).any(repeats) {
            own(parsed, number, &mut updates, anomalies, more);
        }
    }
    updates.sort_unstable();
    let same = |a: &(u32, u32, u32, u32), b: &(u32, u32, u32, u32)| (a.0, a.1) == (b.0, b.1);
    for group in updates.chunk_by(same).filter(|group| group.len() > 1) {
        let txns = group.iter().map(|&(_, _, _, txn)| txn).collect();
        let case = Case::LostUpdate { key: group[0].0, mop: group[0].2, txns };
        anomalies.add("lost-update", case);
    }
}

fn read(parsed: &Parsed<'_>, number: u32, at: u32, mop: &Mop, anomalies: &mut Anomalies) {
    let version = &parsed.versions[mop.value as usize];
    if parsed.txns[version.writer as usize].is_failed() {
        anomalies.add("G1a", Case::Aborted { mop: at, version: mop.value });
    }
    if version.is_overwritten && version.writer != number {
        anomalies.add("G1b", Case::Intermediate { mop: at, version: mop.value });
    }
}

/// What a transaction does with a key that it uses more than once.
fn own(
    parsed: &Parsed<'_>,
    number: u32,
    updates: &mut Vec<(u32, u32, u32, u32)>,
    anomalies: &mut Anomalies,
    more: &mut Anomalies,
) {
    let first = parsed.txns[number as usize].mops.0;
    // By key the version that it holds, its first read, and whether it was written after
    // a read. As Elle has it, that may be a read of what was written before.
    let mut states: FxHashMap<u32, (u32, Option<u32>, bool)> = FxHashMap::default();
    let (mut internal, mut future) = (None, None);
    for (place, mop) in parsed.mops_of(number).iter().enumerate() {
        let at = first + place as u32;
        let known = states.get(&mop.key).copied();
        if mop.is_write {
            if let Some((_, Some(read), false)) = known {
                let version = parsed.mops[read as usize].value;
                // What it wrote, read and wrote again others read as well.
                let mut earlier = parsed.mops_of(number)[..(read - first) as usize].iter();
                let is_own = version != NONE
                    && !parsed.versions[version as usize].is_overwritten
                    && earlier.any(|other| other.is_write && other.value == version);
                if !is_own {
                    updates.push((mop.key, version, read, number));
                }
            }
            let (read, is_read) = known.map_or((None, false), |(_, read, _)| (read, true));
            if is_read && future.is_none() {
                // What it wrote before it may read, and write again.
                let mut earlier = parsed.mops_of(number)[..place].iter().enumerate();
                let is_it = |other: &Mop| other.key == mop.key && other.value == mop.value;
                let early = earlier.find(|(_, other)| is_it(other));
                let early = early.filter(|(_, other)| !other.is_write);
                future = early.map(|(place, _)| (first + place as u32, mop.value));
            }
            let is_update = read.is_some() || known.is_some_and(|(.., is_update)| is_update);
            states.insert(mop.key, (mop.value, read, is_update));
            continue;
        }
        if let Some((expected, ..)) = known
            && expected != mop.value
            && internal.is_none()
        {
            let value = match expected {
                NONE => Value::Null,
                version => parsed.version_value(version),
            };
            internal = Some(Case::Internal { mop: at, expected: Expected::Exactly(value) });
        }
        let (read, is_written) =
            known.map_or((Some(at), false), |(_, read, w)| (read.or(Some(at)), w));
        states.insert(mop.key, (mop.value, read, is_written));
    }
    if let Some(case) = internal {
        anomalies.add("internal", case);
    }
    if let Some((mop, version)) = future {
        more.add("future-read", Case::FutureRead { mop, version });
    }
}
