//! Whose turn it is.

use std::io;

use super::thread::{Resume, State, ThreadId};
use super::{Next, Tree};
use crate::arch::Call;
use crate::sys::ptrace::{self, Stop};

/// Stops that a thread makes before others have a turn. A loop that only asks would
/// else never let the thread work that it asks about.
const SLICE: u32 = 64;
/// How long a thread may only look at the clock while others are ready, and while
/// nobody is, ns.
const LOOKING: u64 = 100_000;
const LOOKING_ALONE: u64 = 1_000_000;
/// What a turn costs at least, ns.
pub(crate) const TURN_COST: u64 = 1000;

/// Whether an error says that a thread has gone from under our hands, as by a
/// SIGKILL.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ECHILD))
}

impl Tree {
    /// Lets the node work until it is quiet, or its clock has come to `until`.
    ///
    /// # Errors
    /// If the system refuses what tracing needs.
    pub(crate) fn run(&mut self, until: u64) -> io::Result<()> {
        self.slice = 0;
        while self.ended.is_none() && self.stuck.is_none() {
            if self.clock.now() >= until {
                break;
            }
            let Some(id) = self.running.or_else(|| self.next_in_turn()) else {
                if self.left > 0 && (self.look_for_left()? || self.wait_for_left()) {
                    continue;
                }
                // Somebody may wait for what there is now, or for room.
                let has_fed = self.pipes.feed();
                let has_made_room = self.pipes.collect(self.clock.now()) && self.left > 0;
                if has_fed || has_made_room {
                    continue;
                }
                break;
            };
            self.running = Some(id);
            let result = self.resume(id).and_then(|()| self.see_stop(id));
            match result {
                Ok(()) => {}
                Err(error) if is_gone(&error) => self.lost(id)?,
                Err(error) => return Err(error),
            }
        }
        self.pipes.collect(self.clock.now());
        self.check_lines();
        Ok(())
    }

    /// Gives the turn to somebody who can go on.
    fn next_in_turn(&mut self) -> Option<ThreadId> {
        loop {
            self.expire();
            self.look_at_files();
            let place = match &mut self.turns {
                Some(draws) if self.ready.len() > 1 => draws.below(self.ready.len() as u64),
                _ => 0,
            };
            let id = self.ready.remove(place as usize)?;
            self.slice = 0;
            if matches!(self.threads[&id].state, State::Ready(Resume::ExecuteIfReady)) {
                // Somebody else may have taken what there was.
                if !self.is_still_ready(id) {
                    self.park_again(id);
                    continue;
                }
                let see_through = self.sees_through(id);
                self.leave_wait(id);
                let resume = if see_through { Resume::ToExit } else { Resume::Execute };
                self.thread(id).state = State::Ready(resume);
            }
            return Some(id);
        }
    }

    /// Lets a thread go on.
    pub(super) fn resume(&mut self, id: ThreadId) -> io::Result<()> {
        self.draw_steps(id);
        self.limit_looking();
        self.publish_numbers(id);
        let thread = self.threads.get_mut(&id).expect("a thread that is ready is there");
        let State::Ready(resume) = thread.state else {
            unreachable!("thread {id} has the turn, but is {:?}", thread.state)
        };
        self.record.resumed(self.clock.now(), id, resume);
        thread.state = State::Running;
        let tid = thread.tid;
        match resume {
            Resume::On(signal) if signal == 0 && thread.steps > 0 => ptrace::go_one_step(tid),
            Resume::On(signal) => ptrace::go_on(tid, signal),
            Resume::Execute | Resume::ExecuteIfReady => ptrace::go_on(tid, 0),
            Resume::ToExit => ptrace::go_to_exit(tid),
            Resume::Return(result) => {
                thread.registers.skip();
                thread.registers.set_result(result);
                ptrace::set_registers(tid, &thread.registers)?;
                if thread.steps > 0 { ptrace::go_one_step(tid) } else { ptrace::go_on(tid, 0) }
            }
            Resume::Again => {
                thread.is_interrupted = true;
                let number = thread.call;
                thread.registers.rewind(number);
                ptrace::set_registers(tid, &thread.registers)?;
                ptrace::go_on(tid, 0)
            }
        }
    }

