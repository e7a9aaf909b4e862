//! A history judged: what Elle would find, and what it would miss.

use glomers_history::History;

use super::cases::{Anomalies, Case};
use super::cycles::{Cycle, components, cycles};
use super::demand::ConsistencyModels;
use super::graph::Order;
use super::graph::{Components, Graph, Label};
use super::lists::Lists;
use super::models::{self, Names, UNKNOWN};
use super::parse::{Kind, Marked, Parsed};
use super::registers::{Basis, Registers};
use super::search::{Level, Open};
use super::sort::Sort;
use super::why::Why;
use super::{complete, list_cases, list_edges, register_cases};
use crate::{Mark, Validity};

/// All that is known of a history.
pub(super) struct Analysis<'h> {
    pub(super) parsed: Parsed<'h>,
    pub(super) order: Order,
    /// What Elle would find.
    pub(super) anomalies: Anomalies,
    /// What only we find, under names of our own.
    pub(super) more: Anomalies,
    pub(super) prohibited: &'h Names,
    /// Why Elle would give no verdict.
    pub(super) refusal: Option<Refusal>,
    /// Why we can give none, unless something else is bad.
    pub(super) doubt: Option<Refusal>,
    /// The model that it is not known of whether an order that it allows exists.
    pub(super) open: Option<&'static str>,
    pub(super) facts: Facts,
    /// The graph of what comes before what by all that we know, if it is still there.
    graph: Option<Joined>,
}

/// Why Elle stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An answered transaction is none.
    Malformed(u32),
    /// Another one is none.
    Odd,
    /// A version was written twice, the second time by this transaction.
    WrittenTwice(u32, u32),
    /// A read has what nobody wrote.
    Garbage,
    /// Keys are of several kinds.
    MixedKeys,
}

pub(super) enum Facts {
    Lists(Lists),
    Registers { elle: Registers, ours: Registers },
}

