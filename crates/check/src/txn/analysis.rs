//! A history judged: what Elle would find, and what it would miss.

use glomers_history::History;

use super::cases::{Anomalies, Case};
use super::cycles::{Cycle, Sort, cycles};
use super::demand::ConsistencyModels;
use super::edges::Order;
use super::graph::Label;
use super::lists::Lists;
use super::models::{self, Names, UNKNOWN};
use super::parse::{Kind, Parsed};
use super::registers::{Basis, Registers};
use super::why::Why;
use super::{list_cases, list_edges, register_cases};
use crate::Validity;

/// All that is known of a history.
pub(super) struct Analysis<'h> {
    pub(super) parsed: Parsed<'h>,
    pub(super) order: Order,
    /// What Elle would find.
    pub(super) anomalies: Anomalies,
    /// What only we find: by names of our own.
    pub(super) more: Anomalies,
    pub(super) prohibited: Names,
    /// Why Elle would give no verdict.
    pub(super) refusal: Option<Refusal>,
    facts: Facts,
}

/// Why Elle stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An answered transaction is none.
    Malformed(u32),
    /// A version was written twice, the second time by this transaction.
    WrittenTwice(u32, u32),
    /// A read has what nobody wrote.
    Garbage,
    /// Keys are of several kinds.
    MixedKeys,
}

enum Facts {
    Lists(Lists),
    Registers { elle: Registers, ours: Registers },
}

impl<'h> Analysis<'h> {
    pub(super) fn new(
        history: &'h History,
        kind: Kind,
        demand: &ConsistencyModels,
    ) -> Analysis<'h> {
        let parsed = Parsed::new(history, kind);
        let (order, prohibited) = (demand.order(), demand.prohibited());
        let mut anomalies = Anomalies::default();
        let mut more = Anomalies::default();
        let facts = match kind {
            Kind::List => {
                let lists = Lists::new(&parsed);
                list_cases::find(&parsed, &lists, &mut anomalies, &mut more);
                let (graph, is_empty) = list_edges::graph(&parsed, &lists, order);
                add_cycles(&mut anomalies, cycles(&graph, order), is_empty);
                Facts::Lists(lists)
            }
            Kind::Register => {
                register_cases::find(&parsed, &mut anomalies, &mut more);
                registers(&parsed, order, &prohibited, &mut anomalies, &mut more)
            }
        };
        let refusal = refusal(&parsed, &more);
        Analysis { parsed, order, anomalies, more, prohibited, refusal, facts }
    }

    /// The names of what Elle would report: what is prohibited, and what leaves the
    /// verdict open.
    pub(super) fn reportable(&self) -> Vec<&'static str> {
        let is_open = |name: &&str| UNKNOWN.contains(name) || self.prohibited.contains(name);
        self.anomalies.names().filter(is_open).collect()
    }

    /// What of ours may not be: what nobody wrote may never be read, and the names of
    /// cycles say which model they refute.
    pub(super) fn strict(&self) -> Vec<&'static str> {
        let is_bad = |name: &&str| {
            *name == "garbage-read"
                || ours(name, self.order).is_some_and(|elle| self.prohibited.contains(elle))
        };
        self.more.names().filter(is_bad).collect()
    }

    pub(super) fn compat(&self) -> Validity {
        let reportable = self.reportable();
        let is_bad = reportable.iter().any(|name| self.prohibited.contains(name));
        match (self.refusal, is_bad, self.parsed.kind) {
            (Some(_), ..) => Validity::Unknown,
            (None, true, _) => Validity::Invalid,
            // Maelstrom calls registers invalid when there is anything to report.
            (None, false, kind) if !reportable.is_empty() => match kind {
                Kind::List => Validity::Unknown,
                Kind::Register => Validity::Invalid,
            },
            (None, false, _) => Validity::Valid,
        }
    }

    /// Why one transaction comes before another by an edge with this label.
    pub(super) fn why(&self, pair: (u32, u32), label: Label) -> Option<Why> {
        match &self.facts {
            Facts::Lists(lists) => list_edges::why(&self.parsed, lists, pair, label),
            Facts::Registers { elle, ours } => {
                let why = elle.why(&self.parsed, pair, label);
                why.or_else(|| ours.why(&self.parsed, pair, label))
            }
        }
    }
}

fn add_cycles(anomalies: &mut Anomalies, cycles: Vec<Cycle>, is_empty: bool) {
    for cycle in cycles {
        anomalies.add(cycle.name, Case::Cycle(cycle));
    }
    if is_empty {
        anomalies.note("empty-transaction-graph");
    }
}

