//! Sorts of cycles: what their edges are, and what they are called.

use super::graph::{Label, Labels, Order};

/// What sort of cycle is looked for, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// Of writes alone.
    Write,
    /// Of writes and of reads of what was written.
    Flow,
    /// With one read that misses a write.
    Single,
    /// With several of them, no two in a row.
    Nonadjacent,
    /// With several of them.
    Any,
}

impl Sort {
    pub(super) const ALL: [Sort; 5] =
        [Sort::Write, Sort::Flow, Sort::Single, Sort::Nonadjacent, Sort::Any];

    /// Its name, with a suffix where an order is part of it.
    pub(super) fn name(self, suffix: Option<Order>) -> &'static str {
        let names = match self {
            Sort::Write => ["G0", "G0-process", "G0-realtime"],
            Sort::Flow => ["G1c", "G1c-process", "G1c-realtime"],
            Sort::Single => ["G-single-item", "G-single-item-process", "G-single-item-realtime"],
            Sort::Nonadjacent => {
                ["G-nonadjacent-item", "G-nonadjacent-item-process", "G-nonadjacent-item-realtime"]
            }
            Sort::Any => ["G2-item", "G2-item-process", "G2-item-realtime"],
        };
        match suffix {
            None | Some(Order::Free) => names[0],
            Some(Order::Session) => names[1],
            Some(Order::RealTime) => names[2],
        }
    }

    /// The sort of a cycle of such edges.
    pub(super) fn of(steps: &[(u32, Label)]) -> Sort {
        let count = |label| steps.iter().filter(|(_, other)| *other == label).count();
        match count(Label::Rw) {
            0 if count(Label::Wr) == 0 => Sort::Write,
            0 => Sort::Flow,
            1 => Sort::Single,
            _ if is_nonadjacent(steps) => Sort::Nonadjacent,
            _ => Sort::Any,
        }
    }
}

/// Whether no two reads that miss a write stand in a row, round the cycle.
pub(super) fn is_nonadjacent(steps: &[(u32, Label)]) -> bool {
    let labels = || steps.iter().map(|(_, label)| *label);
    let mut pairs = labels().zip(labels().cycle().skip(1));
    !pairs.any(|(a, b)| a == Label::Rw && b == Label::Rw)
}

const PASS: Labels = Labels::NONE.with(Label::Pass);
const WRITES: Labels = PASS.with(Label::Ww);
const FLOW: Labels = WRITES.with(Label::Wr);
pub(super) const DATA: Labels = FLOW.with(Label::Rw);

/// The labels of the edges that a sort of cycle may have, besides those of an order.
pub(super) fn labels(sort: Sort, more: Labels) -> Labels {
    let labels = match sort {
        Sort::Write => WRITES,
        Sort::Flow | Sort::Single | Sort::Nonadjacent => FLOW,
        Sort::Any => DATA,
    };
    if more.contains(Label::Order) { labels.with(Label::Order) } else { labels }
}
