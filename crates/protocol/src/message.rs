//! Rust types that are message bodies.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::List;

/// A Rust type that is a message body.
///
/// The fields of the type are the body's fields, but for the three reserved
/// ones (`type`, `msg_id`, `in_reply_to`), which travel in the [`Header`].
/// Usually derived: `#[derive(Message)]` in `glomers-node`.
pub trait Message: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The body's `type`.
    const TYPE: &'static str;

    /// The name of its field and the list in it, if the body is just a list. Of a long one
    /// not more need be written than somebody wants to see.
    fn only_list(&self) -> Option<(&'static str, &List)> {
        None
    }
}

/// A message that asks for a reply.
pub trait Request: Message {
    /// The body of the reply.
    type Reply: Message;
}

/// A [`Message`] whose type is not known to who carries it.
pub trait Body: Any + Send + Sync {
    /// The body's `type`.
    fn kind(&self) -> &'static str;
    /// Appends the body's fields as one JSON object, without the reserved keys.
    fn write_fields(&self, out: &mut Vec<u8>);
    /// The name of its field and the list in it, if the body is just a list and its type
    /// says so.
    fn only_list(&self) -> Option<(&'static str, &List)>;
    /// For downcasts to the Rust type.
    fn as_any(&self) -> &dyn Any;
    /// For downcasts to the Rust type.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<M: Message> Body for M {
    fn kind(&self) -> &'static str {
        M::TYPE
    }

    fn write_fields(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if let Err(error) = serde_json::to_writer(&mut *out, self) {
            // Only a `Serialize` that fails by itself (a map with keys that are
            // no strings, say) gets here: a mistake in the node's own types.
            panic!("a body of type {:?} cannot be written as JSON: {error}", M::TYPE);
        }
        assert!(
            out[start] == b'{',
            "a body of type {:?} must be a struct with named fields, so that it is a JSON object",
            M::TYPE
        );
    }

    fn only_list(&self) -> Option<(&'static str, &List)> {
        Message::only_list(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The reserved fields of a body. All are optional: bodies between nodes may
/// have any shape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `type`.
    pub kind: Option<Cow<'static, str>>,
    /// `msg_id`: by it the receiver says which message it replies to.
    pub msg_id: Option<u64>,
    /// `in_reply_to`: the `msg_id` of the request that this replies to.
    pub in_reply_to: Option<u64>,
}

impl Header {
    /// The `type`, or an empty string.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("")
    }
}
