//! When elements truly reached all nodes, by what the nodes noted.

use glomers_history::{MILLISECOND, Time, Value};

use crate::intern::Interner;
use crate::{CheckResult, Context, Mark, Quantiles};

/// What nodes note when they first have an element.
pub(super) const LABEL: &str = "holds";

/// Where an element is.
struct Spread {
    first: Time,
    last: Time,
    nodes: u32,
    /// A bit for each node.
    held: Vec<u64>,
}

/// Adds the quantiles of the time from the first mark of an element anywhere to
/// its first mark at the last node, over elements that all nodes hold, and how
/// many elements are not at all nodes; nothing if nodes mark nothing.
pub(super) fn report(context: &Context, result: &mut CheckResult) {
    let mut marks: Vec<&Mark> = context
        .marks
        .iter()
        .filter(|mark| &*mark.label == LABEL && (mark.node as usize) < context.nodes.len())
        .collect();
    if marks.is_empty() {
        return;
    }
    // They come in order; a stable sort of what is in order is one pass.
    marks.sort_by_key(|mark| mark.time);
    let words = context.nodes.len().div_ceil(64);
    let mut interner = Interner::default();
    let mut spreads: Vec<Spread> = Vec::new();
    for mark in marks {
        let id = interner.intern(&mark.value) as usize;
        if id == spreads.len() {
            spreads.push(Spread {
                first: mark.time,
                last: mark.time,
                nodes: 0,
                held: vec![0; words],
            });
        }
        let spread = &mut spreads[id];
        let word = &mut spread.held[mark.node as usize / 64];
        let bit = 1 << (mark.node % 64);
        if *word & bit == 0 {
            *word |= bit;
            spread.nodes += 1;
            spread.last = mark.time;
        }
    }
    let latencies: Vec<u64> = spreads
        .iter()
        .filter(|spread| spread.nodes as usize == context.nodes.len())
        .map(|spread| spread.last.nanos().saturating_sub(spread.first.nanos()) / MILLISECOND)
        .collect();
    let incomplete = spreads.len() - latencies.len();
    let truth = Quantiles::of(latencies);
    result.fields.extend(truth.map(|found| ("true-latencies", found.to_value())));
    result.fields.push(("true-incomplete-count", Value::from(incomplete as u64)));
    (result.measured.truth, result.measured.incomplete) = (truth, incomplete as u64);
}
