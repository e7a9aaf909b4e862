//! What the offsets of a key hold, while a history is read.

use crate::places::{NONE, Places};

/// What the offsets of a key hold, while they are met.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    /// The message of each offset: where there are several, the one met first.
    pub(super) first: Places,
    /// Further messages, some more than once.
    pub(super) others: Vec<(i64, u32)>,
}

impl Offsets {
    /// Notes that an offset holds a message.
    #[inline]
    pub(super) fn put(&mut self, offset: i64, message: u32) {
        let known = self.first.get(offset);
        if known == NONE {
            self.first.insert(offset, message);
        } else if known != message {
            self.others.push((offset, message));
        }
    }
}
