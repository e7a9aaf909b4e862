//! Registers: which versions are told apart from outside, and which come before
//! which.

use rustc_hash::FxHashMap;

use super::edges::Builder;
use super::graph::Order;
use super::graph::{Edges, Graph, Label, Labels};
use super::parse::{Mop, NONE, Parsed};
use super::readers::Readers;
use super::version_order;
use super::why::Why;

/// What counts as known of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Basis {
    /// Transactions that were left open and of which an answered one read something
    /// count, too; and versions follow each other in this order.
    pub(super) is_strict: bool,
    /// By what the versions of a key are ordered besides by what transactions read
    /// before they wrote, and whether reads count in that.
    pub(super) versions: Order,
    pub(super) reads_count: bool,
}

impl Basis {
    /// What Elle knows, as Maelstrom configures it.
    pub(super) const ELLE: Basis =
        Basis { is_strict: false, versions: Order::Free, reads_count: false };
}

/// What is known of registers.
#[derive(Debug)]
pub(super) struct Registers {
    /// By micro-operation whether it is the first of its transaction with its key and
    /// a read.
    pub(super) is_first_read: Vec<bool>,
    /// By version whether it is the last that a transaction that counts wrote.
    pub(super) is_written: Vec<bool>,
    /// Which version comes before which, by version; transactions write directly one
    /// after the other.
    pub(super) next: Vec<(u32, u32)>,
    /// Versions of a key that each come before the others by what transactions read
    /// before they wrote.
    pub(super) cyclic: Vec<(u32, Vec<u32>)>,
    /// Keys whose versions are in a cycle if order counts, too.
    pub(super) cyclic_by_order: Vec<(u32, Vec<u32>)>,
    /// Keys of which nodes mark another order than transactions show that read them
    /// before they wrote them; those marks do not count.
    pub(super) contradicted: Vec<(u32, Vec<u32>)>,
}

impl Registers {
    pub(super) fn new(parsed: &Parsed<'_>, basis: Basis) -> Registers {
        let is_first_read = first_reads(parsed);
        let is_written = written(parsed, basis.is_strict);
        let mut registers = Registers {
            is_first_read,
            is_written,
            next: Vec::new(),
            cyclic: Vec::new(),
            cyclic_by_order: Vec::new(),
            contradicted: Vec::new(),
        };
        let mut own = registers.read_before_written(parsed);
        if basis.is_strict && !parsed.marked.next.is_empty() {
            let together = [&*own, &*parsed.marked.next].concat();
            registers.contradicted = knots(parsed, &together);
            own.extend(without(parsed, &parsed.marked.next, &registers.contradicted));
        }
        registers.cyclic = knots(parsed, &own);
        registers.next = match (registers.cyclic.is_empty(), basis.is_strict) {
            (true, _) => own,
            (false, false) => Vec::new(),
            (false, true) => without(parsed, &own, &registers.cyclic),
        };
        if basis.is_strict && basis.versions != Order::Free {
            registers.order_versions(parsed, basis);
        }
        registers.next.sort_unstable();
        registers.next.dedup();
        registers
    }

    /// A transaction that reads a version and then writes one puts it behind: also behind
    /// itself, where it read what it wrote only then.
    fn read_before_written(&self, parsed: &Parsed<'_>) -> Vec<(u32, u32)> {
        let mut next = Vec::new();
        for (number, txn) in parsed.txns.iter().enumerate() {
            if !txn.is_ok() {
                continue;
            }
            let mops = parsed.mops_of(number as u32);
            for (place, mop) in mops.iter().enumerate() {
                let at = txn.mops.0 as usize + place;
                if !self.is_first_read[at] || mop.value == NONE {
                    continue;
                }
                let mut later = mops[place + 1..].iter().rev();
                let written = later.find(|other| other.is_write && other.key == mop.key);
                next.extend(written.map(|written| (mop.value, written.value)));
            }
        }
        next
    }

