//! What the timestamp service (`lin-tso`) understands.

use serde::{Deserialize, Serialize};

/// Asks for a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ts {}

/// A timestamp: 0, 1, 2, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TsOk {
    /// Higher than all that were given before.
    pub ts: u64,
}

super::messages! { Ts = "ts" => TsOk, TsOk = "ts_ok" }
