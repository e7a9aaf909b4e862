//! In which order operations took effect.

use super::config::NOTHING;
use super::operation::{Action, Operation};

/// How many operations a trail records: 192 MiB.
const TRAIL: usize = 16 << 20;

/// An operation that took effect.
#[derive(Debug, Clone, Copy)]
struct Footprint {
    /// What took effect before it.
    before: u32,
    op: u32,
    /// The moment at which the search let it.
    now: u32,
}

/// In which order operations took effect. Without a record a trace is just the
/// last operation.
#[derive(Debug, Default)]
pub(super) struct Trail {
    record: Option<Vec<Footprint>>,
    full: bool,
    /// Where the search is.
    pub(super) now: u32,
}

impl Trail {
    pub(super) fn new(record: bool) -> Trail {
        Trail { record: record.then(Vec::new), ..Trail::default() }
    }

    #[inline]
    pub(super) fn push(&mut self, trace: u32, op: u32) -> u32 {
        let Some(record) = &mut self.record else {
            return op;
        };
        if record.len() == TRAIL {
            self.full = true;
            return trace;
        }
        record.push(Footprint { before: trace, op, now: self.now });
        record.len() as u32 - 1
    }

    /// What took effect last, if anything did.
    pub(super) fn last(&self, trace: u32) -> Option<u32> {
        let place = Some(trace).filter(|&trace| trace != NOTHING)?;
        match &self.record {
            Some(record) => record.get(place as usize).map(|print| print.op),
            None => Some(place),
        }
    }

    /// All that took effect and ended before a moment, in order, with the writes
    /// that took effect unseen; nothing if it was not recorded.
    pub(super) fn path(&self, mut trace: u32, ops: &[Operation], end: u32) -> Vec<u32> {
        let Some(record) = self.record.as_ref().filter(|_| !self.full) else {
            return Vec::new();
        };
        let mut path: Vec<Footprint> = Vec::new();
        let mut seen = vec![false; ops.len()];
        while let Some(print) = record.get(trace as usize) {
            path.push(*print);
            seen[print.op as usize] = true;
            trace = print.before;
        }
        path.reverse();
        let is_write = |op: u32| matches!(ops[op as usize].action, Action::Write(_));
        let mut unseen: Vec<(usize, u32)> = Vec::new();
        for (at, op) in (0u32..).zip(ops) {
            if seen[at as usize] || op.end >= end || !is_write(at) {
                continue;
            }
            // A write that took effect while this one was under way.
            let from = path.partition_point(|print| print.now <= op.begin);
            let cover = path[from..].iter().position(|print| is_write(print.op));
            unseen.extend(cover.map(|place| (from + place, at)));
        }
        unseen.sort_unstable();
        let mut unseen = unseen.into_iter().peekable();
        let mut order = Vec::new();
        for (at, print) in path.iter().enumerate() {
            while let Some((_, op)) = unseen.next_if(|&(place, _)| place == at) {
                order.push(op);
            }
            order.push(print.op);
        }
        order
    }
}
