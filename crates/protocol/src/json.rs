//! [`Value`] from and to JSON text.
//!
//! Written here rather than with serde's data model, because integers of any
//! size must stay exact (a Python node may use 128-bit ids) and because lists of
//! integers are read straight into their compact form.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{List, Value, shared_text};

/// How deep lists and objects may nest.
pub const MAX_DEPTH: usize = 128;

/// Text that is not JSON, nests too deep or holds a number that is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}at byte {at}: {reason}", if self.is_json() { "" } else { "not JSON " })]
pub struct JsonError {
    /// Offset into the text.
    pub at: usize,
    /// What was found or expected.
    pub reason: &'static str,
}

const TOO_DEEP: &str = "lists and objects are nested too deep (more than 128 levels)";
const TOO_LARGE: &str = "a number is too large for a float of 64 bits";

impl JsonError {
    /// Whether it is JSON all the same, only more than is read here.
    fn is_json(&self) -> bool {
        self.reason == TOO_DEEP || self.reason == TOO_LARGE
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, reason })
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        self.fail("expected a value")
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return self.fail(TOO_DEEP);
        }
        match self.bytes.get(self.at) {
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fail("expected a value"),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        self.skip_space();
        let mut integers: Vec<i64> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        if self.eat(b']') {
            return Ok(Value::List(List::from_values(values)));
        }
        loop {
            let value = self.value(depth + 1)?;
            match value {
                Value::Int(i) if values.is_empty() => integers.push(i),
                value => {
                    values.extend(integers.drain(..).map(Value::Int));
                    values.push(value);
                }
            }
            self.skip_space();
            if self.eat(b',') {
                self.skip_space();
            } else if self.eat(b']') {
                break;
            } else {
                return self.fail("expected a comma or the end of a list");
            }
        }
        Ok(Value::List(if values.is_empty() {
            List::from_integers(&integers)
        } else {
            List::from_values(values)
        }))
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        self.skip_space();
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        if self.eat(b'}') {
            return Ok(Value::Map(Arc::from(pairs)));
        }
        loop {
            if self.bytes.get(self.at) != Some(&b'"') {
                return self.fail("expected a key in quotes");
            }
            let key = Value::Keyword(self.string()?);
            self.skip_space();
            if !self.eat(b':') {
                return self.fail("expected a colon");
            }
            self.skip_space();
            let value = self.value(depth + 1)?;
            pairs.push((key, value));
            self.skip_space();
            if self.eat(b',') {
                self.skip_space();
            } else if self.eat(b'}') {
                return Ok(Value::Map(Arc::from(without_repeated_keys(pairs))));
            } else {
                return self.fail("expected a comma or the end of an object");
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.eat(b'-');
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return self.fail("expected a number");
        }
        let mut integer = true;
        if self.eat(b'.') {
            integer = false;
            if self.digits() == 0 {
                return self.fail("expected digits after the point");
            }
        }
        if self.eat(b'e') || self.eat(b'E') {
            integer = false;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            if self.digits() == 0 {
                return self.fail("expected digits in the exponent");
            }
        }
        let text = &self.text[start..self.at];
        if integer {
            return Ok(match text.parse::<i64>() {
                Ok(i) => Value::Int(i),
                Err(_) => Value::BigInt(Arc::from(text)),
            });
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => Err(JsonError { at: start, reason: TOO_LARGE }),
        }
    }

    /// The string at the cursor, escapes resolved.
    fn string(&mut self) -> Result<Arc<str>, JsonError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(0..=0x1f) => return self.fail("a control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fail("a string without its end"),
            }
        }
        self.at += 1;
        let quoted = &self.text[start..self.at];
        if !quoted.as_bytes().contains(&b'\\') {
            return Ok(shared_text(&quoted[1..quoted.len() - 1]));
        }
        serde_json::from_str::<String>(quoted)
            .map(Arc::from)
            .map_err(|_| JsonError { at: start, reason: "a bad escape in a string" })
    }
}

/// Of a key that comes twice the last value counts, as in most parsers.
fn without_repeated_keys(mut pairs: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by(|&a, &b| pairs[a].0.cmp(&pairs[b].0).then(a.cmp(&b)));
    let mut keep = vec![true; pairs.len()];
    for pair in order.windows(2) {
        if pairs[pair[0]].0 == pairs[pair[1]].0 {
            keep[pair[0]] = false;
        }
    }
    let mut kept = keep.iter();
    pairs.retain(|_| *kept.next().expect("one flag a pair"));
    pairs
}

impl Value {
    /// Reads JSON text. Keys of objects become keywords.
    ///
    /// # Errors
    /// If the text is not one JSON value, or nests deeper than [`MAX_DEPTH`].
    pub fn from_json(text: &str) -> Result<Value, JsonError> {
        let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
        reader.skip_space();
        let value = reader.value(0)?;
        reader.skip_space();
        if reader.at == text.len() { Ok(value) } else { reader.fail("text after the value") }
    }

