//! What key-value services are asked, and what they answer: as Maelstrom's, which
//! take whatever a body lacks for null.

use glomers_history::Value;
use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::{ErrorCode, Message, Payload, RpcError};

/// A request to a key-value service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    Read(Value),
    Write(Value, Value),
    Cas { key: Value, from: Value, to: Value, create_if_not_exists: bool },
}

/// An answer of a key-value service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Value(Value),
    Written,
    Swapped,
    Error(RpcError),
}

/// Whom an answer is for: the `msg_id` of the request, which may be any JSON, or
/// missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReplyTo {
    /// As nodes and clients count their messages.
    Number(u64),
    /// Anything else; null where there is none.
    Other(Value),
}

impl ReplyTo {
    /// Reads the `msg_id` of a request.
    pub(super) fn read(payload: &Payload) -> ReplyTo {
        if let Some(id) = payload.header().msg_id {
            return ReplyTo::Number(id);
        }
        let body = match payload {
            // The header has all that there is.
            Payload::Typed { .. } => Value::Null,
            Payload::Json(text) => Value::from_json(text.get()).unwrap_or(Value::Null),
        };
        ReplyTo::Other(body.get("msg_id").cloned().unwrap_or(Value::Null))
    }

    /// A reply to that request.
    pub(super) fn reply<M: Message>(self, body: M) -> Payload {
        let id = match self {
            ReplyTo::Number(id) => return Payload::typed(body, None, Some(id)),
            ReplyTo::Other(id) => id,
        };
        let text = Payload::new(body).to_json();
        let text = text.get();
        let rest = text.strip_suffix('}').expect("a body is an object");
        Payload::from_json(format!("{rest},\"in_reply_to\":{}}}", id.to_json()))
            .expect("both parts are JSON")
    }
}

impl Request {
    /// Reads a request; `None` if it is of a type that gets no answer.
    pub(super) fn read(payload: &Payload) -> Option<Result<Request, RpcError>> {
        if let Some(request) = Request::typed(payload) {
            return Some(Ok(request));
        }
        let kind = payload.header().kind?;
        if !["read", "write", "cas"].contains(&&*kind) {
            return None;
        }
        let body = match Value::from_json(payload.to_json().get()) {
            Ok(body) => body,
            Err(error) => {
                return Some(Err(RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string())));
            }
        };
        let field = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
        let key = field("key");
        Some(Ok(match &*kind {
            "read" => Request::Read(key),
            "write" => Request::Write(key, field("value")),
            _ => Request::Cas {
                key,
                from: field("from"),
                to: field("to"),
                // As in Clojure all but null and false is true.
                create_if_not_exists: !matches!(
                    field("create_if_not_exists"),
                    Value::Null | Value::Bool(false)
                ),
            },
        }))
    }

    /// A request that is a Rust value already.
    fn typed(payload: &Payload) -> Option<Request> {
        if let Some(read) = payload.downcast_ref::<Read>() {
            return Some(Request::Read(read.key.clone()));
        }
        if let Some(write) = payload.downcast_ref::<Write>() {
            return Some(Request::Write(write.key.clone(), write.value.clone()));
        }
        payload.downcast_ref::<Cas>().map(|cas| Request::Cas {
            key: cas.key.clone(),
            from: cas.from.clone(),
            to: cas.to.clone(),
            create_if_not_exists: cas.create_if_not_exists,
        })
    }

    /// The key that it is about.
    pub(super) fn key(&self) -> &Value {
        match self {
            Request::Read(key) | Request::Write(key, _) | Request::Cas { key, .. } => key,
        }
    }

    /// What happens to a key that has this value: the answer, and the new value
    /// if it changes.
    pub(super) fn apply(&self, old: Option<&Value>) -> (Answer, Option<Value>) {
        let changed = |new: &Value| (old != Some(new)).then(|| new.clone());
        match self {
            Request::Read(_) => match old {
                Some(value) => (Answer::Value(value.clone()), None),
                None => (Answer::no_key(), None),
            },
            Request::Write(_, new) => (Answer::Written, changed(new)),
            Request::Cas { from, to, create_if_not_exists, .. } => match old {
                None if *create_if_not_exists => (Answer::Swapped, changed(to)),
                None => (Answer::no_key(), None),
                Some(value) if value == from => (Answer::Swapped, changed(to)),
                Some(value) => {
                    let text = format!("current value {value} is not {from}");
                    (Answer::Error(RpcError::new(ErrorCode::PRECONDITION_FAILED, text)), None)
                }
            },
        }
    }
}

impl Answer {
    fn no_key() -> Answer {
        Answer::Error(RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, "key does not exist"))
    }

    pub(super) fn into_payload(self, to: ReplyTo) -> Payload {
        match self {
            Answer::Value(value) => to.reply(ReadOk { value }),
            Answer::Written => to.reply(WriteOk {}),
            Answer::Swapped => to.reply(CasOk {}),
            Answer::Error(error) => to.reply(error),
        }
    }
}
