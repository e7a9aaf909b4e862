//! What clients do: an operation's name and its value, in the words of its
//! workload.

use glomers_history::Value;

use super::line::{Line, Parsed};

/// Words that stand before the node that an operation asks.
pub(super) const BEFORE_NODE: [&str; 3] = ["to", "from", "at"];

/// The operations of the standard workloads. Of others any word is one.
fn operations(workload: &str) -> &'static [&'static str] {
    match workload {
        "broadcast" => &["broadcast", "read"],
        "echo" => &["echo"],
        "unique-ids" => &["generate"],
        "g-set" | "g-counter" | "pn-counter" => &["add", "read"],
        "lin-kv" => &["read", "write", "cas"],
        "kafka" => &["send", "poll", "assign", "crash"],
        "txn-list-append" | "txn-rw-register" => &["txn"],
        _ => &[],
    }
}

/// Takes an operation: `write k 1`, `send k 1`, `add 3`, `read`.
pub(super) fn operation(workload: &str, line: &mut Line<'_>) -> Parsed<(String, Value)> {
    let f = match operations(workload) {
        [] => line.word("an operation")?.text,
        known => line.one_of("operation", known)?,
    };
    let value = match (workload, f) {
        ("lin-kv", "read") => Value::list([key(line)?, Value::Null]),
        ("lin-kv", "write") => Value::list([key(line)?, value(line, "the value to write")?]),
        ("lin-kv", "cas") => {
            let key = key(line)?;
            let from = value(line, "the value that is expected")?;
            Value::list([key, Value::list([from, value(line, "the value to write")?])])
        }
        ("kafka", "send") => {
            let parts = [Value::keyword("send"), log(line)?, value(line, "the message to send")?];
            Value::list([Value::list(parts)])
        }
        ("kafka", "poll") => Value::list([Value::list([Value::keyword("poll")])]),
        ("kafka", "assign") => {
            let mut logs = vec![log(line)?];
            while has_argument(line) {
                logs.push(log(line)?);
            }
            Value::list(logs)
        }
        _ if has_argument(line) => value(line, "a value")?,
        _ => Value::Null,
    };
    Ok((f.to_owned(), value))
}

fn has_argument(line: &Line<'_>) -> bool {
    line.peek().is_some_and(|word| !BEFORE_NODE.contains(&word.text))
}

/// Takes a value, which is JSON.
fn value(line: &mut Line<'_>, what: &str) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, what)?;
    Value::from_json(word.text).map_err(|error| {
        match glomers_workload::nearest(word.text, &BEFORE_NODE) {
            Some(_) => line.unknown(word, "word before a node", &BEFORE_NODE),
            None => line.error(word.column, format!("values are JSON: {error}")),
        }
    })
}

/// Takes a key, which is JSON or, without quotes, a string.
fn key(line: &mut Line<'_>) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, "a key")?;
    Ok(Value::from_json(word.text).unwrap_or_else(|_| Value::string(word.text)))
}

/// Takes the name of a log, which is a string, quoted or not.
fn log(line: &mut Line<'_>) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, "the key of a log")?;
    match Value::from_json(word.text) {
        Ok(Value::String(name)) => Ok(Value::String(name)),
        _ => Ok(Value::string(word.text)),
    }
}
