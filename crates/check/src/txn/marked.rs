//! The order of transactions as nodes mark it, and what it says of versions.

use glomers_history::Value;

use super::parse::{Marked, NONE, Parsed};
use crate::Mark;

/// The label of such marks. The value is a pair: the transaction's place in the order,
/// of any JSON (numbers, or lists of numbers), and the transaction as it was asked for
/// or answered.
const LABEL: &str = "txn-order";

impl Marked {
    pub(super) fn new(parsed: &Parsed<'_>, marks: &[Mark]) -> Marked {
        let mut marked = Marked::default();
        let mut order: Vec<(Value, u32)> = Vec::new();
        for mark in marks.iter().filter(|mark| &*mark.label == LABEL) {
            match place(parsed, &mark.value) {
                // It writes nothing, so it orders nothing.
                Some((_, NONE)) => {}
                Some(place) => order.push(place),
                None => marked.unknown += 1,
            }
        }
        order.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut ranks = vec![NONE; parsed.txns.len()];
        for (rank, &(_, txn)) in (0..).zip(&order) {
            let known = &mut ranks[txn as usize];
            if *known == NONE {
                *known = rank;
                marked.txns.push(txn);
            }
        }
        let mut versions: Vec<(u32, u32, u32)> = (0..)
            .zip(&parsed.versions)
            .filter(|(_, version)| version.writer != NONE && !version.is_overwritten)
            .filter(|(_, version)| !parsed.txns[version.writer as usize].is_failed())
            .map(|(number, version)| (version.key, ranks[version.writer as usize], number))
            .filter(|&(_, rank, _)| rank != NONE)
            .collect();
        versions.sort_unstable();
        let pairs = versions.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        marked.next = pairs.map(|pair| (pair[0].2, pair[1].2)).collect();
        marked
    }
}

/// A mark's place in the order and its transaction, [`NONE`] if that writes nothing;
/// `None` if there is no such transaction.
fn place(parsed: &Parsed<'_>, mark: &Value) -> Option<(Value, u32)> {
    let pair = mark.as_list()?;
    let (place, txn) = (pair.get(0)?, pair.get(1)?);
    let mut found = NONE;
    for step in txn.as_list()?.iter() {
        let step = step.as_list()?;
        if step.get(0)?.as_str() != Some("w") {
            continue;
        }
        let writer = parsed.writer_of(&step.get(1)?, &step.get(2)?)?;
        if found != NONE && found != writer {
            return None;
        }
        found = writer;
    }
    Some((place, found))
}
