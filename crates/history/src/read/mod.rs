//! Histories from text that somebody recorded: Jepsen's EDN or log, or our JSONL.
//!
//! An operation is a map, `{:process 0, :type :invoke, :f :read, :value nil}` or
//! a record, `#jepsen.history.Op{…}`; a history is any number of them, one a line
//! or in one vector or list. Names may be keywords or strings. `:process`,
//! `:time`, `:index`, `:value` and `:f` may be missing, other keys are ignored.
//! Operations are numbered by their place in the text. Jepsen's `history.txt` and
//! what it logs, `0 :invoke :write 3`, are read as well.
//!
//! The reader goes from text to [`Op`](crate::Op) without a map between: a history of 100 MB
//! is read in about a second.

mod builder;
mod cursor;
mod json;
mod log;
mod number;
mod op;
mod order;
mod shared;
mod text;
mod value;

use std::borrow::Cow;
use std::io::BufRead;

use crate::{History, Value};
use builder::Builder;
use cursor::Cursor;
use order::Order;

/// How deep what is read may nest.
pub(crate) const MAX_DEPTH: usize = 128;

/// Why a text is no history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}")]
pub struct ReadError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What should have stood there.
    pub expected: String,
}

/// Why no history could be read from a stream.
#[derive(Debug, thiserror::Error)]
pub enum ReadFromError {
    /// The stream cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What it holds is no history.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Reads a history: EDN, a log or our JSONL, whichever it is. Never panics.
///
/// Operations without a process each get one of their own; the end of one belongs
/// to the first open operation of the same name, and of the same value if there
/// is such a one. Processes with names other than `nemesis` get numbers, too.
///
/// # Errors
/// If the text is not UTF-8, or is no history.
pub fn read(bytes: &[u8]) -> Result<History, ReadError> {
    read_as(bytes, false)
}

/// Reads a history as [`read`] does, and refuses one that contradicts itself, which
/// has no right verdict: a process that begins an operation while another of its own
/// is under way; an `ok`, or an `info` of a numbered process, where nothing is under
/// way; operations in another order than their `:index`.
///
/// # Errors
/// As [`read`], and for contradictions.
pub fn read_consistent(bytes: &[u8]) -> Result<History, ReadError> {
    read_as(bytes, true)
}

fn read_as(bytes: &[u8], consistent: bool) -> Result<History, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let fault = Fault::new(error.valid_up_to(), "text in UTF-8");
        fault.locate(bytes)
    })?;
    // What some editors put before everything.
    const MARK: &str = "\u{feff}";
    let (text, bytes) = match text.strip_prefix(MARK) {
        Some(rest) => (rest, &bytes[MARK.len()..]),
        None => (text, bytes),
    };
    let mut builder = Builder::default();
    builder.order = consistent.then(|| Order::new(text));
    let result = if json::is_json(text) {
        json::read(text, &mut builder)
    } else if log::is_log(text) {
        log::read(text, &mut builder)
    } else {
        op::history(&mut Cursor::new(text), &mut builder)
    };
    match result {
        Ok(()) => Ok(builder.finish()),
        Err(fault) => Err(fault.locate(bytes)),
    }
}

/// Reads a history from a stream, to its end; see [`read`].
///
/// # Errors
/// If the stream cannot be read, or holds no history.
pub fn read_from(mut input: impl BufRead) -> Result<History, ReadFromError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    Ok(read(&bytes)?)
}

/// Reads one value of EDN.
///
/// Symbols and characters become strings, ratios and decimals floats; of a tagged
/// value the tag is dropped.
///
/// # Errors
/// If the text is not exactly one value, or nests deeper than 128.
pub fn read_value(text: &str) -> Result<Value, ReadError> {
    let mut cursor = Cursor::new(text);
    let mut one = || {
        cursor.skip_space(0)?;
        let value = cursor.value(0)?;
        cursor.skip_space(0)?;
        if cursor.at_end() { Ok(value) } else { Err(cursor.fault("nothing after the value")) }
    };
    one().map_err(|fault: Fault| fault.locate(text.as_bytes()))
}

/// A [`ReadError`] before lines are counted.
#[derive(Debug)]
struct Fault {
    at: usize,
    expected: Cow<'static, str>,
}

impl Fault {
    fn new(at: usize, expected: impl Into<Cow<'static, str>>) -> Fault {
        Fault { at, expected: expected.into() }
    }

    /// Counts lines and columns up to where it is.
    fn locate(self, bytes: &[u8]) -> ReadError {
        let before = &bytes[..self.at.min(bytes.len())];
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        // Every byte but those that continue a character begins one.
        let column = before[start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1;
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        ReadError { line, column, expected: self.expected.into_owned() }
    }
}
