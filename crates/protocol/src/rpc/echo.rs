//! Workload echo.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::schema::{Field, Schema};

/// Asks for the same value back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// Any JSON.
    pub echo: Value,
}

/// Gives the value back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EchoOk {
    /// What was asked for.
    pub echo: Value,
}

super::messages! { Echo = "echo" => EchoOk, EchoOk = "echo_ok" }

/// The form of an [`EchoOk`].
pub const ECHO_OK: Schema = Schema { kind: "echo_ok", fields: &[("echo", Field::Any)] };
