use glomers_node::{List, Set, Value};

/// The values that a node has, each once, in the order in which they came.
///
/// Integers, which is what the workload broadcasts, take 8 bytes in the list and
/// as much in the set; other values are kept beside them.
#[derive(Debug, Clone, Default)]
pub struct Values {
    integers: Vec<i64>,
    has_integer: Set<i64>,
    others: Vec<Value>,
    has_other: Set<Value>,
}

impl Values {
    /// Adds a value; whether it is new.
    pub fn insert(&mut self, value: &Value) -> bool {
        match value {
            Value::Int(integer) => {
                let new = self.has_integer.insert(*integer);
                if new {
                    self.integers.push(*integer);
                }
                new
            }
            other => {
                let new = self.has_other.insert(other.clone());
                if new {
                    self.others.push(other.clone());
                }
                new
            }
        }
    }

    /// All values; integers first.
    pub fn to_list(&self) -> List {
        if self.others.is_empty() {
            return List::from_integers(&self.integers);
        }
        let integers = self.integers.iter().map(|&integer| Value::Int(integer));
        List::from_values(integers.chain(self.others.iter().cloned()).collect())
    }
}
