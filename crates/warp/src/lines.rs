//! Bytes of a node into lines.

use glomers_sim::LastLines;
use memchr::memchr;

/// The longest piece of a log that is handed on at once.
const LOG_PIECE: usize = 64 * 1024;

/// What has come of a stream since its last line end.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Hands on all lines that end in this chunk, without their ends.
    pub(crate) fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(Vec<u8>)) {
        while let Some(end) = memchr(b'\n', chunk) {
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&chunk[..end]);
            each(line);
            chunk = &chunk[end + 1..];
        }
        self.partial.extend_from_slice(chunk);
    }

    /// What has no end yet.
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.partial
    }

    /// Takes what has no end and will get none.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.partial)
    }
}

/// The lines of a node's standard error, the last of them remembered.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Lines,
    last: LastLines,
}

impl Log {
    /// Hands on the lines that end in this chunk; a line that never ends comes in
    /// pieces.
    pub(crate) fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(String)) {
        let last = &mut self.last;
        self.lines.feed(chunk, |line| each(remembered(last, line)));
        if self.lines.unfinished().len() >= LOG_PIECE {
            each(remembered(last, self.lines.take()));
        }
    }

    /// Hands on what has no end. Nothing more will come.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(String)) {
        let rest = self.lines.take();
        if !rest.is_empty() {
            each(remembered(&mut self.last, rest));
        }
    }

    /// The last lines.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.lines()
    }
}

fn remembered(last: &mut LastLines, mut line: Vec<u8>) -> String {
    if line.ends_with(b"\r") {
        line.pop();
    }
    let text = String::from_utf8(line)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    last.push(&text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_span_chunks() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in ["ab", "c\n\nde\nf", "", "g\nh"] {
            lines.feed(chunk.as_bytes(), |line| seen.push(String::from_utf8(line).unwrap()));
        }
        assert_eq!(seen, ["abc", "", "de", "fg"]);
        assert_eq!(lines.unfinished(), b"h");
    }

    #[test]
    fn the_end_of_a_log_is_remembered() {
        let mut log = Log::default();
        let mut seen = 0;
        for number in 0..100 {
            log.feed(format!("line {number}\r\nrest\nx").as_bytes(), |_| seen += 1);
        }
        log.finish(|_| seen += 1);
        assert_eq!(seen, 201);
        let last = log.last();
        assert_eq!((last.len(), &*last[19], &*last[18]), (20, "x", "rest"));
    }
}
