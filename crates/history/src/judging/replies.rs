//! What the end of an operation says of the reply that it had.
//!
//! Replies may not have the form that they must have. The run blames the node for such a reply, as a finding of its own. What the
//! reply would have said is not known, so nothing else is made of it.

use glomers_protocol::Value;

use crate::{Op, OpKind};

/// How the reason begins in a history.
const MALFORMED: &str = "malformed reply: ";

/// The error of an operation whose reply was refused for its form; `what` says
/// what is wrong with that.
pub fn malformed_reply(what: &str) -> Value {
    let reason = Value::string(format!("{MALFORMED}{what}"));
    Value::list([Value::keyword("indeterminate"), reason])
}

/// Whether an operation ended because its reply was refused for its form.
pub fn is_refused(end: &Op) -> bool {
    if end.kind != OpKind::Info {
        return false;
    }
    let reason = end.error.as_ref().and_then(|error| error.as_list()?.get(1));
    reason.is_some_and(|reason| reason.as_str().is_some_and(|text| text.starts_with(MALFORMED)))
}

/// Errors that mean that a node does not serve: the answers of who waits for
/// others, and none at all. Other errors are answers to the question.
const UNSERVED: [&str; 5] =
    ["net-timeout", "timeout", "node-not-found", "temporarily-unavailable", "crash"];

/// Whether the end of an operation shows that its node serves; `None` if it shows
/// neither, as when the client gave itself up.
pub fn was_served(end: &Op) -> Option<bool> {
    let name = end.error.as_ref().and_then(|error| match error.as_list() {
        Some(list) => list.get(0).and_then(|name| name.as_str().map(str::to_owned)),
        None => error.as_str().map(str::to_owned),
    });
    match (end.kind, name) {
        (OpKind::Ok, _) => Some(true),
        (OpKind::Fail, Some(name)) => Some(!UNSERVED.contains(&name.as_str())),
        (OpKind::Fail, None) => Some(true),
        // A reply of the wrong form is one.
        (OpKind::Info, Some(_)) if is_refused(end) => Some(true),
        (OpKind::Info, Some(_)) => Some(false),
        (OpKind::Info, None) | (OpKind::Invoke, _) => None,
    }
}
