//! A text that is written as it is, or packed as it comes.

use std::io::{self, Write};

/// The fastest level, with a window that holds what a read of a long set or list repeats
/// of the one before.
#[cfg(feature = "compression")]
const LEVEL: i32 = 1;
/// The window: 16 MiB, of which every reader of zstd is capable.
#[cfg(feature = "compression")]
const WINDOW: u32 = 24;

/// Where a text goes.
pub(crate) enum Sink<W: Write> {
    Plain(W),
    #[cfg(feature = "compression")]
    Packed(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Sink<W> {
    /// Packs only if the crate was built with the feature `compression`.
    pub(crate) fn new(is_packed: bool, out: W) -> io::Result<Sink<W>> {
        #[cfg(feature = "compression")]
        if is_packed {
            let mut encoder = zstd::stream::write::Encoder::new(out, LEVEL)?;
            encoder.window_log(WINDOW)?;
            encoder.long_distance_matching(true)?;
            return Ok(Sink::Packed(Box::new(encoder)));
        }
        let _ = is_packed;
        Ok(Sink::Plain(out))
    }

    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Plain(out) => out.write_all(bytes),
            #[cfg(feature = "compression")]
            Sink::Packed(encoder) => encoder.write_all(bytes),
        }
    }

    /// Writes the rest.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Sink::Plain(_) => Ok(()),
            #[cfg(feature = "compression")]
            Sink::Packed(encoder) => encoder.finish().map(drop),
        }
    }
}
