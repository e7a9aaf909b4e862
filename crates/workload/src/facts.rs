//! What a workload says of itself besides what it does: its operations, as people write
//! them, and its options, as a help text needs them.

use glomers_history::Value;

/// An operation, as scenarios write it.
#[derive(Debug, Clone, Copy)]
pub struct OperationFacts {
    /// Its name.
    pub name: &'static str,
    /// What follows its name.
    pub words: &'static [Word],
    /// Its argument, from the values of these words.
    pub value: fn(Vec<Value>) -> Value,
}

/// A word after the name of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A key: JSON or, without quotes, a string.
    Key,
    /// The name of a log: a string, quoted or not.
    Log,
    /// One such name or more.
    Logs,
    /// JSON; says what it is.
    Value(&'static str),
    /// JSON, or nothing.
    Maybe,
}

/// The only value, if there is one.
fn only(values: Vec<Value>) -> Value {
    values.into_iter().next().unwrap_or(Value::Null)
}

/// An operation with one argument or none.
pub(crate) const fn plain(name: &'static str) -> OperationFacts {
    OperationFacts { name, words: &[Word::Maybe], value: only }
}

/// An option of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionFacts {
    /// Its name.
    pub name: &'static str,
    /// What it does, for a help text; of a switch, what happens without it.
    pub about: &'static str,
    /// What it is if nobody says; empty: nothing is asked for.
    pub default: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it is about what is judged, not about what clients do.
    pub of_verdict: bool,
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A whole number from 1.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text that the workload itself understands or refuses, called so in a help
    /// text.
    Text(&'static str),
    /// `true` or `false`.
    Switch {
        /// The flag that says no.
        no: &'static str,
    },
}

/// Which topology clients tell.
pub(crate) const TOPOLOGY: OptionFacts = OptionFacts {
    name: "topology",
    about: "Which neighbours each node is told: line, grid, tree, tree2, tree3, tree4, total",
    default: "grid",
    takes: Takes::Text("TOPOLOGY"),
    of_verdict: false,
};

pub(crate) const KEY_COUNT: OptionFacts = OptionFacts {
    name: "key-count",
    about: "How many keys are in use at a time",
    default: "10",
    takes: Takes::Number,
    of_verdict: false,
};

pub(crate) const MAX_WRITES_PER_KEY: OptionFacts = OptionFacts {
    name: "max-writes-per-key",
    about: "How often a key is written before another takes its place",
    default: "16",
    takes: Takes::Number,
    of_verdict: false,
};

pub(crate) const MAX_TXN_LENGTH: OptionFacts = OptionFacts {
    name: "max-txn-length",
    about: "How many steps a transaction has at most",
    default: "4",
    takes: Takes::Number,
    of_verdict: false,
};

pub(crate) const CONSISTENCY_MODELS: OptionFacts = OptionFacts {
    name: "consistency-models",
    about: "What transactions must satisfy, with commas between: read-committed, \
            snapshot-isolation, …",
    default: "strict-serializable",
    takes: Takes::Text("MODELS"),
    of_verdict: true,
};

pub(crate) const TXN_STYLE: OptionFacts = OptionFacts {
    name: "txn-style",
    about: "What transactions look like: mixed, or mini, in which a write follows a read of its key",
    default: "mixed",
    takes: Takes::OneOf(&crate::TxnStyle::NAMES),
    of_verdict: false,
};

/// Where the order of versions comes from.
pub(crate) const VERSION_ORDERS: [&str; 2] = ["inferred", "marked"];

pub(crate) const VERSION_ORDER: OptionFacts = OptionFacts {
    name: "version-order",
    about: "Where the order of versions comes from: inferred from reads, or marked: nodes also \
            tell it, by marks \"txn-order\"",
    default: "inferred",
    takes: Takes::OneOf(&VERSION_ORDERS),
    of_verdict: true,
};

pub(crate) const REQUIRE: OptionFacts = OptionFacts {
    name: "require",
    about: "What is required of a set in addition: with \"monotonic-reads\" a read at a node \
            never lacks what an earlier read there held (of broadcast always required)",
    default: "",
    takes: Takes::OneOf(&[crate::MONOTONIC_READS]),
    of_verdict: true,
};

pub(crate) const CHECK_REFUSALS: OptionFacts = OptionFacts {
    name: "check-refusals",
    about: "Do not judge refusals. Without this a refusal that cannot be true is a finding: that a \
            key does not exist, or that the value of a cas does not hold",
    default: "true",
    takes: Takes::Switch { no: "no-check-refusals" },
    of_verdict: true,
};
