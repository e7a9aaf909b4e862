//! What nodes say was committed, against what was.
//!
//! Only the clients know both. Where a node says more than anybody has committed,
//! the client notes that as the error of its assignment, which happened all the
//! same: [`commit_too_far`].

use glomers_history::{History, OpKind, Value};

use crate::{Context, Finding, words};

/// How many answers are shown.
const SHOWN: usize = 3;

/// The first element of the error.
const NAME: &str = "commit-too-far";

/// The error of an answered assignment of keys, of which the node said that
/// offsets were committed that nobody can have committed: for each key what it
/// said, and the highest offset that anybody had begun to commit, if any.
pub fn commit_too_far(wrong: &[(&str, i64, Option<i64>)]) -> Value {
    let entry = |&(key, said, highest): &(&str, i64, Option<i64>)| {
        let highest = highest.map_or(Value::Null, Value::Int);
        (Value::string(key), Value::list([Value::Int(said), highest]))
    };
    Value::list([Value::keyword(NAME), Value::map(wrong.iter().map(entry))])
}

/// The finding, if a node said too much.
pub(super) fn finding(history: &History, context: &Context) -> Option<Finding> {
    let mut answers = 0;
    let mut finding = Finding::new(
        "commit-too-far",
        "Nodes said that offsets were committed that nobody had committed. A committed offset is \
         one that some client has committed, or 0.",
    );
    for op in history.ops().iter().filter(|op| op.kind == OpKind::Ok && &*op.f == "assign") {
        let error = op.error.as_ref().and_then(|error| error.as_list());
        let Some(error) = error.filter(|error| error.get(0).is_some_and(|name| is_name(&name)))
        else {
            continue;
        };
        answers += 1;
        if answers > SHOWN {
            continue;
        }
        words::point(&mut finding, op, context);
        let keys = error.get(1);
        let Some((key, what)) = keys.as_ref().and_then(|keys| match keys {
            Value::Map(keys) => keys.first(),
            _ => None,
        }) else {
            continue;
        };
        let number = |place| what.as_list().and_then(|pair| pair.get(place)?.as_int());
        let highest = match number(1) {
            Some(highest) => format!("the highest offset that anybody had committed was {highest}"),
            None => "nobody had committed any".to_owned(),
        };
        finding.evidence.push(format!(
            "{} got offset {} as committed of key {}; {highest}",
            words::operation(op, context),
            number(0).unwrap_or_default(),
            words::value(key),
        ));
    }
    if answers > SHOWN {
        finding.evidence.push(format!("and {} more", answers - SHOWN));
    }
    (answers > 0).then_some(finding)
}

fn is_name(value: &Value) -> bool {
    value.as_str() == Some(NAME)
}
