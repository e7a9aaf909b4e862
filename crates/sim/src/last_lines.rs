//! The last lines of a node's log, for findings: with the line that says why it ended, which
//! some runtimes print first of many.

use std::collections::VecDeque;

/// How many lines are remembered; findings show the last of them.
const REMEMBERED: usize = 20;
/// How much is remembered of each, in characters.
const LENGTH: usize = 1000;
/// How many lines a finding shows.
pub(crate) const SHOWN: usize = 8;

/// How the line begins in which a runtime says why it gives up. Go, Rust, Java, JavaScript and
/// C++ print after it where that was, and Go all goroutines.
const BEGINNINGS: [&str; 8] = [
    "panic: ",
    "fatal error: ",
    "unexpected fault address ",
    "Exception in thread ",
    "Uncaught ",
    "Unhandled ",
    "terminate called ",
    "Error: ",
];

/// The last lines of a log, and how a crash dump in it began.
#[derive(Debug, Default)]
pub struct LastLines {
    last: VecDeque<String>,
    /// The beginning of the last dump, and how many lines came after its first.
    dump: Vec<String>,
    since: usize,
}

impl LastLines {
    /// Remembers a line.
    pub fn push(&mut self, line: &str) {
        // The string that falls out at the front is used again: logs can be long.
        let is_full = self.last.len() == REMEMBERED;
        let mut kept = if is_full { self.last.pop_front() } else { None }.unwrap_or_default();
        kept.clear();
        let end = line.char_indices().nth(LENGTH).map_or(line.len(), |(end, _)| end);
        kept.push_str(&line[..end]);
        if begins_dump(&kept) {
            self.dump.clear();
            self.since = 0;
            self.dump.push(kept.clone());
        } else if !self.dump.is_empty() {
            self.since += 1;
            if self.dump.len() < SHOWN - 2 {
                self.dump.push(kept.clone());
            }
        }
        self.last.push_back(kept);
    }

    /// The last lines; of a dump that is longer than findings show its beginning and its last
    /// line.
    pub fn lines(&self) -> Vec<String> {
        match self.last.back() {
            Some(last) if !self.dump.is_empty() && self.since >= SHOWN => {
                self.dump.iter().cloned().chain(["…".to_owned(), last.clone()]).collect()
            }
            _ => self.last.iter().cloned().collect(),
        }
    }
}

fn begins_dump(line: &str) -> bool {
    let is_rust = line.starts_with("thread '") && line.contains("panicked at");
    // `TypeError: x is not a function`.
    let names_error = || {
        let name = line.split_once(": ").map_or("", |(name, _)| name);
        name.ends_with("Error") && name.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    is_rust || BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) || names_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(lines: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut log = LastLines::default();
        lines.into_iter().for_each(|line| log.push(&line));
        log.lines()
    }

    #[test]
    fn the_end_of_a_log_is_remembered() {
        let lines = last((0..100).map(|number| format!("line {number}")));
        assert_eq!((lines.len(), &*lines[0], &*lines[19]), (20, "line 80", "line 99"));
        assert_eq!(last(["x".repeat(5000)])[0].len(), 1000);
    }

    #[test]
    fn why_a_runtime_gave_up_is_shown_though_much_follows() {
        let dump = |first: &str| {
            let frames = (0..60).map(|number| format!("main.f{number}(...)"));
            last(["starts".to_owned(), first.to_owned()].into_iter().chain(frames))
        };
        for first in [
            "fatal error: concurrent map writes",
            "panic: Time moved backwards",
            "thread 'main' panicked at src/main.rs:3:5:",
            "Exception in thread \"main\" java.lang.NullPointerException",
            "TypeError: x is not a function",
        ] {
            let lines = dump(first);
            assert_eq!(lines.len(), SHOWN, "{lines:?}");
            let [start, _, _, _, _, _, dots, end] = &*lines else { panic!("{lines:?}") };
            assert_eq!([&**start, dots, end], [first, "…", "main.f59(...)"]);
        }
        assert_eq!(dump("it is done: Error").len(), 20);
        // Python says it last, after where it was.
        let lines = last(["Traceback:", "  File x", "ValueError: no"].map(str::to_owned));
        assert_eq!(lines, ["Traceback:", "  File x", "ValueError: no"]);
    }
}
