//! Why a thread has stopped, and what becomes of it.

use std::io;

use super::thread::{After, Park, Resume, ThreadId};
use super::{Next, Tree};
use crate::arch::Call;
use crate::calls;
use crate::sys::ptrace::{self, Stop};

/// What a thread is charged that computed until it was interrupted, ns: as long as
/// runtimes let one of their own tasks compute before they interrupt it.
pub(super) const LONG_TURN: u64 = 10_000_000;

impl Tree {
    /// What becomes of a thread that has stopped.
    pub(super) fn reason(&mut self, id: ThreadId, stop: Stop) -> io::Result<Next> {
        let tid = self.tid(id);
        match stop {
            Stop::Call => {
                let registers = ptrace::registers(tid)?;
                let thread = self.thread(id);
                thread.registers = registers;
                thread.call = registers.number();
                thread.is_interrupted = false;
                thread.steps = 0;
                thread.after = After::Nothing;
                if thread.again.is_some_and(|(call, _)| call != registers.number()) {
                    thread.again = None;
                }
                // If it was to end, or to become another program, that has failed.
                self.process_of(id).is_ending = false;
                calls::handle(self, id)
            }
            Stop::CallExit => {
                let registers = ptrace::registers(tid)?;
                let thread = self.thread(id);
                thread.registers = registers;
                let after = std::mem::replace(&mut thread.after, After::Nothing);
                calls::after(self, id, after)
            }
            Stop::Signal(signal) => self.signalled(id, signal),
            Stop::Child(event) => self.has_child(id, event),
            Stop::Exec => self.has_new_program(id),
            Stop::Interrupted(signal) => Ok(match signal {
                libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => {
                    Next::Park(Park::Stopped, None)
                }
                _ => {
                    self.clock.spend(LONG_TURN);
                    Next::Yield(Resume::On(0))
                }
            }),
            Stop::Exited(_) | Stop::Killed(_) => {
                self.gone(id, stop)?;
                Ok(Next::Done)
            }
        }
    }
}
