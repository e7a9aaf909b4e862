//! Values of EDN.

use super::cursor::Cursor;
use super::{Fault, MAX_DEPTH};
use crate::{List, Value};

impl<'a> Cursor<'a> {
    /// The value that begins here; nothing but spaces may stand before it.
    pub(super) fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("nothing nested so deep"));
        }
        match self.peek() {
            Some(b'0'..=b'9') => self.number(),
            Some(b'-' | b'+') if self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) => {
                self.number()
            }
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b':') => {
                let name = self.keyword()?;
                Ok(Value::Keyword(self.shared.text(name)))
            }
            Some(b'[') => self.list(b']', depth),
            Some(b'(') => self.list(b')', depth),
            Some(b'{') => self.map(depth),
            Some(b'#') => self.dispatch(depth),
            Some(b'\\') => Ok(Value::String(self.character()?)),
            Some(b'^') => {
                // What is told about the next value, not a part of it.
                self.at += 1;
                self.skip_space(depth + 1)?;
                self.value(depth + 1)?;
                self.skip_space(depth + 1)?;
                self.value(depth + 1)
            }
            _ => self.symbol(),
        }
    }

    /// The name of the keyword that begins here with its colon.
    #[inline]
    pub(super) fn keyword(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        let token = self.token();
        let name = token.trim_start_matches(':');
        if name.is_empty() || token.len() - name.len() > 2 {
            return Err(Fault::new(start, "a name after the colon"));
        }
        Ok(name)
    }

    fn symbol(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        Ok(match self.token() {
            "nil" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "" => return Err(Fault::new(start, "a value")),
            name => Value::String(self.shared.text(name)),
        })
    }

    fn list(&mut self, close: u8, depth: usize) -> Result<Value, Fault> {
        let start = self.at;
        let base = self.integers.len();
        let mut values = Vec::new();
        self.items(close, start, depth, |cursor, value| match value {
            Value::Int(integer) if values.is_empty() => cursor.integers.push(integer),
            value => {
                if values.is_empty() {
                    values.extend(cursor.integers.drain(base..).map(Value::Int));
                }
                values.push(value);
            }
        })?;
        if !values.is_empty() {
            return Ok(Value::List(List::from_values(values)));
        }
        let list = List::from_integers(&self.integers[base..]);
        self.integers.truncate(base);
        Ok(Value::List(list))
    }

    /// Hands on the values up to the closing bracket, the opening one being here.
    fn items(
        &mut self,
        close: u8,
        start: usize,
        depth: usize,
        mut each: impl FnMut(&mut Self, Value),
    ) -> Result<(), Fault> {
        self.at += 1;
        loop {
            self.skip_space(depth + 1)?;
            match self.peek() {
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                None => return Err(Fault::new(start, "the end of the list that begins here")),
                Some(_) => {
                    let value = self.value(depth + 1)?;
                    each(self, value);
                }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Fault> {
        let start = self.at;
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        let mut key = None;
        self.items(b'}', start, depth, |_, value| match key.take() {
            None => key = Some(value),
            Some(key) => pairs.push((key, value)),
        })?;
        if key.is_some() {
            return Err(Fault::new(self.at - 1, "a value for the last key of the map"));
        }
        keep_last(&mut pairs);
        Ok(Value::map(pairs))
    }

    /// What begins with `#`.
    fn dispatch(&mut self, depth: usize) -> Result<Value, Fault> {
        let start = self.at;
        match self.bytes.get(self.at + 1) {
            Some(b'{') => {
                self.at += 1;
                let mut values = Vec::new();
                self.items(b'}', start, depth, |_, value| values.push(value))?;
                Ok(Value::set(values))
            }
            Some(b'"') => {
                self.at += 1;
                Ok(Value::String(self.string()?))
            }
            Some(b'#') => match self.token() {
                "##NaN" => Ok(Value::Float(f64::NAN)),
                "##Inf" => Ok(Value::Float(f64::INFINITY)),
                "##-Inf" => Ok(Value::Float(f64::NEG_INFINITY)),
                _ => Err(Fault::new(start, "##NaN, ##Inf or ##-Inf")),
            },
            _ => {
                let tag = self.tag()?;
                self.skip_space(depth + 1)?;
                let value = self.value(depth + 1)?;
                Ok(if tag.ends_with("MapEntry") || tag.ends_with("Tuple") {
                    tuple(value)
                } else {
                    value
                })
            }
        }
    }

    /// The name of the tag that begins here with its `#`.
    pub(super) fn tag(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        let name = self.token();
        // A colon: the namespace of all keys of the map that follows.
        if name.starts_with(|first: char| first.is_alphabetic() || first == '\'' || first == ':') {
            return Ok(name);
        }
        Err(Fault::new(start, "a tag, a set or a discarded value after #"))
    }
}

/// A pair that was written as a record, as the list that it stands for.
fn tuple(value: Value) -> Value {
    let part = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)).cloned();
    match (part(["key", "k"]), part(["val", "value"])) {
        (Some(key), Some(val)) => Value::list([key, val]),
        _ => value,
    }
}

/// Of a key that comes twice the last value counts, as in JSON.
fn keep_last(pairs: &mut Vec<(Value, Value)>) {
    let few = pairs.len() <= 8;
    let repeated = if few {
        (1..pairs.len()).any(|at| pairs[..at].iter().any(|(key, _)| *key == pairs[at].0))
    } else {
        let mut keys: Vec<&Value> = pairs.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.windows(2).any(|two| two[0] == two[1])
    };
    if repeated {
        let last: std::collections::BTreeMap<Value, Value> = pairs.drain(..).collect();
        pairs.extend(last);
    }
}
