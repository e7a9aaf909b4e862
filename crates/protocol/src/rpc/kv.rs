//! What the key-value services (`lin-kv`, `seq-kv`, `lww-kv`) and nodes under
//! workload lin-kv understand.

use serde::{Deserialize, Serialize};

use crate::Value;

/// Asks for the value of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Any JSON.
    pub key: Value,
}

/// The value of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOk {
    /// Any JSON.
    pub value: Value,
}

/// Sets a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Any JSON.
    pub key: Value,
    /// Any JSON.
    pub value: Value,
}

/// The key is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOk {}

/// Compare and set: sets a key to `to` if its value is `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cas {
    /// Any JSON.
    pub key: Value,
    /// The value that the key must have.
    pub from: Value,
    /// The value that the key gets.
    pub to: Value,
    /// Whether a key that does not exist is made, whatever `from` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create_if_not_exists: bool,
}

/// The key had the value `from` and now has `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasOk {}

super::messages! {
    Read = "read" => ReadOk,
    ReadOk = "read_ok",
    Write = "write" => WriteOk,
    WriteOk = "write_ok",
    Cas = "cas" => CasOk,
    CasOk = "cas_ok",
}
