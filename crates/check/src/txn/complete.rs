//! Verdicts that leave nothing open: whether there is an order of transactions that a
//! model allows, where no anomaly was found.

use glomers_history::Stop;

use super::analysis::{Analysis, Facts};
use super::axiom::Axiom;
use super::cases::Case;
use super::demand::ConsistencyModels;
use super::graph::Order;
use super::guarantees::Guarantees;
use super::guess::{Guess, Outcome};
use super::lists::Lists;
use super::models::Names;
use super::parse::{NONE, Parsed};
use super::registers::Registers;
use super::search::{Found, Level, Open, Unclear, Writers, search};
use super::weak;
use super::weak_lists;

/// Which order is looked for, if these models demand one.
pub(super) fn level(demanded: &Names) -> Option<Level> {
    let levels = [("PL-3", Level::Serial), ("PL-SI", Level::Snapshot), ("prefix", Level::Prefix)];
    let found = levels.iter().find(|(model, _)| demanded.contains(model));
    found.map(|(_, level)| *level)
}

/// Which axiom must hold, and which order counts in it.
pub(super) fn axiom(demanded: &Names) -> Option<(Axiom, Order)> {
    let axioms = [
        ("causal", Axiom::Causal, Order::Session),
        ("causal-cerone", Axiom::Causal, Order::Free),
        ("read-atomic", Axiom::ReadAtomic, Order::Free),
        ("monotonic-atomic-view", Axiom::MonotonicAtomicView, Order::Free),
    ];
    let found = axioms.iter().find(|(model, ..)| demanded.contains(model));
    found.map(|&(_, axiom, order)| (axiom, order))
}

