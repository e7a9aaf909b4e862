//! The exact form that a reply to a client must have.

use crate::Value;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Any JSON value.
    Any,
    /// An integer.
    Integer,
    /// A list of any JSON values. Null stands for an empty one: a nil slice of Go
    /// becomes that.
    List,
    /// A JSON object.
    Object,
    /// An integer of 64 bits.
    Offset,
    /// An object of integers of 64 bits.
    Offsets,
    /// An object of lists of `[offset, message]`, offsets integers of 64 bits; an
    /// empty list may be null.
    Messages,
}

impl Field {
    /// Why this value does not do: what was expected, and what is there instead;
    /// `None` if it fits.
    fn refuses(self, value: &Value) -> Option<String> {
        let (expected, found) = match (self, value) {
            (Field::Any, _)
            | (Field::Integer, Value::Int(_) | Value::BigInt(_))
            | (Field::List, Value::List(_) | Value::Null)
            | (Field::Object, Value::Map(_))
            | (Field::Offset, Value::Int(_)) => return None,
            (Field::Integer, _) => ("an integer", it_is(number(value))),
            (Field::List, _) => ("a list", it_is(value.kind_name().to_owned())),
            (Field::Object, _) => ("an object", it_is(empty_map(value))),
            (Field::Offset, _) => ("an integer of 64 bits", it_is(number(value))),
            (Field::Offsets, _) => ("an object of integers", entries(value, offset)?),
            (Field::Messages, _) => {
                ("an object of lists of [offset, message]", entries(value, log)?)
            }
        };
        Some(format!("must be {expected}, but {found}"))
    }
}

fn it_is(what: String) -> String {
    format!("it is {what}")
}

/// What is wrong with an object: that it is none, or with its first wrong entry.
fn entries(value: &Value, wrong: fn(&Value) -> Option<String>) -> Option<String> {
    let Value::Map(pairs) = value else { return Some(it_is(empty_map(value))) };
    let mut wrongs = pairs.iter().filter_map(|(key, value)| Some((key, wrong(value)?)));
    let (key, what) = wrongs.next()?;
    Some(format!("of key {:?} it has {what}", key.as_str().unwrap_or_default()))
}

/// What is wrong with an offset.
fn offset(value: &Value) -> Option<String> {
    match value {
        Value::Int(_) => None,
        Value::Null => Some("null; a key without an offset is left out".to_owned()),
        other => Some(number(other)),
    }
}

/// What is wrong with a log. Where a list is empty, Go writes null.
fn log(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::List(list) => list.iter().find_map(|value| pair(&value)),
        other => Some(format!("{}, not a list", other.kind_name())),
    }
}

/// What is wrong with a pair of an offset and a message.
fn pair(value: &Value) -> Option<String> {
    let Some(pair) = value.as_list().filter(|pair| pair.len() == 2) else {
        return Some(format!("{}, not a pair", clipped(&value.to_json())));
    };
    let (first, second) = (pair.get(0)?, pair.get(1)?);
    if matches!(first, Value::Int(_)) {
        return None;
    }
    let why = match (retyped(&first), second) {
        (Some(why), _) => why,
        (None, Value::Int(_)) => "message and offset are swapped",
        (None, _) => "its offset is not an integer of 64 bits",
    };
    Some(format!("{}: {why}", clipped(&value.to_json())))
}

/// What stands where an integer should.
fn number(value: &Value) -> String {
    let text = match value {
        Value::Float(_) | Value::BigInt(_) => clipped(&value.to_json()),
        Value::String(_) if retyped(value).is_some() => clipped(&value.to_json()),
        _ => return value.kind_name().to_owned(),
    };
    match retyped(value) {
        Some(why) => format!("{text}: {why}"),
        None => text,
    }
}

/// How an integer came to be this value, if it looks like one.
fn retyped(value: &Value) -> Option<&'static str> {
    match value {
        Value::Float(number) if number.fract() == 0.0 => Some("numbers came back as floats"),
        Value::String(text) if text.parse::<i64>().is_ok() => Some("numbers came back as strings"),
        _ => None,
    }
}

/// What stands where an object should.
fn empty_map(value: &Value) -> String {
    match value {
        Value::Null => "null: an empty map is {}; a nil map in Go becomes null".to_owned(),
        other => other.kind_name().to_owned(),
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The type of a reply and its fields: all of them, and no others but the
/// reserved ones.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The body's `type`.
    pub kind: &'static str,
    /// Name and content of each field.
    pub fields: &'static [(&'static str, Field)],
}