    /// Adds what order says; where that makes a cycle of a key's versions, only what
    /// it says of writes, and where that makes one still, nothing.
    fn order_versions(&mut self, parsed: &Parsed<'_>, basis: Basis) {
        let all = |reads_count| version_order::by(parsed, self, basis.versions, reads_count);
        let writes = all(false);
        let mut more = if basis.reads_count { all(true) } else { writes.clone() };
        for last in [false, true] {
            let together = [&*self.next, &*more].concat();
            let cyclic = knots(parsed, &together);
            if cyclic.is_empty() {
                break;
            }
            let instead = if last { Vec::new() } else { writes.clone() };
            more = without(parsed, &more, &cyclic);
            let is_of_cyclic = |&(from, _): &(u32, u32)| {
                let key = parsed.versions[from as usize].key;
                cyclic.binary_search_by_key(&key, |(key, _)| *key).is_ok()
            };
            more.extend(instead.into_iter().filter(is_of_cyclic));
            if self.cyclic_by_order.is_empty() {
                self.cyclic_by_order = cyclic;
            }
        }
        self.next.extend(more);
    }

    /// How many keys have two versions or more of which nobody knows what came before
    /// them: in which order they were written is open.
    pub(super) fn keys_in_no_order(&self, parsed: &Parsed<'_>) -> usize {
        let mut is_first = self.is_written.clone();
        for &(_, next) in self.next.iter().filter(|(from, next)| from != next) {
            is_first[next as usize] = false;
        }
        let mut counts = vec![0u32; parsed.keys.len()];
        for (version, _) in parsed.versions.iter().zip(is_first).filter(|(_, is_first)| *is_first) {
            counts[version.key as usize] += 1;
        }
        counts.into_iter().filter(|&count| count > 1).count()
    }

    /// The graph of all transactions, and whether it has no edge at all.
    pub(super) fn graph(&self, parsed: &Parsed<'_>, order: Order) -> (Graph, bool) {
        let readers = self.readers(parsed);
        let mut builder = Builder::new(parsed.txns.len());
        let mut writers: Vec<Vec<u32>> = vec![Vec::new(); parsed.keys.len()];
        for (number, version) in parsed.versions.iter().enumerate() {
            if self.is_written[number] {
                writers[version.key as usize].push(version.writer);
            }
        }
        for (key, writers) in writers.iter_mut().enumerate() {
            let before = readers.of_nothing(key as u32);
            if !before.is_empty() && !writers.is_empty() {
                writers.sort_unstable();
                builder.replaced(before, writers);
            }
        }
        let mut after = Vec::new();
        for edges in self.next.chunk_by(|a, b| a.0 == b.0) {
            let version = edges[0].0;
            after.clear();
            let next = edges.iter().map(|&(_, next)| next);
            after.extend(next.filter(|&next| self.is_written[next as usize]));
            for next in &mut after {
                *next = parsed.writer(*next);
            }
            after.sort_unstable();
            let writer = parsed.writer(version);
            if self.is_written[version as usize] {
                for &next in after.iter().filter(|&&next| next != writer) {
                    builder.edges.push(writer, next, Label::Ww);
                }
            }
            if !after.is_empty() {
                builder.replaced(readers.of(version), &after);
            }
        }
        for (number, version) in parsed.versions.iter().enumerate() {
            if self.is_written[number] {
                for &reader in readers.of(number as u32) {
                    if reader != version.writer {
                        builder.edges.push(version.writer, reader, Label::Wr);
                    }
                }
            }
        }
        builder.order(parsed, order);
        builder.finish()
    }

    /// Who read each version before doing anything else with its key.
    pub(super) fn readers(&self, parsed: &Parsed<'_>) -> Readers {
        Readers::new(parsed, |each| {
            for (number, txn) in parsed.txns.iter().enumerate() {
                if !txn.is_ok() {
                    continue;
                }
                for at in txn.mops.0..txn.mops.1 {
                    if self.is_first_read[at as usize] {
                        let mop = &parsed.mops[at as usize];
                        each(mop.key, mop.value, number as u32);
                    }
                }
            }
        })
    }

