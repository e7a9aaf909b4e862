//! What is wrong with a history, before it is put into words.

use std::collections::BTreeMap;

use glomers_history::Value;

use super::axiom::Step;
use super::cycles::Cycle;
use super::search::Proof;

/// How many cases of a kind are kept.
const KEPT: usize = 1000;

/// One case of an anomaly. Numbers are of transactions, micro-operations, versions
/// and keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Case {
    /// A read does not fit what its own transaction did before.
    Internal { mop: u32, expected: Expected },
    /// A read has what its own transaction wrote only later.
    FutureRead { mop: u32, version: u32 },
    /// A read has what a failed transaction wrote.
    Aborted { mop: u32, version: u32 },
    /// A read has what its writer overwrote.
    Intermediate { mop: u32, version: u32 },
    /// A read has an element more than once.
    Doubles { mop: u32, doubles: Vec<(Value, usize)> },
    /// Neither of two reads of a list is how the other begins.
    IncompatibleOrder { key: u32, shorter: Value, longer: Value, mops: [u32; 2] },
    /// A transaction that was kept wrote onto what a failed one wrote.
    DirtyUpdate { key: u32, versions: Vec<u32>, txns: [u32; 2] },
    /// Several transactions read the same value of a key and wrote the key.
    LostUpdate { key: u32, mop: u32, txns: Vec<u32> },
    /// Versions of a key that each come before the others; no version is the first.
    CyclicVersions { key: u32, versions: Vec<u32> },
    /// A read has what nobody wrote.
    Garbage { mop: u32, value: Value },
    /// What a transaction appended first is not there, or only behind what it appended
    /// then.
    Reordered { txn: u32, first: u32, second: u32 },
    /// A cycle.
    Cycle(Cycle),
    /// No order that a model allows was found by a search that saw all of them.
    NoOrder { proof: Proof, model: &'static str },
    /// Steps that break an axiom.
    Axiom(Vec<Step>),
    /// Steps that break guarantees of sessions together with a model.
    Together(Vec<Step>, &'static str),
    /// Steps that do so if reads got what is guessed; each other guess has such steps.
    Guess(Vec<Step>),
}

impl Case {
    /// What a case of causal consistency is called elsewhere.
    pub(super) fn plain_name(&self) -> &'static str {
        match self {
            Case::Internal { .. } => "internal",
            Case::FutureRead { .. } => "future-read",
            Case::Aborted { .. } => "G1a",
            Case::Intermediate { .. } => "G1b",
            Case::Doubles { .. } => "duplicate-elements",
            Case::IncompatibleOrder { .. } => "incompatible-order",
            Case::Reordered { .. } => "reordered-appends",
            _ => "causal-violation",
        }
    }
}

/// What a read should have got.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// This.
    Exactly(Value),
    /// A list that ends so.
    Ending(Vec<Value>),
}

/// The cases of one anomaly.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// How many there are.
    pub(super) count: usize,
    /// The first of them.
    pub(super) kept: Vec<Case>,
    /// The anomaly that Elle would call this, if it has another name here.
    pub(super) elle: Option<&'static str>,
}

/// All anomalies by their names.
#[derive(Debug, Default)]
pub(super) struct Anomalies(BTreeMap<&'static str, Cases>);

impl Anomalies {
    pub(super) fn add(&mut self, name: &'static str, case: Case) {
        let cases = self.0.entry(name).or_default();
        cases.count += 1;
        if cases.kept.len() < KEPT {
            cases.kept.push(case);
        }
    }

    /// Adds a case under a name of ours that stands for an anomaly of Elle's.
    pub(super) fn add_as(&mut self, name: &'static str, elle: &'static str, case: Case) {
        self.add(name, case);
        self.0.entry(name).or_default().elle.get_or_insert(elle);
    }

    /// The anomaly of Elle's that one stands for.
    pub(super) fn elle(&self, name: &'static str) -> &'static str {
        self.0.get(name).and_then(|cases| cases.elle).unwrap_or(name)
    }

    /// Notes an anomaly that has no cases.
    pub(super) fn note(&mut self, name: &'static str) {
        self.0.entry(name).or_default();
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Cases> {
        self.0.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
