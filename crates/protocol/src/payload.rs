//! Bodies on their way: shared Rust values, or JSON text.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::{Body, Header, Message};
use crate::{List, Value};

/// A body on its way: a shared Rust value, or JSON text.
///
/// Between nodes of one process bodies stay typed and are never encoded unless
/// somebody looks; a receiver that expects another type gets the body through
/// JSON, so a wrong field fails as it would on a pipe.
#[derive(Clone)]
pub enum Payload {
    /// A Rust value and its ids.
    Typed {
        /// By which the receiver says which message it replies to.
        msg_id: Option<u64>,
        /// The `msg_id` of the request that this replies to.
        in_reply_to: Option<u64>,
        /// The other fields, and the type; immutable, shared by all receivers.
        body: Arc<dyn Body>,
    },
    /// The whole body, reserved fields included, as text.
    Json(Arc<RawValue>),
}

/// Why a body could not be read as a Rust type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a body of type {kind:?} was expected: {reason}")]
pub struct DecodeError {
    /// The type that was expected.
    pub kind: &'static str,
    /// What is wrong with the body.
    pub reason: String,
}

/// The reserved fields as they stand in JSON; a field of another type than
/// expected counts as absent, and of one that comes twice the last counts.
#[derive(Default)]
struct RawHeader<'a> {
    kind: Option<&'a RawValue>,
    msg_id: Option<&'a RawValue>,
    in_reply_to: Option<&'a RawValue>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Reserved {
    Type,
    MsgId,
    InReplyTo,
    #[serde(other)]
    Own,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawHeader<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawHeader<'a>, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = RawHeader<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut raw = RawHeader::default();
                while let Some(key) = map.next_key::<Reserved>()? {
                    match key {
                        Reserved::Type => raw.kind = Some(map.next_value()?),
                        Reserved::MsgId => raw.msg_id = Some(map.next_value()?),
                        Reserved::InReplyTo => raw.in_reply_to = Some(map.next_value()?),
                        Reserved::Own => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(raw)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl Payload {
    /// A typed body that is neither request nor reply.
    pub fn new<M: Message>(body: M) -> Payload {
        Payload::shared(Arc::new(body), None, None)
    }

    /// A typed body with its ids.
    pub fn typed<M: Message>(body: M, msg_id: Option<u64>, in_reply_to: Option<u64>) -> Payload {
        Payload::shared(Arc::new(body), msg_id, in_reply_to)
    }

    /// A body that is shared with other payloads, with ids of its own.
    pub fn shared(body: Arc<dyn Body>, msg_id: Option<u64>, in_reply_to: Option<u64>) -> Payload {
        Payload::Typed { msg_id, in_reply_to, body }
    }

    /// A body from JSON text.
    ///
    /// # Errors
    /// If the text is not JSON.
    pub fn from_json(text: impl Into<String>) -> Result<Payload, serde_json::Error> {
        Ok(Payload::Json(Arc::from(RawValue::from_string(text.into())?)))
    }

    /// The reserved fields. Of a body that is no object, all are absent.
    pub fn header(&self) -> Header {
        match self {
            Payload::Typed { msg_id, in_reply_to, body } => Header {
                kind: Some(Cow::Borrowed(body.kind())),
                msg_id: *msg_id,
                in_reply_to: *in_reply_to,
            },
            Payload::Json(text) => {
                let Ok(raw) = serde_json::from_str::<RawHeader<'_>>(text.get()) else {
                    return Header::default();
                };
                fn field<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
                    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
                }
                Header {
                    kind: field::<String>(raw.kind).map(Cow::Owned),
                    msg_id: field(raw.msg_id),
                    in_reply_to: field(raw.in_reply_to),
                }
            }
        }
    }

    /// As [`Payload::write_json`], but of a body that is just a list of small integers only what comes before its elements: `{…"messages":[`. Gives that list; text of
    /// `elements.len()` numbers with commas between, `]` and `}` are missing.
    pub fn write_json_before_list(&self, out: &mut Vec<u8>) -> Option<&List> {
        if let Payload::Typed { body, .. } = self
            && let Some((field, list)) = body.only_list()
            && list.as_small().is_some()
        {
            write_header(&self.header(), out);
            out.extend_from_slice(b",\"");
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b"\":[");
            return Some(list);
        }
        self.write_json(out);
        None
    }

    /// The body as JSON text, reserved fields first.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Payload::Typed { body, .. } => {
                write_header(&self.header(), out);
                let brace = out.len();
                body.write_fields(out);
                if out[brace + 1] == b'}' {
                    out.remove(brace);
                } else {
                    out[brace] = b',';
                }
            }
            Payload::Json(text) => out.extend_from_slice(text.get().as_bytes()),
        }
    }

    /// The body as JSON text.
    pub fn to_json(&self) -> Arc<RawValue> {
        match self {
            Payload::Json(text) => text.clone(),
            Payload::Typed { .. } => {
                let mut out = Vec::with_capacity(64);
                self.write_json(&mut out);
                let text = String::from_utf8(out).expect("JSON is UTF-8");
                Arc::from(RawValue::from_string(text).expect("what serde_json wrote is JSON"))
            }
        }
    }

    /// The same body as text: what a pipe would make of it.
    pub fn into_json(self) -> Payload {
        Payload::Json(self.to_json())
    }

    /// The body as a reference to a Rust type, if it is one already.
    pub fn downcast_ref<M: Message>(&self) -> Option<&M> {
        match self {
            Payload::Typed { body, .. } => (**body).as_any().downcast_ref(),
            Payload::Json(_) => None,
        }
    }

    /// The body as a Rust type: shared if it is one already, else through JSON.
    ///
    /// # Errors
    /// If a field is missing or has another type.
    pub fn decode<M: Message>(&self) -> Result<M, DecodeError> {
        if let Some(body) = self.downcast_ref::<M>() {
            return Ok(body.clone());
        }
        let text = self.to_json();
        serde_json::from_str(text.get()).or_else(|error| {
            // Derived types refuse a key that comes twice. As everywhere, its last
            // value counts.
            let failed = || DecodeError { kind: M::TYPE, reason: error.to_string() };
            let body = Value::from_json(text.get()).map_err(|_| failed())?;
            serde_json::from_str(&body.to_json()).map_err(|_| failed())
        })
    }

    /// As [`Payload::decode`], but takes the value out when nobody shares it.
    ///
    /// # Errors
    /// If a field is missing or has another type.
    pub fn into_message<M: Message>(self) -> Result<M, DecodeError> {
        match self {
            Payload::Typed { body, .. } if (*body).as_any().is::<M>() => {
                let body = body.into_any().downcast::<M>().expect("the type was just tested");
                Ok(Arc::try_unwrap(body).unwrap_or_else(|shared| (*shared).clone()))
            }
            other => other.decode(),
        }
    }
}

/// Appends the reserved fields of an object that is still open.
fn write_header(header: &Header, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    let kind = header.kind().as_bytes();
    if kind.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        // As nearly all are; to look for what must be escaped takes longer.
        out.push(b'"');
        out.extend_from_slice(kind);
        out.push(b'"');
    } else {
        // Types come from Rust constants or were JSON strings, so this cannot fail.
        let _ = serde_json::to_writer(&mut *out, header.kind());
    }
    let mut number = itoa::Buffer::new();
    if let Some(id) = header.msg_id {
        out.extend_from_slice(b",\"msg_id\":");
        out.extend_from_slice(number.format(id).as_bytes());
    }
    if let Some(id) = header.in_reply_to {
        out.extend_from_slice(b",\"in_reply_to\":");
        out.extend_from_slice(number.format(id).as_bytes());
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_json().get())
    }
}
