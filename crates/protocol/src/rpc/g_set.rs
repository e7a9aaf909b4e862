//! Workload g-set.

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Schema};
use crate::{List, Value};

/// Asks a node to add an element to the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// Any JSON; the workload's own are 0, 1, 2, …
    pub element: Value,
}

/// The element is in the set, and will be for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddOk {}

/// Asks for all elements that a node knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {}

/// All elements that a node knows of, each once, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOk {
    /// The elements.
    pub value: List,
}

super::messages! {
    Add = "add" => AddOk,
    AddOk = "add_ok",
    Read = "read" => ReadOk,
}

impl crate::Message for ReadOk {
    const TYPE: &'static str = "read_ok";

    fn only_list(&self) -> Option<(&'static str, &List)> {
        Some(("value", &self.value))
    }
}

/// The form of an [`AddOk`].
pub const ADD_OK: Schema = Schema { kind: "add_ok", fields: &[] };
/// The form of a [`ReadOk`].
pub const READ_OK: Schema = Schema { kind: "read_ok", fields: &[("value", Field::List)] };
