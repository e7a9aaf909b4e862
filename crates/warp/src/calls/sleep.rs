//! Calls that only let time go by.

use std::io;

use crate::sys::memory;
use crate::tree::thread::{Park, Resume, State, ThreadId};
use crate::tree::{Next, Tree, failed};

use super::arguments;
use super::futex::deadline;

fn sleep(tree: &mut Tree, until: Result<Option<u64>, i32>, rest: u64) -> Next {
    match until {
        Err(error) => failed(error),
        Ok(Some(at)) if at > tree.clock.now() => Next::Park(Park::Sleep { rest }, Some(at)),
        Ok(Some(_)) => {
            tree.spend_idle();
            Next::Yield(Resume::Return(0))
        }
        Ok(None) => failed(libc::EFAULT),
    }
}

pub(super) fn nanosleep(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [time, rest, ..] = arguments(tree, id);
    let until = deadline(tree, id, time, true, false);
    Ok(sleep(tree, until, rest))
}

pub(super) fn clock_nanosleep(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const ABSOLUTE: u64 = 1;
    let [clock, flags, time, rest, ..] = arguments(tree, id);
    let is_relative = flags & ABSOLUTE == 0;
    let is_wall = super::clocks::is_wall(clock as i32);
    let until = deadline(tree, id, time, is_relative, is_wall);
    Ok(sleep(tree, until, if is_relative { rest } else { 0 }))
}

pub(super) fn sched_yield(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let _ = id;
    tree.spend_idle();
    Ok(Next::Yield(Resume::Return(0)))
}

/// A sleep that a signal ends says how much of it is left.
pub(crate) fn write_rest(tree: &mut Tree, id: ThreadId) {
    let thread = &tree.threads[&id];
    let (State::Parked(Park::Sleep { rest }), Some((at, _))) = (&thread.state, thread.deadline)
    else {
        return;
    };
    if *rest != 0 {
        let left = at.saturating_sub(tree.clock.now());
        // If it cannot be written, the kernel would have said so; the sleeper learns
        // of the signal all the same.
        let (seconds, nanos) = ((left / 1_000_000_000) as i64, (left % 1_000_000_000) as i64);
        let _ = memory::write_pair(thread.tid, *rest, seconds, nanos);
    }
}

impl Tree {
    /// Charges a thread that asks for something that is not there yet. The more often
    /// in a row, the more: a loop that only asks must not hold up the clock.
    pub(crate) fn spend_idle(&mut self) {
        let cost = match self.idle {
            0..256 => 1_000,
            256..4096 => 10_000,
            _ => 100_000,
        };
        self.idle = self.idle.saturating_add(1);
        self.clock.spend(cost);
    }
}
