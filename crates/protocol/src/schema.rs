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
    /// An object of lists of `[offset, message]`, offsets integers of 64 bits.
    Messages,
}

impl Field {
    /// What was expected instead of this value; `None` if it fits.
    fn refuses(self, value: &Value) -> Option<&'static str> {
        let is_offset = |value: &Value| matches!(value, Value::Int(_));
        let all_values = |test: &dyn Fn(&Value) -> bool| match value {
            Value::Map(pairs) => pairs.iter().all(|(_, value)| test(value)),
            _ => false,
        };
        let is_log = |value: &Value| {
            value.as_list().is_some_and(|list| list.iter().all(|pair| is_pair(&pair)))
        };
        let (fits, expected) = match self {
            Field::Any => (true, "any JSON"),
            Field::Integer => (matches!(value, Value::Int(_) | Value::BigInt(_)), "an integer"),
            Field::List => (matches!(value, Value::List(_) | Value::Null), "a list"),
            Field::Object => (matches!(value, Value::Map(_)), "an object"),
            Field::Offset => (is_offset(value), "an integer of 64 bits"),
            Field::Offsets => (all_values(&is_offset), "an object of integers"),
            Field::Messages => (all_values(&is_log), "an object of lists of [offset, message]"),
        };
        (!fits).then_some(expected)
    }
}

/// Whether a value is a list of an offset and a message.
fn is_pair(value: &Value) -> bool {
    let Some(pair) = value.as_list() else { return false };
    pair.len() == 2 && matches!(pair.get(0), Some(Value::Int(_)))
}

/// A value for a message: what kind it is, or all of it where the kind says too
/// little.
fn shown(value: &Value) -> String {
    let (Value::Map(_) | Value::BigInt(_), text) = (value, value.to_json()) else {
        return value.kind_name().to_owned();
    };
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
            let Some(expected) = field.refuses(value) else { continue };
            let found = match field {
                Field::Offset | Field::Offsets | Field::Messages => shown(value),
                _ => value.kind_name().to_owned(),
            };
            return Err(format!(
                "the field {name:?} of {:?} must be {expected}, but it is {found}",
                self.kind,
            ));
        }
        for (key, value) in pairs.iter() {
            let key = key.as_str().unwrap_or_default();
            match key {
                "type" => {}
                "msg_id" | "in_reply_to" if matches!(value, Value::Int(_)) => {}
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
    use crate::rpc::kafka::{LIST_COMMITTED_OFFSETS_OK, POLL_OK};

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
            said(BROADCAST_OK, r#"{"type":"broadcast_ok","msg_id":"x"}"#),
            "the field \"msg_id\" must be an integer, but it is a string"
        );
    }

    #[test]
    fn looks_into_logs_and_offsets() {
        assert_eq!(said(POLL_OK, r#"{"type":"poll_ok","msgs":{"k":[[0,"a"],[2,null]]}}"#), "");
        assert_eq!(said(POLL_OK, r#"{"type":"poll_ok","msgs":{}}"#), "");
        for bad in [r#"{"k":[0,1]}"#, r#"{"k":[["0",1]]}"#, r#"{"k":[[0,1,2]]}"#, r#"{"k":{}}"#] {
            let said = said(POLL_OK, &format!(r#"{{"type":"poll_ok","msgs":{bad}}}"#));
            let start = "the field \"msgs\" of \"poll_ok\" must be an object of lists of [offset, message], but it is {";
            assert!(said.starts_with(start), "{said}");
        }
        let offsets = r#"{"type":"list_committed_offsets_ok","offsets":{"k":3}}"#;
        assert_eq!(said(LIST_COMMITTED_OFFSETS_OK, offsets), "");
        assert_eq!(
            said(LIST_COMMITTED_OFFSETS_OK, &offsets.replace('3', "null")),
            "the field \"offsets\" of \"list_committed_offsets_ok\" must be an object of integers, but it is {\"k\":null}"
        );
    }
}
