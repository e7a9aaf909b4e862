//! Where the reader is in its text, and what lies between values.

use super::shared::Shared;
use super::{Fault, MAX_DEPTH};

/// A place in a text.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Names that came before.
    pub(super) shared: Shared,
    /// The integers of the lists that are being read, the innermost last.
    pub(super) integers: Vec<i64>,
}

/// Whether a byte ends a number, a keyword or a symbol.
const fn ends_token(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b',' | b'"' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

const ENDS_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = ends_token(byte as u8);
        byte += 1;
    }
    table
};

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Cursor<'a> {
        let bytes = text.as_bytes();
        Cursor { text, bytes, at: 0, shared: Shared::new(), integers: Vec::new() }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// That something else should stand here.
    #[cold]
    pub(super) fn fault(&self, expected: &'static str) -> Fault {
        Fault::new(self.at, expected)
    }

    /// Goes past spaces, commas, comments and values that `#_` discards.
    #[inline]
    pub(super) fn skip_space(&mut self, depth: usize) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b' ' | b',' | b'\n' | b'\t' | b'\r' | 0x0b | 0x0c) => self.at += 1,
                Some(b';') => self.skip_line(),
                Some(b'#') if self.bytes.get(self.at + 1) == Some(&b'_') => self.discard(depth)?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        self.at += length;
    }

    #[cold]
    fn discard(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("nothing nested so deep"));
        }
        self.at += 2;
        self.skip_space(depth + 1)?;
        self.value(depth + 1).map(drop)
    }

    /// The text up to the end of the token that begins here; goes past it.
    #[inline]
    pub(super) fn token(&mut self) -> &'a str {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|&byte| !ENDS_TOKEN[usize::from(byte)]) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// Whether a token ends here.
    #[inline]
    pub(super) fn is_boundary(&self) -> bool {
        self.bytes.get(self.at).is_none_or(|&byte| ENDS_TOKEN[usize::from(byte)])
    }
}
