//! The journal as bytes: a header, then frames, each a block of records with its
//! length and checksum, so that a file that was cut off or damaged can be read up
//! to there.
//!
//! `GLOMERSJ`, one byte version, then for each frame: u32 length, u32 CRC-32
//! (both little-endian, of what follows), one zstd frame of records in postcard's
//! encoding, one after the other. The first record of a block is its number.

use std::io::{self, Read, Write};

use glomers_history::journal::Record;
use postcard::ser_flavors::Flavor;

use crate::pack::{Packer, Unpacker};

pub(crate) const MAGIC: &[u8; 8] = b"GLOMERSJ";
pub(crate) const VERSION: u8 = 1;
/// How many bytes of records make a block: what a kill or a full disk may cost.
const BLOCK: usize = 64 * 1024;
/// What comes before the block in a frame.
const FRAME_HEADER: usize = 8;
/// Blocks are little longer than [`BLOCK`] but for marks with huge values. More
/// than this is damage, and must not become an allocation.
const MAX_BLOCK: u64 = 1 << 30;

/// Appends what postcard writes to a vector.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Appends a record of a kind that comes with each message, as postcard would, which takes
/// four times as long; `false` if it is another.
fn append_frequent(record: &Record<'_>, out: &mut Vec<u8>) -> bool {
    let mut append = |numbers: &[u64]| numbers.iter().for_each(|number| varint(*number, out));
    match *record {
        Record::Send { time, id, src, dest, kind, body, body_length } => {
            append(&[1, time.0, id, src.into(), dest.into()]);
            match kind {
                Some(kind) => append(&[1, kind.into()]),
                None => append(&[0]),
            }
            append(&[body.len() as u64]);
            out.extend_from_slice(body);
            varint(body_length, out);
        }
        Record::Receive { time, id } => append(&[2, time.0, id]),
        Record::Mark { time, node, label, value } => {
            append(&[6, time.0, node.into(), label.into(), value.len() as u64]);
            out.extend_from_slice(value.as_bytes());
        }
        _ => return false,
    }
    true
}

/// Appends a number, seven bits in each byte, the lowest first.
#[inline]
fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Gathers records to blocks and writes the blocks.
pub(crate) struct FrameWriter<W> {
    out: W,
    block: Vec<u8>,
    frame: Vec<u8>,
    packer: Packer,
    /// How many blocks were begun.
    blocks: u64,
    /// How many bytes were written.
    written: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(crate) fn new(mut out: W) -> io::Result<FrameWriter<W>> {
        out.write_all(MAGIC)?;
        out.write_all(&[VERSION])?;
        Ok(FrameWriter {
            out,
            block: Vec::with_capacity(BLOCK + BLOCK / 8),
            frame: Vec::new(),
            packer: Packer::new()?,
            blocks: 0,
            written: MAGIC.len() as u64 + 1,
        })
    }

    /// Adds a record; `true` if the block is full and wants to be flushed.
    pub(crate) fn push(&mut self, record: &Record<'_>) -> io::Result<bool> {
        if self.block.is_empty() {
            self.add(&Record::Block { number: self.blocks })?;
            self.blocks += 1;
        }
        self.add(record)?;
        Ok(self.block.len() >= BLOCK)
    }

    fn add(&mut self, record: &Record<'_>) -> io::Result<()> {
        if append_frequent(record, &mut self.block) {
            return Ok(());
        }
        postcard::serialize_with_flavor(record, Append(&mut self.block)).map_err(io::Error::other)
    }

    /// Writes what there is as a block.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let length = self.packer.pack(&self.block, &mut self.frame, FRAME_HEADER)?;
        let end = FRAME_HEADER + length;
        let sum = crc32fast::hash(&self.frame[FRAME_HEADER..end]);
        let length = u32::try_from(length).map_err(io::Error::other)?;
        self.frame[..4].copy_from_slice(&length.to_le_bytes());
        self.frame[4..8].copy_from_slice(&sum.to_le_bytes());
        self.out.write_all(&self.frame[..end])?;
        self.written += end as u64;
        self.block.clear();
        Ok(())
    }

    /// How many bytes were written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

