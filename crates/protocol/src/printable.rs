//! Text of strangers, so that a terminal shows it and does nothing else.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text from a node or a file as it may be shown within a line: what moves the
/// cursor, changes colours, rings a bell, ends a line or turns the order of letters
/// around is written as JSON escapes it, `\u001b`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_harmful)
}

/// As [`printable`], for a text of several lines: line ends and tabs stay.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| is_harmful(letter) && !matches!(letter, '\n' | '\t'))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            letter if !is_escaped(letter) => shown.push(letter),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(shown)
}

/// Control characters, C1 among them; those that order letters from right to left;
/// line ends of Unicode; the invisible ones in which words can be hidden.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_all_else_stays() {
        let plain = "héllo 日本 ヽ(‘ー`)ノ → \\ \" '";
        assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain));
        assert_eq!(printable("a\u{1b}[31mb\u{7}\0"), "a\\u001b[31mb\\u0007\\u0000");
        assert_eq!(printable("\u{9b}2J\u{7f}\u{202e}\u{2066}"), "\\u009b2J\\u007f\\u202e\\u2066");
        assert_eq!(printable("a\r\nb\tc\u{2028}"), "a\\r\\nb\\tc\\u2028");
        assert_eq!(printable("\u{e0041}"), "\\udb40\\udc41");
        assert_eq!(printable_lines("a\nb\tc\rd\u{1b}"), "a\nb\tc\\rd\\u001b");
    }

    #[test]
    fn an_escape_within_json_says_the_same() {
        for code in 0..0x11_0000 {
            let Some(letter) = char::from_u32(code).filter(|&letter| is_harmful(letter)) else {
                continue;
            };
            let text = format!("\"{}\"", printable(letter.encode_utf8(&mut [0; 4])));
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), letter.to_string());
        }
    }
}
