//! Histories as lines of JSON: what Glomers streams while a run goes on.
//!
//! `{"index":0,"time":12,"type":"invoke","process":0,"f":"read","value":null}`
//! with `"error"` and `"final":true` where they apply; `time` is in ns, the
//! nemesis is `"process":"nemesis"`. Keys of JSON objects are plain; what JSON
//! lacks is spelled `{"$keyword":"majority"}`, `{"$set":[…]}` and
//! `{"$map":[[key,value],…]}` (a map with keys that are no keywords), so that
//! reading gives back exactly what was written.

use std::sync::Arc;

use crate::{Op, OpKind, Process, Time, Value};

/// Why a line is no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonlError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] glomers_protocol::JsonError),
    /// A key is missing or of the wrong type.
    #[error("{0}")]
    Field(String),
}

/// Appends an operation as one line.
pub fn write_op(op: &Op, out: &mut Vec<u8>) {
    let mut number = itoa::Buffer::new();
    out.extend_from_slice(b"{\"index\":");
    out.extend_from_slice(number.format(op.index).as_bytes());
    out.extend_from_slice(b",\"time\":");
    out.extend_from_slice(number.format(op.time.0).as_bytes());
    out.extend_from_slice(b",\"type\":\"");
    out.extend_from_slice(op.kind.name().as_bytes());
    out.extend_from_slice(b"\",\"process\":");
    match op.process {
        Process::Client(client) => out.extend_from_slice(number.format(client).as_bytes()),
        Process::Nemesis => out.extend_from_slice(b"\"nemesis\""),
    }
    out.extend_from_slice(b",\"f\":");
    // Writing to a Vec cannot fail.
    let _ = serde_json::to_writer(&mut *out, &*op.f);
    out.extend_from_slice(b",\"value\":");
    write_value(&op.value, out);
    if let Some(error) = &op.error {
        out.extend_from_slice(b",\"error\":");
        write_value(error, out);
    }
    if op.is_final {
        out.extend_from_slice(b",\"final\":true");
    }
    out.extend_from_slice(b"}\n");
}

/// Appends a value in the exact form that this module describes.
pub fn write_value(value: &Value, out: &mut Vec<u8>) {
    fn items(values: impl Iterator<Item = Value>, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_value(&value, out);
        }
        out.push(b']');
    }
    match value {
        Value::Keyword(_) => {
            out.extend_from_slice(b"{\"$keyword\":");
            value.write_json(out);
            out.push(b'}');
        }
        Value::Set(elements) => {
            out.extend_from_slice(b"{\"$set\":");
            items(elements.iter().cloned(), out);
            out.push(b'}');
        }
        Value::List(list) if list.as_small().is_none() => items(list.iter(), out),
        Value::Map(pairs) => {
            let plain = pairs.iter().all(|(key, _)| matches!(key, Value::Keyword(_)))
                && !pairs.iter().any(|(key, _)| key.as_str().is_some_and(|k| k.starts_with('$')));
            if plain {
                out.push(b'{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    key.write_json(out);
                    out.push(b':');
                    write_value(value, out);
                }
                out.push(b'}');
            } else {
                out.extend_from_slice(b"{\"$map\":");
                let pairs =
                    pairs.iter().map(|(key, value)| Value::list([key.clone(), value.clone()]));
                items(pairs, out);
                out.push(b'}');
            }
        }
        _ => value.write_json(out),
    }
}

/// Undoes [`write_value`]'s spelling of what JSON lacks.
pub fn restore(value: &Value) -> Value {
    match value {
        Value::List(list) if list.as_small().is_none() => {
            Value::list(list.iter().map(|value| restore(&value)))
        }
        Value::Map(pairs) => {
            if let [(Value::Keyword(key), inner)] = &**pairs {
                match (&**key, inner) {
                    ("$keyword", Value::String(name)) => return Value::Keyword(name.clone()),
                    ("$set", Value::List(list)) => {
                        return Value::set(list.iter().map(|value| restore(&value)));
                    }
                    ("$map", Value::List(list)) => {
                        return Value::map(list.iter().filter_map(|pair| {
                            let pair = pair.as_list()?;
                            Some((restore(&pair.get(0)?), restore(&pair.get(1)?)))
                        }));
                    }
                    _ => {}
                }
            }
            Value::map(pairs.iter().map(|(key, value)| (key.clone(), restore(value))))
        }
        other => other.clone(),
    }
}

/// Reads one line.
///
/// # Errors
/// If it is not JSON, or a key is missing or of the wrong type.
pub fn read_op(line: &str) -> Result<Op, JsonlError> {
    let value = Value::from_json(line)?;
    let missing = |key: &str, expected: &str| {
        JsonlError::Field(format!("the key {key:?} must hold {expected}"))
    };
    let number = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_int)
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| missing(key, "an integer from 0"))
    };
    let kind = match value.get("type").and_then(Value::as_str) {
        Some("invoke") => OpKind::Invoke,
        Some("ok") => OpKind::Ok,
        Some("fail") => OpKind::Fail,
        Some("info") => OpKind::Info,
        _ => return Err(missing("type", "invoke, ok, fail or info")),
    };
    let process = match value.get("process") {
        Some(Value::Int(number)) => u32::try_from(*number).ok().map(Process::Client),
        Some(Value::String(name)) if &**name == "nemesis" => Some(Process::Nemesis),
        _ => None,
    };
    Ok(Op {
        index: number("index")?,
        time: Time(number("time")?),
        process: process.ok_or_else(|| missing("process", "an integer or \"nemesis\""))?,
        kind,
        f: Arc::from(value.get("f").and_then(Value::as_str).ok_or_else(|| missing("f", "a name"))?),
        value: restore(value.get("value").unwrap_or(&Value::Null)),
        error: value.get("error").map(restore),
        is_final: value.get("final") == Some(&Value::Bool(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_exactly() {
        let values = [
            Value::Null,
            Value::keyword("majority"),
            Value::integers(&[1, 2, 3]),
            Value::list([
                Value::keyword("isolated"),
                Value::map([(Value::string("n1"), Value::set([Value::string("n2")]))]),
            ]),
            Value::record([("type", Value::string("echo_ok")), ("echo", Value::Float(1.5))]),
            Value::record([("$set", Value::Null)]),
        ];
        for value in values {
            let op = Op {
                index: 3,
                time: Time(17),
                process: Process::Nemesis,
                kind: OpKind::Info,
                f: "f\"x".into(),
                value,
                error: Some(Value::list([Value::keyword("abort"), Value::string("no")])),
                is_final: true,
            };
            let mut line = Vec::new();
            write_op(&op, &mut line);
            assert_eq!(read_op(std::str::from_utf8(&line).unwrap()).unwrap(), op);
        }
    }
}
