//! Logs: what is sent to a key gets an offset, and is polled in that order.

mod actual;
mod causes;
mod commits;
mod cycles;
mod diagnosis;
mod errors;
mod findings;
mod lag;
mod offsets;
mod orders;
mod parse;
mod reached;
mod report;
mod sessions;
mod starts;
mod transactions;

use glomers_history::{History, Value};

use crate::{CheckResult, Checker, Context, Finding, Validity, words};
use causes::Hidden;
pub use commits::commit_too_far;
use errors::{Errors, Kind};
use orders::Orders;
use parse::Parsed;
use reached::Reached;

/// Judges logs: kafka.
///
/// Compatible with Jepsen's kafka checker as Maelstrom configures it: no
/// transactions, clients that crash, keys that are assigned. The order of a key is
/// what offsets say, in polls of any outcome and in sends that certainly happened.
/// A message that was polled and that nobody sent stops Jepsen's checker; here it
/// is a finding, as is a node that says that more was committed than was (where
/// the client has noted that: [`commit_too_far`]). Time and memory are linear in what was sent and polled, but for
/// sorting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kafka;

/// Judges logs as [`Kafka`] does, and strictly also where consumers begin who take
/// a key over: of runs whose clients begin at what was committed, and at offset 0 of
/// a key of which nothing was, as those of our workload do. Other clients may begin
/// anywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KafkaConsumers;

impl Checker for Kafka {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, false)
    }
}

impl Checker for KafkaConsumers {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        check(history, context, true)
    }
}

fn check(history: &History, context: &Context, consumers: bool) -> CheckResult {
    let parts = Parts::new(history);
    let Parts { parsed, orders, errors } = &parts;
    // Where Jepsen's checker throws, its verdict is unknown.
    let throws = errors.has(Kind::PhantomRead) || !parsed.malformed.is_empty();
    let compat = match (throws, errors.is_bad()) {
        (true, _) => Validity::Unknown,
        (false, bad) => Validity::from_bool(!bad),
    };
    let (unrelated, acknowledged) = (errors.unrelated, parsed.any_acknowledged());
    let mut result = CheckResult {
        compat,
        fields: report::fields(history, parsed, orders, errors),
        ..CheckResult::default()
    };
    let hidden;
    (result.findings, hidden, result.notes) = parts.findings(history, context, consumers);
    let is_open = throws || hidden != Hidden::default();
    result.strict = match (result.findings.is_empty(), is_open) {
        (false, _) => Validity::Invalid,
        (true, true) => Validity::Unknown,
        (true, false) => Validity::Valid,
    };
    if hidden.refused > 0 && result.findings.is_empty() {
        let hidden = hidden.refused;
        result.notes.push(format!(
            "Whether {} {} kept cannot be said: replies to polls that may have held {} had the \
             wrong form.",
            words::count(hidden, "message"),
            if hidden == 1 { "was" } else { "were" },
            if hidden == 1 { "it" } else { "them" },
        ));
    }
    if unrelated && result.compat == Validity::Invalid && result.findings.is_empty() {
        result.notes.push(
            "Jepsen's checker calls this invalid: no operation here comes before another \
             (empty-transaction-graph)."
                .to_owned(),
        );
    }
    if result.strict == Validity::Valid && !acknowledged {
        result.strict = Validity::Unknown;
        result.notes.push(
            "Whether messages are kept cannot be said: no send was ever acknowledged.".to_owned(),
        );
    }
    result
}

/// What a history is made of, and what is wrong with it.
struct Parts {
    parsed: Parsed,
    orders: Orders,
    errors: Errors,
}

impl Parts {
    fn new(history: &History) -> Parts {
        let mut parsed = Parsed::new(history);
        let orders = Orders::new(&mut parsed);
        let errors = Errors::new(history, &parsed, &orders);
        Parts { parsed, orders, errors }
    }

    /// The findings; how many messages seem to be missing that may be kept; and what polls did
    /// not show.
    fn findings(
        self,
        history: &History,
        context: &Context,
        consumers: bool,
    ) -> (Vec<Finding>, Hidden, Vec<String>) {
        let Parts { parsed, orders, errors } = self;
        let reached = Reached::new(history, &parsed, &orders, consumers);
        let (hidden, errors) = causes::only(errors, history, &parsed, &orders, &reached);
        let mut notes = reached.lacking(history, context);
        notes.extend((hidden.unreached > 0).then(|| reached.why_not(hidden.unreached)));
        let mut findings = findings::all(history, context, &parsed, &orders, &errors);
        if !findings.is_empty() {
            if let Some((finding, mended)) = diagnosis::of_types(history, context, &parsed) {
                let (rest, hidden, notes) =
                    Parts::new(&mended).findings(&mended, context, consumers);
                return (std::iter::once(finding).chain(rest).collect(), hidden, notes);
            }
            if let Some(finding) = diagnosis::of_offsets(history, context) {
                return (vec![finding], hidden, notes);
            }
        }
        findings.extend(commits::finding(history, context));
        if consumers {
            findings.extend(starts::finding(history, context, &parsed, &orders));
        }
        (findings, hidden, notes)
    }
}

/// Whether two values name the same key: JSON spells a string as a keyword.
fn same_key(name: &Value, key: &Value) -> bool {
    name == key || (name.as_str().is_some() && name.as_str() == key.as_str())
}

/// A key as findings and results name it.
fn key_value(parsed: &Parsed, key: u32) -> &Value {
    &parsed.keys[key as usize].value
}
