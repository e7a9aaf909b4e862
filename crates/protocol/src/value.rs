//! Values of histories and messages: JSON, and what EDN has beyond it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::list::List;

/// Any JSON value, and what histories need beyond JSON: keywords, sets and maps
/// whose keys are not strings.
///
/// Compact (integers of a list take 4 or 8 bytes), cheap to clone, totally
/// ordered and hashable, so that checkers can use any JSON as a key. Integers of
/// any size stay exact; a float equals an integer never (`1.0` is not `1`), as
/// in EDN. The order is: null, booleans, numbers by value, strings, keywords,
/// lists, maps, sets.
#[derive(Clone)]
pub enum Value {
    /// `null`, EDN's `nil`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A larger integer, as its decimal digits without leading zeros.
    BigInt(Arc<str>),
    /// Any other number.
    Float(f64),
    /// A string.
    String(Arc<str>),
    /// An EDN keyword, without its colon. JSON has none.
    Keyword(Arc<str>),
    /// A list.
    List(List),
    /// Pairs of key and value, in the order they came, which does not count when
    /// two maps are compared; each key once. Keys of JSON objects are keywords,
    /// as in Jepsen's histories.
    Map(Arc<[(Value, Value)]>),
    /// A set, sorted. JSON has none.
    Set(Arc<[Value]>),
}

impl Value {
    /// A string.
    pub fn string(text: impl AsRef<str>) -> Value {
        Value::String(Arc::from(text.as_ref()))
    }

    /// An EDN keyword; `name` has no colon.
    pub fn keyword(name: impl AsRef<str>) -> Value {
        Value::Keyword(Arc::from(name.as_ref()))
    }

    /// A list.
    pub fn list(values: impl IntoIterator<Item = Value>) -> Value {
        Value::List(List::from_values(values.into_iter().collect()))
    }

    /// A list of integers.
    pub fn integers(integers: &[i64]) -> Value {
        Value::List(List::from_integers(integers))
    }

    /// A map, its pairs in this order.
    pub fn map(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::Map(pairs.into_iter().collect())
    }

    /// A map whose keys are keywords, in this order.
    pub fn record<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::Map(pairs.into_iter().map(|(key, value)| (Value::keyword(key), value)).collect())
    }

    /// A set: sorted, each element once.
    pub fn set(values: impl IntoIterator<Item = Value>) -> Value {
        let mut values: Vec<Value> = values.into_iter().collect();
        values.sort();
        values.dedup();
        Value::Set(Arc::from(values))
    }

    /// The value of a key of a map: the key may be a keyword or a string.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Value::Map(pairs) = self else { return None };
        pairs.iter().find_map(|(k, value)| match k {
            Value::Keyword(k) | Value::String(k) if &**k == key => Some(value),
            _ => None,
        })
    }

    /// The integer, if it is one of 64 bits.
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(i) = self { Some(*i) } else { None }
    }

    /// The text of a string or keyword.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) | Value::Keyword(text) => Some(text),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// What kind of value this is, for messages: "a string", "a list".
    pub fn kind_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::BigInt(_) => "an integer",
            Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Keyword(_) => "a keyword",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Set(_) => "a set",
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => 2,
            Value::String(_) => 3,
            Value::Keyword(_) => 4,
            Value::List(_) => 5,
            Value::Map(_) => 6,
            Value::Set(_) => 7,
        }
    }
}

/// The pairs of a map in the order of their keys.
fn sorted(pairs: &[(Value, Value)]) -> Vec<&(Value, Value)> {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort();
    pairs
}

/// Decimal integers by value: sign, then length, then digits.
fn compare_decimal(a: &str, b: &str) -> Ordering {
    let negative = |text: &str| text.starts_with('-');
    match (negative(a), negative(b)) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, true) => b.len().cmp(&a.len()).then_with(|| b.cmp(a)),
    }
}

