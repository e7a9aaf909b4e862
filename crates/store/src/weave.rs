//! A zstd frame (RFC 8878) written by somebody who knows what repeats.
//!
//! A general packer has to read a text to find what it repeats, and for histories of
//! growing sets that is nearly all of it: a run of some megabytes of news has texts of
//! hundreds. Who writes them knows where each part stood before; so here they are packed
//! without being spelled out, in time and room for what is new. What is new is searched for
//! repetitions of its own, simply and fast.
//!
//! Blocks hold literals as they are, and sequences in the format's predefined codes.

use crate::codes::{self, Bits, Code};

/// How far back a part may stand: 128 MiB, as far as any reader of zstd follows without
/// being asked to.
const WINDOW_LOG: u8 = 27;
const WINDOW: u64 = 1 << WINDOW_LOG;
/// The most text of a block, so that packed it is no longer than the format allows: what
/// sequences cost is less than what they copy, but for a few bytes.
const BLOCK: usize = 128 * 1024 - 256;
/// A block with less room than this is closed before something is copied into it.
const LEAST_ROOM: usize = 64;
/// The shortest part that is found.
const SHORTEST: usize = 8;
/// How much new text is searched for repetitions.
const RECENT: usize = 1 << 20;
const TABLE_LOG: u32 = 15;

/// So many literals, then a part of the text before.
struct Sequence {
    literals: u32,
    length: u32,
    distance: u32,
}

/// Text that was new, where it stands, and where what begins with which bytes was seen.
struct Recent {
    bytes: Vec<u8>,
    /// Where pieces begin, in `bytes` and in the whole text.
    pieces: Vec<(usize, u64)>,
    /// Places in `bytes`, from 1.
    table: Vec<u32>,
}

/// Writes the frame, into memory, from which it can be taken as it grows.
pub(crate) struct Weave {
    /// What is finished.
    pub(crate) out: Vec<u8>,
    codes: Box<[Code; 3]>,
    literals: Vec<u8>,
    sequences: Vec<Sequence>,
    /// Literals since the last sequence.
    pending: usize,
    /// How much text the block has.
    size: usize,
    position: u64,
    recent: Recent,
}

impl Weave {
    pub(crate) fn new() -> Weave {
        let mut out = vec![0x28, 0xb5, 0x2f, 0xfd];
        // No length, no checksum, no dictionary; then the window.
        out.extend_from_slice(&[0, (WINDOW_LOG - 10) << 3]);
        let table = vec![0; 1 << TABLE_LOG];
        Weave {
            out,
            codes: Box::new([Code::literals(), Code::offsets(), Code::matches()]),
            literals: Vec::new(),
            sequences: Vec::new(),
            pending: 0,
            size: 0,
            position: 0,
            recent: Recent { bytes: Vec::new(), pieces: Vec::new(), table },
        }
    }

    /// How much text there is.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Appends text that is new.
    pub(crate) fn text(&mut self, text: &[u8]) {
        if self.recent.bytes.len() + text.len() > RECENT {
            self.recent.bytes.clear();
            self.recent.pieces.clear();
            self.recent.table.fill(0);
        }
        let start = self.recent.bytes.len();
        let position = self.position;
        self.recent.bytes.extend_from_slice(text);
        self.recent.pieces.push((start, position));
        let (mut at, mut written) = (start, start);
        while at + SHORTEST <= self.recent.bytes.len() {
            let found = self.recent.find(at);
            // What is recent among the new may be far back in the text.
            let here = position + (at - start) as u64;
            let Some((from, length)) = found.filter(|(from, _)| here - from <= WINDOW) else {
                // The longer nothing repeats, the fewer places are tried.
                at += 1 + (at - written) / 64;
                continue;
            };
            self.literals(&text[written - start..at - start]);
            self.repeat(from, length);
            at += length;
            written = at;
        }
        self.literals(&text[written - start..]);
    }

    /// Whether what stands at a position can be copied.
    pub(crate) fn reaches(&self, from: u64) -> bool {
        self.position - from <= WINDOW
    }

