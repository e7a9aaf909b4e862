//! Keys of what happens: numbers of 64 bits made from what led to it, so that what is
//! drawn about a message or for a step of a node stays the same when something else is
//! left out of the run.

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), which spreads any
/// difference of its input over all bits.
pub const fn spread(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The key of something that is the `part`-th of its kind under a cause.
pub const fn mix(cause: u64, part: u64) -> u64 {
    spread(cause ^ spread(part))
}

/// The key of a name.
pub fn of_name(name: &str) -> u64 {
    name.bytes().fold(name.len() as u64, |key, byte| mix(key, byte.into()))
}

/// What is caused by a step of a node, by kind.
pub(crate) const TIMER: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_orders_have_keys_of_their_own() {
        let keys = [of_name("n0"), of_name("n1"), of_name("0n"), mix(1, 2), mix(2, 1), mix(1, 1)];
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key), "{place}");
        }
    }
}
