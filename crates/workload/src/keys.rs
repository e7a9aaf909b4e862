//! Keys that come and go: some are used by many at once, others hardly ever.

use glomers_sim::draws::Draws;

/// How many of the last slots a draw may fall on; on all others together it
/// would with a chance below 2⁻⁶².
const SLOTS: u32 = 62;

/// The keys that are in use at a time, each in a slot.
///
/// A slot is drawn with twice the chance of the one before, so that some keys
/// are written by many at once and others hardly ever. A key that was written a
/// certain number of times makes room for a new one, the highest so far plus
/// one.
#[derive(Debug)]
pub(crate) struct Keys {
    slots: Vec<Slot>,
    next_key: i64,
    most_writes: i64,
}

#[derive(Debug)]
struct Slot {
    key: i64,
    writes: i64,
}

impl Keys {
    pub(crate) fn new(count: u32, most_writes: u32) -> Keys {
        Keys {
            slots: (0..i64::from(count)).map(|key| Slot { key, writes: 0 }).collect(),
            next_key: i64::from(count),
            most_writes: most_writes.into(),
        }
    }

    /// The place of a slot.
    pub(crate) fn draw(&self, draws: &mut Draws) -> usize {
        let bits = (self.slots.len() as u32).min(SLOTS);
        // Of the numbers from 1 to 2ⁿ − 1, 2ⁱ have their highest bit at i.
        let number = 1 + draws.below((1 << bits) - 1);
        self.slots.len() - bits as usize + number.ilog2() as usize
    }

    /// The key in a slot.
    pub(crate) fn key(&self, slot: usize) -> i64 {
        self.slots[slot].key
    }

    /// The key in a slot and the next value to write to it: 1, 2, 3, …
    pub(crate) fn write(&mut self, slot: usize) -> (i64, i64) {
        let slot = &mut self.slots[slot];
        slot.writes += 1;
        let written = (slot.key, slot.writes);
        if slot.writes >= self.most_writes {
            *slot = Slot { key: self.next_key, writes: 0 };
            self.next_key += 1;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use glomers_sim::draws::Purpose;

    use super::*;

    #[test]
    fn the_last_slot_is_drawn_half_the_time_and_keys_end_after_their_writes() {
        let mut draws = Draws::keyed(1, Purpose::Worker, 0, 0, 0);
        let mut keys = Keys::new(10, 16);
        let mut counts = [0; 10];
        for _ in 0..10_230 {
            counts[keys.draw(&mut draws)] += 1;
        }
        for (slot, count) in counts.into_iter().enumerate() {
            let expected = 10 * (1 << slot);
            assert!((expected * 8 / 10 - 20..=expected * 12 / 10 + 20).contains(&count));
        }
        let written: Vec<_> = (0..17).map(|_| keys.write(9)).collect();
        assert_eq!((written[0], written[15], written[16]), ((9, 1), (9, 16), (10, 1)));
        assert_eq!((keys.write(0), keys.key(9)), ((0, 1), 10));
        assert!(Keys::new(100, 1).draw(&mut draws) >= 38);
        assert_eq!(Keys::new(1, 1).draw(&mut draws), 0);
    }
}
