//! The exact form that a reply to a client must have.

use crate::Value;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Any JSON value.
    Any,
    /// An integer.
    Integer,
    /// A list of any JSON values.
    List,
    /// A JSON object.
    Object,
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
            let expected = match field {
                Field::Any => continue,
                Field::Integer if matches!(value, Value::Int(_) | Value::BigInt(_)) => continue,
                Field::List if matches!(value, Value::List(_)) => continue,
                Field::Object if matches!(value, Value::Map(_)) => continue,
                Field::Integer => "an integer",
                Field::List => "a list",
                Field::Object => "an object",
            };
            return Err(format!(
                "the field {name:?} of {:?} must be {expected}, but it is {}",
                self.kind,
                value.kind_name()
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

    fn said(schema: super::Schema, text: &str) -> String {
        schema.check(&Value::from_json(text).unwrap()).err().unwrap_or_default()
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        assert_eq!(said(READ_OK, r#"{"type":"read_ok","in_reply_to":1,"messages":[]}"#), "");
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
}
