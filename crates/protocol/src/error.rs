//! Error replies and their codes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::{Payload, Value};

/// The code of an error reply, as Maelstrom numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(pub i64);

impl ErrorCode {
    /// The operation did not finish in time; it may still happen.
    pub const TIMEOUT: ErrorCode = ErrorCode(0);
    /// The destination does not exist.
    pub const NODE_NOT_FOUND: ErrorCode = ErrorCode(1);
    /// The receiver does not know this type of request.
    pub const NOT_SUPPORTED: ErrorCode = ErrorCode(10);
    /// The operation cannot be done at present.
    pub const TEMPORARILY_UNAVAILABLE: ErrorCode = ErrorCode(11);
    /// The request's body does not have the form that its type asks for.
    pub const MALFORMED_REQUEST: ErrorCode = ErrorCode(12);
    /// Something broke; the operation may or may not have happened.
    pub const CRASH: ErrorCode = ErrorCode(13);
    /// The operation was given up and did not happen.
    pub const ABORT: ErrorCode = ErrorCode(14);
    /// The key is not there.
    pub const KEY_DOES_NOT_EXIST: ErrorCode = ErrorCode(20);
    /// The key is there already.
    pub const KEY_ALREADY_EXISTS: ErrorCode = ErrorCode(21);
    /// A condition of the request (the `from` of a `cas`, say) does not hold.
    pub const PRECONDITION_FAILED: ErrorCode = ErrorCode(22);
    /// The transaction conflicts with another and did not happen.
    pub const TXN_CONFLICT: ErrorCode = ErrorCode(30);

    /// Stands for the code of an error that has none, or none that is an integer.
    pub const NO_CODE: ErrorCode = ErrorCode(-1);

    /// Whether this code says for certain that the operation did not and will
    /// not happen. Unknown codes do not.
    pub fn is_definite(self) -> bool {
        matches!(self.0, 1 | 10 | 11 | 12 | 14 | 20 | 21 | 22 | 30)
    }

    /// The code's name, or `unknown`.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "timeout",
            1 => "node-not-found",
            10 => "not-supported",
            11 => "temporarily-unavailable",
            12 => "malformed-request",
            13 => "crash",
            14 => "abort",
            20 => "key-does-not-exist",
            21 => "key-already-exists",
            22 => "precondition-failed",
            30 => "txn-conflict",
            _ => "unknown",
        }
    }
}

/// The body of an error reply: `{"type":"error","code":…,"text":…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcError {
    /// What kind of error.
    pub code: ErrorCode,
    /// What happened, in words. Optional on the wire.
    #[serde(default)]
    pub text: String,
}

impl RpcError {
    /// An error with a code and a text.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        RpcError { code, text: text.into() }
    }

    /// Reads an error body as Maelstrom does, which checks nothing in it: a code
    /// that is no integer is an unknown one. Also says what is odd about it.
    pub fn lenient(body: &Payload) -> (RpcError, Option<String>) {
        if let Some(error) = body.downcast_ref::<RpcError>() {
            return (error.clone(), None);
        }
        let body = Value::from_json(body.to_json().get()).unwrap_or(Value::Null);
        let text = match body.get("text") {
            Some(Value::String(text)) => text.to_string(),
            _ => String::new(),
        };
        let odd = match body.get("code") {
            Some(Value::Int(code)) => return (RpcError { code: ErrorCode(*code), text }, None),
            Some(other) => format!("the error code {} is not an integer", other.to_json()),
            None => "the error has no code".to_owned(),
        };
        let text = if text.is_empty() { odd.clone() } else { format!("{odd}: {text}") };
        (RpcError { code: ErrorCode::NO_CODE, text }, Some(odd))
    }

    /// The error for a request of a type that the node does not know.
    pub fn not_supported(kind: &str) -> Self {
        RpcError::new(ErrorCode::NOT_SUPPORTED, format!("no handler for messages of type {kind:?}"))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {} ({})", self.code.0, self.code.name())?;
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for RpcError {}

impl Message for RpcError {
    const TYPE: &'static str = "error";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_no_integer_is_an_unknown_one() {
        for (code, odd) in [
            ("\"11\"", Some("the error code \"11\" is not an integer")),
            ("11.0", Some("the error code 11.0 is not an integer")),
            ("11", None),
        ] {
            let text = format!(r#"{{"type":"error","code":{code},"text":"x","text":"y"}}"#);
            let (error, said) = RpcError::lenient(&Payload::from_json(text).unwrap());
            assert_eq!(said.as_deref(), odd);
            assert_eq!(error.code.is_definite(), odd.is_none());
            assert!(error.text.ends_with('y'));
        }
        let (error, said) = RpcError::lenient(&Payload::from_json("{}").unwrap());
        assert_eq!(
            (error.code, said.as_deref()),
            (ErrorCode::NO_CODE, Some("the error has no code"))
        );
    }
}
