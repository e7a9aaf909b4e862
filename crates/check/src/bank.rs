//! Transfers between accounts: whatever is read, the money is still there.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value};

use crate::{CheckResult, Checker, Context, Finding, Validity, words};

/// How many reads a finding shows.
const SHOWN: usize = 3;

/// Judges a bank, as Jepsen's workload of that name: `transfer` moves an amount from
/// one account to another, `read` gives the balances of all accounts as a map. Every
/// read must have the same accounts and the same total, which snapshot isolation
/// ensures; and no balance may be negative, unless that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bank {
    /// Whether balances below 0 are right.
    pub negative_balances: bool,
}

impl Bank {
    /// The names of its operations.
    pub const OPERATIONS: &'static [&'static str] = &["transfer", "read"];
}

/// The balances that a read got, if it is a map of whole numbers.
fn balances(op: &Op) -> Option<BTreeMap<Value, i64>> {
    let Value::Map(pairs) = &op.value else { return None };
    let pairs = pairs.iter();
    pairs.map(|(account, balance)| Some((account.clone(), balance.as_int()?))).collect()
}

fn total(balances: &BTreeMap<Value, i64>) -> i128 {
    balances.values().map(|&balance| i128::from(balance)).sum()
}

impl Checker for Bank {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let reads = || {
            let answered = |op: &&Op| op.process.is_client() && op.kind == OpKind::Ok;
            history.ops().iter().filter(answered).filter(|op| &*op.f == "read")
        };
        let mut result = CheckResult::default();
        let first = reads().find_map(|op| Some((op, balances(op)?)));
        let Some((first, expected)) = first else {
            result.notes.push("Whether money is lost cannot be said: nobody read it.".to_owned());
            (result.compat, result.strict) = (Validity::Unknown, Validity::Unknown);
            return result;
        };
        let mut wrong: BTreeMap<&'static str, Vec<(&Op, String)>> = BTreeMap::new();
        let mut count = 0_u64;
        for op in reads() {
            count += 1;
            let Some(read) = balances(op) else {
                let what = format!("got {}, no map of whole numbers", words::value(&op.value));
                wrong.entry("malformed-read").or_default().push((op, what));
                continue;
            };
            let lacks = expected.keys().find(|account| !read.contains_key(account));
            let strange = read.keys().find(|account| !expected.contains_key(account));
            if let Some(account) = lacks {
                let what = format!("lacks account {}", words::value(account));
                wrong.entry("missing-account").or_default().push((op, what));
            } else if let Some(account) = strange {
                let what = format!("has account {}", words::value(account));
                wrong.entry("unexpected-account").or_default().push((op, what));
            } else if total(&read) != total(&expected) {
                let what = format!("{} in all: {}", total(&read), words::value(&op.value));
                wrong.entry("wrong-total").or_default().push((op, what));
            }
            let negative = read.iter().find(|(_, balance)| **balance < 0);
            if let (Some((account, balance)), false) = (negative, self.negative_balances) {
                let what = format!("account {} has {balance}", words::value(account));
                wrong.entry("negative-balance").or_default().push((op, what));
            }
        }
        let bad: usize = wrong.values().map(Vec::len).sum();
        for (name, cases) in wrong {
            result.findings.push(finding(name, &cases, (first, total(&expected)), context));
        }
        result.fields = vec![
            ("read-count", Value::from(count)),
            ("error-count", Value::from(bad as u64)),
            ("total", Value::string(total(&expected).to_string())),
        ];
        result.compat = Validity::from_bool(result.findings.is_empty());
        result.strict = result.compat;
        result
    }
}

fn finding(
    name: &'static str,
    cases: &[(&Op, String)],
    (first, total): (&Op, i128),
    context: &Context,
) -> Finding {
    let reads = words::count(cases.len(), "read");
    let rule = match name {
        "wrong-total" => "Transfers only move money, so every read has the same total",
        "negative-balance" => "An account has no less than nothing",
        "malformed-read" => "A read answers with the balances of all accounts",
        _ => "Accounts neither come nor go",
    };
    let first = words::operation(first, context);
    let than = match name {
        "wrong-total" => format!(" than the first, {first}, which has {total}"),
        "missing-account" | "unexpected-account" => format!(" than the first, {first}"),
        _ => String::new(),
    };
    let differ = match (than.is_empty(), cases.len()) {
        (true, 1) => "is wrong",
        (true, _) => "are wrong",
        (false, 1) => "shows something else",
        (false, _) => "show something else",
    };
    let mut finding = Finding::new(name, format!("{reads} {differ}{than}. {rule}."));
    for (op, what) in cases.iter().take(SHOWN) {
        finding.evidence.push(format!("{}: {what}", words::operation(op, context)));
        words::point(&mut finding, op, context);
    }
    if let Some(more @ 1..) = cases.len().checked_sub(SHOWN) {
        finding.evidence.push(format!("and {more} more"));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(reads: &[&str]) -> (Validity, Vec<String>) {
        let text: String = reads
            .iter()
            .map(|read| {
                format!(
                    "{{:process 0, :type :invoke, :f :read}}\n\
                     {{:process 0, :type :ok, :f :read, :value {read}}}\n"
                )
            })
            .collect();
        let history = glomers_history::read(text.as_bytes()).expect("a history");
        let result = Bank::default().check(&history, &Context::default());
        let names = result.findings.iter().map(|finding| finding.name.to_string());
        (result.strict, names.collect())
    }

    #[test]
    fn money_neither_comes_nor_goes() {
        let right = ["{0 10, 1 5}", "{0 3, 1 12}"];
        assert_eq!(judge(&right), (Validity::Valid, vec![]));
        for (read, name) in [
            ("{0 3, 1 11}", "wrong-total"),
            ("{0 15}", "missing-account"),
            ("{0 3, 1 11, 2 1}", "unexpected-account"),
            ("{0 16, 1 -1}", "negative-balance"),
            ("[1 2]", "malformed-read"),
        ] {
            assert_eq!(judge(&[right[0], read]), (Validity::Invalid, vec![name.to_owned()]));
        }
        assert_eq!(judge(&[]).0, Validity::Unknown);
    }
}
