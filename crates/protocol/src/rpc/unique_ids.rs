//! Workload unique-ids.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::schema::{Field, Schema};

/// Asks for an id that no node ever gave or will give again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generate {}

/// Gives an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerateOk {
    /// Any JSON.
    pub id: Value,
}

super::messages! { Generate = "generate" => GenerateOk, GenerateOk = "generate_ok" }

/// The form of a [`GenerateOk`].
pub const GENERATE_OK: Schema = Schema { kind: "generate_ok", fields: &[("id", Field::Any)] };
