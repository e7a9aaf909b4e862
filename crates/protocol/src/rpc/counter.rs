//! Workloads g-counter and pn-counter.

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Schema};

/// Asks a node to add to the counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// How much; never negative in workload g-counter.
    pub delta: i64,
}

/// It is added, and will be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddOk {}

/// Asks for the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {}

/// The sum of all that the node knows was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOk {
    /// The sum.
    pub value: i64,
}

super::messages! {
    Add = "add" => AddOk,
    AddOk = "add_ok",
    Read = "read" => ReadOk,
    ReadOk = "read_ok",
}

/// The form of an [`AddOk`].
pub const ADD_OK: Schema = Schema { kind: "add_ok", fields: &[] };
/// The form of a [`ReadOk`].
pub const READ_OK: Schema = Schema { kind: "read_ok", fields: &[("value", Field::Integer)] };
