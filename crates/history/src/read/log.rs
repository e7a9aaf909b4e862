//! Histories as Jepsen logs them and keeps them in `history.txt`: an operation a
//! line, `0 :invoke :write 3`, with tabs or spaces between and, in a log, with the
//! date and more before it.

use super::Fault;
use super::builder::{Builder, Draft};
use super::cursor::Cursor;
use super::op::{kind_of, who};
use crate::Value;

/// Whether a text is of this form: whether one of its first lines is such an
/// operation.
pub(super) fn is_log(text: &str) -> bool {
    let begins_as_edn = text.trim_start().starts_with(['{', '[', '(', '#', ';', '^']);
    !begins_as_edn && text.lines().take(1000).any(|line| operation(line).is_some())
}

/// Reads a whole history; lines that are no operations are left out.
pub(super) fn read(text: &str, builder: &mut Builder<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        if let Some((draft, value_at)) = operation(line) {
            cursor.at = start + value_at;
            let [value, error] = values(&mut cursor, end)?;
            let error = error.filter(|error| *error != Value::Null);
            let value = value.unwrap_or(Value::Null);
            builder.push(Draft { value, error, at: start, ..draft })?;
        }
        start += line.len();
    }
    Ok(())
}

/// The first two values up to the end of a line.
fn values(cursor: &mut Cursor<'_>, end: usize) -> Result<[Option<Value>; 2], Fault> {
    let mut found = [None, None];
    for place in &mut found {
        cursor.skip_space(0)?;
        if cursor.at >= end {
            break;
        }
        *place = Some(cursor.value(0)?);
        if cursor.at > end {
            return Err(Fault::new(end, "the end of the value in this line"));
        }
    }
    Ok(found)
}

/// The operation of a line but for its value, and where that begins.
fn operation(line: &str) -> Option<(Draft, usize)> {
    let mut words = Words { line, at: 0 };
    let mut before = words.next()?;
    loop {
        let word = words.next()?;
        if let Some(kind) = word.strip_prefix(':').and_then(kind_of) {
            let name = before.strip_prefix(':').unwrap_or(before);
            let process = who(Value::string(name))?;
            let f = words.next()?;
            let f = Some(f.strip_prefix(':')?.into());
            return Some((Draft { kind, f, process, ..Draft::default() }, words.at));
        }
        before = word;
    }
}

struct Words<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = &self.line[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = rest.trim_start();
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at = start + length;
        (length > 0).then(|| &rest[..length])
    }
}
