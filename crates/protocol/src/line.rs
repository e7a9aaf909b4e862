use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
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
}

/// Why a line is no message. The text says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not JSON at all.
    #[error("this is not JSON ({0})")]
    NotJson(String),
    /// JSON, but no object.
    #[error("this is JSON, but not an object")]
    NotAnObject,
    /// `src`, `dest` or `body` is missing or of the wrong type.
    #[error("{0}")]
    BadField(String),
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    src: Option<&'a RawValue>,
    #[serde(borrow)]
    dest: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
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
    /// If the line is not a JSON object with strings `src` and `dest` and an
    /// object `body`.
    pub fn parse(text: &'a str) -> Result<Line<'a>, LineError> {
        let raw: Raw<'a> = match serde_json::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                return Err(match serde_json::from_str::<&RawValue>(text) {
                    Err(_) => LineError::NotJson(error.to_string()),
                    Ok(value) if !value.get().starts_with('{') => LineError::NotAnObject,
                    Ok(_) => LineError::BadField(error.to_string()),
                });
            }
        };
        // serde reads a sequence as a struct, field by field.
        if !text.trim_start().starts_with('{') {
            return Err(LineError::NotAnObject);
        }
        let src = name("src", raw.src)?;
        let dest = name("dest", raw.dest)?;
        let Some(body) = raw.body else {
            return Err(LineError::BadField("the key \"body\" is missing".into()));
        };
        if !body.get().starts_with('{') {
            return Err(LineError::BadField(format!(
                "\"body\" must be an object, but it is {}",
                shorten(body.get())
            )));
        }
        Ok(Line { src, dest, payload: Payload::Json(Arc::from(body.to_owned())) })
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
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        let said = |text: &str| Line::parse(text).unwrap_err().to_string();
        assert!(said("hello").starts_with("this is not JSON"));
        assert!(said(r#"{"src":"n0","#).starts_with("this is not JSON"));
        assert_eq!(said("null"), "this is JSON, but not an object");
        assert_eq!(said(r#"["a","b",{}]"#), "this is JSON, but not an object");
        assert_eq!(said(r#"{"src":"a","body":{}}"#), "the key \"dest\" is missing");
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
