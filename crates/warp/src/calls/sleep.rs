//! Calls that only let time go by.

use std::io;

use crate::sys::memory;
use crate::tree::thread::{Park, Resume, State, ThreadId};
use crate::tree::{Next, Tree, failed};

use super::arguments;
use super::futex::deadline;

/// How much later than asked for Linux may wake a thread, ns; it does so if there is
/// nothing else to do.
const SLACK: u64 = 50_000;
/// Sleeps at least so long are not made longer: it would hardly show.
const LONG: u64 = 1_000_000;

/// The end of a short sleep, as the kernel takes it. Runtimes that look after their
/// threads many times in a millisecond do so less often then.
fn with_slack(tree: &Tree, until: Result<Option<u64>, i32>) -> Result<Option<u64>, i32> {
    let now = tree.clock.now();
    let slack = |at: u64| if at > now && at - now < LONG { at + SLACK } else { at };
    until.map(|at| at.map(slack))
}

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
    let until = with_slack(tree, until);
    Ok(sleep(tree, until, rest))
}

pub(super) fn clock_nanosleep(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const ABSOLUTE: u64 = 1;
    let [clock, flags, time, rest, ..] = arguments(tree, id);
    let is_relative = flags & ABSOLUTE == 0;
    let is_wall = super::clocks::is_wall(clock as i32);
    let until = deadline(tree, id, time, is_relative, is_wall);
    let until = if is_relative { with_slack(tree, until) } else { until };
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
