//! Random small histories: any, right ones of some level, and broken ones.

use glomers_history::OpKind;

use super::random::Random;
use super::small::{Held, KEYS, Mop, Small, Txn};

/// When transactions begin and end, and in which sessions.
fn schedule(random: &mut Random, count: usize) -> Vec<Txn> {
    let sessions = 1 + random.below(4) as u32;
    let mut txns: Vec<Txn> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while txns.len() < count || !open.is_empty() {
        let free: Vec<u32> =
            (0..sessions).filter(|&p| open.iter().all(|&txn| txns[txn].process != p)).collect();
        let begins = txns.len() < count && !free.is_empty();
        if begins && (open.is_empty() || !random.one_in(2)) {
            let process = free[random.below(free.len() as u64) as usize];
            open.push(txns.len());
            txns.push(Txn { process, begin: at, end: 0, kind: OpKind::Ok, mops: Vec::new() });
        } else {
            let txn = open.swap_remove(random.below(open.len() as u64) as usize);
            txns[txn].end = at;
        }
        at += 1;
    }
    // A session ends with what was left open.
    for at in 0..txns.len() {
        let is_last = !txns[at + 1..].iter().any(|txn| txn.process == txns[at].process);
        if is_last && random.one_in(4) {
            txns[at].kind = OpKind::Info;
        } else if random.one_in(12) {
            txns[at].kind = OpKind::Fail;
        }
    }
    txns
}

/// Which values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Each once.
    Fresh,
    /// One of two.
    Few,
}

fn mops(random: &mut Random, values: Values, next: &mut [u8; KEYS]) -> Vec<Mop> {
    let keys = 1 + random.below(KEYS as u64);
    let count = 1 + random.below(3);
    (0..count)
        .map(|_| {
            let key = random.below(keys) as usize;
            if random.one_in(2) {
                next[key] += 1;
                let value = match values {
                    Values::Fresh => next[key],
                    Values::Few => 1 + random.below(2) as u8,
                };
                Mop::Write(key, value)
            } else {
                Mop::Read(key, Held::new())
            }
        })
        .collect()
}

/// A history in which reads got anything that was written.
pub(crate) fn any(random: &mut Random, lists: bool, values: Values) -> Small {
    let mut small = shape(random, lists, values);
    let mut written: Vec<Vec<u8>> = vec![Vec::new(); KEYS];
    for mop in small.txns.iter().flat_map(|txn| &txn.mops) {
        if let Mop::Write(key, value) = mop {
            written[*key].push(*value);
        }
    }
    // One order of each list, mostly kept to.
    for values in &mut written {
        for at in (1..values.len()).rev() {
            values.swap(at, random.below(at as u64 + 1) as usize);
        }
    }
    for mop in small.txns.iter_mut().flat_map(|txn| &mut txn.mops) {
        if let Mop::Read(key, held) = mop {
            *held = some(random, &written[*key], lists);
        }
    }
    small
}

fn some(random: &mut Random, written: &[u8], lists: bool) -> Held {
    if written.is_empty() || random.one_in(4) {
        return Held::new();
    }
    let at = random.below(written.len() as u64) as usize;
    if lists { written[..=at].to_vec() } else { vec![written[at]] }
}

fn shape(random: &mut Random, lists: bool, values: Values) -> Small {
    let count = 2 + random.below(5) as usize;
    let mut small = Small { lists, txns: schedule(random, count) };
    let mut next = [0; KEYS];
    for txn in &mut small.txns {
        txn.mops = mops(random, values, &mut next);
    }
    small
}

/// How a right history is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// Transactions one after the other, each between its beginning and its end.
    Strict,
    /// One after the other, in any order.
    Serial,
    /// Each reads a snapshot that others may have left behind.
    Snapshot,
    /// Each micro-operation reads what was committed last.
    Committed,
}

/// A history that a store made.
pub(crate) fn made(random: &mut Random, lists: bool, values: Values, store: Store) -> Small {
    let mut small = shape(random, lists, values);
    let count = small.txns.len();
    // When each takes effect.
    let mut points: Vec<(u64, usize)> = (0..count)
        .map(|at| {
            let txn = &small.txns[at];
            let within = txn.begin as u64 * 64 + random.below((txn.end - txn.begin) as u64 * 64);
            let point = if store == Store::Serial { random.below(1 << 20) } else { within };
            (point, at)
        })
        .collect();
    points.sort_unstable();
    let mut states: Vec<Vec<Held>> = vec![vec![Held::new(); KEYS]];
    for (_, at) in points {
        let txn = small.txns[at].clone();
        let happens = match txn.kind {
            OpKind::Ok => true,
            OpKind::Fail => false,
            _ => random.one_in(2),
        };
        let latest = states.len() - 1;
        let back =
            if store == Store::Snapshot { random.below(2.min(states.len() as u64)) } else { 0 };
        let snapshot = latest - back as usize;
        let mut own = states[snapshot].clone();
        let mut committed = states[latest].clone();
        let mut mops = txn.mops.clone();
        let mut written = [false; KEYS];
        for mop in &mut mops {
            match mop {
                Mop::Write(key, value) => {
                    small.write(&mut own[*key], *value);
                    small.write(&mut committed[*key], *value);
                    written[*key] = true;
                }
                Mop::Read(key, held) if store == Store::Committed && !written[*key] => {
                    let from = states.len() - 1 - random.below(2.min(states.len() as u64)) as usize;
                    *held = states[from][*key].clone();
                }
                Mop::Read(key, held) => *held = own[*key].clone(),
            }
        }
        small.txns[at].mops = mops;
        if happens {
            states.push(committed);
        }
    }
    small
}

/// The same history but for one read.
pub(crate) fn broken(random: &mut Random, small: &Small) -> Small {
    let mut small = small.clone();
    let mut written: Vec<Vec<u8>> = vec![Vec::new(); KEYS];
    let mut reads = Vec::new();
    for (at, txn) in small.txns.iter().enumerate() {
        for (place, mop) in txn.mops.iter().enumerate() {
            match mop {
                Mop::Write(key, value) => written[*key].push(*value),
                Mop::Read(..) => reads.push((at, place)),
            }
        }
    }
    if reads.is_empty() {
        return small;
    }
    let (at, place) = reads[random.below(reads.len() as u64) as usize];
    let lists = small.lists;
    if let Mop::Read(key, held) = &mut small.txns[at].mops[place] {
        match random.below(4) {
            0 if lists && held.len() > 1 => {
                held.pop();
            }
            1 if lists && held.len() > 1 => held.swap(0, 1),
            2 if lists => {
                let more = written[*key].iter().find(|value| !held.contains(value));
                held.extend(more.copied());
            }
            _ => *held = some(random, &written[*key], lists),
        }
    }
    small
}
