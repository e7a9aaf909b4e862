//! What key-value services are asked, and what they answer.

use glomers_history::Value;
use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::{ErrorCode, Header, Payload, RpcError};

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

impl Request {
    /// Reads a request; `None` if it is of a type that gets no answer.
    pub(super) fn read(header: &Header, payload: &Payload) -> Option<Result<Request, RpcError>> {
        let malformed = |error: glomers_node::protocol::DecodeError| {
            RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string())
        };
        let request = match header.kind() {
            "read" => payload.decode::<Read>().map(|read| Request::Read(read.key)),
            "write" => payload.decode::<Write>().map(|w| Request::Write(w.key, w.value)),
            "cas" => payload.decode::<Cas>().map(|cas| Request::Cas {
                key: cas.key,
                from: cas.from,
                to: cas.to,
                create_if_not_exists: cas.create_if_not_exists,
            }),
            _ => return None,
        };
        Some(request.map_err(malformed))
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

    pub(super) fn into_payload(self, to: Option<u64>) -> Payload {
        match self {
            Answer::Value(value) => Payload::typed(ReadOk { value }, None, to),
            Answer::Written => Payload::typed(WriteOk {}, None, to),
            Answer::Swapped => Payload::typed(CasOk {}, None, to),
            Answer::Error(error) => Payload::typed(error, None, to),
        }
    }
}
