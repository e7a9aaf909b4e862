//! One line of a scenario, word by word.

use glomers_history::Value;
use glomers_workload::nearest;

use super::error::ScenarioError;

/// A word and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// In characters, counted from 1.
    pub(super) column: usize,
}

/// The words of a line, taken one by one.
pub(super) struct Line<'a> {
    file: &'a str,
    pub(super) number: usize,
    text: &'a str,
    words: Vec<Word<'a>>,
    next: usize,
}

pub(super) type Parsed<T> = Result<T, ScenarioError>;

impl<'a> Line<'a> {
    pub(super) fn new(file: &'a str, number: usize, text: &'a str) -> Line<'a> {
        Line { file, number, text, words: words(text), next: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.next).copied()
    }

    /// Takes the next word, which the command needs.
    pub(super) fn word(&mut self, expected: &str) -> Parsed<Word<'a>> {
        let Some(word) = self.peek() else {
            let column = self.text.trim_end().chars().count() + 1;
            return Err(self.error(column, format!("{expected} is missing here")));
        };
        self.next += 1;
        Ok(word)
    }

    /// Takes the next word, which must come before any of these.
    pub(super) fn before(&mut self, ends: &[&str], expected: &str) -> Parsed<Word<'a>> {
        match self.peek() {
            Some(word) if ends.contains(&word.text) => {
                Err(self.error(word.column, format!("{expected} is missing here")))
            }
            _ => self.word(expected),
        }
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.text == text);
        self.next += usize::from(found);
        found
    }

    /// Takes a word that must be this one.
    pub(super) fn must(&mut self, text: &str) -> Parsed<()> {
        let word = self.word(&format!("{text:?}"))?;
        if word.text == text {
            return Ok(());
        }
        Err(self.error(word.column, format!("expected {text:?} here")))
    }

    /// Takes one of some words.
    pub(super) fn one_of(&mut self, what: &str, known: &[&'static str]) -> Parsed<&'static str> {
        let word = self.word(what)?;
        known
            .iter()
            .find(|name| **name == word.text)
            .copied()
            .ok_or_else(|| self.unknown(word, what, known))
    }

    /// Takes what parses as a number or another simple value.
    pub(super) fn parse<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let word = self.word(what)?;
        word.text.parse().map_err(|_| {
            self.error(word.column, format!("{what} expected, but this is {:?}", word.text))
        })
    }

    /// All words that are left, as they stand.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let rest = self.words[self.next..].iter();
        self.next = self.words.len();
        rest.map(|word| word.text.to_owned()).collect()
    }

    /// All words that are left, without the quotes of those that have some.
    pub(super) fn unquoted(&mut self) -> Vec<String> {
        let rest = self.words[self.next..].iter();
        self.next = self.words.len();
        rest.map(|word| unquote(word.text)).collect()
    }

    /// Makes sure that nothing is left.
    pub(super) fn end(&self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(word) => {
                let text = format!("nothing more is expected here, but there is {:?}", word.text);
                Err(self.error(word.column, text))
            }
        }
    }

    pub(super) fn error(&self, column: usize, message: impl Into<String>) -> ScenarioError {
        ScenarioError {
            file: self.file.to_owned(),
            line: self.number,
            column,
            message: message.into(),
            source: self.text.to_owned(),
        }
    }

    pub(super) fn unknown(&self, word: Word<'_>, what: &str, known: &[&str]) -> ScenarioError {
        let mut text = format!("there is no {what} {:?}", word.text);
        if let Some(near) = nearest(word.text, known) {
            text += &format!("; did you mean {near:?}?");
        }
        text += &format!(" Known: {}.", known.join(", "));
        self.error(word.column, text)
    }
}

/// A word without its quotes, if it is a JSON string.
pub(super) fn unquote(word: &str) -> String {
    match Value::from_json(word) {
        Ok(Value::String(text)) => text.to_string(),
        _ => word.to_owned(),
    }
}

/// A word as [`unquote`] reads it: in quotes where it would not be one word as it is.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@%*~^!?<>|&;$".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => Value::string(word).to_json(),
    }
}

/// Words stand between spaces; JSON strings, lists and objects are one word each,
/// a comma at the end of a word is a word, and `#` begins a comment.
fn words(text: &str) -> Vec<Word<'_>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let offset = |at: usize| chars.get(at).map_or(text.len(), |(offset, _)| *offset);
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match chars[at].1 {
            c if c.is_whitespace() => at += 1,
            '#' => break,
            _ => {
                let end = word_end(&chars, at);
                words.push(Word { text: &text[offset(at)..offset(end)], column: at + 1 });
                at = end;
            }
        }
    }
    words
}

fn word_end(chars: &[(usize, char)], start: usize) -> usize {
    if chars[start].1 == ',' {
        return start + 1;
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (at, &(_, c)) in chars.iter().enumerate().skip(start) {
        if in_string {
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => in_string = true,
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            c if depth == 0 && (c.is_whitespace() || c == ',') => return at,
            _ => {}
        }
    }
    chars.len()
}
