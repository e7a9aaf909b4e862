//! Against the definitions.

use std::collections::BTreeMap;

use glomers_check::{
    CheckResult, Checker, ConsistencyModels, Context, TxnListAppend, TxnRwRegister, Validity,
};
use glomers_history::{History, OpKind, Value};

use super::define::{self, Axiom, Levels, Order, Reads, Run};
use super::define_sessions::{Base, Promised, guaranteed};
use super::generate::{self, Store, Values};
use super::random::Random;
use super::readings::readings;
use super::small::{Mop, Small};
use super::soak::histories;

/// What a definition says of a history.
struct Truth {
    /// Whether it holds.
    holds: bool,
    /// Whether our strict verdict must say the same; else it may miss something.
    exact: bool,
}

struct Defined<'a> {
    small: &'a Small,
    reads: Reads,
    levels: BTreeMap<u8, Levels>,
    runs: BTreeMap<(u8, u8), bool>,
}

impl<'a> Defined<'a> {
    fn new(small: &'a Small) -> Defined<'a> {
        let reads = define::reads(small);
        Defined { small, reads, levels: BTreeMap::new(), runs: BTreeMap::new() }
    }

    /// Whether there is such a run. What runs one after the other also runs on
    /// snapshots, and what keeps to real time keeps to sessions.
    fn runs(&mut self, run: Run, order: Order) -> bool {
        let key = (run as u8, order as u8);
        if let Some(&known) = self.runs.get(&key) {
            return known;
        }
        let stronger = |a: u8, b: u8| a <= run as u8 && b >= order as u8;
        let weaker = |a: u8, b: u8| a >= run as u8 && b <= order as u8;
        let holds = if self.runs.iter().any(|(&(a, b), &holds)| holds && stronger(a, b)) {
            true
        } else if self.runs.iter().any(|(&(a, b), &holds)| !holds && weaker(a, b)) {
            false
        } else {
            define::runs(self.small, run, order)
        };
        self.runs.insert(key, holds);
        holds
    }

    fn levels(&mut self, order: Order) -> Levels {
        let small = self.small;
        *self.levels.entry(order as u8).or_insert_with(|| define::levels(small, order))
    }

    fn runs_exactly(&mut self, run: Run, order: Order) -> Truth {
        Truth { holds: self.runs(run, order), exact: true }
    }

    /// The models that have axioms.
    fn weak(&mut self, place: usize) -> Truth {
        let reads = self.reads;
        let (axiom, order) = [
            (Axiom::MonotonicAtomicView, Order::Free),
            (Axiom::ReadAtomic, Order::Free),
            (Axiom::Causal, Order::Free),
            (Axiom::Causal, Order::Session),
        ][place];
        let lists = self.small.lists;
        let holds = match lists {
            true => define::axiom_of_lists(self.small, axiom, order),
            false => define::axiom(self.small, axiom, order),
        };
        let is_clean = !reads.dirty && !reads.orders && (place == 0 || !reads.internal);
        // Writes have an order in all of them; that of sessions is among the axioms.
        let has_flow = place == 3 || (place > 0 && !lists) || self.levels(Order::Free).flow;
        let exact = place > 0 || !lists || !reads.internal;
        Truth { holds: holds && is_clean && has_flow, exact }
    }

    fn truth(&mut self, model: &str) -> Option<Truth> {
        let (lists, reads) = (self.small.lists, self.reads);
        let writes = |levels: Levels| Truth {
            holds: levels.writes && !reads.orders,
            // Elle lets reads of lists go their own ways here.
            exact: !reads.orders && !reads.dirty,
        };
        let flow = |levels: Levels| Truth {
            holds: levels.flow && !reads.dirty && !reads.orders,
            exact: !reads.internal,
        };
        let weak = ["monotonic-atomic-view", "read-atomic", "causal-cerone", "causal"];
        if let Some(place) = weak.iter().position(|name| *name == model) {
            return Some(self.weak(place));
        }
        Some(match model {
            "read-uncommitted" => writes(self.levels(Order::Free)),
            "strong-session-read-uncommitted" => writes(self.levels(Order::Session)),
            "strong-read-uncommitted" => writes(self.levels(Order::RealTime)),
            "read-committed" => flow(self.levels(Order::Free)),
            "strong-session-read-committed" => flow(self.levels(Order::Session)),
            "strong-read-committed" => flow(self.levels(Order::RealTime)),
            "parallel-snapshot-isolation" => {
                let holds = self.levels(Order::Free).single && !reads.dirty && !reads.internal;
                Truth { holds: holds && !reads.orders, exact: false }
            }
            "prefix" => {
                let truth = self.runs_exactly(Run::Prefix, Order::Free);
                // Lists that grow on two snapshots do not fit together, as who appends and
                // then reads may show.
                if lists && self.small.reads_own() {
                    return None;
                }
                Truth { holds: truth.holds && !reads.orders, ..truth }
            }
            "snapshot-isolation" => self.runs_exactly(Run::Snapshot, Order::Free),
            "strong-session-snapshot-isolation" => self.runs_exactly(Run::Snapshot, Order::Session),
            "strong-snapshot-isolation" => self.runs_exactly(Run::Snapshot, Order::RealTime),
            "serializable" => self.runs_exactly(Run::Serial, Order::Free),
            "strong-session-serializable" => self.runs_exactly(Run::Serial, Order::Session),
            "strict-serializable" => self.runs_exactly(Run::Serial, Order::RealTime),
            name => return self.sessions(name),
        })
    }

    /// Guarantees of sessions, with a weak model or alone.
    fn sessions(&mut self, models: &str) -> Option<Truth> {
        if self.small.lists {
            return None;
        }
        let has = |name: &str| models.split(',').any(|model| model == name);
        let promised = Promised {
            reads: has("monotonic-reads") || has("PRAM"),
            writes: has("monotonic-writes") || has("PRAM"),
            own: has("read-your-writes") || has("PRAM"),
            follow: has("writes-follow-reads"),
        };
        let bases = [
            ("read-committed", Base::Committed),
            ("monotonic-atomic-view", Base::MonotonicAtomicView),
            ("read-atomic", Base::ReadAtomic),
            ("causal-cerone", Base::Causal),
        ];
        let Some((name, base)) = bases.into_iter().find(|(name, _)| has(name)) else {
            return Some(Truth {
                holds: guaranteed(self.small, Base::Alone, promised),
                exact: true,
            });
        };
        let truth = self.truth(name)?;
        Some(Truth { holds: truth.holds && guaranteed(self.small, base, promised), ..truth })
    }
}

/// Something holds if any of these do, and that is certain if it is of all.
fn any(truths: impl Iterator<Item = Option<Truth>>) -> Option<Truth> {
    let mut all = Truth { holds: false, exact: true };
    for truth in truths {
        let truth = truth?;
        all.holds |= truth.holds;
        all.exact &= truth.exact;
    }
    Some(all)
}

/// The models of which runs decide, whoever wrote a value.
const HAS_RUNS: [&str; 7] = [
    "prefix",
    "snapshot-isolation",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "serializable",
    "strong-session-serializable",
    "strict-serializable",
];

const MODELS: [&str; 32] = [
    "read-uncommitted",
    "strong-session-read-uncommitted",
    "strong-read-uncommitted",
    "read-committed",
    "strong-session-read-committed",
    "strong-read-committed",
    "monotonic-atomic-view",
    "read-atomic",
    "causal-cerone",
    "causal",
    "parallel-snapshot-isolation",
    "prefix",
    "snapshot-isolation",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "serializable",
    "strong-session-serializable",
    "strict-serializable",
    "monotonic-reads",
    "monotonic-writes",
    "read-your-writes",
    "writes-follow-reads",
    "PRAM",
    "PRAM,writes-follow-reads",
    "read-committed,monotonic-reads",
    "read-committed,read-your-writes,writes-follow-reads",
    "monotonic-atomic-view,PRAM",
    "monotonic-atomic-view,monotonic-writes,writes-follow-reads",
    "read-atomic,monotonic-reads",
    "read-atomic,read-your-writes,monotonic-writes",
    "read-atomic,writes-follow-reads",
    "causal-cerone,read-your-writes",
];

/// How many of these have a definition for lists: the last are guarantees of sessions.
const OF_LISTS: usize = 18;

fn check(lists: bool, models: &ConsistencyModels, history: &History) -> CheckResult {
    let (models, context) = (models.clone(), Context::default());
    let budget = Default::default();
    if lists {
        TxnListAppend { models, budget }.check(history, &context)
    } else {
        TxnRwRegister { models, budget }.check(history, &context)
    }
}

/// How often a model held, and how often it did not.
type Tally = BTreeMap<&'static str, [u64; 2]>;

fn compare(small: &Small, demanded: &[(&'static str, ConsistencyModels)], tally: &mut Tally) {
    let history = small.history();
    let mut defined = Defined::new(small);
    // The strongest and the weakest first: they mostly decide the others.
    if !defined.runs(Run::Serial, Order::RealTime) {
        defined.runs(Run::Prefix, Order::Free);
    }
    // What has no run holds if it does for some reading of values that were written twice.
    let readings = if small.lists { None } else { readings(small) };
    let readings = readings.unwrap_or_default();
    let mut read: Vec<Defined<'_>> = readings.iter().map(Defined::new).collect();
    for (name, models) in demanded {
        let truth = match (&mut *read, name) {
            ([_, ..], name) if !HAS_RUNS.contains(name) => {
                any(read.iter_mut().map(|defined| defined.truth(name)))
            }
            _ => defined.truth(name),
        };
        let Some(mut truth) = truth else { continue };
        // Guarantees of sessions are not decided where the source of a read is open.
        truth.exact &= !(MODELS[OF_LISTS..].contains(name) && are_repeated(small));
        let result = check(small.lists, models, &history);
        let said = || format!("{name}: {:?}\n{}", result.findings, small.dump());
        tally.entry(name).or_default()[usize::from(truth.holds)] += 1;
        // Maelstrom calls registers invalid where nothing comes before anything.
        let types = result.fields.iter().find(|(field, _)| *field == "anomaly-types");
        let is_empty = types.is_some_and(|(_, types)| {
            *types == Value::list([Value::keyword("empty-transaction-graph")])
        });
        if truth.holds {
            let compat = result.compat;
            assert!(compat != Validity::Invalid || is_empty, "compatible verdict: {}", said());
            assert_ne!(result.strict, Validity::Invalid, "strict verdict: {}", said());
        } else if truth.exact {
            assert_eq!(result.strict, Validity::Invalid, "it does not hold: {}", said());
        }
        if truth.holds && truth.exact && small.txns.iter().any(|txn| txn.kind == OpKind::Ok) {
            assert_eq!(result.strict, Validity::Valid, "it holds: {}", said());
        }
        for finding in &result.findings {
            assert!(finding.render().len() <= 12, "{finding}");
            assert!(!finding.operations.is_empty(), "{}", said());
        }
    }
}

fn demanded() -> Vec<(&'static str, ConsistencyModels)> {
    MODELS.iter().map(|&name| (name, name.parse().expect("a model"))).collect()
}

fn try_all(seeds: std::ops::Range<u64>, tally: &mut Tally, make: impl Fn(&mut Random) -> Small) {
    let demanded = demanded();
    for seed in seeds {
        let mut random = Random(seed);
        let small = std::iter::repeat_with(|| make(&mut random)).find(is_handy);
        compare(&small.expect("a history"), &demanded, tally);
    }
}

/// Whether some value was written twice.
fn are_repeated(small: &Small) -> bool {
    let mops = || small.txns.iter().flat_map(|txn| &txn.mops);
    let writes = |mop: &&Mop| matches!(mop, Mop::Write(..));
    mops().filter(writes).any(|mop| mops().filter(|other| *other == mop).count() > 1)
}

/// Whether all there is can be tried.
fn is_handy(small: &Small) -> bool {
    define::is_handy(small) && (small.lists || readings(small).is_some())
}

fn both_often(tally: &Tally, models: usize, least: u64) {
    assert_eq!(tally.len(), models);
    for (name, [broken, held]) in tally {
        assert!(*held > least && *broken > least, "{name}: held {held}, did not {broken}");
    }
}

#[test]
fn any_lists_are_judged_by_the_definitions() {
    let mut tally = Tally::new();
    try_all(0..histories(20_000), &mut tally, |random| generate::any(random, true, Values::Fresh));
    both_often(&tally, OF_LISTS, 150);
}

#[test]
fn any_registers_are_judged_by_the_definitions() {
    let mut tally = Tally::new();
    try_all(0..histories(20_000), &mut tally, |random| generate::any(random, false, Values::Fresh));
    both_often(&tally, MODELS.len(), 30);
}

#[test]
fn any_registers_with_repeated_values_are_judged_by_the_definitions() {
    let mut tally = Tally::new();
    try_all(0..histories(20_000), &mut tally, |random| generate::any(random, false, Values::Few));
    both_often(&tally, MODELS.len(), 30);
}

fn made_and_broken(lists: bool, values: Values, stores: [Store; 2]) {
    let mut tally = Tally::new();
    for store in stores {
        try_all(0..histories(4_000), &mut tally, |random| {
            generate::made(random, lists, values, store)
        });
        try_all(0..histories(4_000), &mut tally, |random| {
            let small = generate::made(random, lists, values, store);
            generate::broken(random, &small)
        });
    }
    // Guarantees of sessions that stand alone are seldom broken.
    let is_seldom = |name: &&str| MODELS[OF_LISTS..].contains(name) && !name.contains(',');
    for (name, [broken, held]) in &tally {
        assert!(*held > 500 && (*broken > 10 || is_seldom(name)), "{name}: {broken}, {held}");
    }
}

#[test]
fn lists_of_serial_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(true, Values::Fresh, [Store::Strict, Store::Serial]);
}

#[test]
fn lists_of_weak_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(true, Values::Fresh, [Store::Snapshot, Store::Committed]);
}

#[test]
fn registers_of_serial_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(false, Values::Fresh, [Store::Strict, Store::Serial]);
}

#[test]
fn registers_of_weak_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(false, Values::Fresh, [Store::Snapshot, Store::Committed]);
}

#[test]
fn repeated_values_of_serial_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(false, Values::Few, [Store::Strict, Store::Serial]);
}

#[test]
fn repeated_values_of_weak_stores_and_broken_ones_are_judged_by_the_definitions() {
    made_and_broken(false, Values::Few, [Store::Snapshot, Store::Committed]);
}
