//! Names as numbers, so that the journal says each once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Gives each name a number, counting from 0.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    recent: Recent,
}

/// The number of a name.
pub(crate) enum Number {
    /// It had one.
    Old(u32),
    /// It has one now.
    New(u32),
}

impl Names {
    #[inline]
    pub(crate) fn number(&mut self, name: &str) -> Number {
        let recent = self.recent.place(name);
        match self.texts.get(*recent as usize) {
            Some(text) if **text == *name => Number::Old(*recent),
            _ => {
                let number = Names::find(&mut self.numbers, &mut self.texts, name);
                let (Number::Old(found) | Number::New(found)) = number;
                *recent = found;
                number
            }
        }
    }

    fn find(
        numbers: &mut FxHashMap<Arc<str>, u32>,
        texts: &mut Vec<Arc<str>>,
        name: &str,
    ) -> Number {
        if let Some(&number) = numbers.get(name) {
            return Number::Old(number);
        }
        let number = u32::try_from(texts.len()).expect("memory ends before the numbers");
        let text: Arc<str> = name.into();
        numbers.insert(text.clone(), number);
        texts.push(text);
        Number::New(number)
    }
}

/// Where names were found last: most come again soon, and to look there first costs much
/// less than to hash them.
#[derive(Debug)]
pub(crate) struct Recent(Box<[u32; 256]>);

impl Default for Recent {
    fn default() -> Recent {
        Recent(Box::new([u32::MAX; 256]))
    }
}

impl Recent {
    /// The number that a name may have, to be compared and corrected.
    #[inline]
    pub(crate) fn place(&mut self, name: &str) -> &mut u32 {
        // Names of nodes and clients differ in their last digits.
        let mixed = match name.as_bytes() {
            [.., a, b, c, d] => {
                u32::from_le_bytes([*a, *b, *c, *d]).wrapping_mul(0x9e37_79b1) >> 24
            }
            short => short.iter().fold(1, |mixed, byte| mixed * 31 + u32::from(*byte)),
        };
        &mut self.0[mixed as usize % 256]
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
    fn each_name_has_its_number_whenever_it_comes() {
        let mut names = Names::default();
        let all: Vec<String> = (0..2000).map(|place| format!("n{place}")).collect();
        let others = ["", "c1", "lin-kv", "broadcast", "broadcast_ok"].map(str::to_owned);
        for round in 0..3 {
            for (number, name) in (0..).zip(all.iter().chain(&others)) {
                match names.number(name) {
                    Number::New(new) => assert_eq!((round, new), (0, number)),
                    Number::Old(old) => assert!(round > 0 && old == number, "{name}"),
                }
            }
        }
    }

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
