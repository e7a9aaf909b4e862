//! Identifiers that must differ.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value};
use rustc_hash::FxHashMap;

use crate::{CheckResult, Checker, Context, Finding, Validity, words};

/// The operation whose value is the new identifier.
const GENERATE: &str = "generate";

/// How many duplicated identifiers the results list.
const LISTED: usize = 48;

/// How many duplicated identifiers, and how many operations of each, a finding
/// shows.
const SHOWN: usize = 5;

/// Judges generators of identifiers: no identifier may be given out twice. Any
/// JSON is an identifier, and they need not be of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UniqueIds;

impl Checker for UniqueIds {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let generates = |op: &&Op| op.process.is_client() && *op.f == *GENERATE;
        let ops = || history.ops().iter().filter(generates);
        let attempted = ops().filter(|op| op.kind == OpKind::Invoke).count();
        let mut counts: FxHashMap<&Value, u32> = FxHashMap::default();
        let mut range: Option<(&Value, &Value)> = None;
        let mut acknowledged = 0u64;
        for op in ops().filter(|op| op.kind == OpKind::Ok) {
            acknowledged += 1;
            *counts.entry(&op.value).or_default() += 1;
            let (low, high) = range.unwrap_or((&op.value, &op.value));
            range = Some((low.min(&op.value), high.max(&op.value)));
        }
        let duplicated: BTreeMap<&Value, u32> =
            counts.into_iter().filter(|&(_, times)| times > 1).collect();
        let (low, high) = match range {
            Some((low, high)) => (low.clone(), high.clone()),
            None => (Value::Null, Value::Null),
        };
        let compat = Validity::from_bool(duplicated.is_empty());
        let mut result = CheckResult {
            compat,
            strict: compat,
            fields: vec![
                ("attempted-count", Value::from(attempted as u64)),
                ("acknowledged-count", Value::from(acknowledged)),
                ("duplicated-count", Value::from(duplicated.len() as u64)),
                ("duplicated", most_frequent(&duplicated)),
                ("range", Value::list([low, high])),
            ],
            ..CheckResult::default()
        };
        if acknowledged == 0 {
            result.strict = Validity::Unknown;
            result.notes.push(
                "Whether ids are unique cannot be said: no id was ever given out.".to_owned(),
            );
        }
        if !duplicated.is_empty() {
            result.findings.push(finding(history, context, &duplicated));
        }
        result
    }
}

/// The most frequent duplicates, and of those as frequent the highest, as Jepsen
/// picks them; sorted.
fn most_frequent(duplicated: &BTreeMap<&Value, u32>) -> Value {
    let mut frequent: Vec<(&Value, u32)> = duplicated.iter().map(|(id, n)| (*id, *n)).collect();
    frequent.sort_by_key(|&(_, times)| times);
    let from = frequent.len().saturating_sub(LISTED);
    let mut listed = frequent.split_off(from);
    listed.sort_unstable();
    Value::map(listed.into_iter().map(|(id, times)| (id.clone(), Value::Int(i64::from(times)))))
}

fn finding(history: &History, context: &Context, duplicated: &BTreeMap<&Value, u32>) -> Finding {
    let mut finding = Finding::new(
        "duplicate-id",
        format!(
            "{} given out more than once. No two operations may get the same id.",
            match duplicated.len() {
                1 => "1 id was".to_owned(),
                n => format!("{n} ids were"),
            }
        ),
    );
    // Those whose second use came first: that is where to look.
    let mut users: FxHashMap<&Value, Vec<&Op>> = FxHashMap::default();
    let mut shown: Vec<&Value> = Vec::new();
    for op in history.ops() {
        let is_ok = op.process.is_client() && op.kind == OpKind::Ok && *op.f == *GENERATE;
        if !is_ok || !duplicated.contains_key(&op.value) {
            continue;
        }
        let users = users.entry(&op.value).or_default();
        if users.len() < 3 {
            users.push(op);
        }
        if users.len() == 2 && shown.len() < SHOWN && !shown.contains(&&op.value) {
            shown.push(&op.value);
        }
    }
    for id in &shown {
        let users = &users[*id];
        let names: Vec<String> = users.iter().map(|op| words::operation(op, context)).collect();
        let more = (duplicated[*id] as usize).saturating_sub(users.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        finding.evidence.push(format!("{} went to {}{more}", words::value(id), names.join("; ")));
        // The second use is the first wrong one.
        for op in users.iter().skip(1).chain(users.first()) {
            words::point(&mut finding, op, context);
        }
    }
    if duplicated.len() > shown.len() {
        let rest: Vec<&Value> =
            duplicated.keys().copied().filter(|id| !shown.contains(id)).collect();
        let rest = words::values(rest.into_iter());
        finding.evidence.push(format!("the same of {rest}"));
    }
    finding
}
