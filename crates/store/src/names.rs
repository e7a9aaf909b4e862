//! Names as numbers, so that the journal says each once.

use rustc_hash::FxHashMap;

/// Gives each name a number, counting from 0.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: FxHashMap<Box<str>, u32>,
}

/// The number of a name.
pub(crate) enum Number {
    /// It had one.
    Old(u32),
    /// It has one now.
    New(u32),
}

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> Number {
        if let Some(&number) = self.numbers.get(name) {
            return Number::Old(number);
        }
        let number = u32::try_from(self.numbers.len()).expect("memory ends before the numbers");
        self.numbers.insert(name.into(), number);
        Number::New(number)
    }
}

/// The beginning of `text`, at most `limit` bytes, no character cut in two.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// As [`cut`], for bytes that are UTF-8.
pub(crate) fn cut_bytes(bytes: &[u8], limit: usize) -> &[u8] {
    if bytes.len() <= limit {
        return bytes;
    }
    let mut end = limit;
    while end > 0 && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        for limit in 0..8 {
            let text = "aéz日b";
            assert_eq!(cut(text, limit).as_bytes(), cut_bytes(text.as_bytes(), limit));
        }
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 9), "aé");
    }
}
