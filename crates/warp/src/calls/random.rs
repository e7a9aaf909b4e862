//! Random bytes: from the node's seed.

use std::io;

use crate::options::Pin;
use crate::sys::memory;
use crate::tree::thread::{Resume, ThreadId};
use crate::tree::{Next, Tree, done};

use super::{arguments, bad_address};

/// What the kernel gives at most at once, bytes.
const MOST: u64 = 33_554_431;

impl Tree {
    /// So many random bytes.
    pub(super) fn random_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.bytes.bits().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

pub(super) fn getrandom(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    if !tree.tracer.has(Pin::Random) {
        return Ok(Next::Run(Resume::Execute));
    }
    let [place, count, ..] = arguments(tree, id);
    let count = count.min(MOST);
    let bytes = tree.random_bytes(count as usize);
    match memory::write(tree.tid(id), place, &bytes) {
        Ok(()) => Ok(done(count as i64)),
        Err(_) => bad_address(),
    }
}