/// What it means if there is no such order: our name, Elle's, and the model.
pub(super) fn verdict(level: Level, order: Order) -> (&'static str, &'static str, &'static str) {
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
pub(super) fn of_registers(parsed: &Parsed<'_>, registers: &Registers) -> Open {
    let readers = registers.readers(parsed);
    let (known, unclear) = parsed.versions.split_at(parsed.versions.len() - parsed.unclear.len());
    let mut open = Open { keys: vec![Writers::default(); parsed.keys.len()], ..Open::default() };
    let reads = (known.len() as u32..).zip(unclear);
    for &source in parsed.sources.iter().flatten() {
        if !registers.is_written[source as usize] && parsed.is_left_for(source, NONE) {
            open.maybe.entry(parsed.writer(source)).or_default();
        }
    }
    let mut places = vec![NONE; known.len()];
    for (number, version) in known.iter().enumerate() {
        let maybe = open.maybe.get_mut(&version.writer).filter(|_| !version.is_overwritten);
        if !registers.is_written[number] && maybe.is_none() {
            continue;
        }
        if let Some(maybe) = maybe {
            maybe.before.extend(readers.of_nothing(version.key));
        }
        let of_key = &mut open.keys[version.key as usize];
        places[number] = of_key.writers.len() as u32;
        of_key.writers.push(version.writer);
        let all = readers.of(number as u32).iter().copied();
        of_key.readers.push(all.filter(|&reader| reader != version.writer).collect());
    }
    // The sources by their keys.
    let mut of_keys = Vec::with_capacity(parsed.sources.len());
    for sources in &parsed.sources {
        let key = sources.first().map_or(0, |&first| parsed.versions[first as usize].key);
        let of_key = &mut open.keys[key as usize];
        of_keys.push(of_key.sources.len() as u32);
        let places = sources.iter().map(|&source| places[source as usize]);
        of_key.sources.push(places.filter(|&place| place != NONE).collect());
    }
    for ((read, version), &source) in reads.zip(&parsed.unclear) {
        for &reader in readers.of(read) {
            let unclear = Unclear { reader, source: of_keys[source as usize] };
            open.keys[version.key as usize].unclear.push(unclear);
        }
    }
    open
}

/// The appends to lists that nobody read, and the last one that somebody did: whose
/// order is open. Those of transactions that were left open need not have happened.
pub(super) fn of_lists(parsed: &Parsed<'_>, lists: &Lists) -> Open {
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
    Open { keys, ..Open::default() }
}

impl Analysis<'_> {
    /// Looks for an order that the models allow, and at the axioms of weaker ones; adds
    /// what it means if something is broken.
    pub(super) fn search(&mut self, models: &ConsistencyModels, budget: u64, stop: &Stop) {
        let demanded = models.implied();
        if !self.parsed.unclear.is_empty() {
            self.find_sources(models, budget, stop);
            if demanded.contains("parallel-snapshot-isolation") && !self.is_bad() {
                self.parallel();
            }
            return;
        }
        let level = level(demanded);
        // An order that fits real time fits the axioms.
        if level.is_none() || (demanded.contains("causal") && self.order != Order::RealTime) {
            self.axioms(demanded, budget, stop);
        }
        if !demanded.contains("causal") && !self.is_bad() {
            self.guarantees(demanded, budget, stop);
        }
        if demanded.contains("parallel-snapshot-isolation") && !self.is_bad() {
            self.parallel();
        }
        let Some(level) = level.filter(|_| !self.is_bad()) else { return };
        let Some((joined, open)) = self.polygraph(level) else { return };
        // Most stores keep to real time even where they need not, which leaves far fewer
        // orders to look at.
        if self.order != Order::RealTime && self.parsed.has_clear_time() {
            let joined = self.in_order(Order::RealTime);
            if search(&joined, level, &open, budget / 4, stop) == Found::Order {
                return;
            }
        }
        let (name, elle, model) = verdict(level, self.order);
        match search(&joined, level, &open, budget, stop) {
            Found::Order => {}
            Found::Open => self.open = Some(model),
            Found::NoOrder(proof) => self.more.add_as(name, elle, Case::NoOrder { proof, model }),
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
    pub(super) fn unclean(&self) -> Option<Case> {
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

    /// Guarantees of sessions that are demanded by name: each alone, and all together with
    /// the strongest axiom that is demanded.
    fn guarantees(&mut self, demanded: &Names, budget: u64, stop: &Stop) {
        let parts = Guarantees::of(demanded).parts();
        let Some(&(all, named)) = parts.last() else { return };
        let Some(ours) = self.registers() else { return };
        let base = match axiom(demanded) {
            Some((axiom, _)) => axiom,
            None if self.prohibited.contains("G1c") => Axiom::Flow,
            None => Axiom::Writes,
        };
        let alone = parts.into_iter().map(|(part, named)| (part, named, Axiom::Writes));
        let together = (base != Axiom::Writes).then_some((all, named, base));
        let parts: Vec<_> = alone.chain(together).collect();
        for (promised, (model, name, elle), axiom) in parts {
            let none = Guess::default();
            let facts = super::facts::Facts::new(&self.parsed, ours, &none, axiom, Order::Free);
            let Some(mut broken) = facts.guaranteed(promised, budget, stop) else {
                return self.open = Some(model);
            };
            if let Some(steps) = broken.pop() {
                let case = match axiom {
                    Axiom::Writes => Case::Axiom(steps),
                    _ => Case::Together(steps, axiom.names(Order::Free).2),
                };
                return self.more.add_as(name, elle, case);
            }
        }
    }

    fn axioms(&mut self, demanded: &Names, budget: u64, stop: &Stop) {
        let Some((axiom, order)) = axiom(demanded) else { return };
        let (name, elle, model) = axiom.names(order);
        // Elle's causal consistency is of single objects; that of transactions also says
        // that they read what is there to stay, and the same again.
        if let Some(case) = self.unclean().filter(|_| order == Order::Session) {
            return self.more.add_as(name, elle, case);
        }
        let check = |order| match &self.facts {
            Facts::Lists(lists) => {
                weak_lists::check(&self.parsed, lists, (axiom, order), budget, stop)
            }
            Facts::Registers { ours, .. } => {
                weak::check(&self.parsed, ours, (axiom, order), budget, stop)
            }
        };
        // What holds with sessions holds without, and is seen faster.
        let is_free = order == Order::Free && axiom == Axiom::Causal;
        let mut outcome = check(if is_free { Order::Session } else { order });
        if is_free && !matches!(outcome, Outcome::Holds) {
            outcome = check(order);
        }
        match outcome {
            Outcome::Holds => {}
            Outcome::Open => self.open = Some(model),
            Outcome::Broken(steps) => self.more.add_as(name, elle, Case::Axiom(steps)),
        }
    }
}
