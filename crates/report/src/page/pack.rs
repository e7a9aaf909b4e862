//! Columns of numbers, packed and deflated.
//!
//! A column is written in planes: first the lowest byte of every number, then the
//! next, as many as the largest number needs. Bytes of one plane are alike, so they
//! deflate well; and a page reads a plane in one loop.

use std::io::Write as _;

use base64::Engine as _;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

/// How hard it is deflated: 6 takes twice as long and saves 3 % of a page.
const LEVEL: u32 = 5;

/// Where a column stands in the packed bytes: what comes before it is all that
/// comes before it in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Column {
    name: &'static str,
    /// How many numbers; of a text, how many bytes.
    count: usize,
    /// How many planes of bytes; 0: all numbers are 0.
    planes: u8,
}

/// Columns, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Packer {
    columns: Vec<Column>,
    bytes: Vec<u8>,
}

impl Packer {
    /// Appends a column.
    pub(super) fn numbers(&mut self, name: &'static str, numbers: &[u64]) {
        let most = numbers.iter().copied().max().unwrap_or_default();
        let planes = (u64::BITS - most.leading_zeros()).div_ceil(8) as u8;
        self.bytes.reserve(numbers.len() * usize::from(planes));
        for plane in 0..planes {
            self.bytes.extend(numbers.iter().map(|number| (number >> (8 * plane)) as u8));
        }
        self.columns.push(Column { name, count: numbers.len(), planes });
    }

    /// Appends texts, as a list in JSON.
    pub(super) fn texts(&mut self, name: &'static str, texts: &[String]) {
        let start = self.bytes.len();
        serde_json::to_writer(&mut self.bytes, texts).expect("texts are always JSON");
        self.columns.push(Column { name, count: self.bytes.len() - start, planes: 1 });
    }

    /// The numbers of a column.
    #[cfg(test)]
    pub(super) fn column(&self, name: &str) -> Vec<u64> {
        let place = self.columns.iter().position(|column| column.name == name).unwrap();
        let length = |column: &Column| column.count * usize::from(column.planes);
        let start = self.columns[..place].iter().map(length).sum::<usize>();
        let Column { count, planes, .. } = self.columns[place];
        let byte = |n: usize, plane: usize| self.bytes[start + plane * count + n];
        let number = |n| {
            (0..usize::from(planes)).map(|plane| u64::from(byte(n, plane)) << (8 * plane)).sum()
        };
        (0..count).map(number).collect()
    }

    /// What the columns are, and they themselves: deflated, in base64.
    pub(super) fn finish(self) -> (Vec<Column>, String) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(&self.bytes).expect("memory takes all");
        let deflated = encoder.finish().expect("memory takes all");
        (self.columns, base64::engine::general_purpose::STANDARD.encode(deflated))
    }
}

/// A number that may be negative as one that is not: 0, -1, 1, -2, 2, …
pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Numbers as differences, each to the one before.
#[derive(Debug, Default)]
pub(super) struct Differences(i64);

impl Differences {
    /// The next number, as its difference.
    pub(super) fn next(&mut self, number: i64) -> u64 {
        let difference = number - self.0;
        self.0 = number;
        zigzag(difference)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn columns_are_planes_of_bytes() {
        let mut packer = Packer::default();
        packer.numbers("a", &[1, 0x0203, 4]);
        packer.numbers("none", &[0, 0]);
        packer.texts("t", &["é".to_owned()]);
        let (columns, text) = packer.finish();
        let deflated = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(&*deflated).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [&[1, 3, 4, 0, 2, 0][..], "[\"é\"]".as_bytes()].concat());
        assert_eq!(columns[0], Column { name: "a", count: 3, planes: 2 });
        assert_eq!(columns[1], Column { name: "none", count: 2, planes: 0 });
        assert_eq!(columns[2], Column { name: "t", count: 6, planes: 1 });
    }

    #[test]
    fn differences_may_be_negative() {
        let mut differences = Differences::default();
        assert_eq!([5, 4, 4, 6].map(|number| differences.next(number)), [10, 1, 0, 4]);
        assert_eq!(zigzag(i64::MIN), u64::MAX);
    }
}
