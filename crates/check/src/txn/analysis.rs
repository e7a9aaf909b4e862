//! A history judged: what Elle would find, and what it would miss.

use glomers_history::History;

use super::cases::{Anomalies, Case};
use super::cycles::{Cycle, Sort, cycles};
use super::demand::ConsistencyModels;
use super::edges::Order;
use super::graph::{Graph, Label};
use super::lists::Lists;
use super::models::{self, Names, UNKNOWN};
use super::parse::{Kind, Parsed};
use super::registers::{Basis, Registers};
use super::search::{Level, Writers};
use super::why::Why;
use super::{complete, list_cases, list_edges, register_cases};
use crate::Validity;

/// All that is known of a history.
pub(super) struct Analysis<'h> {
    pub(super) parsed: Parsed<'h>,
    pub(super) order: Order,
    /// What Elle would find.
    pub(super) anomalies: Anomalies,
    /// What only we find: by names of our own.
    pub(super) more: Anomalies,
    pub(super) prohibited: &'h Names,
    /// Why Elle would give no verdict.
    pub(super) refusal: Option<Refusal>,
    /// The model that it is not known of whether an order that it allows exists.
    pub(super) open: Option<&'static str>,
    facts: Facts,
    /// The graph of what comes before what by all that we know, if it is still there.
    graph: Option<Graph>,
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
        demand: &'h ConsistencyModels,
    ) -> Analysis<'h> {
        let parsed = Parsed::new(history, kind);
        let (order, prohibited) = (demand.order(), demand.prohibited());
        let mut anomalies = Anomalies::default();
        let mut more = Anomalies::default();
        let (facts, graph) = match kind {
            Kind::List => {
                let lists = Lists::new(&parsed);
                list_cases::find(&parsed, &lists, &mut anomalies, &mut more);
                let (graph, is_empty) = list_edges::graph(&parsed, &lists, order);
                add_cycles(&mut anomalies, cycles(&graph, order), is_empty);
                (Facts::Lists(lists), Some(graph))
            }
            Kind::Register => {
                register_cases::find(&parsed, &mut anomalies, &mut more);
                registers(&parsed, order, prohibited, &mut anomalies, &mut more)
            }
        };
        let refusal = refusal(&parsed, &more);
        Analysis { parsed, order, anomalies, more, prohibited, refusal, open: None, facts, graph }
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
    pub(super) fn polygraph(&mut self, level: Level) -> Option<(Graph, Vec<Writers>)> {
        let graph = self.graph.take();
        let parsed = &self.parsed;
        match &self.facts {
            Facts::Lists(_) if level == Level::Serial => None,
            Facts::Lists(lists) => Some((graph?, complete::of_lists(parsed, lists))),
            Facts::Registers { ours, .. } => {
                let graph = graph.unwrap_or_else(|| ours.graph(parsed, self.order).0);
                Some((graph, complete::of_registers(parsed, ours)))
            }
        }
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

fn registers(
    parsed: &Parsed<'_>,
    order: Order,
    prohibited: &Names,
    anomalies: &mut Anomalies,
    more: &mut Anomalies,
) -> (Facts, Option<Graph>) {
    let basis = Basis { is_strict: false, versions: Order::Free, reads_count: false };
    let elle = Registers::new(parsed, basis);
    let (graph, is_empty) = elle.graph(parsed, order);
    let found = cycles(&graph, order);
    let mut graph = Some(graph);
    for (key, versions) in &elle.cyclic {
        let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
        anomalies.add("cyclic-versions", case);
    }
    let basis = Basis { is_strict: true, ..basis };
    let open = Registers::new(parsed, basis);
    if open.is_written != elle.is_written || open.next != elle.next {
        let (more_edges, _) = open.graph(parsed, order);
        add_more(parsed, &found, cycles(&more_edges, order), (Order::Free, Sort::Write), more);
        graph = Some(more_edges);
    }
    let demanded = |stem: &str| prohibited.contains(&*suffixed(stem, order));
    let mut ours = open;
    if order != Order::Free && demanded("G0") {
        let reads_count = demanded("G-single-item");
        let ordered = Registers::new(parsed, Basis { versions: order, reads_count, ..basis });
        if ordered.next != ours.next {
            let (more_edges, _) = ordered.graph(parsed, order);
            let least = if reads_count { Sort::Single } else { Sort::Write };
            add_more(parsed, &found, cycles(&more_edges, order), (order, least), more);
            graph = Some(more_edges);
        }
        ours = ordered;
    }
    if found.is_empty() && more.is_empty() {
        for (key, versions) in &ours.cyclic_by_order {
            let case = Case::CyclicVersions { key: *key, versions: versions.clone() };
            let elle = Sort::Single.name(Some(order));
            more.add_as("cyclic-versions-in-order", elle, case);
        }
    }
    add_cycles(anomalies, found, is_empty);
    (Facts::Registers { elle, ours }, graph)
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
