//! Operations whose replies had not the form that they must have.
//!
//! The run blames the node for such a reply, as a finding of its own. What the
//! reply would have said is not known, so nothing else is made of it.

use glomers_history::{Op, OpKind, Value};

/// How the reason begins in a history.
const MALFORMED: &str = "malformed reply: ";

/// The error of an operation whose reply was refused for its form; `what` says
/// what is wrong with that.
pub fn malformed_reply(what: &str) -> Value {
    let reason = Value::string(format!("{MALFORMED}{what}"));
    Value::list([Value::keyword("indeterminate"), reason])
}

/// Whether an operation ended because its reply was refused for its form.
pub(crate) fn is_refused(end: &Op) -> bool {
    if end.kind != OpKind::Info {
        return false;
    }
    let reason = end.error.as_ref().and_then(|error| error.as_list()?.get(1));
    reason.is_some_and(|reason| reason.as_str().is_some_and(|text| text.starts_with(MALFORMED)))
}