/// What the next bytes of a journal are.
pub(crate) enum Step {
    /// A whole block, which [`FrameReader::block`] holds.
    Block,
    /// The end, at the end of a frame.
    End,
    /// The file ends within a frame.
    Torn,
    /// The frame is not what was written.
    Damaged(&'static str),
}

/// What the first bytes of a file say.
pub(crate) enum Header {
    /// It is a journal.
    Good,
    /// It ends before that is certain.
    Torn,
    /// It is something else.
    Foreign,
    /// It is a journal of this version.
    Version(u8),
}

/// Reads blocks, as long as they are sound.
pub(crate) struct FrameReader<R> {
    input: R,
    compressed: Vec<u8>,
    block: Vec<u8>,
    unpacker: Unpacker,
    /// Where the last sound frame ends.
    pub(crate) sound: u64,
}

impl<R: Read> FrameReader<R> {
    pub(crate) fn new(input: R) -> io::Result<FrameReader<R>> {
        Ok(FrameReader {
            input,
            compressed: Vec::new(),
            block: Vec::new(),
            unpacker: Unpacker::new()?,
            sound: 0,
        })
    }

    /// The records that the last step found.
    pub(crate) fn block(&self) -> &[u8] {
        &self.block
    }

    fn read(&mut self, length: u64) -> io::Result<bool> {
        self.compressed.clear();
        // Not `with_capacity`: a damaged length must not become an allocation.
        let read = (&mut self.input).take(length).read_to_end(&mut self.compressed)?;
        Ok(read as u64 == length)
    }

    pub(crate) fn header(&mut self) -> io::Result<Header> {
        let length = MAGIC.len() + 1;
        let whole = self.read(length as u64)?;
        let magic = self.compressed.len().min(MAGIC.len());
        if self.compressed[..magic] != MAGIC[..magic] {
            return Ok(Header::Foreign);
        }
        if !whole {
            return Ok(Header::Torn);
        }
        self.sound = length as u64;
        Ok(match self.compressed[MAGIC.len()] {
            VERSION => Header::Good,
            other => Header::Version(other),
        })
    }

    pub(crate) fn step(&mut self) -> io::Result<Step> {
        if !self.read(FRAME_HEADER as u64)? {
            return Ok(if self.compressed.is_empty() { Step::End } else { Step::Torn });
        }
        let word = |at: usize| {
            let bytes = self.compressed[at..at + 4].try_into();
            u32::from_le_bytes(bytes.expect("four bytes"))
        };
        let (length, sum) = (word(0), word(4));
        if length == 0 {
            // A file system that lost power leaves zeros.
            return Ok(Step::Damaged("a block without content"));
        }
        if !self.read(u64::from(length))? {
            return Ok(Step::Torn);
        }
        if crc32fast::hash(&self.compressed) != sum {
            return Ok(Step::Damaged("a block whose checksum is wrong"));
        }
        self.block.clear();
        match self.unpacker.unpack(&self.compressed, &mut self.block, MAX_BLOCK)? {
            None => {
                self.sound += FRAME_HEADER as u64 + u64::from(length);
                Ok(Step::Block)
            }
            Some(damage) => Ok(Step::Damaged(damage)),
        }
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::Time;

    use super::*;

    #[test]
    fn frequent_records_are_the_bytes_that_postcard_makes_of_them() {
        let numbers = [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
        let texts = ["", "1", "{\"type\":\"read\"}", &"x".repeat(5000)];
        for number in numbers {
            for text in texts {
                let (time, id, short) = (Time(number), number, number as u32);
                let (body, body_length) = (text.as_bytes(), number);
                let (src, dest) = (short, short / 3);
                let send = |kind| Record::Send { time, id, src, dest, kind, body, body_length };
                let mark = Record::Mark { time, node: short, label: src, value: text };
                for record in [send(None), send(Some(short)), Record::Receive { time, id }, mark] {
                    let mut bytes = Vec::new();
                    assert!(append_frequent(&record, &mut bytes));
                    assert_eq!(bytes, postcard::to_allocvec(&record).unwrap(), "{record:?}");
                }
            }
        }
        assert!(!append_frequent(&Record::End, &mut Vec::new()));
    }
}
