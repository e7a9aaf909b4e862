//! How findings name operations and values.

use glomers_history::{Op, OpKind, Value};
use glomers_protocol::ErrorCode;

use crate::{Context, Finding};

/// How many characters of a value are shown.
const VALUE_WIDTH: usize = 60;

/// How many elements of a list are shown.
const LIST_LENGTH: usize = 12;

/// An operation: "op 41, read at n3, 12.345 s".
pub(crate) fn operation(op: &Op, context: &Context) -> String {
    let last = if op.is_final { "final " } else { "" };
    let place = match context.node_of(op) {
        Some(node) => format!("at {node}"),
        None => format!("by process {}", op.process),
    };
    format!("op {}, {last}{} {place}, {}", op.index, op.f, op.time)
}

/// A value as JSON, cut short if it is long.
pub(crate) fn value(value: &Value) -> String {
    clip(&value.to_json())
}

/// A text, cut short if it is long.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(VALUE_WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Values with commas between: the first dozen and how many more there are.
pub(crate) fn values<'a>(values: impl ExactSizeIterator<Item = &'a Value>) -> String {
    let total = values.len();
    let mut text = String::new();
    for (index, element) in values.take(LIST_LENGTH).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&value(element));
    }
    if total > LIST_LENGTH {
        text.push_str(&format!(" and {} more", total - LIST_LENGTH));
    }
    text
}

/// "1 read", "2 reads".
pub(crate) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// How an operation ended, in words; `None` if it never did.
pub(crate) fn outcome(completion: Option<&Op>) -> String {
    let reason = completion
        .and_then(|op| op.error.as_ref())
        .map(|error| format!(" ({})", self::error(error)))
        .unwrap_or_default();
    let what = match completion.map(|op| op.kind) {
        Some(OpKind::Ok) => "was answered",
        Some(OpKind::Fail) => "failed",
        Some(OpKind::Info) => "may or may not have happened",
        Some(OpKind::Invoke) | None => "was never answered",
    };
    format!("{what}{reason}")
}

/// The name of an end's error, and its code if it is one of the protocol.
pub(crate) fn error_name(op: &Op) -> (Option<String>, Option<ErrorCode>) {
    const CODES: [ErrorCode; 11] = [
        ErrorCode::TIMEOUT,
        ErrorCode::NODE_NOT_FOUND,
        ErrorCode::NOT_SUPPORTED,
        ErrorCode::TEMPORARILY_UNAVAILABLE,
        ErrorCode::MALFORMED_REQUEST,
        ErrorCode::CRASH,
        ErrorCode::ABORT,
        ErrorCode::KEY_DOES_NOT_EXIST,
        ErrorCode::KEY_ALREADY_EXISTS,
        ErrorCode::PRECONDITION_FAILED,
        ErrorCode::TXN_CONFLICT,
    ];
    let Some(error) = &op.error else { return (None, None) };
    let first = error.as_list().and_then(|list| list.get(0));
    let error = first.as_ref().unwrap_or(error);
    let is_it = |code: &ErrorCode| match error.as_int() {
        Some(number) => number == code.0,
        None => error.as_str() == Some(code.name()),
    };
    let code = CODES.into_iter().find(is_it);
    let name = code.map(|code| code.name().to_owned());
    let own = || error.as_str().map_or_else(|| clip(&error.to_json()), clip);
    (Some(name.unwrap_or_else(own)), code)
}

/// That an operation failed, in words that follow its name: "says that it failed
/// with error 14 (abort), which is definite: …".
pub(crate) fn failed(completion: Option<&Op>) -> String {
    let code = completion.and_then(|op| error_name(op).1);
    match code.filter(|code| code.is_definite()) {
        Some(code) => format!(
            "says that it failed with error {} ({}), which is definite; a node that cannot know \
             must answer 0 or 13",
            code.0,
            code.name()
        ),
        None => outcome(completion),
    }
}

/// An error as operations carry it: a name, or a list of name and text.
fn error(error: &Value) -> String {
    let part = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_json(),
    };
    let text = match error.as_list() {
        Some(list) => {
            let parts: Vec<String> = list.iter().map(|value| part(&value)).collect();
            parts.join(": ")
        }
        None => part(error),
    };
    clip(&text)
}

/// Points a finding at an operation: where to look, when and at which node.
pub(crate) fn point(finding: &mut Finding, op: &Op, context: &Context) {
    if finding.time.is_none() {
        finding.time = Some(op.time);
        finding.node = context.node_of(op).map(str::to_owned);
    }
    if !finding.operations.contains(&op.index) {
        finding.operations.push(op.index);
    }
}
