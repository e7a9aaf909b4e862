//! Logs: what is sent to a key gets an offset, and is polled in that order.

mod commits;
mod cycles;
mod errors;
mod findings;
mod graph;
mod lag;
mod orders;
mod parse;
mod report;
mod sessions;
mod transactions;

use glomers_history::{History, Value};

use crate::{CheckResult, Checker, Context, Validity};
use errors::{Errors, Kind};
use orders::Orders;
use parse::Parsed;

/// Judges logs: kafka.
///
/// Compatible with Jepsen's kafka checker as Maelstrom configures it: no
/// transactions, clients that crash, keys that are assigned. The order of a key is
/// what offsets say, in polls of any outcome and in sends that certainly happened.
/// A message that was polled and that nobody sent stops Jepsen's checker; here it
/// is a finding. Time and memory are linear in what was sent and polled, but for
/// sorting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kafka;

/// Judges logs as [`Kafka`] does, and strictly also where consumers begin who take
/// a key over: of runs whose clients begin behind what was committed, and at the
/// beginning of a key of which nothing was, as those of our workload do. Other
/// clients may begin anywhere.
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
    let mut parsed = Parsed::new(history);
    let orders = Orders::new(&mut parsed);
    let errors = Errors::new(history, &parsed, &orders);
    // Where Jepsen's checker throws, its verdict is unknown.
    let throws = errors.has(Kind::PhantomRead) || !parsed.malformed.is_empty();
    let compat = match (throws, errors.is_bad()) {
        (true, _) => Validity::Unknown,
        (false, bad) => Validity::from_bool(!bad),
    };
    let mut result = CheckResult {
        compat,
        fields: report::fields(history, &parsed, &orders, &errors),
        ..CheckResult::default()
    };
    result.findings = findings::all(history, context, &parsed, &orders, &errors);
    if consumers {
        result.findings.extend(commits::finding(history, context, &parsed, &orders));
    }
    result.strict = match (result.findings.is_empty(), throws) {
        (false, _) => Validity::Invalid,
        (true, true) => Validity::Unknown,
        (true, false) => Validity::Valid,
    };
    if errors.unrelated && result.compat == Validity::Invalid && result.findings.is_empty() {
        result.notes.push(
            "Jepsen's checker calls this invalid: no operation here comes before another \
             (empty-transaction-graph)."
                .to_owned(),
        );
    }
    if result.strict == Validity::Valid && !parsed.any_acknowledged() {
        result.strict = Validity::Unknown;
        result.notes.push(
            "Whether messages are kept cannot be said: no send was ever acknowledged.".to_owned(),
        );
    }
    result
}

/// A key as findings and results name it.
fn key_value(parsed: &Parsed, key: u32) -> &Value {
    &parsed.keys[key as usize].value
}
