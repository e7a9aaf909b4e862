//! What checkers say of a history.

use glomers_protocol::Value;

use super::Measured;
use crate::{Context, Finding, History};

/// What a checker thinks of a history. The order is from good to bad, so the
/// verdict on several aspects is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Validity {
    /// Nothing wrong was found, and it would have been.
    #[default]
    Valid,
    /// It cannot be said.
    Unknown,
    /// Something is certainly wrong.
    Invalid,
}

impl Validity {
    /// `Valid` or `Invalid`.
    pub fn from_bool(valid: bool) -> Validity {
        if valid { Validity::Valid } else { Validity::Invalid }
    }

    /// As results spell it: `true`, `false` or `:unknown`.
    pub fn to_value(self) -> Value {
        match self {
            Validity::Valid => Value::Bool(true),
            Validity::Unknown => Value::keyword("unknown"),
            Validity::Invalid => Value::Bool(false),
        }
    }
}

/// The verdict of one checker. A finding makes it invalid, whatever `strict` says: see
/// [`CheckResult::verdict`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// What Jepsen's checker of this name would say.
    pub compat: Validity,
    /// What we say, as far as findings leave that open.
    pub strict: Validity,
    /// The entries of the checker's map in the results, but for `valid?`, in
    /// order; names as Jepsen has them, then ours.
    pub fields: Vec<(&'static str, Value)>,
    /// Those of its figures that others compute with.
    pub measured: Measured,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// Sentences that help to read a verdict that is not bad: why a fault did
    /// no harm, say.
    pub notes: Vec<String>,
}

impl CheckResult {
    /// Invalid by these findings, if there are any; else valid. What Jepsen would say
    /// is left at valid.
    pub fn of_findings(findings: impl IntoIterator<Item = Finding>) -> CheckResult {
        let findings: Vec<Finding> = findings.into_iter().collect();
        let strict = Validity::from_bool(findings.is_empty());
        CheckResult { strict, findings, ..CheckResult::default() }
    }

    /// The strict verdict: invalid if there is a finding, else what `strict` says. It
    /// is this that counts wherever results are put together.
    pub fn verdict(&self) -> Validity {
        self.strict.max(Validity::from_bool(self.findings.is_empty()))
    }
}

/// Judges a history.
pub trait Checker {
    /// Judges a history. Never panics, whatever the history holds.
    fn check(&self, history: &History, context: &Context) -> CheckResult;
}
