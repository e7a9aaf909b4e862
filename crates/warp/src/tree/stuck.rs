//! A thread that does not stop: it computes, or waits in the kernel for something
//! that the tracer does not know. Found out by the watch, so by the clock on the
//! wall; what follows from that is said in the results.

use std::io;
use std::time::Duration;

use super::Tree;
use super::thread::{State, ThreadId};
use crate::calls::name_of;
use crate::sys::procfs::{Activity, activity, call, computed};
use crate::sys::ptrace;

/// After which part of the longest computation others of its node have a turn.
const PREEMPTED_AFTER: u64 = 15;
/// After which part of that it is looked whether it waits in a loop.
const LOOKED_AT_AFTER: u64 = 20;

/// How often a thread may be found asleep before it counts as waiting in the kernel.
const MOST_ASLEEP: u32 = 3;
/// How often a thread may be found standing still before it counts as lost: for some
/// seconds, on a machine that is very busy.
const MOST_STANDING: u32 = 200;

/// What the watch has seen of the thread that runs.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    thread: ThreadId,
    stops: u64,
    /// What it had computed when it was looked at first.
    base: u64,
    /// How often it slept when it was looked at.
    asleep: u32,
    /// How often it stood still or was gone when it was looked at.
    standing: u32,
    /// Whether it was interrupted already.
    is_interrupted: bool,
    /// Whether it was looked whether it goes round in a loop.
    is_looked_at: bool,
}

impl Tree {
    /// The watch has found that a thread runs for long. Whether it has the turn no
    /// longer.
    pub(super) fn take_care(&mut self, id: ThreadId) -> io::Result<bool> {
        let tid = self.tid(id);
        if self.patience.thread != id || self.patience.stops != self.stops {
            let base = computed(tid).unwrap_or(0);
            self.patience = Patience { thread: id, stops: self.stops, base, ..Patience::default() };
        }
        if self.pipes.make_room() {
            // It waited for room, perhaps.
            self.patience.asleep = 0;
            self.check_lines();
            return Ok(self.stuck.is_some());
        }
        match activity(tid) {
            Activity::Sleeps => {
                self.patience.asleep += 1;
                if self.patience.asleep < self.tracer.looks(MOST_ASLEEP) {
                    return Ok(false);
                }
                let name = call(tid).map_or_else(|| "a call".to_owned(), name_of);
                let program = self.process_of(id).program.clone();
                self.note(true, &format!(
                    "{program} waits in {name}, which the tracer does not do itself: it goes on when \
                     the kernel lets it, so another run may differ"
                ));
                self.undo_shortcuts()?;
                self.leave_in_kernel(id);
                Ok(true)
            }
            Activity::Runs => {
                self.patience.asleep = 0;
                let time = computed(tid).unwrap_or(0).saturating_sub(self.patience.base);
                if time > self.longest_computation {
                    return Ok(self.give_up(id));
                }
                let others = !self.ready.is_empty()
                    || self.deadlines.first().is_some()
                    || !self.waiting_for_files.is_empty()
                    || self.left > 0;
                let usual = self.longest_computation / PREEMPTED_AFTER;
                let most = self.tracer.patience(usual);
                let steps = self.threads[&id].steps;
                if time > most / LOOKED_AT_AFTER
                    && others
                    && steps == 0
                    && !std::mem::replace(&mut self.patience.is_looked_at, true)
                {
                    return self.look_for_loop(id);
                }
                if time > most && others && !self.patience.is_interrupted {
                    self.patience.is_interrupted = true;
                    self.tracer.lose_patience();
                    let program = self.process_of(id).program.clone();
                    self.note(
                        true,
                        &format!(
                            "{program} computed for long without a system call, and was \
                             interrupted by a wall-clock timer; another run may differ"
                        ),
                    );
                    ptrace::interrupt(tid)?;
                }
                Ok(false)
            }
            Activity::WaitsForDisk => Ok(false),
            Activity::Other => {
                if self.process_of(id).threads > 1 && self.process_of(id).tid == tid {
                    // It ended, and the kernel waits for us to see off its other threads.
                    let process = self.threads[&id].process;
                    self.reap(process, ptrace::Stop::Killed(libc::SIGKILL))?;
                    return Ok(true);
                }
                self.patience.standing += 1;
                if self.patience.standing > self.tracer.looks(MOST_STANDING) {
                    return Err(io::Error::other("a thread stands still that should run"));
                }
                Ok(false)
            }
        }
    }

    fn give_up(&mut self, id: ThreadId) -> bool {
        let (number, tid) = (self.threads[&id].number, self.tid(id));
        let program = self.process_of(id).program.clone();
        self.stuck = Some(format!(
            "computes without end: thread {number} of {program} made no system call within {} ms \
             of a processor's time. In virtual time computing takes no time, so a loop that waits for \
             another thread without a system call never ends; use --time real",
            self.longest_computation / 1_000_000
        ));
        // Let it stand, so that it can be ended like any other.
        let _ = ptrace::interrupt(tid);
        true
    }

    /// A line may be longer than is allowed.
    pub(super) fn check_lines(&mut self) {
        if self.pipes.unfinished() > self.max_line {
            self.has_long_line = true;
            self.stuck = Some(format!("printed a line of more than {} bytes", self.max_line));
        }
    }

    /// Waits a moment for threads that are in the kernel and on their way back.
    /// Whether there were any.
    pub(super) fn wait_for_left(&self) -> bool {
        let is_awake = |tid| matches!(activity(tid), Activity::Runs | Activity::WaitsForDisk);
        let awake = self
            .threads
            .values()
            .any(|thread| matches!(thread.state, State::Left) && is_awake(thread.tid));
        if awake {
            std::thread::park_timeout(Duration::from_micros(200));
        }
        awake
    }
}
