//! Verdicts that leave nothing open: whether there is an order of transactions that a
//! model allows, where no anomaly was found.

use glomers_history::Stop;

use super::analysis::{Analysis, Facts};
use super::axiom::Axiom;
use super::cases::Case;
use super::graph::Order;
use super::lists::Lists;
use super::models::Names;
use super::parse::{NONE, Parsed};
use super::registers::Registers;
use super::search::{Found, Level, Writers, search};
use super::weak::{self, Outcome};
use super::weak_lists;

/// Which order is looked for, if these models demand one.
fn level(demanded: &Names) -> Option<Level> {
    let levels = [("PL-3", Level::Serial), ("PL-SI", Level::Snapshot), ("prefix", Level::Prefix)];
    let found = levels.iter().find(|(model, _)| demanded.contains(model));
    found.map(|(_, level)| *level)
}

/// Which axiom must hold, and whether sessions count in it.
fn axiom(demanded: &Names) -> Option<(Axiom, bool)> {
    let axioms = [
        ("causal", Axiom::Causal, true),
        ("causal-cerone", Axiom::Causal, false),
        ("read-atomic", Axiom::ReadAtomic, false),
        ("monotonic-atomic-view", Axiom::MonotonicAtomicView, false),
    ];
    let found = axioms.iter().find(|(model, ..)| demanded.contains(model));
    found.map(|&(_, axiom, has_sessions)| (axiom, has_sessions))
}

/// What it means if there is no such order: our name, Elle's, and the model.
fn verdict(level: Level, order: Order) -> (&'static str, &'static str, &'static str) {
    match (level, order) {
        (Level::Serial, Order::Free) => ("PL-3-violation", "PL-3-cycle-exists", "PL-3"),
        (Level::Serial, Order::Session) => (
            "strong-session-serializable-violation",
            "strong-session-serializable-cycle-exists",
            "strong-session-serializable",
        ),
        (Level::Serial, Order::RealTime) => ("PL-SS-violation", "PL-SS-cycle-exists", "PL-SS"),
        (Level::Snapshot, Order::Free) => ("PL-SI-violation", "PL-SI-cycle-exists", "PL-SI"),
        (Level::Snapshot, Order::Session) => (
            "strong-session-snapshot-isolation-violation",
            "strong-session-snapshot-isolation-cycle-exists",
            "strong-session-snapshot-isolation",
        ),
        (Level::Snapshot, Order::RealTime) => (
            "strong-snapshot-isolation-violation",
            "strong-snapshot-isolation-cycle-exists",
            "strong-snapshot-isolation",
        ),
        (Level::Prefix, _) => ("prefix-violation", "prefix-cycle-exists", "prefix"),
    }
}

/// The writers of registers and their readers.
pub(super) fn of_registers(parsed: &Parsed<'_>, registers: &Registers) -> Vec<Writers> {
    let readers = registers.readers(parsed);
    let mut keys = vec![Writers::default(); parsed.keys.len()];
    for (number, version) in parsed.versions.iter().enumerate() {
        if registers.is_written[number] {
            let of_key = &mut keys[version.key as usize];
            of_key.writers.push(version.writer);
            let all = readers.of(number as u32).iter().copied();
            of_key.readers.push(all.filter(|&reader| reader != version.writer).collect());
        }
    }
    keys
}

/// The appends to lists that nobody read, and the last one that somebody did: whose
/// order is open. Those of transactions that were left open need not have happened.
pub(super) fn of_lists(parsed: &Parsed<'_>, lists: &Lists) -> Vec<Writers> {
    let mut keys = vec![Writers::default(); parsed.keys.len()];
    for (key, growth) in lists.keys.iter().enumerate() {
        let happened = |&&version: &&u32| parsed.txns[parsed.writer(version) as usize].is_ok();
        let mut writers: Vec<u32> =
            growth.unseen.iter().filter(happened).map(|&v| parsed.writer(v)).collect();
        writers.dedup();
        let last = growth.order.last().copied().filter(|&version| version != NONE);
        writers.retain(|&writer| Some(writer) != last.map(|version| parsed.writer(version)));
        keys[key].readers = vec![Vec::new(); writers.len()];
        keys[key].writers = writers;
    }
    keys
}

