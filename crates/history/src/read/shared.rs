//! Short texts that come again and again, once in memory.

use std::sync::Arc;

/// How many texts are remembered.
const SLOTS: usize = 4096;

/// How long a remembered text may be.
const LONGEST: usize = 48;

/// The texts met last. Two that fall on one place push each other out, which
/// costs memory, never correctness.
pub(super) struct Shared {
    slots: Vec<Option<Arc<str>>>,
}

impl Shared {
    pub(super) fn new() -> Shared {
        Shared { slots: vec![None; SLOTS] }
    }

    /// The text, shared with an earlier one if that is remembered.
    #[inline]
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return Arc::from(text);
        }
        let slot = &mut self.slots[place(text.as_bytes())];
        if let Some(known) = slot
            && **known == *text
        {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(text);
        *slot = Some(new.clone());
        new
    }
}

/// A place by the first and last bytes and the length: names that come often
/// differ there.
#[inline]
fn place(bytes: &[u8]) -> usize {
    let mut word = [0u8; 8];
    let head = bytes.len().min(8);
    word[..head].copy_from_slice(&bytes[..head]);
    let first = u64::from_le_bytes(word);
    word[..head].copy_from_slice(&bytes[bytes.len() - head..]);
    let last = u64::from_le_bytes(word);
    let mixed =
        (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 52) as usize % SLOTS
}