    /// Appends again what stands at a position that it reaches: 8 bytes at least.
    pub(crate) fn copy(&mut self, from: u64, length: usize) {
        debug_assert!(length >= SHORTEST && self.reaches(from), "{length} bytes from {from}");
        self.repeat(from, length);
    }

    fn literals(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.size == BLOCK {
                self.block(false);
            }
            let (part, rest) = bytes.split_at(bytes.len().min(BLOCK - self.size));
            self.literals.extend_from_slice(part);
            self.pending += part.len();
            self.size += part.len();
            self.position += part.len() as u64;
            bytes = rest;
        }
    }

    fn repeat(&mut self, from: u64, mut length: usize) {
        let distance = (self.position - from) as u32;
        while length > 0 {
            if BLOCK - self.size < LEAST_ROOM {
                self.block(false);
            }
            let mut part = length.min(BLOCK - self.size);
            // The format has no part of less than three bytes.
            if (1..3).contains(&(length - part)) {
                part -= 3;
            }
            let literals = std::mem::take(&mut self.pending) as u32;
            self.sequences.push(Sequence { literals, length: part as u32, distance });
            self.size += part;
            self.position += part as u64;
            length -= part;
        }
    }

    /// Ends the frame; nothing may come then.
    pub(crate) fn finish(&mut self) {
        self.block(true);
    }

    /// Closes the block.
    fn block(&mut self, is_last: bool) {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 3]);
        let kind = if self.sequences.is_empty() {
            self.out.append(&mut self.literals);
            0
        } else {
            // Literals as they are, their number in 20 bits.
            let head = (self.literals.len() as u32) << 4 | 0b11 << 2;
            self.out.extend_from_slice(&head.to_le_bytes()[..3]);
            self.out.append(&mut self.literals);
            self.sequences();
            2
        };
        let length = (self.out.len() - start - 3) as u32;
        let head = length << 3 | kind << 1 | u32::from(is_last);
        self.out[start..start + 3].copy_from_slice(&head.to_le_bytes()[..3]);
        self.sequences.clear();
        (self.pending, self.size) = (0, 0);
    }

    fn sequences(&mut self) {
        let count = self.sequences.len();
        match count {
            ..128 => self.out.push(count as u8),
            128..0x7f00 => self.out.extend_from_slice(&[(count >> 8) as u8 + 128, count as u8]),
            _ => {
                self.out.push(255);
                self.out.extend_from_slice(&((count - 0x7f00) as u16).to_le_bytes());
            }
        }
        // All codes are the predefined ones.
        self.out.push(0);
        let [literals, offsets, matches] = &*self.codes;
        let mut bits = Bits::new(&mut self.out);
        let mut states: Option<[u32; 3]> = None;
        // Readers begin at the end.
        for sequence in self.sequences.iter().rev() {
            let run = codes::literal_length(sequence.literals);
            let part = codes::match_length(sequence.length);
            let offset = codes::offset(sequence.distance);
            states = Some(match states {
                None => {
                    [literals.first(run.code), offsets.first(offset.code), matches.first(part.code)]
                }
                Some([run_state, offset_state, part_state]) => {
                    let offset_state = offsets.next(offset_state, offset.code, &mut bits);
                    let part_state = matches.next(part_state, part.code, &mut bits);
                    [literals.next(run_state, run.code, &mut bits), offset_state, part_state]
                }
            });
            bits.add(run.extra, run.bits);
            bits.add(part.extra, part.bits);
            bits.add(offset.extra, offset.bits);
        }
        if let Some([run, offset, part]) = states {
            matches.last(part, &mut bits);
            offsets.last(offset, &mut bits);
            literals.last(run, &mut bits);
        }
        bits.finish();
    }
}

