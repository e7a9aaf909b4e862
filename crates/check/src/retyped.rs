//! Numbers that come back as something else, as from a node that keeps them as
//! floats or strings.

use glomers_history::{History, Op, OpKind, Value};
use rustc_hash::FxHashSet;

use crate::{CheckResult, Checker, Context, Finding, Validity, words};

/// How many operations the finding shows.
const SHOWN: usize = 3;

/// The integer that a value was before it became a float or a string, and what it
/// became; `None` if it does not look like an integer.
fn integer(value: &Value) -> Option<(Value, &'static str)> {
    match value {
        // Floats of this size and below are exact.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some((Value::Int(*number as i64), "float"))
        }
        Value::String(text) => {
            let integer: i64 = text.parse().ok()?;
            (integer.to_string() == **text).then_some((Value::Int(integer), "string"))
        }
        _ => None,
    }
}

/// Numbers that came back as something else, while a history is mended.
#[derive(Default)]
pub(crate) struct Retyped {
    first: Option<(Value, Value, &'static str)>,
    /// Each with what it belongs to, a key or nothing.
    distinct: FxHashSet<(String, Value)>,
    shown: Vec<Op>,
}

impl Retyped {
    /// What a value of an operation was before it became something else, if what it
    /// was is known and what it is now is not.
    pub(crate) fn mend(
        &mut self,
        op: &Op,
        owner: &str,
        value: &Value,
        is_known: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let (integer, what) = integer(value)?;
        if is_known(value) || !is_known(&integer) {
            return None;
        }
        self.first.get_or_insert_with(|| (value.clone(), integer.clone(), what));
        self.distinct.insert((owner.to_owned(), value.clone()));
        if self.shown.len() < SHOWN && self.shown.last().is_none_or(|last| last.index != op.index) {
            self.shown.push(op.clone());
        }
        Some(integer)
    }

    /// The finding, if there was such a number.
    pub(crate) fn finding(self, context: &Context) -> Option<Finding> {
        let (value, integer, what) = self.first?;
        let (became, it_was) = match self.distinct.len() {
            1 => (format!("a {what}"), "it was"),
            _ => (format!("{what}s"), "they were"),
        };
        let mut finding = Finding::new(
            "changed-type",
            format!(
                "{} came back as {became}: {} for {}. What is read is what was sent, of the same \
                 type; all else is judged as if {it_was}.",
                words::count(self.distinct.len(), "number"),
                words::value(&value),
                words::value(&integer),
            ),
        );
        for op in &self.shown {
            let operation = words::operation(op, context);
            finding.evidence.push(format!("{operation}, got {}", words::value(&op.value)));
            words::point(&mut finding, op, context);
        }
        Some(finding)
    }
}

/// Judges a history. If numbers came back as something else, that is the finding,
/// and all others are about the history as it would be if they had not.
pub(crate) fn check(checker: &dyn Checker, history: &History, context: &Context) -> CheckResult {
    let mut result = checker.check(history, context);
    if result.findings.is_empty() {
        return result;
    }
    let mut known = FxHashSet::default();
    for op in history.ops().iter().filter(|op| op.kind == OpKind::Invoke) {
        scalars(&op.value, &mut known);
    }
    let mut retyped = Retyped::default();
    let mut mended = History::new();
    for op in history.ops() {
        let mut op = op.clone();
        if op.kind == OpKind::Ok && &*op.f == "read" {
            op.value = mend(&op, &op.value, &known, &mut retyped);
        }
        mended.push(op);
    }
    let Some(finding) = retyped.finding(context) else { return result };
    let rest = checker.check(&mended, context);
    result.findings = std::iter::once(finding).chain(rest.findings).collect();
    (result.strict, result.notes) = (Validity::Invalid, rest.notes);
    result
}

/// All values in a value that are no lists.
fn scalars(value: &Value, known: &mut FxHashSet<Value>) {
    match value {
        Value::List(list) => list.iter().for_each(|value| scalars(&value, known)),
        _ => drop(known.insert(value.clone())),
    }
}

fn mend(op: &Op, value: &Value, known: &FxHashSet<Value>, retyped: &mut Retyped) -> Value {
    match value {
        Value::List(list) if list.as_small().is_none() => {
            Value::list(list.iter().map(|value| mend(op, &value, known, retyped)))
        }
        _ => {
            let mended = retyped.mend(op, "", value, |value| known.contains(value));
            mended.unwrap_or_else(|| value.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::{Process, Time};

    use super::*;
    use crate::{Register, SetFull};

    fn history(ops: &[(OpKind, &str, &str, bool)]) -> History {
        let op = |&(kind, f, value, is_final): &(OpKind, &str, &str, bool)| Op {
            index: 0,
            time: Time(1),
            process: Process::Client(0),
            kind,
            f: f.into(),
            value: Value::from_json(value).unwrap(),
            error: None,
            is_final,
        };
        ops.iter().map(op).collect()
    }

    fn said(checker: &dyn Checker, history: &History) -> Vec<String> {
        let result = check(checker, history, &Context::default());
        let valid = result.strict == Validity::Valid;
        assert_eq!(valid, result.findings.is_empty());
        result.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_of_a_set_as_floats_or_strings() {
        let set = |read: &str| {
            history(&[
                (OpKind::Invoke, "broadcast", "1", false),
                (OpKind::Ok, "broadcast", "1", false),
                (OpKind::Invoke, "broadcast", "2", false),
                (OpKind::Ok, "broadcast", "2", false),
                (OpKind::Invoke, "read", "null", true),
                (OpKind::Ok, "read", read, true),
            ])
        };
        assert_eq!(said(&SetFull::BROADCAST, &set("[1,2]")), [""; 0]);
        assert_eq!(
            said(&SetFull::BROADCAST, &set("[1.0,2.0]")),
            ["changed-type: 2 numbers came back as floats: 1.0 for 1. What is read is what was \
              sent, of the same type; all else is judged as if they were.\n  \
              op 5, final read by process 0, 0.000 s, got [1.0,2.0]"]
        );
        // What is wrong besides is reported, too.
        let both = said(&SetFull::BROADCAST, &set("[\"1\"]"));
        assert!(both[0].starts_with("changed-type: 1 number came back as a string"), "{both:?}");
        assert!(both[1..].iter().any(|text| text.contains("1 value")), "{both:?}");
        let stranger = said(&SetFull::BROADCAST, &set("[1,2,\"3\"]"));
        assert!(stranger[0].starts_with("unexpected: "), "{stranger:?}");
    }

    #[test]
    fn values_of_registers_as_floats_or_strings() {
        let register = |read: &str| {
            history(&[
                (OpKind::Invoke, "write", "[0,3]", false),
                (OpKind::Ok, "write", "[0,3]", false),
                (OpKind::Invoke, "read", "[0,null]", false),
                (OpKind::Ok, "read", read, false),
            ])
        };
        assert_eq!(said(&Register::LIN_KV, &register("[0,3]")), [""; 0]);
        let floats = said(&Register::LIN_KV, &register("[0,3.0]"));
        assert!(floats.len() == 1 && floats[0].contains("came back as a float: 3.0 for 3"));
        let strings = said(&Register::LIN_KV, &register("[0,\"3\"]"));
        assert!(strings.len() == 1 && strings[0].contains("came back as a string: \"3\" for 3"));
        assert!(said(&Register::LIN_KV, &register("[0,4]"))[0].starts_with("not-linearizable"));
    }
}
