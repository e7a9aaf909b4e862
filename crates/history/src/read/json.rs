//! Histories as lines of JSON, ours or a looser form of it.

use super::Fault;
use super::builder::{Builder, Draft};
use super::op::{kind_of, rebalanced, time, who};
use crate::{Value, jsonl};

/// Whether a text is JSON rather than EDN: whether its first map has a colon
/// behind its first key.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix('[').unwrap_or(text).trim_start();
    let Some(inside) = text.strip_prefix('{') else {
        return false;
    };
    let Some(key) = inside.trim_start().strip_prefix('"') else {
        return false;
    };
    let Some((_, behind)) = key.split_once('"') else {
        return false;
    };
    // In EDN a colon may follow, too, as the first letter of a keyword.
    let spaced = behind.trim_start();
    let directly = spaced.len() == behind.len();
    spaced.strip_prefix(':').is_some_and(|rest| directly || rest.starts_with([' ', '\t']))
}

/// Reads a whole history: one operation a line, or an array of them.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Result<(), Fault> {
    if text.trim_start().starts_with('[') {
        let value = Value::from_json(text).map_err(|error| Fault::new(error.at, error.reason))?;
        let Value::List(list) = value else {
            return Err(Fault::new(0, "an array of operations"));
        };
        let start = text.len() - text.trim_start().len();
        for (place, value) in list.iter().enumerate() {
            let within =
                |what: &str| Fault::new(start, format!("{what} in element {place} of the array"));
            let draft = draft(&value, start, builder).map_err(within)?;
            builder.push(draft).map_err(|fault| within(&fault.expected))?;
        }
        return Ok(());
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            let value = Value::from_json(line)
                .map_err(|error| Fault::new(start + error.at, format!("JSON; {}", error.reason)))?;
            let draft =
                draft(&value, start, builder).map_err(|expected| Fault::new(start, expected))?;
            builder.push(draft)?;
        }
        start += line.len();
    }
    Ok(())
}

fn draft(value: &Value, at: usize, builder: &Builder<'_>) -> Result<Draft, &'static str> {
    let field = |name: &str| value.get(name).unwrap_or(&Value::Null);
    let text = |value: &Value| match jsonl::restore(value) {
        Value::String(text) | Value::Keyword(text) => Some(text),
        _ => None,
    };
    if !matches!(value, Value::Map(_)) {
        return Err("an object");
    }
    let kind = text(field("type")).and_then(|name| kind_of(&name));
    let f = match field("f") {
        Value::Null => None,
        f => Some(text(f).ok_or("\"f\" to be a name")?),
    };
    Ok(Draft {
        kind: kind.ok_or("\"type\" to be invoke, ok, fail or info")?,
        f,
        process: who(jsonl::restore(field("process")))
            .ok_or("\"process\" to be a number or a name")?,
        time: time(field("time")).ok_or("\"time\" to be a number of nanoseconds")?,
        value: jsonl::restore_behind(field("value"), builder.ops())?,
        error: value.get("error").filter(|error| **error != Value::Null).map(jsonl::restore),
        is_final: *field("final") == Value::Bool(true) || *field("final?") == Value::Bool(true),
        rebalanced: rebalanced(&jsonl::restore(field("rebalance-log"))),
        index: field("index").as_int(),
        at,
    })
}
