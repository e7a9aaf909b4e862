//! Blocks of the journal as zstd frames, and back.
//!
//! Without the feature `compression` a frame holds its block as it is, which every
//! reader of zstd understands, and only such frames can be read.

use std::io;

/// What is wrong with a frame.
const NO_LENGTH: &str = "a block of no known length";
const CANNOT_BE_UNPACKED: &str = "a block that cannot be unpacked";

#[cfg(feature = "compression")]
mod with_zstd {
    use super::{CANNOT_BE_UNPACKED, NO_LENGTH, io};

    /// Blocks are made while a run goes on. Level 1 takes a quarter longer, and saves a
    /// sixtieth.
    const LEVEL: i32 = -1;

    /// Makes frames of blocks.
    pub(crate) struct Packer(zstd::bulk::Compressor<'static>);

    impl Packer {
        pub(crate) fn new() -> io::Result<Packer> {
            zstd::bulk::Compressor::new(LEVEL).map(Packer)
        }

        /// Puts a block as a frame into `out` from `start` on; gives its length.
        pub(crate) fn pack(
            &mut self,
            block: &[u8],
            out: &mut Vec<u8>,
            start: usize,
        ) -> io::Result<usize> {
            let room = start + zstd::zstd_safe::compress_bound(block.len());
            if out.len() < room {
                out.resize(room, 0);
            }
            self.0.compress_to_buffer(block, &mut out[start..])
        }
    }

    /// Makes blocks of frames.
    pub(crate) struct Unpacker(zstd::bulk::Decompressor<'static>);

    impl Unpacker {
        pub(crate) fn new() -> io::Result<Unpacker> {
            zstd::bulk::Decompressor::new().map(Unpacker)
        }

        /// Appends the block of a frame; gives what is wrong with it, if something is.
        pub(crate) fn unpack(
            &mut self,
            frame: &[u8],
            block: &mut Vec<u8>,
            most: u64,
        ) -> io::Result<Option<&'static str>> {
            match zstd::zstd_safe::get_frame_content_size(frame) {
                Ok(Some(size)) if size <= most => block.reserve(size as usize),
                _ => return Ok(Some(NO_LENGTH)),
            }
            Ok(self.0.decompress_to_buffer(frame, block).err().map(|_| CANNOT_BE_UNPACKED))
        }
    }
}

/// Frames that hold their content as it is, by RFC 8878.
#[cfg(any(test, not(feature = "compression")))]
mod plain {
    use super::{CANNOT_BE_UNPACKED, NO_LENGTH, io};

    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    /// One segment; its length in four bytes; no checksum, no dictionary.
    const DESCRIPTOR: u8 = 0b1010_0000;
    const HEADER: usize = 9;
    /// The most that a block of zstd holds.
    const MOST: usize = 128 * 1024;

    /// Makes frames of blocks.
    pub(crate) struct Packer;

    impl Packer {
        #[expect(clippy::unnecessary_wraps, reason = "with compression it can fail")]
        pub(crate) fn new() -> io::Result<Packer> {
            Ok(Packer)
        }

        /// Puts a block as a frame into `out` from `start` on; gives its length.
        pub(crate) fn pack(
            &mut self,
            block: &[u8],
            out: &mut Vec<u8>,
            start: usize,
        ) -> io::Result<usize> {
            let length = u32::try_from(block.len()).map_err(io::Error::other)?;
            out.resize(start, 0);
            out.extend_from_slice(&MAGIC);
            out.push(DESCRIPTOR);
            out.extend_from_slice(&length.to_le_bytes());
            let parts = block.chunks(MOST).count().max(1);
            for number in 0..parts {
                let part = &block[number * MOST..block.len().min((number + 1) * MOST)];
                // A bit says whether it is the last, two that it is as it is.
                let head = u32::from(number + 1 == parts) | (part.len() as u32) << 3;
                out.extend_from_slice(&head.to_le_bytes()[..3]);
                out.extend_from_slice(part);
            }
            Ok(out.len() - start)
        }
    }

    /// Makes blocks of frames.
    pub(crate) struct Unpacker;

    impl Unpacker {
        #[expect(clippy::unnecessary_wraps, reason = "with compression it can fail")]
        pub(crate) fn new() -> io::Result<Unpacker> {
            Ok(Unpacker)
        }

        /// Appends the block of a frame; gives what is wrong with it, if something is.
        pub(crate) fn unpack(
            &mut self,
            frame: &[u8],
            block: &mut Vec<u8>,
            most: u64,
        ) -> io::Result<Option<&'static str>> {
            if frame.len() < HEADER || frame[..4] != MAGIC {
                return Ok(Some(NO_LENGTH));
            }
            if frame[4] != DESCRIPTOR {
                return Err(compressed());
            }
            let size = u32::from_le_bytes(frame[5..HEADER].try_into().expect("four bytes"));
            if u64::from(size) > most {
                return Ok(Some(NO_LENGTH));
            }
            let mut rest = &frame[HEADER..];
            loop {
                let Some((head, behind)) = rest.split_first_chunk::<3>() else {
                    return Ok(Some(CANNOT_BE_UNPACKED));
                };
                let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
                if head & 0b110 != 0 {
                    return Err(compressed());
                }
                let Some((part, behind)) = behind.split_at_checked((head >> 3) as usize) else {
                    return Ok(Some(CANNOT_BE_UNPACKED));
                };
                block.extend_from_slice(part);
                rest = behind;
                if head & 1 == 1 {
                    break;
                }
            }
            let is_whole = rest.is_empty() && block.len() == size as usize;
            Ok((!is_whole).then_some(CANNOT_BE_UNPACKED))
        }
    }

    fn compressed() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "its blocks are compressed, and this program was built without the feature \
             `compression` of glomers-store",
        )
    }
}

#[cfg(not(feature = "compression"))]
pub(crate) use plain::{Packer, Unpacker};
#[cfg(feature = "compression")]
pub(crate) use with_zstd::{Packer, Unpacker};

#[cfg(test)]
mod tests {
    use super::{Unpacker, plain};

    #[test]
    fn what_is_written_without_compression_is_read_with_and_without() {
        for length in [0, 1, 65_000, 128 * 1024, 128 * 1024 + 1, 700_000] {
            let block: Vec<u8> = (0..length).map(|at: u32| (at / 7) as u8).collect();
            let mut frame = Vec::new();
            let written = plain::Packer::new().unwrap().pack(&block, &mut frame, 8).unwrap();
            assert_eq!(frame.len(), 8 + written);
            let mut read = Vec::new();
            let mut unpacker = Unpacker::new().unwrap();
            assert_eq!(unpacker.unpack(&frame[8..], &mut read, 1 << 30).unwrap(), None);
            assert!(read == block);
            let mut again = Vec::new();
            let mut unpacker = plain::Unpacker::new().unwrap();
            assert_eq!(unpacker.unpack(&frame[8..], &mut again, 1 << 30).unwrap(), None);
            assert!(again == block);
            for cut in [written - 1, written / 2, 10.min(written - 1), 3] {
                let (mut nothing, mut unpacker) = (Vec::new(), plain::Unpacker::new().unwrap());
                assert!(
                    unpacker.unpack(&frame[8..8 + cut], &mut nothing, 1 << 30).unwrap().is_some()
                );
            }
        }
    }
}
