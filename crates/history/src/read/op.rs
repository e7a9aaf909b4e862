//! Operations of EDN.

use std::sync::Arc;

use super::builder::{Builder, Draft, Who};
use super::cursor::Cursor;
use super::{Fault, MAX_DEPTH};
use crate::{OpKind, Time, Value};

/// What `:type` may be.
const KINDS: &str = ":type to be :invoke, :ok, :fail or :info";

/// Reads a whole history.
pub(super) fn history(cursor: &mut Cursor<'_>, builder: &mut Builder<'_>) -> Result<(), Fault> {
    forms(cursor, builder, None, 0)
}

/// Reads operations up to `close`, or to the end of the text.
fn forms(
    cursor: &mut Cursor<'_>,
    builder: &mut Builder<'_>,
    close: Option<u8>,
    depth: usize,
) -> Result<(), Fault> {
    if depth > MAX_DEPTH {
        return Err(cursor.fault("nothing nested so deep"));
    }
    let start = cursor.at;
    loop {
        cursor.skip_space(depth)?;
        match cursor.peek() {
            Some(b'{') => {
                let draft = operation(cursor)?;
                builder.push(draft)?;
            }
            // The tag of a record; which one does not matter.
            Some(b'#') => {
                cursor.tag()?;
                cursor.skip_space(depth)?;
                if !matches!(cursor.peek(), Some(b'{' | b'[' | b'(')) {
                    return Err(cursor.fault("an operation: a map after its tag"));
                }
            }
            Some(open @ (b'[' | b'(')) => {
                cursor.at += 1;
                let close = if open == b'[' { b']' } else { b')' };
                forms(cursor, builder, Some(close), depth + 1)?;
            }
            Some(byte) if Some(byte) == close => {
                cursor.at += 1;
                return Ok(());
            }
            None if close.is_none() => return Ok(()),
            None => {
                let before = start.saturating_sub(1);
                return Err(Fault::new(before, "the end of the list that begins here"));
            }
            Some(_) => {
                return Err(cursor.fault("an operation such as {:process 0, :type :invoke, …}"));
            }
        }
    }
}

/// The keys of an operation that count.
enum Key {
    Kind,
    F,
    Process,
    Time,
    Value,
    Error,
    Final,
    RebalanceLog,
    Index,
    Other,
}

fn key(name: &str) -> Key {
    match name {
        "type" => Key::Kind,
        "f" => Key::F,
        "process" => Key::Process,
        "time" => Key::Time,
        "value" => Key::Value,
        "error" => Key::Error,
        "final?" | "final" => Key::Final,
        "rebalance-log" => Key::RebalanceLog,
        "index" => Key::Index,
        _ => Key::Other,
    }
}

/// The operation that begins here with its brace.
fn operation(cursor: &mut Cursor<'_>) -> Result<Draft, Fault> {
    let start = cursor.at;
    cursor.at += 1;
    let mut kind = None;
    let mut draft = Draft { at: start, ..Draft::default() };
    loop {
        cursor.skip_space(1)?;
        let key = match cursor.peek() {
            Some(b'}') => break,
            Some(b':') => key(cursor.keyword()?),
            Some(b'"') => key(&cursor.string()?),
            Some(_) => {
                cursor.value(1)?;
                Key::Other
            }
            None => return Err(Fault::new(start, "the end of the operation that begins here")),
        };
        cursor.skip_space(1)?;
        if cursor.peek() == Some(b'}') {
            return Err(cursor.fault("a value for the last key of the operation"));
        }
        let at = cursor.at;
        match key {
            Key::Kind => kind = Some(self::kind(cursor)?),
            Key::F => draft.f = name(cursor, "f")?,
            Key::Process => {
                draft.process = who(cursor.value(1)?)
                    .ok_or_else(|| Fault::new(at, ":process to be a number or a name"))?;
            }
            Key::Time => {
                draft.time = time(&cursor.value(1)?)
                    .ok_or_else(|| Fault::new(at, ":time to be a number of nanoseconds"))?;
            }
            Key::Value => draft.value = cursor.value(1)?,
            Key::Error => {
                draft.error = Some(cursor.value(1)?).filter(|error| *error != Value::Null);
            }
            Key::Final => draft.is_final = cursor.value(1)? == Value::Bool(true),
            Key::RebalanceLog => draft.rebalanced = rebalanced(&cursor.value(1)?),
            Key::Index => draft.index = cursor.value(1)?.as_int(),
            Key::Other => drop(cursor.value(1)?),
        }
    }
    cursor.at += 1;
    draft.kind = kind.ok_or_else(|| Fault::new(start, KINDS))?;
    Ok(draft)
}

/// The keys of a rebalance log: a list of events, each with its keys.
pub(super) fn rebalanced(log: &Value) -> Vec<Value> {
    let events = log.as_list().into_iter().flat_map(|events| events.iter());
    let keys = |event: Value| match event.get("keys") {
        Some(Value::List(keys)) => keys.iter().collect(),
        Some(Value::Set(keys)) => keys.to_vec(),
        _ => Vec::new(),
    };
    events.flat_map(keys).collect()
}

/// What kind a word means.
pub(super) fn kind_of(name: &str) -> Option<OpKind> {
    Some(match name {
        "invoke" => OpKind::Invoke,
        "ok" => OpKind::Ok,
        "fail" => OpKind::Fail,
        "info" => OpKind::Info,
        _ => return None,
    })
}

fn kind(cursor: &mut Cursor<'_>) -> Result<OpKind, Fault> {
    let at = cursor.at;
    let found = match cursor.peek() {
        Some(b':') => kind_of(cursor.keyword()?),
        _ => cursor.value(1)?.as_str().and_then(kind_of),
    };
    found.ok_or_else(|| Fault::new(at, KINDS))
}

fn name(cursor: &mut Cursor<'_>, key: &str) -> Result<Option<Arc<str>>, Fault> {
    let at = cursor.at;
    match cursor.value(1)? {
        Value::Keyword(name) | Value::String(name) => Ok(Some(name)),
        Value::Null => Ok(None),
        _ => Err(Fault::new(at, format!(":{key} to be a keyword or a string"))),
    }
}

/// Whom the value of `:process` means.
pub(super) fn who(value: Value) -> Option<Who> {
    Some(match &value {
        Value::Null => Who::Nobody,
        Value::Int(number) => match u32::try_from(*number) {
            Ok(number) => Who::Client(number),
            Err(_) => Who::Named(value),
        },
        Value::String(name) | Value::Keyword(name) => match &**name {
            "nemesis" => Who::Nemesis,
            name => match name.parse() {
                Ok(number) => Who::Client(number),
                Err(_) => Who::Named(Value::String(name.into())),
            },
        },
        Value::BigInt(_) => Who::Named(value),
        _ => return None,
    })
}

/// The moment that the value of `:time` means; what was before the beginning is
/// the beginning.
pub(super) fn time(value: &Value) -> Option<Time> {
    Some(Time(match value {
        Value::Null => 0,
        Value::Int(nanos) => u64::try_from(*nanos).unwrap_or(0),
        Value::BigInt(digits) if digits.starts_with('-') => 0,
        Value::BigInt(digits) => digits.parse().unwrap_or(u64::MAX),
        // Rounds and saturates; not a number is 0.
        Value::Float(nanos) => *nanos as u64,
        _ => return None,
    }))
}
