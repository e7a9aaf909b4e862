//! Elements that were lost together with the only nodes that had them.

use std::collections::BTreeSet;

use glomers_history::{History, Op, Process, Time, Value};

use super::marks::LABEL;
use crate::{CheckResult, Context, words};

/// When a node was killed, by its place.
struct Kill {
    time: Time,
    node: u32,
}

/// Adds how many of the elements that were lost, or that a node lacks at the
/// end, had only ever been held by nodes that were killed after they got them.
/// An element that was acknowledged before anybody else had it cannot survive
/// that, unless it was on a disk. Nothing if nothing was killed, or if nodes mark
/// nothing.
pub(super) fn report(history: &History, context: &Context, result: &mut CheckResult) {
    let kills: Vec<Kill> = history.ops().iter().flat_map(|op| kills_of(op, context)).collect();
    if kills.is_empty() || !context.marks.iter().any(|mark| &*mark.label == LABEL) {
        return;
    }
    let mut gone: BTreeSet<Value> = BTreeSet::new();
    for (name, value) in &result.fields {
        if let ("lost" | "missing-at-end", Value::List(list)) = (*name, value) {
            gone.extend(list.iter());
        }
    }
    let mut held: BTreeSet<&Value> = BTreeSet::new();
    let mut survived: BTreeSet<&Value> = BTreeSet::new();
    for mark in context.marks.iter().filter(|mark| &*mark.label == LABEL) {
        if !gone.contains(&mark.value) {
            continue;
        }
        held.insert(&mark.value);
        if !kills.iter().any(|kill| kill.node == mark.node && kill.time >= mark.time) {
            survived.insert(&mark.value);
        }
    }
    let died: Vec<Value> = held.difference(&survived).map(|&value| value.clone()).collect();
    result.fields.push(("lost-with-killed-nodes-count", Value::from(died.len() as u64)));
    result.fields.push(("lost-with-killed-nodes", Value::list(died.iter().cloned())));
    if !died.is_empty() {
        result.notes.push(format!(
            "{} of those that are lost or missing ({}) had been only at nodes that were then \
             killed. A node that acknowledges before others have a value loses it with its \
             memory; only a disk, or acknowledging later, avoids that.",
            died.len(),
            words::values(died.iter()),
        ));
    }
}

/// The nodes that an operation of the nemesis says were killed.
fn kills_of(op: &Op, context: &Context) -> Vec<Kill> {
    let (Process::Nemesis, "kill", Value::Map(nodes)) = (op.process, &*op.f, &op.value) else {
        return Vec::new();
    };
    let killed = nodes.iter().filter_map(|(name, _)| {
        let place = context.nodes.iter().position(|node| Some(&**node) == name.as_str())?;
        Some(Kill { time: op.time, node: place as u32 })
    });
    killed.collect()
}

#[cfg(test)]
mod tests {
    use glomers_history::OpKind;

    use super::*;
    use crate::{Checker, Mark, SetFull};

    fn op(time: u64, process: Process, kind: OpKind, f: &str, value: Value, is_final: bool) -> Op {
        Op { index: 0, time: Time(time), process, kind, f: f.into(), value, error: None, is_final }
    }

    fn field(result: &CheckResult, name: &str) -> Option<Value> {
        result.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn what_only_a_killed_node_had_is_told_apart_from_what_a_survivor_lost() {
        let client = Process::Client(0);
        let killed = Value::map([(Value::string("n0"), Value::keyword("killed"))]);
        let list = |values: &[i64]| Value::integers(values);
        let history: History = [
            op(0, client, OpKind::Invoke, "broadcast", Value::Int(1), false),
            op(1, client, OpKind::Ok, "broadcast", Value::Int(1), false),
            op(2, client, OpKind::Invoke, "broadcast", Value::Int(2), false),
            op(3, client, OpKind::Ok, "broadcast", Value::Int(2), false),
            op(5, Process::Nemesis, OpKind::Info, "kill", list(&[]), false),
            op(5, Process::Nemesis, OpKind::Info, "kill", killed, false),
            op(9, client, OpKind::Invoke, "read", Value::Null, true),
            op(9, client, OpKind::Ok, "read", list(&[]), true),
        ]
        .into_iter()
        .collect();
        let mark = |time, node, value| Mark {
            time: Time(time),
            node,
            label: LABEL.into(),
            value: Value::Int(value),
        };
        let context = Context {
            nodes: vec!["n0".into(), "n1".into()],
            concurrency: 1,
            marks: vec![mark(1, 0, 1), mark(3, 0, 2), mark(4, 1, 2)],
            ..Context::default()
        };
        let result = SetFull::BROADCAST.check(&history, &context);
        assert_eq!(field(&result, "lost-with-killed-nodes"), Some(list(&[1])));
        assert!(result.notes.iter().any(|note| note.contains("only at nodes that were then")));
        // Without marks nobody knows.
        let unmarked = Context { marks: Vec::new(), ..context };
        let result = SetFull::BROADCAST.check(&history, &unmarked);
        assert_eq!(field(&result, "lost-with-killed-nodes"), None);
    }
}
