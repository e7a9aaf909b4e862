//! Histories as lines of JSON: what Glomers streams while a run goes on.
//!
//! `{"index":0,"time":12,"type":"invoke","process":0,"f":"read","value":null}`
//! with `"error"` and `"final":true` where they apply; `time` is in ns, the
//! nemesis is `"process":"nemesis"`. Keys of JSON objects are plain; what JSON
//! lacks is spelled `{"$keyword":"majority"}`, `{"$set":[…]}` and
//! `{"$map":[[key,value],…]}` (a map with keys that are no keywords), so that
//! reading gives back exactly what was written.
//!
//! A read of a set that grows repeats what reads before it have. A long list that begins as
//! the value of an earlier operation does is written as what it adds, so that a history
//! takes room for what is new in it: `"value":{"$begins":[1234,5000],"then":[17,4]}` is
//! the first 5000 elements of the value of operation 1234, then 17 and 4.

use std::sync::Arc;

use crate::{Growing, List, Op, OpKind, Process, Time, Value};

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

/// Writes operations as lines, of which one may lean on those before it.
#[derive(Debug, Default)]
pub struct Lines {
    /// The index of the last list of each beginning.
    growing: Growing<u64>,
}

impl Lines {
    /// Appends the next operation as one line.
    pub fn write_op(&mut self, op: &Op, out: &mut Vec<u8>) {
        let mut before = None;
        if let Value::List(list) = &op.value {
            self.growing.note(list, |earlier| {
                before = earlier.map(|(index, count)| (index, count, list));
                op.index
            });
        }
        write_line(op, out, |out| match before {
            None => write_value(&op.value, out),
            Some((index, count, list)) => {
                let mut number = itoa::Buffer::new();
                out.extend_from_slice(b"{\"$begins\":[");
                out.extend_from_slice(number.format(index).as_bytes());
                out.push(b',');
                out.extend_from_slice(number.format(count).as_bytes());
                out.extend_from_slice(b"],\"then\":[");
                let rest = list.as_small().into_iter();
                let rest = rest.flat_map(|small| small.range(count, usize::MAX));
                for (place, element) in rest.enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(number.format(element).as_bytes());
                }
                out.extend_from_slice(b"]}");
            }
        });
    }
}

/// Appends an operation as one line that is whole by itself.
pub fn write_op(op: &Op, out: &mut Vec<u8>) {
    write_line(op, out, |out| write_value(&op.value, out));
}

fn write_line(op: &Op, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
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
    value(out);
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

/// As [`restore`], of the value of an operation that comes behind `earlier`: a list may be
/// written as what it adds to one of theirs.
///
/// # Errors
/// If there is no such list.
pub fn restore_behind(value: &Value, earlier: &[Op]) -> Result<Value, &'static str> {
    const WANTED: &str = "$begins to hold the index of an earlier operation and how many elements of its list are meant, and then to hold integers";
    let Some(begins) = value.get("$begins") else { return Ok(restore(value)) };
    let continued = || -> Option<List> {
        let place = |at| usize::try_from(begins.as_list()?.get(at)?.as_int()?).ok();
        let list = earlier.get(place(0)?)?.value.as_list()?;
        let then = value.get("then")?.as_list()?;
        let Some(then) = then.as_small() else {
            return then.is_empty().then(|| list.continued(place(1)?, []))?;
        };
        list.continued(place(1)?, then.iter())
    };
    continued().map(Value::List).ok_or(WANTED)
}

/// Reads one line, which comes behind operations that were read `earlier`, all from the
/// beginning of the history.
///
/// # Errors
/// If it is not JSON, a key is missing or of the wrong type, or the line leans on an
/// operation that is not there.
pub fn read_op(line: &str, earlier: &[Op]) -> Result<Op, JsonlError> {
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
        value: restore_behind(value.get("value").unwrap_or(&Value::Null), earlier)
            .map_err(|expected| missing("value", expected))?,
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
            assert_eq!(read_op(std::str::from_utf8(&line).unwrap(), &[]).unwrap(), op);
        }
    }

    fn read(index: u64, value: Value) -> Op {
        Op {
            index,
            time: Time(index),
            process: Process::Client(0),
            kind: OpKind::Ok,
            f: "read".into(),
            value,
            error: None,
            is_final: false,
        }
    }

    #[test]
    fn growing_reads_take_room_for_what_they_add() {
        // Two nodes with the values in their own order; the second loses some and sorts.
        let mut ops = Vec::new();
        for number in 0..900 {
            let one: Vec<i64> = (0..number).collect();
            let mut two: Vec<i64> = (0..number).map(|i| i * 7 % 1000).collect();
            if number % 100 == 50 {
                two.truncate(300);
            } else if number > 300 && number % 100 == 51 {
                two.swap(280, 281);
            }
            ops.push(read(2 * number as u64, Value::integers(&one)));
            ops.push(read(2 * number as u64 + 1, Value::integers(&two)));
        }
        ops.push(read(1800, Value::list([Value::string("x")])));
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        ops.iter().for_each(|op| lines.write_op(op, &mut out));
        // In full they take four times as much.
        assert!(out.len() < 900_000, "{}", out.len());
        let text = String::from_utf8(out).unwrap();
        let mut again: Vec<Op> = Vec::new();
        for line in text.lines() {
            again.push(read_op(line, &again).unwrap());
        }
        assert!(again == ops);
        assert!(crate::read(text.as_bytes()).unwrap().ops() == ops);
    }

    #[test]
    fn a_line_that_leans_on_nothing_is_refused() {
        let earlier = [read(0, Value::integers(&[1, 2, 3])), read(1, Value::Null)];
        let line = |value: &str| {
            format!(r#"{{"index":2,"time":1,"type":"ok","process":0,"f":"read","value":{value}}}"#)
        };
        let good = read_op(&line(r#"{"$begins":[0,2],"then":[7]}"#), &earlier).unwrap();
        assert_eq!(good.value, Value::integers(&[1, 2, 7]));
        for bad in [
            r#"{"$begins":[2,2],"then":[7]}"#,
            r#"{"$begins":[1,0],"then":[7]}"#,
            r#"{"$begins":[0,4],"then":[7]}"#,
            r#"{"$begins":[0],"then":[7]}"#,
            r#"{"$begins":[0,-1],"then":[]}"#,
            r#"{"$begins":[0,1],"then":["x"]}"#,
            r#"{"$begins":[0,1]}"#,
            r#"{"$begins":0,"then":[7]}"#,
        ] {
            let error = read_op(&line(bad), &earlier).unwrap_err().to_string();
            assert!(error.contains("$begins"), "{bad}: {error}");
        }
    }
}