    /// Appends the value as JSON. Keywords become strings, sets lists, and keys
    /// that are neither strings nor keywords the string of their JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        fn items(values: impl Iterator<Item = Value>, out: &mut Vec<u8>) {
            out.push(b'[');
            for (index, value) in values.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                value.write_json(out);
            }
            out.push(b']');
        }
        fn string(text: &str, out: &mut Vec<u8>) {
            // Writing a string to a Vec cannot fail.
            let _ = serde_json::to_writer(out, text);
        }
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Int(i) => out.extend_from_slice(itoa::Buffer::new().format(*i).as_bytes()),
            Value::BigInt(text) => out.extend_from_slice(text.as_bytes()),
            Value::Float(float) => {
                let _ = serde_json::to_writer(out, float);
            }
            Value::String(text) | Value::Keyword(text) => string(text, out),
            Value::List(list) => match list.as_small() {
                Some(elements) => {
                    let mut number = itoa::Buffer::new();
                    out.push(b'[');
                    for (index, element) in elements.iter().enumerate() {
                        if index > 0 {
                            out.push(b',');
                        }
                        out.extend_from_slice(number.format(element).as_bytes());
                    }
                    out.push(b']');
                }
                None => items(list.iter(), out),
            },
            Value::Set(elements) => items(elements.iter().cloned(), out),
            Value::Map(pairs) => {
                out.push(b'{');
                for (index, (key, value)) in pairs.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    match key.as_str() {
                        Some(key) => string(key, out),
                        None => string(&key.to_json(), out),
                    }
                    out.push(b':');
                    value.write_json(out);
                }
                out.push(b'}');
            }
        }
    }

    /// The value as JSON text; see [`Value::write_json`].
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_small() {
            Some(elements) => serializer.collect_seq(elements.iter()),
            None => serializer.collect_seq(self.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for List {
    /// Only from JSON text, as [`Value`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::List(list) => Ok(list),
            other => Err(D::Error::custom(format_args!(
                "invalid type: {}, expected a list",
                other.kind_name()
            ))),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::BigInt(text) => RawValue::from_string(text.to_string())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Value::Float(float) => serializer.serialize_f64(*float),
            Value::String(text) | Value::Keyword(text) => serializer.serialize_str(text),
            Value::List(list) => list.serialize(serializer),
            Value::Set(elements) => serializer.collect_seq(elements.iter()),
            Value::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs.iter() {
                    match key.as_str() {
                        Some(key) => map.serialize_entry(key, value)?,
                        None => map.serialize_entry(&key.to_json(), value)?,
                    }
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    /// Only from JSON text (`serde_json::from_str` and the like): the exact
    /// digits of a number are in no other form.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Value::from_json(raw.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_of_any_size_stay_exact() {
        let big =
            "[340282366920938463463374607431768211455,340282366920938463463374607431768211456]";
        let value = Value::from_json(big).unwrap();
        assert_eq!(value.to_json(), big);
        let list = value.as_list().unwrap();
        assert_ne!(list.get(0), list.get(1));
        assert!(list.get(0) < list.get(1));
        assert_eq!(serde_json::to_string(&value).unwrap(), big);
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "nul",
            "01",
            "1.",
            "-",
            "[1,]",
            "[1 2]",
            "{a:1}",
            "\"\u{1}\"",
            "\"a",
            "1 2",
            "\"\\",
        ] {
            assert!(Value::from_json(text).is_err(), "{text:?} was read");
        }
        assert!(Value::from_json(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn what_is_too_deep_or_too_large_is_not_called_no_json() {
        let said = |text: &str| Value::from_json(text).unwrap_err().to_string();
        assert_eq!(
            said(&format!("{}{}", "[".repeat(200), "]".repeat(200))),
            "at byte 129: lists and objects are nested too deep (more than 128 levels)"
        );
        assert_eq!(said("[1e400]"), "at byte 1: a number is too large for a float of 64 bits");
        assert_eq!(said("[1"), "not JSON at byte 2: expected a comma or the end of a list");
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1e9..1e9f64).prop_map(Into::into),
            ".*".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(".*", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(json in any_json()) {
            let text = json.to_string();
            let value = Value::from_json(&text).unwrap();
            prop_assert_eq!(&value.to_json(), &text);
            let through_serde: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&through_serde, &value);
        }

        #[test]
        fn never_panics_and_agrees_on_what_is_json(text in "[\\[\\]{}\",:0-9a-z.\\\\ -]{0,20}") {
            let ours = Value::from_json(&text).is_ok();
            let theirs = serde_json::from_str::<&RawValue>(&text).is_ok();
            // serde_json's raw values accept numbers that no float can hold.
            prop_assert!(ours == theirs || (theirs && text.contains(['e', 'E'])) , "{}", text);
        }
    }
}