impl Schema {
    /// Tests a whole body.
    ///
    /// # Errors
    /// Says in words which field is wrong and what was expected.
    pub fn check(&self, body: &Value) -> Result<(), String> {
        let Value::Map(pairs) = body else {
            return Err(format!("the body is {}, not an object", body.kind_name()));
        };
        match body.get("type") {
            Some(Value::String(kind)) if **kind == *self.kind => {}
            Some(other) => {
                return Err(format!("its type is {other}, but {:?} was expected", self.kind));
            }
            None => return Err(format!("it has no \"type\"; {:?} was expected", self.kind)),
        }
        for (name, field) in self.fields {
            let Some(value) = body.get(name) else {
                return Err(format!("the field {name:?} is missing from {:?}", self.kind));
            };
            let Some(why) = field.refuses(value) else { continue };
            return Err(format!("the field {name:?} of {:?} {why}", self.kind));
        }
        for (key, value) in pairs.iter() {
            let key = key.as_str().unwrap_or_default();
            match key {
                "type" => {}
                // Ids of any size: some nodes draw them from more than 64 bits.
                "msg_id" | "in_reply_to" if matches!(value, Value::Int(_) | Value::BigInt(_)) => {}
                "msg_id" | "in_reply_to" => {
                    return Err(format!(
                        "the field {key:?} must be an integer, but it is {}",
                        value.kind_name()
                    ));
                }
                _ if self.fields.iter().any(|(name, _)| *name == key) => {}
                _ => {
                    return Err(format!(
                        "the field {key:?} does not belong into {:?}, which has {}",
                        self.kind,
                        match self.fields {
                            [] => "no fields of its own".to_owned(),
                            fields => fields
                                .iter()
                                .map(|(name, _)| format!("{name:?}"))
                                .collect::<Vec<_>>()
                                .join(", "),
                        }
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Value;
    use crate::rpc::broadcast::{BROADCAST_OK, READ_OK};
    use crate::rpc::counter::READ_OK as COUNTER_OK;
    use crate::rpc::kafka::{LIST_COMMITTED_OFFSETS_OK, POLL_OK, SEND_OK};

    fn said(schema: super::Schema, text: &str) -> String {
        schema.check(&Value::from_json(text).unwrap()).err().unwrap_or_default()
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        assert_eq!(said(READ_OK, r#"{"type":"read_ok","in_reply_to":1,"messages":[]}"#), "");
        assert_eq!(said(READ_OK, r#"{"type":"read_ok","messages":null}"#), "");
        assert_eq!(
            said(READ_OK, r#"{"type":"read","messages":[]}"#),
            "its type is \"read\", but \"read_ok\" was expected"
        );
        assert_eq!(
            said(READ_OK, r#"{"type":"read_ok"}"#),
            "the field \"messages\" is missing from \"read_ok\""
        );
        assert_eq!(
            said(READ_OK, r#"{"type":"read_ok","messages":{"a":1}}"#),
            "the field \"messages\" of \"read_ok\" must be a list, but it is an object"
        );
        assert_eq!(
            said(BROADCAST_OK, r#"{"type":"broadcast_ok","message":7}"#),
            "the field \"message\" does not belong into \"broadcast_ok\", which has no fields of its own"
        );
        assert_eq!(
            said(
                BROADCAST_OK,
                r#"{"type":"broadcast_ok","msg_id":340282366920938463463374607431768211455}"#
            ),
            ""
        );
        assert_eq!(
            said(BROADCAST_OK, r#"{"type":"broadcast_ok","msg_id":"x"}"#),
            "the field \"msg_id\" must be an integer, but it is a string"
        );
    }

    fn poll(msgs: &str) -> String {
        said(POLL_OK, &format!(r#"{{"type":"poll_ok","msgs":{msgs}}}"#))
    }

    fn committed(offsets: &str) -> String {
        let text = format!(r#"{{"type":"list_committed_offsets_ok","offsets":{offsets}}}"#);
        said(LIST_COMMITTED_OFFSETS_OK, &text)
    }

    #[test]
    fn looks_into_logs_and_offsets() {
        assert_eq!(poll(r#"{"k":[[0,"a"],[2,null]]}"#), "");
        assert_eq!(poll("{}"), "");
        let bad = [
            (r#"{"k":[0,1]}"#, "0, not a pair"),
            (r#"{"k":[[0,1,2]]}"#, "[0,1,2], not a pair"),
            (r#"{"k":[null]}"#, "null, not a pair"),
            (r#"{"k":{}}"#, "an object, not a list"),
            (r#"{"k":[[null,"a"]]}"#, r#"[null,"a"]: its offset is not an integer of 64 bits"#),
        ];
        for (msgs, what) in bad {
            let start = "the field \"msgs\" of \"poll_ok\" must be an object of lists of [offset, message], but of key \"k\" it has ";
            assert_eq!(poll(msgs), format!("{start}{what}"));
        }
        assert_eq!(committed(r#"{"k":3,"l":-1}"#), "");
        assert_eq!(
            committed(r#"{"j":1,"k":null}"#),
            "the field \"offsets\" of \"list_committed_offsets_ok\" must be an object of integers, but of key \"k\" it has null; a key without an offset is left out"
        );
    }

    #[test]
    fn an_empty_list_of_a_log_may_be_null_and_a_map_may_not() {
        assert_eq!(poll(r#"{"k":null,"l":[[0,1]]}"#), "");
        let hint = "but it is null: an empty map is {}; a nil map in Go becomes null";
        assert!(poll("null").ends_with(hint), "{}", poll("null"));
        assert!(committed("null").ends_with(hint), "{}", committed("null"));
    }

    #[test]
    fn says_how_a_number_came_to_be_wrong() {
        let ends = |said: String, end: &str| assert!(said.ends_with(end), "{said}");
        let sent =
            |offset: &str| said(SEND_OK, &format!(r#"{{"type":"send_ok","offset":{offset}}}"#));
        let count =
            |value: &str| said(COUNTER_OK, &format!(r#"{{"type":"read_ok","value":{value}}}"#));
        ends(sent("3.0"), "64 bits, but it is 3.0: numbers came back as floats");
        ends(sent("\"3\""), "64 bits, but it is \"3\": numbers came back as strings");
        ends(sent("\"x\""), "64 bits, but it is a string");
        ends(sent("3.5"), "64 bits, but it is 3.5");
        ends(count("7.0"), "must be an integer, but it is 7.0: numbers came back as floats");
        ends(count("\"7\""), "must be an integer, but it is \"7\": numbers came back as strings");
        ends(poll(r#"{"k":[[0.0,1.0]]}"#), "it has [0.0,1.0]: numbers came back as floats");
        ends(poll(r#"{"k":[["0",1]]}"#), "it has [\"0\",1]: numbers came back as strings");
        ends(poll(r#"{"k":[["a",1]]}"#), "it has [\"a\",1]: message and offset are swapped");
        ends(committed(r#"{"k":3.0}"#), "it has 3.0: numbers came back as floats");
    }
}
