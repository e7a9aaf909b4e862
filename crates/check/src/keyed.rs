//! One object for each key: the values of operations are lists of a key and the rest.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Process, Value};

use crate::{CheckResult, Checker, Context, Validity, words};

/// How many keys of a kind a text names.
const NAMED: usize = 12;

/// A checker for each key, as Jepsen's `independent` has it.
pub struct Keyed {
    /// Who judges what was done with one key.
    pub checker: Box<dyn Checker>,
}

/// The key and the rest of the value of an operation.
fn split(op: &Op) -> Option<(Value, Value)> {
    let list = op.value.as_list().filter(|list| list.len() == 2)?;
    Some((list.get(0)?, list.get(1)?))
}

/// The places of the operations on each key, by key. An end that does not say its key
/// is about that of its beginning. `Err`: the first operation without a key.
fn by_key(history: &History) -> Result<BTreeMap<Value, Vec<usize>>, u64> {
    let ops = history.ops();
    let pairs = history.pairs();
    let mut places: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
    let mut open: BTreeMap<usize, Value> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate().filter(|(_, op)| op.process.is_client()) {
        let key = match (split(op), open.remove(&at)) {
            (Some((key, _)), _) | (None, Some(key)) => key,
            (None, None) => return Err(op.index),
        };
        if let (OpKind::Invoke, Some(end)) = (op.kind, pairs[at]) {
            open.insert(end, key.clone());
        }
        places.entry(key).or_default().push(at);
    }
    Ok(places)
}

/// Whether operations are about one object for each key: all values are lists of a key
/// and the rest, and what reads says which key it is about before it is known what is
/// there.
pub fn is_keyed(history: &History, is_read: impl Fn(&str) -> bool) -> bool {
    let mut any = false;
    for op in history.ops().iter().filter(|op| op.process.is_client()) {
        match (op.kind, split(op)) {
            (OpKind::Invoke | OpKind::Ok, None) => return false,
            // Of these the rest is a list, too: of what was and what is to be.
            (OpKind::Invoke, Some((_, rest))) if &*op.f == "cas" && rest.as_list().is_none() => {
                return false;
            }
            (OpKind::Invoke, Some((_, rest))) if is_read(&op.f) && rest != Value::Null => {
                return false;
            }
            (_, Some(_)) => any = true,
            (_, None) => {}
        }
    }
    any
}

impl Checker for Keyed {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let places = match by_key(history) {
            Ok(places) => places,
            Err(index) => {
                let note = format!("op {index} has no value [key value], so its key is not known.");
                return CheckResult {
                    compat: Validity::Unknown,
                    strict: Validity::Unknown,
                    notes: vec![note],
                    ..CheckResult::default()
                };
            }
        };
        // Operations keep their numbers: what is about another key is as if the
        // nemesis had done it.
        let hidden = |op: &Op| Op { process: Process::Nemesis, kind: OpKind::Info, ..op.clone() };
        let mut ops: Vec<Op> = history.ops().iter().map(hidden).collect();
        let mut whole = CheckResult::default();
        let mut results = Vec::new();
        let (mut failures, mut unknown) = (Vec::new(), Vec::new());
        for (key, places) in &places {
            for &at in places {
                let op = &history.ops()[at];
                let value = split(op).map_or(Value::Null, |(_, value)| value);
                ops[at] = Op { value, ..op.clone() };
            }
            let result = self.checker.check(&ops.iter().cloned().collect(), context);
            for &at in places {
                ops[at] = hidden(&history.ops()[at]);
            }
            whole.compat = whole.compat.max(result.compat);
            whole.strict = whole.strict.max(result.verdict());
            match result.verdict() {
                Validity::Valid => {}
                Validity::Unknown => unknown.push(key.clone()),
                Validity::Invalid => failures.push(key.clone()),
            }
            let valid = [("valid?", result.compat.to_value())];
            results.push((key.clone(), Value::record(valid.into_iter().chain(result.fields))));
            merge(&mut whole, key, result.findings);
            let named = |note| format!("Key {}: {note}", words::value(key));
            if whole.notes.len() < NAMED {
                whole.notes.extend(result.notes.into_iter().map(named));
            }
        }
        if !unknown.is_empty() {
            let s = if unknown.len() == 1 { "" } else { "s" };
            let keys = words::values(unknown.iter());
            whole.notes.push(format!("What became of key{s} {keys} cannot be said."));
        }
        whole.fields = vec![("results", Value::map(results)), ("failures", Value::list(failures))];
        whole
    }
}

/// Adds the findings about a key: of each kind the first key shows what is wrong.
fn merge(whole: &mut CheckResult, key: &Value, findings: Vec<crate::Finding>) {
    for mut finding in findings {
        match whole.findings.iter_mut().find(|other| other.name == finding.name) {
            Some(first) => {
                let line = format!("the same on key {}", words::value(key));
                if first.evidence.len() < NAMED {
                    first.evidence.push(line);
                }
            }
            None => {
                finding.summary = format!("On key {}: {}", words::value(key), finding.summary);
                whole.findings.push(finding);
            }
        }
    }
}