impl Analysis<'_> {
    /// Looks for an order that the models allow, and at the axioms of weaker ones; adds
    /// what it means if something is broken.
    pub(super) fn search(&mut self, demanded: &Names, budget: u64, stop: &Stop) {
        let level = level(demanded);
        // An order that fits real time fits the axioms.
        if level.is_none() || (demanded.contains("causal") && self.order != Order::RealTime) {
            self.axioms(demanded);
        }
        if demanded.contains("parallel-snapshot-isolation") && !self.is_bad() {
            self.parallel();
        }
        let Some(level) = level.filter(|_| !self.is_bad()) else { return };
        let Some((joined, writers)) = self.polygraph(level) else { return };
        // Most stores keep to real time even where they need not, which leaves far fewer
        // orders to look at.
        if self.order != Order::RealTime && self.parsed.has_time() {
            let joined = self.in_real_time();
            if search(&joined, level, &writers, budget / 4, stop) == Found::Order {
                return;
            }
        }
        let (name, elle, model) = verdict(level, self.order);
        match search(&joined, level, &writers, budget, stop) {
            Found::Order => {}
            Found::Open => self.open = Some(model),
            Found::NoOrder(txns) => self.more.add_as(name, elle, Case::NoOrder { txns, model }),
        }
    }

    /// A cycle with one read that misses a write: Elle's parallel snapshot isolation
    /// allows it, that of its authors (Sovran et al. 2011; Cerone and Gotsman 2016) does
    /// not. Where the order of versions is known, what has none is allowed.
    fn parallel(&mut self) {
        const SINGLE: &str = "G-single-item";
        let of_ours = self.more.names().find(|name| self.more.elle(name) == SINGLE);
        let cases = self.anomalies.get(SINGLE).or_else(|| self.more.get(of_ours?));
        if let Some(case) = cases.and_then(|cases| cases.kept.first()).cloned() {
            self.more.add_as(
                "parallel-snapshot-isolation-violation",
                "parallel-snapshot-isolation-cycle-exists",
                case,
            );
        }
    }

    /// A read of what is not there to stay, or that does not fit what its own transaction
    /// did; or reads that do not fit each other.
    fn unclean(&self) -> Option<Case> {
        const NAMES: [&str; 7] = [
            "internal",
            "future-read",
            "G1a",
            "G1b",
            "duplicate-elements",
            "incompatible-order",
            "reordered-appends",
        ];
        let of = |name| self.anomalies.get(name).or_else(|| self.more.get(name));
        NAMES.into_iter().find_map(|name| of(name)?.kept.first().cloned())
    }

    fn axioms(&mut self, demanded: &Names) {
        let Some((axiom, has_sessions)) = axiom(demanded) else { return };
        let (name, elle, model) = axiom.names(has_sessions);
        // Elle's causal consistency is of single objects; that of transactions also says
        // that they read what is there to stay, and the same again.
        if let Some(case) = self.unclean().filter(|_| has_sessions) {
            return self.more.add_as(name, elle, case);
        }
        let check = |has_sessions| match &self.facts {
            Facts::Lists(lists) => weak_lists::check(&self.parsed, lists, axiom, has_sessions),
            Facts::Registers { ours, .. } => weak::check(&self.parsed, ours, axiom, has_sessions),
        };
        // What holds with sessions holds without, and is seen faster.
        let mut outcome = check(has_sessions || axiom == Axiom::Causal);
        if !has_sessions && axiom == Axiom::Causal && !matches!(outcome, Outcome::Holds) {
            outcome = check(false);
        }
        match outcome {
            Outcome::Holds => {}
            Outcome::Open => self.open = Some(model),
            Outcome::Broken(steps) => self.more.add_as(name, elle, Case::Axiom(steps)),
        }
    }
}
