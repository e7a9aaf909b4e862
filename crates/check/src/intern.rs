//! Elements of any JSON as small numbers.

use glomers_history::Value;
use rustc_hash::FxHashMap;

/// No element.
pub(crate) const NONE: u32 = u32::MAX;

/// Integers below this are found by indexing instead of hashing; the table is
/// never larger than 16 MiB.
const TABLE: u32 = 1 << 22;

/// Numbers values in the order of their first appearance.
#[derive(Default)]
pub(crate) struct Interner {
    table: Vec<u32>,
    others: FxHashMap<Value, u32>,
    values: Vec<Value>,
}

impl Interner {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of a number.
    pub(crate) fn value(&self, id: u32) -> &Value {
        &self.values[id as usize]
    }

    /// The number of a value, [`NONE`] if it has none.
    pub(crate) fn find(&self, value: &Value) -> u32 {
        match table_place(value) {
            Some(place) => self.find_in_table(place),
            None => self.others.get(value).copied().unwrap_or(NONE),
        }
    }

    /// The number of a small integer, [`NONE`] if it has none.
    #[inline]
    pub(crate) fn find_small(&self, integer: u32) -> u32 {
        if integer < TABLE {
            self.find_in_table(integer)
        } else {
            self.find(&Value::Int(i64::from(integer)))
        }
    }

    #[inline]
    fn find_in_table(&self, place: u32) -> u32 {
        self.table.get(place as usize).copied().unwrap_or(NONE)
    }

    /// The number of a value, a new one if need be.
    pub(crate) fn intern(&mut self, value: &Value) -> u32 {
        let found = self.find(value);
        if found != NONE {
            return found;
        }
        let id = self.values.len() as u32;
        self.values.push(value.clone());
        match table_place(value) {
            Some(place) => {
                let place = place as usize;
                if place >= self.table.len() {
                    let size = (place + 1).next_power_of_two();
                    self.table.resize(size, NONE);
                }
                self.table[place] = id;
            }
            None => {
                self.others.insert(value.clone(), id);
            }
        }
        id
    }
}

fn table_place(value: &Value) -> Option<u32> {
    let integer = u32::try_from(value.as_int()?).ok()?;
    (integer < TABLE).then_some(integer)
}
