//! Edges between transactions that would be too many one by one.

use rustc_hash::FxHashMap;

use super::graph::{Edges, Graph, Label, Order};
use super::parse::{NONE, Parsed};

/// Set beside the number of a transaction that begins; numbers are lower than that.
const BEGINS: u32 = 1 << 31;

/// A graph in the making.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) edges: Edges,
    txns: u32,
    nodes: u32,
}

impl Builder {
    pub(crate) fn new(txns: usize) -> Builder {
        Builder { edges: Edges::default(), txns: txns as u32, nodes: txns as u32 }
    }

    fn node(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    /// The edges, how many transactions there are, and how many nodes.
    pub(super) fn into_edges(self) -> (Edges, u32, usize) {
        (self.edges, self.txns, self.nodes as usize)
    }

    /// The graph, and whether no transaction comes before another.
    pub(crate) fn finish(self) -> (Graph, bool) {
        let is_empty = self.edges.none_leads_below(self.txns);
        (Graph::new(self.txns, self.nodes as usize, &self.edges), is_empty)
    }

    /// Each of these read what each of those replaced, but for itself. Both ascend,
    /// without doubles. Two chains of nodes make that linear: one from each writer
    /// down to the first, one from each up to the last.
    pub(super) fn replaced(&mut self, readers: &[u32], writers: &[u32]) {
        let (many, last) = (readers.len() * writers.len(), writers.len().wrapping_sub(1));
        if many <= 16 + 4 * (readers.len() + writers.len()) {
            for &reader in readers {
                for &writer in writers.iter().filter(|&&writer| writer != reader) {
                    self.edges.push(reader, writer, Label::Rw);
                }
            }
            return;
        }
        let down = self.chain(writers.iter().copied());
        let is_writer = |reader: &u32| writers.binary_search(reader).is_ok();
        let up = if readers.iter().any(is_writer) {
            let mut up = self.chain(writers.iter().rev().copied());
            up.reverse();
            up
        } else {
            Vec::new()
        };
        for &reader in readers {
            match writers.binary_search(&reader) {
                Err(_) => self.edges.push(reader, down[last], Label::Rw),
                Ok(at) => {
                    if at > 0 {
                        self.edges.push(reader, down[at - 1], Label::Rw);
                    }
                    if at < last {
                        self.edges.push(reader, up[at + 1], Label::Rw);
                    }
                }
            }
        }
    }

    /// A node for each of these, that leads to it and to all before it.
    fn chain(&mut self, to: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut chain: Vec<u32> = Vec::new();
        for to in to {
            let node = self.node();
            self.edges.push(node, to, Label::Pass);
            if let Some(&before) = chain.last() {
                self.edges.push(node, before, Label::Pass);
            }
            chain.push(node);
        }
        chain
    }

    /// Adds the edges of an order.
    pub(super) fn order(&mut self, parsed: &Parsed<'_>, order: Order) {
        match order {
            Order::Free => {}
            Order::Session => self.sessions(parsed),
            Order::RealTime => {
                let spans = parsed.txns.iter().map(|txn| {
                    let begin = if txn.is_failed() { NONE } else { txn.begin };
                    (begin, if txn.is_ok() { txn.end } else { NONE })
                });
                self.real_time(parsed.ops.len(), spans);
            }
        }
    }

    fn sessions(&mut self, parsed: &Parsed<'_>) {
        let mut last: FxHashMap<u32, u32> = FxHashMap::default();
        for (number, txn) in parsed.txns.iter().enumerate() {
            if txn.is_failed() {
                continue;
            }
            let number = number as u32;
            if let Some(&before) = last.get(&txn.process) {
                self.edges.push(before, number, Label::Order);
            }
            // What was left open may happen after what its session did next.
            if txn.is_ok() {
                last.insert(txn.process, number);
            }
        }
    }

    /// Real time by way of nodes that stand for moments, each after the ends between
    /// two beginnings: there are no more edges than entries of the history. `spans` are
    /// the places of the transactions' beginnings and ends; [`NONE`] for an end that is
    /// not certain, and for both of what did not happen.
    pub(crate) fn real_time(&mut self, entries: usize, spans: impl Iterator<Item = (u32, u32)>) {
        let mut owners = vec![NONE; entries];
        for (number, (begin, end)) in (0..).zip(spans) {
            if begin != NONE {
                owners[begin as usize] = number | BEGINS;
            }
            if end != NONE {
                owners[end as usize] = number;
            }
        }
        let mut moment = NONE;
        let mut is_used = true;
        for &owner in &owners {
            if owner == NONE {
                continue;
            }
            if owner & BEGINS != 0 {
                if moment != NONE {
                    self.edges.push(moment, owner & !BEGINS, Label::Order);
                    is_used = true;
                }
                continue;
            }
            if is_used {
                let next = self.node();
                if moment != NONE {
                    self.edges.push(moment, next, Label::Order);
                }
                moment = next;
                is_used = false;
            }
            self.edges.push(owner, moment, Label::Order);
        }
    }
}
