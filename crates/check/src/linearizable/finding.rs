//! Where no order fits, in words.

use glomers_history::{History, Value};

use super::Model;
use super::search::{Operation, Stuck};
use crate::{Context, Finding, words};

/// How many operations of the longest order are shown.
const SHOWN: usize = 5;

pub(super) fn of<M: Model>(
    model: &M,
    (history, context): (&History, &Context),
    object: &Value,
    operations: &[Operation],
    stuck: &Stuck,
) -> Finding {
    let whose = match object {
        Value::Null => String::new(),
        object => format!(" on {}", words::value(object)),
    };
    let total = words::count(operations.len(), "operation");
    let mut finding = Finding::new(
        "not-linearizable",
        format!(
            "no order of the {total}{whose} fits what they were answered, each between its beginning \
             and its end."
        ),
    );
    let entry = |number: u32| {
        let operation = &operations[number as usize];
        let place = if operation.is_answered() { operation.end } else { operation.begin };
        &history.ops()[place as usize]
    };
    let told = |number: u32| {
        let words = model.words(&operations[number as usize].call);
        format!("{words} ({})", words::operation(entry(number), context))
    };
    let from = stuck.order.len().saturating_sub(SHOWN);
    match stuck.order.len() {
        0 => finding.evidence.push("not even one of them could come first".to_owned()),
        1..=SHOWN => finding.evidence.push("the longest order begins so:".to_owned()),
        length => finding.evidence.push(format!("the longest order has {length}, at its end:")),
    }
    for &number in &stuck.order[from..] {
        finding.evidence.push(format!("  {}", told(number)));
    }
    finding.evidence.push(format!("then it holds {}", words::clip(&stuck.state)));
    finding.evidence.push(format!("which does not allow {}", told(stuck.operation)));
    finding.evidence.push("nor anything else that could come before that".to_owned());
    words::point(&mut finding, entry(stuck.operation), context);
    for &number in stuck.order[from..].iter().rev() {
        words::point(&mut finding, entry(number), context);
    }
    finding
}
