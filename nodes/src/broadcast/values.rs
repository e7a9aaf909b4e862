//! The values that a node of a broadcast has.

use glomers_node::{GrowingList, List, Set, Value};

/// The values that a node has, each once, in the order in which they came.
///
/// A read is a look at a growing list, so thousands of reads share their memory.
#[derive(Debug, Clone, Default)]
pub struct Values {
    list: GrowingList,
    /// What the workload broadcasts, apart from other values to save memory.
    has_integer: Set<i64>,
    has_other: Set<Value>,
}

impl Values {
    /// Adds a value; whether it is new.
    pub fn insert(&mut self, value: &Value) -> bool {
        let new = match value {
            Value::Int(integer) => self.has_integer.insert(*integer),
            other => self.has_other.insert(other.clone()),
        };
        if new {
            self.list.push(value.clone());
        }
        new
    }

    /// Whether a value is there.
    pub fn contains(&self, value: &Value) -> bool {
        match value {
            Value::Int(integer) => self.has_integer.contains(integer),
            other => self.has_other.contains(other),
        }
    }

    /// All values.
    pub fn to_list(&self) -> List {
        self.list.to_list()
    }
}