fn registers(
    parsed: &Parsed<'_>,
    order: Order,
    prohibited: &Names,
    anomalies: &mut Anomalies,
    more: &mut Anomalies,
) -> Facts {
    let basis = Basis { is_strict: false, versions: Order::Free, reads_count: false };
    let elle = Registers::new(parsed, basis);
    let (graph, is_empty) = elle.graph(parsed, order);
    let found = cycles(&graph, order);
    drop(graph);
    for (key, versions) in &elle.cyclic {
        let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
        anomalies.add("cyclic-versions", case);
    }
    let basis = Basis { is_strict: true, ..basis };
    let open = Registers::new(parsed, basis);
    if open.is_written != elle.is_written || open.next != elle.next {
        let (graph, _) = open.graph(parsed, order);
        add_more(parsed, &found, cycles(&graph, order), Order::Free, more);
    }
    let demanded = |stem: &str| prohibited.contains(&*suffixed(stem, order));
    let mut ours = open;
    if order != Order::Free && demanded("G0") {
        let reads_count = demanded("G-single-item");
        let ordered = Registers::new(parsed, Basis { versions: order, reads_count, ..basis });
        if ordered.next != ours.next {
            let (graph, _) = ordered.graph(parsed, order);
            add_more(parsed, &found, cycles(&graph, order), order, more);
        }
        ours = ordered;
    }
    if found.is_empty() && more.is_empty() {
        for (key, versions) in &ours.cyclic_by_order {
            let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
            more.add("cyclic-versions-in-order", case);
        }
    }
    add_cycles(anomalies, found, is_empty);
    Facts::Registers { elle, ours }
}

/// Adds cycles that are not among those that Elle finds. Where an order tells versions
/// apart, a cycle that has none of its edges rests on it, too.
fn add_more(
    parsed: &Parsed<'_>,
    found: &[Cycle],
    cycles: Vec<Cycle>,
    versions: Order,
    more: &mut Anomalies,
) {
    let mine = more.names().filter_map(|name| ours(name, versions));
    let known = models::implied(found.iter().map(|cycle| cycle.name).chain(mine));
    for mut cycle in cycles {
        if known.contains(cycle.name) {
            continue;
        }
        let sort = Sort::of(&cycle.steps);
        let is_open = |&(txn, _): &(u32, Label)| !parsed.txns[txn as usize].is_ok();
        let is_ordered = cycle.steps.iter().any(|(_, label)| *label == Label::Order);
        let name = match sort {
            Sort::Write if !is_ordered => "write-cycle",
            Sort::Single if versions == Order::Free && cycle.steps.iter().any(is_open) => {
                "fractured-read"
            }
            _ => {
                if versions != Order::Free {
                    cycle.name = sort.name(Some(versions));
                }
                let violations = OURS.iter().filter(|(ours, _)| ours.ends_with("-violation"));
                let named = violations.into_iter().find(|(_, elle)| *elle == cycle.name);
                named.map_or("PL-SS-violation", |(ours, _)| ours)
            }
        };
        more.add(name, Case::Cycle(cycle));
    }
}

fn suffixed(stem: &str, order: Order) -> String {
    match order {
        Order::Free => stem.to_owned(),
        Order::Session => format!("{stem}-process"),
        Order::RealTime => format!("{stem}-realtime"),
    }
}

/// Our names of what Elle misses, and the anomalies of Elle's that they are.
const OURS: [(&str, &str); 17] = [
    ("fractured-read", "G-single-item"),
    ("future-read", "future-read"),
    ("PL-1-violation", "G0"),
    ("strong-session-PL-1-violation", "G0-process"),
    ("strong-PL-1-violation", "G0-realtime"),
    ("PL-2-violation", "G1c"),
    ("strong-session-PL-2-violation", "G1c-process"),
    ("strong-PL-2-violation", "G1c-realtime"),
    ("PL-2+-violation", "G-single-item"),
    ("strong-session-snapshot-isolation-violation", "G-single-item-process"),
    ("strong-snapshot-isolation-violation", "G-single-item-realtime"),
    ("PL-SI-violation", "G-nonadjacent-item"),
    ("strong-session-snapshot-isolation-violation", "G-nonadjacent-item-process"),
    ("strong-snapshot-isolation-violation", "G-nonadjacent-item-realtime"),
    ("PL-2.99-violation", "G2-item"),
    ("strong-session-serializable-violation", "G2-item-process"),
    ("PL-SS-violation", "G2-item-realtime"),
];

/// The anomaly of Elle's that one of our names stands for, where this order counts.
pub(super) fn ours(name: &str, order: Order) -> Option<&'static str> {
    match (name, order) {
        ("write-cycle", Order::Free) => Some("G0"),
        ("write-cycle", Order::Session) => Some("G0-process"),
        ("write-cycle", Order::RealTime) => Some("G0-realtime"),
        ("cyclic-versions-in-order", Order::RealTime) => Some("G-single-item-realtime"),
        ("cyclic-versions-in-order", _) => Some("G-single-item-process"),
        _ => OURS.iter().find(|(ours, _)| *ours == name).map(|(_, elle)| *elle),
    }
}

fn refusal(parsed: &Parsed<'_>, more: &Anomalies) -> Option<Refusal> {
    if let Some(&txn) = parsed.malformed.first() {
        return Some(Refusal::Malformed(txn));
    }
    if let Some(&(version, txn)) = parsed.written_again.first() {
        return Some(Refusal::WrittenTwice(version, txn));
    }
    if parsed.kind == Kind::Register && parsed.keys.are_mixed() {
        return Some(Refusal::MixedKeys);
    }
    let is_garbage = parsed.kind == Kind::List && more.has("garbage-read");
    is_garbage.then_some(Refusal::Garbage)
}
