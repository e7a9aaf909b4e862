//! Transactions over lists and registers: which anomalies their reads show, and which
//! consistency models these refute.

mod analysis;
mod cases;
mod closing;
mod cycles;
mod demand;
mod edges;
mod fields;
mod findings;
mod graph;
mod lattice;
mod list_cases;
mod list_edges;
mod lists;
mod meaning;
mod models;
mod parse;
mod paths;
mod readers;
mod register_cases;
mod registers;
mod tell;
mod version_order;
mod why;

use glomers_history::History;

use crate::{CheckResult, Checker, Context, Validity};
use analysis::{Analysis, Refusal};
pub use demand::{ConsistencyModels, UnknownModel};
use parse::Kind;

/// Judges transactions of reads and appends to lists: txn-list-append.
///
/// Compatible with Elle's newest checker of that name: the order of appends is what
/// the longest read shows, and names of anomalies, what they imply and which models
/// they refute are Elle's. Every name is exact and none is given up on: time and
/// memory are linear in what was read and written, but for components in which
/// transactions contradict each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnListAppend {
    /// What must hold.
    pub models: ConsistencyModels,
}

/// Judges transactions of reads and writes of registers: txn-rw-register.
///
/// Compatible with Elle's newest checker of that name, as Maelstrom configures it: a
/// write follows what its transaction read before of the key. The strict verdict also
/// knows that an open transaction happened once somebody read what it wrote, that
/// what nobody wrote cannot be read, and, where the models demand that sessions or
/// real time count, what these say of the order of versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnRwRegister {
    /// What must hold.
    pub models: ConsistencyModels,
}

impl Checker for TxnListAppend {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, Kind::List, &self.models)
    }
}

impl Checker for TxnRwRegister {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, Kind::Register, &self.models)
    }
}

fn check(
    history: &History,
    context: &Context,
    kind: Kind,
    models: &ConsistencyModels,
) -> CheckResult {
    let analysis = Analysis::new(history, kind, models);
    let compat = analysis.compat();
    let mut notes = Vec::new();
    let is_bad = !analysis.strict().is_empty()
        || analysis.reportable().iter().any(|name| analysis.prohibited.contains(name));
    let any_ok = analysis.parsed.txns.iter().any(|txn| txn.is_ok());
    let strict = match analysis.refusal {
        _ if is_bad => Validity::Invalid,
        Some(Refusal::MixedKeys | Refusal::Garbage) | None if any_ok => Validity::Valid,
        Some(refusal) => {
            notes.push(findings::refusal(&analysis, refusal));
            Validity::Unknown
        }
        None => {
            notes.push(
                "Whether transactions are isolated cannot be said: none was answered.".to_owned(),
            );
            Validity::Unknown
        }
    };
    if strict == Validity::Valid && compat != Validity::Valid {
        notes.push(findings::only_elle(&analysis));
    }
    CheckResult {
        compat,
        strict,
        fields: fields::all(&analysis, strict),
        findings: findings::all(&analysis, context),
        notes,
    }
}
