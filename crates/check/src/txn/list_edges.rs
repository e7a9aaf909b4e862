//! Which transactions come before which, as lists tell it.

use super::edges::Builder;
use super::graph::Order;
use super::graph::{Graph, Label};
use super::lists::{Lists, is_kept};
use super::parse::{Mop, NONE, Parsed};
use super::readers::Readers;
use super::why::Why;

/// The graph of all transactions, and whether it has no edge at all. What stands behind
/// a failed append comes after what stands before it; Elle does not see that, unless
/// `is_strict`.
pub(super) fn graph(
    parsed: &Parsed<'_>,
    lists: &Lists,
    order: Order,
    is_strict: bool,
) -> (Graph, bool) {
    let readers = readers(parsed, lists);
    let mut builder = Builder::new(parsed.txns.len());
    let mut before = Vec::new();
    let mut writers = Vec::new();
    for (key, growth) in lists.keys.iter().enumerate() {
        let mut last = NONE;
        before.clear();
        before.extend_from_slice(readers.of_nothing(key as u32));
        for &version in growth.order.iter().filter(|&&version| version != NONE) {
            if !is_kept(parsed, version) {
                if !is_strict {
                    last = NONE;
                    before.clear();
                }
                before.extend_from_slice(readers.of(version));
                continue;
            }
            let writer = parsed.writer(version);
            if last != NONE && last != writer {
                builder.edges.push(last, writer, Label::Ww);
            }
            for &reader in before.iter().filter(|&&reader| reader != writer) {
                builder.edges.push(reader, writer, Label::Rw);
            }
            last = writer;
            before.clear();
            before.extend_from_slice(readers.of(version));
        }
        if growth.unseen.is_empty() {
            continue;
        }
        writers.clear();
        writers.extend(growth.unseen.iter().map(|&version| parsed.writer(version)));
        writers.dedup();
        for &writer in writers.iter().filter(|&&writer| last != NONE && writer != last) {
            builder.edges.push(last, writer, Label::Ww);
        }
        before.sort_unstable();
        before.dedup();
        builder.replaced(&before, &writers);
    }
    for number in 0..parsed.txns.len() as u32 {
        for mop in reads(parsed, number) {
            let version = last_of(lists, mop);
            if is_kept(parsed, version) && parsed.writer(version) != number {
                builder.edges.push(parsed.writer(version), number, Label::Wr);
            }
        }
    }
    builder.order(parsed, order);
    builder.finish()
}

/// The reads of a transaction that say what was there: those of nothing only if it
/// was answered.
fn reads<'a>(parsed: &'a Parsed<'_>, number: u32) -> impl Iterator<Item = &'a Mop> {
    let txn = &parsed.txns[number as usize];
    let (is_ok, is_failed) = (txn.is_ok(), txn.is_failed());
    let known = move |mop: &&Mop| {
        !mop.is_write && !is_failed && (is_ok || mop.value != NONE) && !parsed.is_opaque(mop.key)
    };
    parsed.mops_of(number).iter().filter(known)
}

/// The last element that a read has, as a version.
fn last_of(lists: &Lists, mop: &Mop) -> u32 {
    if mop.value == NONE { NONE } else { lists.lasts[mop.value as usize] }
}

/// Who read each version as the last one, but for its writer: what replaces it comes
/// after the writer anyway.
fn readers(parsed: &Parsed<'_>, lists: &Lists) -> Readers {
    Readers::new(parsed, |each| {
        for number in 0..parsed.txns.len() as u32 {
            for mop in reads(parsed, number) {
                if mop.value == NONE {
                    each(mop.key, NONE, number);
                    continue;
                }
                let version = last_of(lists, mop);
                if version != NONE && parsed.writer(version) != number {
                    each(mop.key, version, number);
                }
            }
        }
    })
}

/// Why one transaction comes before another by an edge with this label: the key, what
/// the first did and what the second did.
pub(super) fn why(
    parsed: &Parsed<'_>,
    lists: &Lists,
    (a, b): (u32, u32),
    label: Label,
) -> Option<Why> {
    let number = |txn: u32, place: usize| parsed.txns[txn as usize].mops.0 + place as u32;
    let ours = || parsed.mops_of(a).iter().enumerate();
    for (place, mop) in parsed.mops_of(b).iter().enumerate() {
        let second = number(b, place);
        let same = |other: &Mop| other.key == mop.key;
        let first = match label {
            Label::Ww if mop.is_write => {
                let before = lists.before(parsed, mop.value);
                ours().find(|(_, other)| same(other) && other.is_write && other.value == before)
            }
            Label::Wr if !mop.is_write && mop.value != NONE => {
                let last = last_of(lists, mop);
                ours().find(|(_, other)| same(other) && other.is_write && other.value == last)
            }
            Label::Rw if mop.is_write => {
                let before = lists.before(parsed, mop.value);
                let is_ok = parsed.txns[a as usize].is_ok();
                let is_before = |other: &Mop| {
                    let last = last_of(lists, other);
                    let last_kept = match last {
                        NONE => NONE,
                        last if is_kept(parsed, last) => last,
                        last => lists.before(parsed, last),
                    };
                    last_kept == before && (is_ok || other.value != NONE)
                };
                ours().find(|(_, other)| same(other) && !other.is_write && is_before(other))
            }
            _ => None,
        };
        if let Some((place, _)) = first {
            return Some(Why { key: mop.key, first: number(a, place), second });
        }
    }
    None
}
