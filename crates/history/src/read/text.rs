//! Strings and characters of EDN.

use std::sync::Arc;

use super::Fault;
use super::cursor::Cursor;

impl Cursor<'_> {
    /// The string that begins here with its quote.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Arc<str>, Fault> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => return self.string_with_escapes(at),
                Some(_) => at += 1,
                None => return Err(self.fault("the end of the string that begins here")),
            }
        }
        self.at = at + 1;
        let text = &self.text[start..at];
        Ok(self.shared.text(text))
    }

    /// The same if there is an escape; the first is at `at`.
    #[cold]
    fn string_with_escapes(&mut self, mut at: usize) -> Result<Arc<str>, Fault> {
        let start = self.at;
        let mut text = self.text[start + 1..at].to_owned();
        loop {
            let rest = &self.bytes[at..];
            let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
                return Err(Fault::new(start, "the end of the string that begins here"));
            };
            text.push_str(&self.text[at..at + length]);
            at += length;
            if self.bytes[at] == b'"' {
                break;
            }
            at = self.escape(at, &mut text)?;
        }
        self.at = at + 1;
        Ok(Arc::from(text))
    }

    /// Reads the escape at `at` and gives where it ends.
    fn escape(&self, at: usize, text: &mut String) -> Result<usize, Fault> {
        let plain = match self.bytes.get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'u') => return self.unicode_escape(at, text),
            Some(b'0'..=b'7') => {
                let digits = &self.bytes[at + 1..];
                let octal = |byte: &&u8| matches!(byte, b'0'..=b'7');
                let digits: Vec<u8> = digits.iter().take(3).take_while(octal).copied().collect();
                let code = digits.iter().fold(0, |code, digit| code * 8 + u32::from(digit - b'0'));
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(at + 1 + digits.len());
            }
            _ => return Err(Fault::new(at, "an escape such as \\n, \\\" or \\u00e9")),
        };
        text.push(plain);
        Ok(at + 2)
    }

    /// `\u` and four digits, at `at`; two of them may make one character.
    fn unicode_escape(&self, at: usize, text: &mut String) -> Result<usize, Fault> {
        let unit = |at: usize| -> Option<u32> {
            let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        let first = unit(at).ok_or_else(|| Fault::new(at, "four hexadecimal digits after \\u"))?;
        if (0xd800..0xdc00).contains(&first)
            && let Some(second @ 0xdc00..0xe000) = unit(at + 6)
        {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            return Ok(at + 12);
        }
        // Half of a pair is no character.
        text.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(at + 6)
    }

    /// The character that begins here with its backslash.
    pub(super) fn character(&mut self) -> Result<Arc<str>, Fault> {
        let start = self.at;
        self.at += 1;
        let Some(first) = self.text[self.at..].chars().next() else {
            return Err(Fault::new(start, "a character after the backslash"));
        };
        // The first belongs to it whatever it is: "\(" is a character.
        self.at += first.len_utf8();
        self.token();
        let name = &self.text[start + 1..self.at];
        let mut other = [0u8; 4];
        let text = match name {
            "newline" => "\n",
            "space" => " ",
            "tab" => "\t",
            "return" => "\r",
            "formfeed" => "\u{c}",
            "backspace" => "\u{8}",
            name if name.chars().count() == 1 => name,
            name => {
                let code = name
                    .strip_prefix('u')
                    .filter(|digits| digits.len() == 4)
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                    .or_else(|| u32::from_str_radix(name.strip_prefix('o')?, 8).ok());
                let character = code.and_then(char::from_u32);
                character
                    .ok_or_else(|| Fault::new(start, "a character such as \\a or \\newline"))?
                    .encode_utf8(&mut other)
            }
        };
        Ok(self.shared.text(text))
    }
}
