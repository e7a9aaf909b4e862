//! The values that a node of a broadcast has.

use glomers_node::{GrowingList, List, Set, Value};

/// The values that a node has, each once, in the order in which they came.
///
/// A read is a look at a growing list, so thousands of reads share their memory.
#[derive(Debug, Clone, Default)]
pub struct Values {
    list: GrowingList,
    /// Which small integers it has, a bit for each: the workload broadcasts 0, 1, 2 and so
    /// on, and thousands of nodes have thousands of them.
    has_small: Vec<u64>,
    /// Other values.
    has_other: Set<Value>,
}

/// How many words of bits there may be before any is used.
const FIRST_WORDS: usize = 16;

/// The word of an integer, and its bit there.
fn place(value: &Value) -> Option<(usize, u64)> {
    let integer = usize::try_from(value.as_int()?).ok()?;
    Some((integer / 64, 1 << (integer % 64)))
}

impl Values {
    /// Adds a value; whether it is new.
    pub fn insert(&mut self, value: &Value) -> bool {
        let new = match place(value) {
            Some((word, bit)) if self.is_small(word) && !self.has_other.contains(value) => {
                if word >= self.has_small.len() {
                    self.has_small.resize(word + 1, 0);
                }
                let is_new = self.has_small[word] & bit == 0;
                self.has_small[word] |= bit;
                is_new
            }
            _ => self.has_other.insert(value.clone()),
        };
        if new {
            self.list.push(value.clone());
        }
        new
    }

    /// Whether a value is there.
    pub fn contains(&self, value: &Value) -> bool {
        let is_small = place(value).is_some_and(|(word, bit)| {
            self.has_small.get(word).is_some_and(|bits| bits & bit != 0)
        });
        is_small || self.has_other.contains(value)
    }

    /// Whether an integer of this word has a bit: then the bits at most double. One that
    /// is far from all others has none.
    fn is_small(&self, word: usize) -> bool {
        word < FIRST_WORDS + 2 * self.has_small.len()
    }

    /// All values.
    pub fn to_list(&self) -> List {
        self.list.to_list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_new_once_whatever_its_size() {
        let mut values = Values::default();
        let wide = [5000, 2_000_000, i64::MAX, -1, 0, 1023, 1024, 3000, 5000, 5001];
        let integers = wide.into_iter().chain(0..6000).chain([2_000_000, 6000]).map(Value::Int);
        let others = [Value::string("1"), Value::Float(1.0), Value::Null];
        let mut seen = std::collections::BTreeSet::new();
        for value in integers.chain(others.clone()).chain(others) {
            assert_eq!(values.contains(&value), seen.contains(&value), "{value:?}");
            assert_eq!(values.insert(&value), seen.insert(value.clone()), "{value:?}");
            assert!(values.contains(&value));
        }
        assert_eq!(values.to_list().len(), seen.len());
    }
}
