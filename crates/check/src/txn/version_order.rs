//! The order of a register's versions as sessions or real time give it, where a
//! model demands that transactions keep to these.

use rustc_hash::FxHashMap;

use super::graph::Order;
use super::parse::{NONE, Parsed, Txn};
use super::registers::Registers;

/// Which version comes before which by an order; without reads only by who wrote
/// when.
pub(super) fn by(
    parsed: &Parsed<'_>,
    registers: &Registers,
    order: Order,
    reads_count: bool,
) -> Vec<(u32, u32)> {
    match order {
        Order::Free => Vec::new(),
        Order::Session => by_session(parsed, registers, reads_count),
        Order::RealTime => by_time(parsed, registers, reads_count),
    }
}

/// What a transaction shows of a key: the first version and the last, if they count.
fn each_shown(
    parsed: &Parsed<'_>,
    registers: &Registers,
    reads_count: bool,
    mut each: impl FnMut(&Txn, u32, u32, Option<u32>),
) {
    for (number, txn) in parsed.txns.iter().enumerate() {
        let mops = parsed.mops_of(number as u32);
        for (place, mop) in mops.iter().enumerate() {
            let at = txn.mops.0 as usize + place;
            if mop.is_write && registers.is_written[mop.value as usize] {
                let written = txn.is_ok().then_some(mop.value);
                each(txn, mop.key, mop.value, written);
            } else if reads_count && txn.is_ok() && registers.is_first_read[at] && mop.value != NONE
            {
                let is_known = registers.is_written[mop.value as usize];
                let mut later = mops[place + 1..].iter();
                let is_replaced = later.any(|other| other.is_write && other.key == mop.key);
                if is_known {
                    each(txn, mop.key, mop.value, (!is_replaced).then_some(mop.value));
                }
            }
        }
    }
}

fn by_session(parsed: &Parsed<'_>, registers: &Registers, reads_count: bool) -> Vec<(u32, u32)> {
    let mut last: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let mut next = Vec::new();
    each_shown(parsed, registers, reads_count, |txn, key, first, left| {
        if let Some(&before) = last.get(&(txn.process, key))
            && before != first
        {
            next.push((before, first));
        }
        if let Some(left) = left {
            last.insert((txn.process, key), left);
        }
    });
    next
}

/// A version comes before another if some transaction that showed it last was over
/// before some that showed the other first had begun. What follows from two such
/// pairs is mostly left out.
fn by_time(parsed: &Parsed<'_>, registers: &Registers, reads_count: bool) -> Vec<(u32, u32)> {
    // By version when it was certainly there, and when it was there still.
    let mut since = vec![NONE; parsed.versions.len()];
    let mut until = vec![0u32; parsed.versions.len()];
    each_shown(parsed, registers, reads_count, |txn, _, first, left| {
        if txn.begin != NONE {
            let until = &mut until[first as usize];
            // One more, so that 0 means never.
            *until = (*until).max(txn.begin + 1);
        }
        if let Some(left) = left {
            since[left as usize] = since[left as usize].min(txn.end);
        }
    });
    let mut of_key: Vec<Vec<u32>> = vec![Vec::new(); parsed.keys.len()];
    for (number, version) in parsed.versions.iter().enumerate() {
        if registers.is_written[number] {
            of_key[version.key as usize].push(number as u32);
        }
    }
    let mut next = Vec::new();
    for versions in &mut of_key {
        versions.sort_unstable_by_key(|&version| since[version as usize]);
        for &version in versions.iter() {
            let end = until[version as usize];
            let early = |&other: &u32| since[other as usize].saturating_add(1) < end;
            let count = versions.partition_point(early);
            let mut latest = 0;
            for &before in versions[..count].iter().rev().filter(|&&other| other != version) {
                // There is one between the two.
                if since[before as usize].saturating_add(1) < latest {
                    break;
                }
                next.push((before, version));
                latest = latest.max(until[before as usize]);
            }
        }
    }
    next
}
