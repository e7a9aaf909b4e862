//! One line of the wire protocol.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::payload::Payload;

/// One line of the wire protocol: `{"id":…,"src":…,"dest":…,"body":{…}}`.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// Who sends.
    pub src: Cow<'a, str>,
    /// Who is to receive.
    pub dest: Cow<'a, str>,
    /// What is sent.
    pub payload: Payload,
    /// A key at top level that Maelstrom does not know, or an `id` that is no
    /// integer: it refuses such messages, we do not.
    pub foreign_key: Option<String>,
}

/// Why a line is no message. The text says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing but white space.
    #[error("it is blank")]
    Blank,
    /// It begins with a byte order mark.
    #[error(
        "it begins with a byte order mark (U+FEFF), which JSON does not have; \
         write UTF-8 without one"
    )]
    ByteOrderMark,
    /// Not JSON at all.
    #[error("this is not JSON ({0})")]
    NotJson(String),
    /// JSON, but no object.
    #[error("this is JSON, but not an object")]
    NotAnObject,
    /// There is no `body`. Maelstrom reads that as `{}`.
    #[error("the key \"body\" is missing")]
    NoBody,
    /// `src`, `dest` or `body` is missing or of the wrong type.
    #[error("{0}")]
    BadField(String),
}

/// The keys of a message as they stand in JSON. Of a key that comes twice the
/// last counts, as in most parsers.
#[derive(Default)]
struct Raw<'a> {
    src: Option<&'a RawValue>,
    dest: Option<&'a RawValue>,
    body: Option<&'a RawValue>,
    foreign_key: Option<String>,
}

enum Key {
    Src,
    Dest,
    Body,
    Id,
    Foreign(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct Keys;
        impl Visitor<'_> for Keys {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "src" => Key::Src,
                    "dest" => Key::Dest,
                    "body" => Key::Body,
                    "id" => Key::Id,
                    other => Key::Foreign(other.to_owned()),
                })
            }
        }
        deserializer.deserialize_identifier(Keys)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw<'a>, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Raw<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                let mut raw = Raw::default();
                while let Some(key) = map.next_key::<Key>()? {
                    let value: &'de RawValue = map.next_value()?;
                    match key {
                        Key::Src => raw.src = Some(value),
                        Key::Dest => raw.dest = Some(value),
                        Key::Body => raw.body = Some(value),
                        Key::Id if value.get().parse::<i64>().is_ok() => {}
                        Key::Id => raw.foreign_key = Some("id".to_owned()),
                        Key::Foreign(name) => raw.foreign_key = Some(name),
                    }
                }
                Ok(raw)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

