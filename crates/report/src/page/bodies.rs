//! Bodies of messages, each kind of content once.
//!
//! Most bodies differ from others in their `msg_id` and `in_reply_to` only. Without
//! these and the type, what is left is a text that many messages share.

use rustc_hash::FxHashMap;

/// How much of a body that nothing points at is kept, bytes.
const SHORT: usize = 200;

/// How many bytes of different contents a page holds at most.
const MOST: usize = 1 << 20;

/// The place of a content that the page does not hold.
pub(super) const ABSENT: u32 = 0;

/// The contents of bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    places: FxHashMap<Box<str>, u32>,
    texts: Vec<String>,
    bytes: usize,
    /// Whether a content was cut or left out.
    pub(super) is_cut: bool,
}

/// A body, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    /// Which content, see [`Bodies::texts`].
    pub(super) content: u32,
    pub(super) msg_id: Option<i64>,
    pub(super) in_reply_to: Option<i64>,
}

impl Bodies {
    pub(super) fn new() -> Bodies {
        // The first stands for what is absent.
        Bodies { places: FxHashMap::default(), texts: vec![String::new()], bytes: 0, is_cut: false }
    }

    /// Takes a body. `whole`: something points at it, so it is not shortened.
    pub(super) fn take(&mut self, body: &str, length: u64, whole: bool) -> Parts {
        let (mut rest, msg_id, in_reply_to) = split(body);
        if length > body.len() as u64 {
            self.is_cut = true;
            rest.push('…');
        }
        if !whole && rest.len() > SHORT {
            self.is_cut = true;
            let end = (0..=SHORT).rev().find(|&at| rest.is_char_boundary(at)).unwrap_or_default();
            rest.truncate(end);
            rest.push('…');
        }
        let content = self.place(rest, whole);
        Parts { content, msg_id, in_reply_to }
    }

    fn place(&mut self, text: String, whole: bool) -> u32 {
        if let Some(&place) = self.places.get(&*text) {
            return place;
        }
        if self.bytes + text.len() > MOST && !whole {
            self.is_cut = true;
            return ABSENT;
        }
        self.bytes += text.len();
        let place = self.texts.len() as u32;
        self.places.insert(text.as_str().into(), place);
        self.texts.push(text);
        place
    }

    /// The contents, the first of which stands for those that are absent.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}

/// A body without its `type`, `msg_id` and `in_reply_to`, and these two. A text that
/// is no JSON object, or one that is cut before these, stays as it is.
fn split(body: &str) -> (String, Option<i64>, Option<i64>) {
    let mut rest = String::with_capacity(body.len());
    let (mut msg_id, mut in_reply_to) = (None, None);
    let Some(inner) = body.strip_prefix('{') else { return (body.to_owned(), None, None) };
    let mut fields = Fields { text: inner, at: 0 };
    loop {
        let start = fields.at;
        let Some((key, value)) = fields.next() else {
            // What is left is the end, or what was cut.
            let tail = &inner[start..];
            if tail != "}" {
                if !rest.is_empty() && !tail.is_empty() && !tail.starts_with('}') {
                    rest.push(',');
                }
                rest.push_str(tail.strip_suffix('}').unwrap_or(tail));
            }
            return (rest, msg_id, in_reply_to);
        };
        // Others keep their text, which a number could not give back.
        let number = value.parse::<i64>().ok().filter(|number| number.abs() < 1 << 40);
        match (key, number) {
            ("type", _) if value.starts_with('"') => continue,
            ("msg_id", Some(_)) if msg_id.is_none() => {
                msg_id = number;
                continue;
            }
            ("in_reply_to", Some(_)) if in_reply_to.is_none() => {
                in_reply_to = number;
                continue;
            }
            _ => {}
        }
        if !rest.is_empty() {
            rest.push(',');
        }
        rest.push_str(&inner[start..fields.value_end(start)]);
    }
}

/// Walks over the fields of an object whose text has no blanks, as ours have none.
struct Fields<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Fields<'a> {
    /// The next field: its key without quotes, its value as text. `None` at the
    /// end, or where the text is cut or odd; `at` stays where it was then.
    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, start)?;
        if bytes.get(key_end) != Some(&b':') {
            return None;
        }
        let value_start = key_end + 1;
        let end = value_end(bytes, value_start)?;
        self.at = match bytes[end] {
            b',' => end + 1,
            _ => end,
        };
        Some((&self.text[start + 1..key_end - 1], &self.text[value_start..end]))
    }

    /// Where the field that began there ends, without the comma behind it.
    fn value_end(&self, start: usize) -> usize {
        let field = &self.text[start..self.at];
        start + field.strip_suffix(',').unwrap_or(field).len()
    }
}

/// The place behind the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where the value that begins here ends: at a comma or at the end of the object.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_u32);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b',' if depth == 0 => return Some(at),
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_its_number_only_is_kept_once() {
        let mut bodies = Bodies::new();
        let mut take = |text: &str| bodies.take(text, text.len() as u64, false);
        let first = take(r#"{"type":"broadcast","msg_id":1,"message":4}"#);
        let second = take(r#"{"type":"broadcast","message":4,"msg_id":2}"#);
        assert_eq!(first, Parts { content: 1, msg_id: Some(1), in_reply_to: None });
        assert_eq!(second, Parts { content: 1, msg_id: Some(2), in_reply_to: None });
        let third = take(r#"{"type":"x","in_reply_to":2,"a":"}\",","b":[1,{"c":2}]}"#);
        assert_eq!((third.content, third.in_reply_to), (2, Some(2)));
        assert_eq!(bodies.texts(), ["", r#""message":4"#, r#""a":"}\",","b":[1,{"c":2}]"#]);
    }

    #[test]
    fn odd_bodies_stay_as_they_are() {
        for (body, left) in [
            ("", ""),
            ("7", "7"),
            ("{", ""),
            ("{}", ""),
            (r#"{"a":1"#, r#""a":1"#),
            (r#"{"a":[1,2"#, r#""a":[1,2"#),
            (r#"{"type":"x","a":"cut"#, r#""a":"cut"#),
            (r#"{"msg_id":"one"}"#, r#""msg_id":"one""#),
            (r#"{"msg_id":1.5}"#, r#""msg_id":1.5"#),
            (r#"{"msg_id":1,"msg_id":2}"#, r#""msg_id":2"#),
        ] {
            assert_eq!(split(body).0, left, "{body}");
        }
    }

    #[test]
    fn what_nothing_points_at_is_shortened() {
        let body = format!("{{\"a\":\"{}\"}}", "é".repeat(SHORT));
        let mut bodies = Bodies::new();
        let short = bodies.take(&body, body.len() as u64, false).content;
        assert!(bodies.is_cut);
        let whole = bodies.take(&body, body.len() as u64, true).content;
        assert_eq!(bodies.texts()[whole as usize], body[1..body.len() - 1]);
        assert!(bodies.texts()[short as usize].len() <= SHORT + "…".len());
    }
}