/// Numbers by value; an integer comes before a float of the same value, so that
/// the order agrees with equality.
fn compare_numbers(a: &Value, b: &Value) -> Ordering {
    fn as_float(value: &Value) -> f64 {
        match value {
            Value::Int(i) => *i as f64,
            Value::BigInt(text) => text.parse().unwrap_or(f64::NAN),
            Value::Float(f) => *f,
            _ => f64::NAN,
        }
    }
    fn form(value: &Value) -> u8 {
        u8::from(matches!(value, Value::Float(_)))
    }
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::BigInt(a), Value::BigInt(b)) => compare_decimal(a, b),
        (Value::Int(a), Value::BigInt(b)) => compare_decimal(&a.to_string(), b),
        (Value::BigInt(a), Value::Int(b)) => compare_decimal(a, &b.to_string()),
        // An integer against a float. Rounding an integer to a float keeps the
        // order, so a strict difference of the floats decides; a tie is broken
        // by form, which puts every integer that rounds to a float before it.
        _ => as_float(a).total_cmp(&as_float(b)).then_with(|| form(a).cmp(&form(b))),
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::String(a), Value::String(b)) | (Value::Keyword(a), Value::Keyword(b)) => {
                a.cmp(b)
            }
            (Value::List(a), Value::List(b)) => a.iter().cmp(b.iter()),
            (Value::Map(a), Value::Map(b)) => sorted(a).cmp(&sorted(b)),
            (Value::Set(a), Value::Set(b)) => a.cmp(b),
            _ if self.rank() == 2 && other.rank() == 2 => compare_numbers(self, other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::BigInt(a), Value::BigInt(b))
            | (Value::String(a), Value::String(b))
            | (Value::Keyword(a), Value::Keyword(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && (a == b || sorted(a) == sorted(b))
            }
            (Value::Set(a), Value::Set(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::Null => state.write_u8(0),
            Value::Bool(b) => (1u8, b).hash(state),
            Value::Int(i) => (2u8, i).hash(state),
            Value::BigInt(text) => (3u8, text).hash(state),
            Value::Float(f) => (4u8, f.to_bits()).hash(state),
            Value::String(text) => (5u8, text).hash(state),
            Value::Keyword(text) => (6u8, text).hash(state),
            Value::List(list) => (7u8, list).hash(state),
            Value::Map(pairs) => (8u8, sorted(pairs)).hash(state),
            Value::Set(elements) => (9u8, elements).hash(state),
        }
    }
}

impl fmt::Debug for Value {
    /// As JSON, with keywords as `:name` and sets as `#{…}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn items<'a>(
            f: &mut fmt::Formatter<'_>,
            values: impl Iterator<Item = Value> + 'a,
        ) -> fmt::Result {
            for (index, value) in values.enumerate() {
                write!(f, "{}{value:?}", if index == 0 { "" } else { " " })?;
            }
            Ok(())
        }
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::BigInt(text) => f.write_str(text),
            Value::Float(x) => write!(f, "{x:?}"),
            Value::String(text) => write!(f, "{text:?}"),
            Value::Keyword(text) => write!(f, ":{text}"),
            Value::List(list) => {
                f.write_str("[")?;
                items(f, list.iter())?;
                f.write_str("]")
            }
            Value::Map(pairs) => {
                f.write_str("{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key:?} {value:?}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Value::Set(elements) => {
                f.write_str("#{")?;
                items(f, elements.iter().cloned())?;
                f.write_str("}")
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Value {
        Value::Int(i)
    }
}

impl From<u64> for Value {
    fn from(i: u64) -> Value {
        match i64::try_from(i) {
            Ok(i) => Value::Int(i),
            Err(_) => Value::BigInt(Arc::from(i.to_string())),
        }
    }
}

impl From<i32> for Value {
    fn from(i: i32) -> Value {
        Value::Int(i.into())
    }
}

impl From<u32> for Value {
    fn from(i: u32) -> Value {
        Value::Int(i.into())
    }
}

impl From<usize> for Value {
    fn from(i: usize) -> Value {
        Value::from(i as u64)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(Arc::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_count() {
        let a = Value::from_json(r#"{"x":1,"y":[2,{"p":null,"q":true}]}"#).unwrap();
        let b = Value::from_json(r#"{"y":[2,{"q":true,"p":null}],"x":1}"#).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
        let mut set = std::collections::BTreeSet::from([a.clone()]);
        assert!(!set.insert(b.clone()));
        assert_eq!(Value::set([a, b]).to_string().matches(":x").count(), 1);
    }

    #[test]
    fn numbers_are_ordered_by_value_and_floats_are_no_integers() {
        let numbers = ["-1e300", "-18446744073709551616", "-2", "-1.5", "0", "1", "1.0", "1e300"];
        let values: Vec<Value> =
            numbers.iter().map(|text| Value::from_json(text).unwrap()).collect();
        for pair in values.windows(2) {
            assert!(pair[0] < pair[1], "{} is not below {}", pair[0], pair[1]);
        }
        assert_ne!(Value::from_json("1").unwrap(), Value::from_json("1.0").unwrap());
    }

    #[test]
    fn lists_have_one_form() {
        let from_integers = Value::integers(&[1, -2, 3]);
        let from_values = Value::list([Value::Int(1), Value::Int(-2), Value::Int(3)]);
        assert_eq!(from_integers, from_values);
        assert_eq!(Value::integers(&[]), Value::list([]));
        assert!(size_of::<Value>() <= 32);
    }
}