    /// A loop that looks at the clock until another thread has done something makes no
    /// system call: from some moment on a look is one.
    fn limit_looking(&self) {
        let now = self.clock.now();
        let first = match self.deadlines.first() {
            _ if !self.ready.is_empty() => now,
            Some(&(at, ..)) => at,
            None => u64::MAX,
        };
        self.clock.set_limit(first.clamp(now + LOOKING, now + LOOKING_ALONE));
    }

    /// Waits until the thread that runs stops, and sees what becomes of it.
    fn see_stop(&mut self, id: ThreadId) -> io::Result<()> {
        loop {
            let tid = self.tid(id);
            // As long as a thread waits in the kernel, or others of its process end,
            // any of them may be next.
            let found = if self.left == 0 && !self.process_of(id).is_ending {
                self.tracer.wait_for(tid).map(|stop| (tid, stop))
            } else {
                let by_tid = &self.by_tid;
                self.tracer.wait_for_any(|tid| by_tid.contains_key(&tid))
            };
            let (stopped, stop) = match found {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if self.take_care(id)? {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_its = stopped == tid;
            let Some(&who) = self.by_tid.get(&stopped) else { continue };
            if is_its && stop == Stop::Signal(libc::SIGTRAP) && self.step_on(who)? {
                if self.running == Some(id) {
                    continue;
                }
                return Ok(());
            }
            self.has_stopped(who, stop)?;
            if is_its || self.running != Some(id) || self.ended.is_some() {
                return Ok(());
            }
        }
    }

    /// A thread has stopped, or is gone.
    pub(super) fn has_stopped(&mut self, id: ThreadId, stop: Stop) -> io::Result<()> {
        self.stops += 1;
        self.tracer.stops.set(self.tracer.stops.get() + 1);
        let thread = self.thread(id);
        if matches!(thread.state, State::Left) {
            self.left -= 1;
        }
        self.thread(id).state = State::Running;
        let next = self.reason(id, stop)?;
        self.record.stopped(self.clock.now(), id, stop, &next);
        self.apply(id, next);
        Ok(())
    }

    pub(super) fn apply(&mut self, id: ThreadId, next: Next) {
        let has_turn = self.running == Some(id);
        match next {
            Next::Run(resume) => {
                self.thread(id).state = State::Ready(resume);
                if !has_turn {
                    self.ready.push_back(id);
                    return;
                }
                self.slice += 1;
                if self.slice >= SLICE || self.passes_on() {
                    self.slice = 0;
                    self.clock.spend(TURN_COST);
                    self.running = None;
                    self.expire();
                    self.look_at_files();
                    self.ready.push_back(id);
                }
            }
            Next::Yield(resume) => {
                self.thread(id).state = State::Ready(resume);
                self.expire();
                self.look_at_files();
                self.ready.push_back(id);
                self.running = self.running.filter(|_| !has_turn);
            }
            Next::Park(park, deadline) => {
                self.park(id, park, deadline);
                self.running = self.running.filter(|_| !has_turn);
            }
            Next::Done => {}
        }
    }

    /// The thread that ran waits in the kernel now.
    pub(super) fn leave_in_kernel(&mut self, id: ThreadId) {
        self.thread(id).state = State::Left;
        self.left += 1;
        if self.running == Some(id) {
            self.running = None;
        }
    }

    /// Looks whether threads that wait in the kernel have come back. Whether there
    /// was one.
    pub(super) fn look_for_left(&mut self) -> io::Result<bool> {
        let left: Vec<ThreadId> = self
            .threads
            .iter()
            .filter(|(_, thread)| matches!(thread.state, State::Left))
            .map(|(&id, _)| id)
            .collect();
        for id in left {
            match self.tracer.look(self.tid(id)) {
                Ok(Some(stop)) => {
                    self.has_stopped(id, stop)?;
                    return Ok(true);
                }
                Ok(None) => {}
                Err(error) if is_gone(&error) => {
                    self.lost(id)?;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