fn name<'a>(key: &str, raw: Option<&'a RawValue>) -> Result<Cow<'a, str>, LineError> {
    let Some(raw) = raw else {
        return Err(LineError::BadField(format!("the key {key:?} is missing")));
    };
    let text = raw.get();
    let bytes = text.as_bytes();
    if bytes.len() >= 2 && bytes[0] == b'"' && !bytes.contains(&b'\\') {
        return Ok(Cow::Borrowed(&text[1..text.len() - 1]));
    }
    serde_json::from_str::<String>(text).map(Cow::Owned).map_err(|_| {
        LineError::BadField(format!("{key:?} must be a string, but it is {}", shorten(text)))
    })
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl<'a> Line<'a> {
    /// Reads one line, without its line end.
    ///
    /// # Errors
    /// If the line is not one JSON object with strings `src` and `dest` and an
    /// object `body`.
    pub fn parse(text: &'a str) -> Result<Line<'a>, LineError> {
        let (line, rest) = Line::first(text)?;
        if rest.is_empty() {
            return Ok(line);
        }
        Err(LineError::NotJson(format!("there is more after the message: {}", shorten(rest))))
    }

    /// Reads the first message of a line, and gives what follows it but for white
    /// space: nothing, unless somebody wrote two messages without a line end
    /// between them.
    ///
    /// # Errors
    /// If the line does not begin with a JSON object with strings `src` and `dest`
    /// and an object `body`.
    pub fn first(text: &'a str) -> Result<(Line<'a>, &'a str), LineError> {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Raw<'a>>();
        let raw = match stream.next() {
            None => return Err(LineError::Blank),
            Some(Ok(raw)) => raw,
            Some(Err(_)) if text.trim_start().starts_with('\u{feff}') => {
                return Err(LineError::ByteOrderMark);
            }
            Some(Err(error)) => {
                return Err(match serde_json::from_str::<&RawValue>(text) {
                    Ok(_) if error.is_data() => LineError::NotAnObject,
                    _ => LineError::NotJson(error.to_string()),
                });
            }
        };
        let rest = text[stream.byte_offset()..].trim();
        let src = name("src", raw.src)?;
        let dest = name("dest", raw.dest)?;
        let Some(body) = raw.body else {
            return Err(LineError::NoBody);
        };
        if !body.get().starts_with('{') {
            return Err(LineError::BadField(format!(
                "\"body\" must be an object, but it is {}",
                shorten(body.get())
            )));
        }
        let payload = Payload::Json(Arc::from(body.to_owned()));
        Ok((Line { src, dest, payload, foreign_key: raw.foreign_key }, rest))
    }

    /// Appends a message as a line, line end included.
    pub fn write(id: u64, src: &str, dest: &str, payload: &Payload, out: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        out.extend_from_slice(b"{\"id\":");
        out.extend_from_slice(number.format(id).as_bytes());
        out.extend_from_slice(b",\"src\":");
        write_string(src, out);
        out.extend_from_slice(b",\"dest\":");
        write_string(dest, out);
        out.extend_from_slice(b",\"body\":");
        let start = out.len();
        payload.write_json(out);
        // JSON text may hold line ends between its tokens, and nowhere else.
        for byte in &mut out[start..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    // Writing a string to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_message_with_any_key_order_and_extra_keys() {
        let line =
            Line::parse(r#"{"body":{"type":"x"},"dest":"n\u0031","id":3,"src":"n0","z":[1]}"#)
                .unwrap();
        assert_eq!((&*line.src, &*line.dest), ("n0", "n1"));
        assert_eq!(line.payload.header().kind(), "x");
        assert_eq!(line.foreign_key.as_deref(), Some("z"));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        let text = r#"{"src":"n9","dest":"n1","body":{"type":"x","type":"y"},"src":"n0"}"#;
        let line = Line::parse(text).unwrap();
        assert_eq!((&*line.src, line.payload.header().kind()), ("n0", "y"));
        assert_eq!(line.foreign_key, None);
    }

    #[test]
    fn two_messages_in_a_line_are_two() {
        let one = r#"{"id":1,"src":"n0","dest":"n1","body":{}}"#;
        let both = format!(" {one} {one}\r");
        let (first, rest) = Line::first(&both).unwrap();
        assert_eq!((&*first.src, rest), ("n0", one));
        assert_eq!(Line::first(rest).unwrap().1, "");
        assert!(Line::parse(&both).unwrap_err().to_string().contains("more after the message"));
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        let said = |text: &str| Line::parse(text).unwrap_err().to_string();
        assert!(said("hello").starts_with("this is not JSON"));
        assert!(said(r#"{"src":"n0","#).starts_with("this is not JSON"));
        assert_eq!(said("null"), "this is JSON, but not an object");
        assert_eq!(said(r#"["a","b",{}]"#), "this is JSON, but not an object");
        assert_eq!(said(r#"{"src":"a","body":{}}"#), "the key \"dest\" is missing");
        assert_eq!(said(r#"{"src":"a","dest":"b"}"#), "the key \"body\" is missing");
        assert_eq!(
            said(r#"{"src":null,"dest":"b","body":{}}"#),
            "\"src\" must be a string, but it is null"
        );
        assert_eq!(said(" \t\r"), "it is blank");
        let message = r#"{"src":"a","dest":"b","body":{}}"#;
        assert!(said(&format!("\u{feff}{message}")).contains("byte order mark (U+FEFF)"));
        assert!(said("[1,").starts_with("this is not JSON"));
        // Neither depth nor size makes these anything but JSON.
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for odd in ["1e400", &deep] {
            let text = message.replace("{}", &format!("{{\"x\":{odd}}}"));
            assert!(Line::parse(&text).is_ok());
        }
        assert_eq!(
            said(r#"{"src":7,"dest":"n0","body":{}}"#),
            "\"src\" must be a string, but it is 7"
        );
        assert_eq!(
            said(r#"{"src":"a","dest":"b","body":[]}"#),
            "\"body\" must be an object, but it is []"
        );
    }
}
