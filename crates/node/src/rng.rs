use core::convert::Infallible;

use rand_core::TryRng;

/// A node's randomness: a stream for each step, which is a function of (seed, node,
/// incarnation, what the step is about). So one step less leaves what others draw.
///
/// Implements the traits of `rand_core`, so it works with `rand` and its
/// distributions; the few methods here suffice for most nodes.
///
/// The numbers are those of Xoshiro256++, its state filled by SplitMix64. It is written
/// here, because most streams give one number: to make the whole state by way of bytes,
/// as libraries do, takes longer than all else.
#[derive(Debug, Clone)]
pub struct Rng([u64; 4]);

impl Rng {
    /// The stream of a seed.
    #[inline]
    pub fn from_seed(seed: u64) -> Rng {
        let word = |count: u64| {
            let mut word = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        };
        Rng([word(1), word(2), word(3), word(4)])
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let bits = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        bits
    }

    /// A number from 0 up to, but not including, `end`; each is equally likely.
    ///
    /// # Panics
    /// If `end` is 0.
    #[inline]
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "there is no number below 0");
        // Lemire's multiplication with rejection of the biased part.
        let threshold = end.wrapping_neg() % end;
        loop {
            let wide = u128::from(self.bits()) * u128::from(end);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A number from 0 (included) to 1 (not included).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half: its bits are the better ones.
        Ok((self.bits() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.bits().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng as _, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn streams_are_those_of_the_generator_that_they_are_named_after() {
        for seed in [0, 1, 42, u64::MAX, 0x9e37_79b9_7f4a_7c15] {
            let mut ours = Rng::from_seed(seed);
            let mut other = Xoshiro256PlusPlus::seed_from_u64(seed);
            for length in 0..1000 {
                assert_eq!(ours.bits(), other.next_u64());
                assert_eq!(ours.next_u32(), other.next_u32());
                let (mut a, mut b) = ([0; 40], [0; 40]);
                ours.fill_bytes(&mut a[..length % 40]);
                other.fill_bytes(&mut b[..length % 40]);
                assert_eq!(a, b);
            }
        }
    }
}
