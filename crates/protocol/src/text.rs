//! Short texts that come again and again, once in memory.

use std::cell::RefCell;
use std::sync::Arc;

/// How many texts are remembered.
const SLOTS: usize = 512;
/// How long a remembered text may be, bytes.
const LONGEST: usize = 24;

thread_local! {
    static RECENT: RefCell<Vec<Option<Arc<str>>>> = RefCell::new(vec![None; SLOTS]);
}

/// The text, which shares its memory with an equal one that was asked for lately, if there
/// was one. For keys, types and names of operations: a history has millions of them.
pub fn shared_text(text: &str) -> Arc<str> {
    if text.len() > LONGEST {
        return Arc::from(text);
    }
    RECENT.with_borrow_mut(|recent| {
        // Two that fall on one place push each other out, which costs memory alone.
        let slot = &mut recent[place(text.as_bytes())];
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(Arc::from(text)).clone(),
        }
    })
}

/// A place by the first and last eight bytes and the length.
fn place(bytes: &[u8]) -> usize {
    let word = |part: &[u8]| part.iter().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    let head = word(&bytes[..bytes.len().min(8)]);
    let tail = word(&bytes[bytes.len().saturating_sub(8)..]);
    let mixed =
        (head ^ tail.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 52) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_memory_and_stay_equal() {
        let long = "x".repeat(LONGEST + 1);
        let texts = (0..5000).map(|i| format!("Please echo {}", i % 700));
        for text in texts.chain(["".to_owned(), "é".to_owned(), long]) {
            assert_eq!(*shared_text(&text), *text);
        }
        assert!(Arc::ptr_eq(&shared_text("read"), &shared_text("read")));
    }
}
