//! A look at a list of small integers, and what two of them have in common.

use std::sync::Arc;

use super::CHUNK;

/// A look at a list of small integers.
#[derive(Debug, Clone, Copy)]
pub struct SmallIntegers<'a> {
    /// All of them, if they are in one piece.
    first: &'a [u32],
    /// Else pieces of [`CHUNK`] elements, the last one shorter.
    chunks: &'a [Arc<[u32]>],
}

impl<'a> SmallIntegers<'a> {
    pub(super) fn of_piece(first: &'a [u32]) -> SmallIntegers<'a> {
        SmallIntegers { first, chunks: &[] }
    }

    pub(super) fn of_chunks(chunks: &'a [Arc<[u32]>]) -> SmallIntegers<'a> {
        SmallIntegers { first: &[], chunks }
    }

    /// The integers in pieces, in order.
    pub fn chunks(self) -> impl DoubleEndedIterator<Item = &'a [u32]> {
        let first = Some(self.first).filter(|first| !first.is_empty());
        first.into_iter().chain(self.chunks.iter().map(|chunk| &**chunk))
    }

    /// The integers, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.chunks().flatten().copied()
    }

    /// How many there are.
    pub fn count(self) -> usize {
        match self.chunks {
            [] => self.first.len(),
            [whole @ .., last] => whole.len() * CHUNK + last.len(),
        }
    }

    /// How many integers at the beginning are the same in both. Pieces that both
    /// share are not looked into.
    pub fn common_prefix(self, other: SmallIntegers<'_>) -> usize {
        let mut count = 0;
        for (a, b) in self.chunks().zip(other.chunks()) {
            if std::ptr::eq(a, b) || a == b {
                count += a.len();
                continue;
            }
            // Pieces have the same length but for the last.
            return count + a.iter().zip(b).take_while(|(a, b)| a == b).count();
        }
        count
    }

    /// How many integers at the end are the same in both, at most `most`.
    pub fn common_suffix(self, other: SmallIntegers<'_>, most: usize) -> usize {
        let (mut mine, mut theirs) = (self.chunks().rev(), other.chunks().rev());
        let (mut a, mut b): (&[u32], &[u32]) = (&[], &[]);
        let mut count = 0;
        while count < most {
            if a.is_empty() {
                let Some(piece) = mine.next() else { break };
                a = piece;
            }
            if b.is_empty() {
                let Some(piece) = theirs.next() else { break };
                b = piece;
            }
            let length = a.len().min(b.len()).min(most - count);
            let (a_rest, a_end) = a.split_at(a.len() - length);
            let (b_rest, b_end) = b.split_at(b.len() - length);
            if a_end != b_end {
                let pairs = a_end.iter().rev().zip(b_end.iter().rev());
                return count + pairs.take_while(|(a, b)| a == b).count();
            }
            count += length;
            (a, b) = (a_rest, b_rest);
        }
        count
    }

    /// So many integers from a place on, or as many as there are.
    pub fn range(self, from: usize, count: usize) -> impl Iterator<Item = u32> + 'a {
        let (first, chunks, skip) = match self.chunks {
            [] => (self.first, self.chunks, from),
            chunks => (self.first, chunks.get(from / CHUNK..).unwrap_or(&[]), from % CHUNK),
        };
        SmallIntegers { first, chunks }.iter().skip(skip).take(count)
    }
}

#[cfg(test)]
mod tests {
    use crate::List;

    #[test]
    fn what_lists_have_in_common_is_found_across_pieces() {
        let lengths = [1_i64, 2, 255, 256, 257, 511, 512, 513, 700];
        for long in lengths {
            let whole: Vec<i64> = (0..long).collect();
            let list = List::from_integers(&whole);
            let small = list.as_small().expect("small integers");
            assert_eq!(small.count(), whole.len());
            for from in [0, 1, 255, 256, 300, 699, 2000] {
                let part: Vec<i64> = small.range(from, 260).map(i64::from).collect();
                let expected: Vec<i64> = whole.iter().copied().skip(from).take(260).collect();
                assert_eq!(part, expected);
            }
            for short in lengths.into_iter().filter(|&short| short <= long) {
                let head = List::from_integers(&whole[..short as usize]);
                let tail = List::from_integers(&whole[(long - short) as usize..]);
                let (head, tail) = (head.as_small().unwrap(), tail.as_small().unwrap());
                assert_eq!(small.common_prefix(head), short as usize);
                assert_eq!(head.common_prefix(small), short as usize);
                assert_eq!(small.common_suffix(tail, usize::MAX), short as usize);
                assert_eq!(tail.common_suffix(small, 3), (short as usize).min(3));
                let mut other = whole.clone();
                other[short as usize - 1] += 1000;
                let other = List::from_integers(&other);
                let other = other.as_small().unwrap();
                assert_eq!(small.common_prefix(other), short as usize - 1);
                assert_eq!(small.common_suffix(other, usize::MAX), (long - short) as usize);
            }
        }
    }
}