impl Recent {
    /// Where something stands that is the same as what stands at a place of `bytes`, and how
    /// much of it.
    fn find(&mut self, at: usize) -> Option<(u64, usize)> {
        let word = |at: usize| {
            let bytes = self.bytes[at..at + SHORTEST].try_into().expect("eight bytes");
            u64::from_le_bytes(bytes)
        };
        let here = word(at);
        let hash = here.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - TABLE_LOG);
        let seen = std::mem::replace(&mut self.table[hash as usize], at as u32 + 1);
        let seen = seen.checked_sub(1)? as usize;
        if word(seen) != here {
            return None;
        }
        let next = self.pieces.partition_point(|&(start, _)| start <= seen);
        let (start, position) = self.pieces[next - 1];
        let end = self.pieces.get(next).map_or(self.bytes.len(), |&(start, _)| start);
        // Pieces stand apart in the text.
        let most = (end - seen).min(self.bytes.len() - at);
        if most < SHORTEST {
            return None;
        }
        let pairs = self.bytes[seen..seen + most].iter().zip(&self.bytes[at..at + most]);
        let length = pairs.take_while(|(a, b)| a == b).count();
        Some((position + (seen - start) as u64, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(mut weave: Weave) -> Vec<u8> {
        weave.finish();
        weave.out
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        zstd::decode_all(bytes).unwrap()
    }

    #[test]
    fn nothing_and_little_are_unpacked() {
        assert_eq!(unpacked(&finished(Weave::new())), b"");
        for length in [1, 7, 8, 9, 31, 32, 4095, 4096, 131_071, 131_072, 131_073, 400_000] {
            let text: Vec<u8> = (0..length).map(|i: u32| (i.wrapping_mul(i) >> 7) as u8).collect();
            let mut weave = Weave::new();
            weave.text(&text);
            assert!(unpacked(&finished(weave)) == text, "{length}");
        }
    }

    #[test]
    fn any_mixture_of_new_and_old_is_unpacked() {
        for seed in 0..60u64 {
            let mut word = seed;
            let mut draw = |below: u64| {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
                (word >> 33) % below
            };
            let (mut weave, mut text) = (Weave::new(), Vec::new());
            for round in 0..200 {
                if round == 0 || draw(3) == 0 {
                    let length =
                        [3, 40, 3000, 140_000][draw(if round == 0 { 4 } else { 3 }) as usize];
                    let letters = [2, 10, 250][draw(3) as usize];
                    let new: Vec<u8> = (0..draw(length)).map(|_| draw(letters) as u8).collect();
                    weave.text(&new);
                    text.extend(new);
                } else if !text.is_empty() {
                    let from = draw(text.len() as u64) as usize;
                    let most = [3, 9, 300, 200_000][draw(4) as usize];
                    let length = (draw(most) as usize).min(text.len() - from);
                    if length >= SHORTEST {
                        weave.copy(from as u64, length);
                        text.extend_from_within(from..from + length);
                    }
                }
                assert_eq!(weave.position(), text.len() as u64);
            }
            assert!(unpacked(&finished(weave)) == text, "{seed}");
        }
    }

    #[test]
    fn what_is_recent_and_out_of_reach_is_written_again() {
        let line = b"a line that comes twice\n";
        let text: Vec<u8> = (0..100_000).map(|i: u32| (i.wrapping_mul(i) >> 9) as u8).collect();
        let mut weave = Weave::new();
        weave.text(line);
        weave.text(&text);
        // Readers may hold a little more than the window.
        while weave.position() < WINDOW + (4 << 20) {
            weave.copy(weave.position() - text.len() as u64, text.len());
        }
        weave.text(line);
        assert!(unpacked(&finished(weave)).ends_with(line));
    }

    #[test]
    fn lines_that_differ_in_their_numbers_become_short() {
        let mut weave = Weave::new();
        let mut length = 0;
        for index in 0..20_000 {
            let line = format!("{{:index {index}, :time {}, :type :ok, :f :read}}\n", index * 7919);
            length += line.len();
            weave.text(line.as_bytes());
        }
        let packed = finished(weave);
        assert!(packed.len() < length / 3, "{} of {length}", packed.len());
    }
}