    /// Why one transaction comes before another by an edge with this label.
    pub(super) fn why(&self, parsed: &Parsed<'_>, (a, b): (u32, u32), label: Label) -> Option<Why> {
        let start = |txn: u32| parsed.txns[txn as usize].mops.0;
        let counts = |at: u32, mop: &Mop| match mop.is_write {
            true => self.is_written[mop.value as usize],
            false => self.is_first_read[at as usize],
        };
        for (place, first) in parsed.mops_of(a).iter().enumerate() {
            let at = start(a) + place as u32;
            let is_write = label != Label::Rw;
            if first.is_write != is_write || !counts(at, first) {
                continue;
            }
            for (place, second) in parsed.mops_of(b).iter().enumerate() {
                let to = start(b) + place as u32;
                let is_write = label != Label::Wr;
                if second.key != first.key || second.is_write != is_write || !counts(to, second) {
                    continue;
                }
                let fits = match label {
                    Label::Wr => first.value == second.value,
                    _ if first.value == NONE => true,
                    _ => self.next.binary_search(&(first.value, second.value)).is_ok(),
                };
                if fits {
                    return Some(Why { key: first.key, first: at, second: to });
                }
            }
        }
        None
    }
}

/// Which micro-operations read a key that their transaction did nothing with before.
fn first_reads(parsed: &Parsed<'_>) -> Vec<bool> {
    let mut is_first = vec![false; parsed.mops.len()];
    let mut seen: FxHashMap<u32, ()> = FxHashMap::default();
    for (number, txn) in parsed.txns.iter().enumerate() {
        let mops = parsed.mops_of(number as u32);
        seen.clear();
        for (place, mop) in mops.iter().enumerate() {
            let is_new = if mops.len() > 8 {
                seen.insert(mop.key, ()).is_none()
            } else {
                !mops[..place].iter().any(|other| other.key == mop.key)
            };
            is_first[txn.mops.0 as usize + place] = is_new && !mop.is_write;
        }
    }
    is_first
}

/// Which versions their transactions left behind, of transactions that certainly
/// happened: answered ones, and if it is strict also open ones of which an answered
/// one read something.
fn written(parsed: &Parsed<'_>, is_strict: bool) -> Vec<bool> {
    let mut happened: Vec<bool> = parsed.txns.iter().map(|txn| txn.is_ok()).collect();
    if is_strict {
        for &txn in &parsed.marked.txns {
            happened[txn as usize] |= !parsed.txns[txn as usize].is_failed();
        }
        for txn in parsed.txns.iter().filter(|txn| txn.is_ok()) {
            for at in txn.mops.0..txn.mops.1 {
                let mop = &parsed.mops[at as usize];
                if mop.is_write || mop.value == NONE {
                    continue;
                }
                let writer = parsed.writer(mop.value);
                if writer != NONE && !parsed.txns[writer as usize].is_failed() {
                    happened[writer as usize] = true;
                }
            }
        }
    }
    let versions = parsed.versions.iter();
    let counts = |writer: u32| writer != NONE && happened[writer as usize];
    versions.map(|version| counts(version.writer) && !version.is_overwritten).collect()
}

/// The keys whose versions are in a cycle, and those versions.
fn knots(parsed: &Parsed<'_>, next: &[(u32, u32)]) -> Vec<(u32, Vec<u32>)> {
    if next.is_empty() {
        return Vec::new();
    }
    let mut edges = Edges::default();
    for &(from, to) in next {
        edges.push(from, to, Label::Ww);
    }
    let graph = Graph::new(0, parsed.versions.len(), &edges);
    let knots = graph.components(Labels::NONE.with(Label::Ww)).knots();
    let keyed = knots.into_iter().map(|knot| (parsed.versions[knot[0] as usize].key, knot));
    let mut keyed: Vec<(u32, Vec<u32>)> = keyed.collect();
    keyed.sort();
    keyed
}

/// These pairs but for those of some keys.
fn without(
    parsed: &Parsed<'_>,
    next: &[(u32, u32)],
    cyclic: &[(u32, Vec<u32>)],
) -> Vec<(u32, u32)> {
    let is_of = |&&(from, _): &&(u32, u32)| {
        let key = parsed.versions[from as usize].key;
        cyclic.binary_search_by_key(&key, |(key, _)| *key).is_err()
    };
    next.iter().filter(is_of).copied().collect()
}