impl<'h> Analysis<'h> {
    pub(super) fn new(
        history: &'h History,
        kind: Kind,
        demand: &'h ConsistencyModels,
        marks: &[Mark],
    ) -> Analysis<'h> {
        let (order, prohibited) = (demand.order(), demand.prohibited());
        let mut parsed = Parsed::new(history, kind, demand.are_clean());
        parsed.marked = Marked::new(&parsed, marks);
        let mut anomalies = Anomalies::default();
        let mut more = Anomalies::default();
        let (facts, graph) = match kind {
            Kind::List => {
                let lists = Lists::new(&parsed);
                list_cases::find(&parsed, &lists, &mut anomalies, &mut more);
                let (graph, is_empty) = list_edges::graph(&parsed, &lists, order, false);
                let mut all = joined(graph);
                let found = cycles(&all.0, &all.1, order);
                if lists.has_failed() {
                    all = joined(list_edges::graph(&parsed, &lists, order, true).0);
                    let rests = (Order::Free, Sort::Write);
                    add_more(&parsed, &found, cycles(&all.0, &all.1, order), rests, &mut more);
                }
                add_cycles(&mut anomalies, found, is_empty);
                (Facts::Lists(lists), all)
            }
            Kind::Register => {
                register_cases::find(&parsed, &mut anomalies, &mut more);
                registers(&parsed, order, prohibited, &mut anomalies, &mut more)
            }
        };
        let (refusal, doubt) = (refusal(&parsed, &more), doubt(&parsed));
        Analysis {
            parsed,
            order,
            anomalies,
            more,
            prohibited,
            refusal,
            doubt,
            open: None,
            facts,
            graph: Some(graph),
        }
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
        let is_bad = |name: &&'static str| {
            *name == "garbage-read" || self.prohibited.contains(self.more.elle(name))
        };
        self.more.names().filter(is_bad).collect()
    }

    /// Whether anything was found that may not be.
    pub(super) fn is_bad(&self) -> bool {
        let is_prohibited = |name: &&str| self.prohibited.contains(name);
        !self.strict().is_empty() || self.reportable().iter().any(is_prohibited)
    }

    /// What is known to come before what, and the writers of keys whose order is open.
    /// Of lists all is known that transactions one after the other need.
    pub(super) fn polygraph(&mut self, level: Level) -> Option<(Joined, Open)> {
        let open = match &self.facts {
            Facts::Lists(_) if level == Level::Serial => return None,
            Facts::Lists(lists) => complete::of_lists(&self.parsed, lists),
            Facts::Registers { ours, .. } => complete::of_registers(&self.parsed, ours),
        };
        Some((self.graph.take()?, open))
    }

    /// What would come before what if an order counted.
    pub(super) fn in_order(&self, order: Order) -> Joined {
        let parsed = &self.parsed;
        joined(match &self.facts {
            Facts::Lists(lists) => list_edges::graph(parsed, lists, order, true).0,
            Facts::Registers { .. } => {
                let basis = Basis { is_strict: true, versions: order, reads_count: true };
                Registers::new(parsed, basis).graph(parsed, order).0
            }
        })
    }

    /// What is known of registers.
    pub(super) fn registers(&self) -> Option<&Registers> {
        match &self.facts {
            Facts::Lists(_) => None,
            Facts::Registers { ours, .. } => Some(ours),
        }
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

/// A graph and its components.
pub(super) type Joined = (Graph, Components);

fn joined(graph: Graph) -> Joined {
    let components = components(&graph);
    (graph, components)
}

fn registers(
    parsed: &Parsed<'_>,
    order: Order,
    prohibited: &Names,
    anomalies: &mut Anomalies,
    more: &mut Anomalies,
) -> (Facts, Joined) {
    let demanded = |stem: &str| prohibited.contains(&*suffixed(stem, order));
    let versions = if demanded("G0") { order } else { Order::Free };
    let reads_count = demanded("G-single-item");
    let elle = Registers::new(parsed, Basis::ELLE);
    let ours = Registers::new(parsed, Basis { is_strict: true, versions, reads_count });
    let all = joined(ours.graph(parsed, order).0);
    // All that Elle knows is among what we know.
    let is_clear = all.1.is_acyclic() && all.0.has_order();
    if is_clear && elle.cyclic.is_empty() && ours.cyclic_by_order.is_empty() {
        return (Facts::Registers { elle, ours }, all);
    }
    let (graph, is_empty) = elle.graph(parsed, order);
    let (graph, components) = joined(graph);
    let found = cycles(&graph, &components, order);
    for (key, versions) in &elle.cyclic {
        let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
        anomalies.add("cyclic-versions", case);
    }
    let mut add = |(graph, components): &Joined, rests: (Order, Sort)| {
        add_more(parsed, &found, cycles(graph, components, order), rests, more);
    };
    if versions == Order::Free {
        add(&all, (Order::Free, Sort::Write));
    } else {
        let open = Registers::new(parsed, Basis { is_strict: true, ..Basis::ELLE });
        if open.is_written != elle.is_written || open.next != elle.next {
            add(&joined(open.graph(parsed, order).0), (Order::Free, Sort::Write));
        }
        add(&all, (order, if reads_count { Sort::Single } else { Sort::Write }));
    }
    if found.is_empty() && more.is_empty() {
        for (key, versions) in &ours.cyclic_by_order {
            let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
            let elle = Sort::Single.name(Some(order));
            more.add_as("cyclic-versions-in-order", elle, case);
        }
    }
    add_cycles(anomalies, found, is_empty);
    (Facts::Registers { elle, ours }, all)
}

/// Adds cycles that are not among those that Elle finds. Where an order tells versions
/// apart, a cycle that has none of its edges rests on it, too; and where it does so by
/// what was read, only models in which reads keep to it are refuted: from `least` on.
fn add_more(
    parsed: &Parsed<'_>,
    found: &[Cycle],
    cycles: Vec<Cycle>,
    (versions, least): (Order, Sort),
    more: &mut Anomalies,
) {
    let mine = more.names().map(|name| more.elle(name));
    let known = models::implied(found.iter().map(|cycle| cycle.name).chain(mine));
    for mut cycle in cycles {
        let sort = Sort::of(&cycle.steps);
        let is_open = |&(txn, _): &(u32, Label)| !parsed.txns[txn as usize].is_ok();
        let is_ordered = cycle.steps.iter().any(|(_, label)| *label == Label::Order);
        if versions != Order::Free {
            cycle.name = sort.max(least).name(Some(versions));
        }
        if known.contains(cycle.name) {
            continue;
        }
        let name = match sort {
            Sort::Write if !is_ordered => "write-cycle",
            Sort::Single if versions == Order::Free && cycle.steps.iter().any(is_open) => {
                "fractured-read"
            }
            _ => violation(cycle.name),
        };
        more.add_as(name, cycle.name, Case::Cycle(cycle));
    }
}

fn suffixed(stem: &str, order: Order) -> String {
    match order {
        Order::Free => stem.to_owned(),
        Order::Session => format!("{stem}-process"),
        Order::RealTime => format!("{stem}-realtime"),
    }
}

/// What we call a cycle that Elle misses: the weakest model that it refutes.
fn violation(elle: &str) -> &'static str {
    match elle {
        "G0" => "PL-1-violation",
        "G0-process" => "strong-session-PL-1-violation",
        "G0-realtime" => "strong-PL-1-violation",
        "G1c" => "PL-2-violation",
        "G1c-process" => "strong-session-PL-2-violation",
        "G1c-realtime" => "strong-PL-2-violation",
        "G-single-item" => "PL-2+-violation",
        "G-nonadjacent-item" => "PL-SI-violation",
        "G-single-item-process" | "G-nonadjacent-item-process" => {
            "strong-session-snapshot-isolation-violation"
        }
        "G-single-item-realtime" | "G-nonadjacent-item-realtime" => {
            "strong-snapshot-isolation-violation"
        }
        "G2-item" => "PL-2.99-violation",
        "G2-item-process" => "strong-session-serializable-violation",
        _ => "PL-SS-violation",
    }
}

/// Why nobody can tell.
fn doubt(parsed: &Parsed<'_>) -> Option<Refusal> {
    if let Some(&txn) = parsed.malformed.first() {
        return Some(Refusal::Malformed(txn));
    }
    let is_opaque = |&&(first, _): &&(u32, u32)| {
        !parsed.unclear.is_empty() || parsed.is_opaque(parsed.versions[first as usize].key)
    };
    let doubles = parsed.written_again.iter().find(is_opaque);
    doubles.map(|&(first, other)| Refusal::WrittenTwice(first, parsed.writer(other)))
}

/// Why Elle stops.
fn refusal(parsed: &Parsed<'_>, more: &Anomalies) -> Option<Refusal> {
    if let Some(&txn) = parsed.malformed.first() {
        return Some(Refusal::Malformed(txn));
    }
    let twice = match parsed.kind {
        Kind::List => parsed.written_again.first().map(|&(a, b)| (a, parsed.writer(b))),
        Kind::Register => parsed.read_of_two,
    };
    if let Some((version, txn)) = twice {
        return Some(Refusal::WrittenTwice(version, txn));
    }
    if parsed.kind == Kind::List && parsed.is_odd {
        return Some(Refusal::Odd);
    }
    if parsed.kind == Kind::Register && parsed.keys.are_mixed() {
        return Some(Refusal::MixedKeys);
    }
    let is_garbage = parsed.kind == Kind::List && more.has("garbage-read");
    is_garbage.then_some(Refusal::Garbage)
}
