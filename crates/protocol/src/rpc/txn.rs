//! Workloads txn-list-append and txn-rw-register: transactions over keys.

use serde::{Deserialize, Serialize};

use crate::Value;

/// One step of a transaction, on the wire `[f, key, value]`: `["r", 3, null]` reads
/// key 3, `["append", 3, 7]` appends 7 to its list, `["w", 3, 7]` writes it. In the
/// answer a read holds what it saw: a list, a value, or null if there is none.
pub type MicroOperation = (String, Value, Value);

/// Asks a node to do all of a transaction, or nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Txn {
    /// Its steps, in order.
    pub txn: Vec<MicroOperation>,
}

/// The transaction happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxnOk {
    /// The same steps, with what the reads saw.
    pub txn: Vec<MicroOperation>,
}

super::messages! {
    Txn = "txn" => TxnOk,
    TxnOk = "txn_ok",
}
