//! Bytes into lines. Whole lines are handed on as they lie in the chunk that was
//! read; only the pieces of a line that spans chunks are copied together, and no
//! byte is searched twice.

use glomers_sim::LastLines;
use memchr::memchr;

/// What a buffer may keep for the next line.
const KEPT: usize = 256 * 1024;
/// The longest piece of a log that is handed on at once.
const LOG_PIECE: usize = 64 * 1024;
/// A line grew over the bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The lines of a node's standard output.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    partial: Vec<u8>,
    max_line: usize,
}

impl LineBuffer {
    pub(crate) fn new(max_line: usize) -> LineBuffer {
        LineBuffer { partial: Vec::new(), max_line }
    }

    /// Hands on all lines that end in this chunk, without their ends.
    pub(crate) fn feed(
        &mut self,
        mut chunk: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), TooLong> {
        while let Some(end) = memchr(b'\n', chunk) {
            let (line, rest) = (&chunk[..end], &chunk[end + 1..]);
            if self.partial.len() + line.len() > self.max_line {
                return Err(TooLong);
            }
            if self.partial.is_empty() {
                each(line);
            } else {
                self.partial.extend_from_slice(line);
                each(&self.partial);
                self.clear();
            }
            chunk = rest;
        }
        if self.partial.len() + chunk.len() > self.max_line {
            return Err(TooLong);
        }
        self.partial.extend_from_slice(chunk);
        Ok(())
    }

    /// The beginning of a line that has no end yet.
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.partial
    }

    fn clear(&mut self) {
        self.partial.clear();
        self.partial.shrink_to(KEPT);
    }
}

/// The lines of a node's standard error: handed on, and the last remembered.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    partial: Vec<u8>,
    last: LastLines,
}

impl LogBuffer {
    /// Hands on the lines that end in this chunk; a line that never ends comes in
    /// pieces.
    pub(crate) fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(&str)) {
        loop {
            let room = LOG_PIECE - self.partial.len();
            let window = &chunk[..chunk.len().min(room)];
            let (piece, used) = match memchr(b'\n', window) {
                Some(end) => (&window[..end], end + 1),
                None if window.len() == room => (window, window.len()),
                None => break,
            };
            if self.partial.is_empty() {
                hand_on(&mut self.last, piece, &mut each);
            } else {
                self.partial.extend_from_slice(piece);
                hand_on(&mut self.last, &self.partial, &mut each);
                self.partial.clear();
            }
            chunk = &chunk[used..];
        }
        self.partial.extend_from_slice(chunk);
    }

    /// Hands on what has no end. Nothing more will come.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(&str)) {
        if !self.partial.is_empty() {
            hand_on(&mut self.last, &self.partial, &mut each);
            self.partial = Vec::new();
        }
    }

    /// The last lines.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.lines()
    }
}

fn hand_on(last: &mut LastLines, line: &[u8], each: &mut impl FnMut(&str)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = String::from_utf8_lossy(line);
    last.push(&text);
    each(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&str], max_line: usize) -> (Vec<String>, String, bool) {
        let mut buffer = LineBuffer::new(max_line);
        let mut lines = Vec::new();
        let mut is_too_long = false;
        for chunk in chunks {
            let each = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
            is_too_long |= buffer.feed(chunk.as_bytes(), each).is_err();
        }
        let rest = String::from_utf8_lossy(buffer.unfinished()).into_owned();
        (lines, rest, is_too_long)
    }

    #[test]
    fn lines_span_chunks() {
        let (lines, rest, _) = lines(&["ab", "c\n\nde\nf", "", "g\nh"], 100);
        assert_eq!(lines, ["abc", "", "de", "fg"]);
        assert_eq!(rest, "h");
    }

    #[test]
    fn the_bound_counts_lines_with_and_without_end() {
        assert!(!lines(&["123", "45\n12345\n"], 5).2);
        assert!(lines(&["123", "456\n"], 5).2);
        assert!(lines(&["123456\n"], 5).2);
        assert!(lines(&["1234", "56"], 5).2);
    }

    #[test]
    fn a_buffer_shrinks_after_a_long_line() {
        let mut buffer = LineBuffer::new(1 << 30);
        let chunk = vec![b'x'; 10 << 20];
        buffer.feed(&chunk, |_| {}).unwrap();
        buffer.feed(b"\n", |line| assert_eq!(line.len(), 10 << 20)).unwrap();
        assert!(buffer.partial.capacity() <= KEPT);
    }

    #[test]
    fn a_log_is_handed_on_and_its_end_remembered() {
        let mut log = LogBuffer::default();
        let mut seen = Vec::new();
        for i in 0..100 {
            log.feed(format!("line {i}\r\nha").as_bytes(), |line| seen.push(line.to_owned()));
            log.feed(b"lf\n", |line| seen.push(line.to_owned()));
        }
        log.feed(b"end", |_| panic!("this line has no end"));
        log.finish(|line| seen.push(line.to_owned()));
        assert_eq!((seen.len(), &*seen[2], &*seen[3], &*seen[200]), (201, "line 1", "half", "end"));
        let last = log.last();
        assert_eq!((last.len(), &*last[18], &*last[19]), (20, "half", "end"));
    }

    #[test]
    fn an_endless_log_line_comes_in_pieces() {
        let mut log = LogBuffer::default();
        let mut lengths = Vec::new();
        for _ in 0..5 {
            log.feed(&[b'x'; 50_000], |line| lengths.push(line.len()));
        }
        log.feed(b"\n", |line| lengths.push(line.len()));
        assert_eq!(lengths.iter().sum::<usize>(), 250_000);
        assert!(lengths.iter().all(|&length| length <= LOG_PIECE));
        assert!(log.last()[0].len() == 1000);
    }
}
