//! What programs are told of the machine, and what they may not do.

use std::io;

use crate::options::Pin;
use crate::sys::memory;
use crate::tree::thread::{Resume, ThreadId};
use crate::tree::{Next, Tree, done, failed};

use super::{arguments, bad_address};

pub(super) fn sched_getaffinity(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    if !tree.tracer.has(Pin::Processors) {
        return super::numbers::first_argument(tree, id);
    }
    const SIZE: u64 = 8;
    let [_, length, place, ..] = arguments(tree, id);
    if length < SIZE {
        return Ok(failed(libc::EINVAL));
    }
    let mask = (1u64 << tree.processors.min(63)) - 1;
    match memory::write(tree.tid(id), place, &mask.to_le_bytes()) {
        Ok(()) => Ok(done(SIZE as i64)),
        Err(_) => bad_address(),
    }
}

/// A wish for a processor is heard and has no consequence: one thread runs at a time.
pub(super) fn sched_setaffinity(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    if !tree.tracer.has(Pin::Processors) {
        return super::numbers::first_argument(tree, id);
    }
    Ok(done(0))
}

pub(super) fn getcpu(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [processor, node, ..] = arguments(tree, id);
    for place in [processor, node] {
        if place != 0 && memory::write(tree.tid(id), place, &[0; 4]).is_err() {
            return bad_address();
        }
    }
    Ok(done(0))
}

/// A call that this kernel does not have, as far as programs know. All who use it
/// have another way.
pub(super) fn absent(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let _ = (tree, id);
    Ok(Next::Run(Resume::Return(-i64::from(libc::ENOSYS))))
}

pub(super) fn io_uring(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let program = tree.process_of(id).program.clone();
    tree.note(false, &format!("{program} asked for io_uring, which is refused in virtual time"));
    absent(tree, id)
}

pub(super) fn ptrace(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let program = tree.process_of(id).program.clone();
    tree.note(
        false,
        &format!("{program} wanted to trace a program, which it cannot while it is traced itself"),
    );
    Ok(failed(libc::EPERM))
}
