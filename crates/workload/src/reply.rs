//! Replies, checked against the form they must have.

use glomers_protocol::schema::Schema;
use glomers_protocol::{List, Message, Payload, Value};

/// What a reply says: as a Rust value if it is one (its form is then right by
/// construction), else as JSON of the right form.
pub(crate) enum Checked<'a, M> {
    Typed(&'a M),
    Json(Value),
}

/// Tests a reply against the form that it must have.
pub(crate) fn checked<'a, M: Message>(
    reply: &'a Payload,
    schema: &Schema,
) -> Result<Checked<'a, M>, String> {
    if let Some(message) = reply.downcast_ref::<M>() {
        return Ok(Checked::Typed(message));
    }
    let body = Value::from_json(reply.to_json().get()).map_err(|error| error.to_string())?;
    schema.check(&body)?;
    Ok(Checked::Json(body))
}

/// As [`checked`], for those who need no content.
pub(crate) fn has_form<M: Message>(reply: &Payload, schema: &Schema) -> Result<(), String> {
    checked::<M>(reply, schema).map(|_| ())
}

/// The list in a field that the schema has as one; null is an empty list.
pub(crate) fn list(body: &Value, name: &str) -> List {
    match body.get(name) {
        Some(Value::List(list)) => list.clone(),
        _ => List::from_integers(&[]),
    }
}

/// The content of a field that the schema has.
pub(crate) fn field(body: &Value, name: &str) -> Value {
    body.get(name).cloned().unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glomers_history::{Op, OpKind, Process, Time};
    use glomers_sim::{Step, Workload};

    use super::*;
    use crate::{Broadcast, GSet};

    /// A nil slice of Go.
    #[test]
    fn null_is_an_empty_list_whatever_was_read_before() {
        let read = Op {
            index: 0,
            time: Time::ZERO,
            process: Process::Client(0),
            kind: OpKind::Invoke,
            f: Arc::from("read"),
            value: Value::Null,
            error: None,
            is_final: false,
        };
        let clients =
            [("messages", Broadcast::default().client()), ("value", GSet::default().client())];
        for (field, mut client) in clients {
            for (held, expected) in [("null", ""), ("[7]", "7"), ("null", "")] {
                client.invoke(&read);
                let text = format!(r#"{{"type":"read_ok","in_reply_to":1,"{field}":{held}}}"#);
                let reply = Payload::from_json(&text).unwrap();
                let Step::Ok(value) = client.reply(&reply) else { panic!("{text} is refused") };
                assert_eq!(value.to_json(), format!("[{expected}]"));
            }
        }
    }
}
