//! Transactions over lists and registers: which anomalies their reads show, and which
//! consistency models these refute.

mod analysis;
mod axiom;
mod before;
mod blank;
mod cases;
mod causal;
mod causal_lists;
mod closing;
mod complete;
mod cycles;
mod demand;
mod doubles;
mod edges;
mod facts;
mod fields;
mod findings;
mod graph;
mod guarantees;
mod guess;
mod lattice;
mod list_cases;
mod list_edges;
mod lists;
mod marked;
mod meaning;
mod models;
mod ordering;
mod parse;
mod paths;
mod readers;
mod register_cases;
mod registers;
mod search;
mod seen;
mod sessions;
mod sort;
mod tell;
mod unclear;
mod under_way;
mod version_order;
mod weak;
mod weak_lists;
mod why;

use glomers_history::History;

use crate::{CheckResult, Checker, Context, Mark, Validity};
use analysis::{Analysis, Refusal};
pub(crate) use cycles::{components, cycles};
pub use demand::{ConsistencyModels, UnknownModel};
pub(crate) use edges::Builder;
pub(crate) use graph::Label;
pub(crate) use graph::Order;
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
    /// How long to look for an order.
    pub budget: TxnBudget,
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
    /// How long to look for an order.
    pub budget: TxnBudget,
}

/// How much the search for an order of transactions may take, where what they read and
/// wrote leaves several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxnBudget {
    /// How many steps. One is to look at an edge between two transactions: some
    /// nanoseconds.
    pub steps: u64,
}

impl Default for TxnBudget {
    /// Some seconds at most.
    fn default() -> TxnBudget {
        TxnBudget { steps: 500_000_000 }
    }
}

impl Checker for TxnListAppend {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, Kind::List, &self.models, self.budget, &[])
    }
}

impl Checker for TxnRwRegister {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, Kind::Register, &self.models, self.budget, &[])
    }
}

/// Judges registers as [`TxnRwRegister`] does, with more of the order of versions:
/// nodes say in which order transactions were committed, by marks `txn-order`. The
/// value of each is a pair, the place in the order (a number, or a list of numbers)
/// and the transaction as it was asked for or answered; only what it writes counts.
///
/// What a node says is taken for true, as Elle does with its `:transaction-order`,
/// unless reads contradict it. The verdict of Jepsen does not look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnRwRegisterMarked(pub TxnRwRegister);

impl Checker for TxnRwRegisterMarked {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let TxnRwRegister { models, budget } = &self.0;
        check(history, context, Kind::Register, models, *budget, &context.marks)
    }
}

fn check(
    history: &History,
    context: &Context,
    kind: Kind,
    models: &ConsistencyModels,
    budget: TxnBudget,
    marks: &[Mark],
) -> CheckResult {
    let mut analysis = Analysis::new(history, kind, models, marks);
    let compat = analysis.compat();
    let mut notes = findings::marks(&analysis);
    notes.extend(blank::note(history));
    notes.extend(findings::crowded(&analysis));
    let any_ok = analysis.parsed.txns.iter().any(|txn| txn.is_ok());
    let is_clear = |doubt| !matches!(doubt, Some(Refusal::Malformed(_)));
    if any_ok && !analysis.is_bad() && is_clear(analysis.doubt) {
        analysis.search(models, budget.steps, &context.stop);
    }
    let is_bad = analysis.is_bad();
    let strict = match analysis.doubt {
        _ if is_bad => Validity::Invalid,
        _ if analysis.open.is_some() => {
            notes.extend(findings::open(&analysis, budget.steps, &context.stop));
            Validity::Unknown
        }
        Some(doubt) => {
            notes.push(findings::refusal(&analysis, doubt));
            Validity::Unknown
        }
        None if any_ok => Validity::Valid,
        None => {
            notes.push(
                "Whether transactions are isolated cannot be said: none was answered.".to_owned(),
            );
            Validity::Unknown
        }
    };
    if strict == Validity::Valid {
        notes.extend(findings::undecided(&analysis, models.implied()));
        notes.extend(findings::unpromised(&analysis, models.implied()));
    }
    if strict == Validity::Valid && compat != Validity::Valid {
        notes.push(findings::only_elle(&analysis));
    }
    CheckResult {
        compat,
        strict,
        fields: fields::all(&analysis, strict),
        findings: findings::all(&analysis, context),
        notes,
        ..CheckResult::default()
    }
}
