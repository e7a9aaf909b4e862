//! What waits to be written to a node.

use std::io::{self, ErrorKind, Write};

/// What a buffer may keep once it is empty.
const KEPT: usize = 256 * 1024;
/// What one node is written at most before others have their turn.
const TURN: usize = 1024 * 1024;

/// What waits to be written to a node.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    buffer: Vec<u8>,
    written: usize,
}

/// How far writing went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// Nothing is left.
    All,
    /// There is more, and the pipe would take it.
    Some,
    /// The pipe is full.
    Blocked,
}

impl Outgoing {
    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.buffer.len() - self.written
    }

    /// Where to append.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Forgets all that waits.
    pub(crate) fn clear(&mut self) {
        *self = Outgoing::default();
    }

    /// Writes what the pipe takes.
    pub(crate) fn flush(&mut self, pipe: &mut impl Write) -> io::Result<Flushed> {
        let mut turn = 0;
        while self.written < self.buffer.len() {
            if turn >= TURN {
                return Ok(Flushed::Some);
            }
            match pipe.write(&self.buffer[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count;
                    turn += count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.compact();
                    return Ok(Flushed::Blocked);
                }
                Err(error) => return Err(error),
            }
        }
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        self.written = 0;
        Ok(Flushed::All)
    }

    /// Moves what is left to the front, once that is less than what it gains.
    fn compact(&mut self) {
        if self.written > KEPT && self.written > self.buffer.len() / 2 {
            self.buffer.drain(..self.written);
            self.buffer.shrink_to(self.buffer.len() * 2);
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then is full.
    struct Pipe(usize, Vec<u8>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(self.0).min(64 * 1024);
            self.0 -= count;
            self.1.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn goes_on_where_the_pipe_was_full() {
        let text: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
        let mut out = Outgoing::default();
        out.end().extend_from_slice(&text);
        let mut pipe = Pipe(100, Vec::new());
        assert_eq!(out.flush(&mut pipe).unwrap(), Flushed::Blocked);
        pipe.0 = 2_000_000;
        assert_eq!(out.flush(&mut pipe).unwrap(), Flushed::Some);
        assert_eq!(out.flush(&mut pipe).unwrap(), Flushed::Blocked);
        assert_eq!(out.len(), 3_000_000 - 2_000_100);
        out.end().extend_from_slice(b"more");
        pipe.0 = usize::MAX;
        while out.flush(&mut pipe).unwrap() != Flushed::All {}
        assert_eq!(pipe.1, [&text[..], b"more"].concat());
        assert!(out.len() == 0 && out.buffer.capacity() <= KEPT);
    }
}
