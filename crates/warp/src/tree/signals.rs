//! Signals: those that threads are about to receive, and those that end a wait.

use std::io;

use super::thread::{Park, ProcessId, Resume, State, ThreadId};
use super::{Next, Tree};
use crate::arch::cpu;
use crate::options::Pin;
use crate::sys::ptrace;
use crate::sys::{Tid, procfs};

/// How the kernel says to itself that a call begins again after any signal.
const BEGIN_AGAIN: i64 = -512;
/// Likewise, but with `EINTR` if there is a handler.
const BEGIN_AGAIN_WITHOUT_HANDLER: i64 = -514;
/// The codes of signals that were sent by a process.
const FROM_PROCESSES: [i32; 3] = [0, -1, -6];

/// The bit of a signal in a set.
pub(crate) fn bit(signal: i32) -> u64 {
    if (1..=64).contains(&signal) { 1 << (signal - 1) } else { 0 }
}

/// Whether a signal ends a process that has no handler for it.
fn is_fatal(signal: i32) -> bool {
    !matches!(
        signal,
        libc::SIGCHLD
            | libc::SIGCONT
            | libc::SIGURG
            | libc::SIGWINCH
            | libc::SIGSTOP
            | libc::SIGTSTP
            | libc::SIGTTIN
            | libc::SIGTTOU
    )
}

/// Calls that begin again even after a handler that asks for it.
fn begins_again(call: i64) -> bool {
    matches!(
        call,
        libc::SYS_read
            | libc::SYS_readv
            | libc::SYS_write
            | libc::SYS_writev
            | libc::SYS_wait4
            | libc::SYS_waitid
            | libc::SYS_recvfrom
            | libc::SYS_recvmsg
            | libc::SYS_accept
            | libc::SYS_accept4
            | libc::SYS_connect
            | libc::SYS_sendto
            | libc::SYS_sendmsg
            | libc::SYS_futex
    )
}

impl Tree {
    /// A thread is about to receive a signal.
    pub(super) fn signalled(&mut self, id: ThreadId, signal: i32) -> io::Result<Next> {
        let tid = self.tid(id);
        if signal == libc::SIGSEGV && self.does_sensitive(id)? {
            return Ok(Next::Run(Resume::On(0)));
        }
        let (code, sender) = ptrace::signal_source(tid)?;
        if signal == libc::SIGTRAP && self.is_step(tid, code)? {
            return Ok(Next::Run(Resume::On(0)));
        }
        let tells_sender = FROM_PROCESSES.contains(&code) || (signal == libc::SIGCHLD && code > 0);
        if tells_sender && self.tracer.has(Pin::Numbers) {
            let number = self.number_of(sender).unwrap_or(self.sender);
            ptrace::set_signal_source(tid, number)?;
        }
        let thread = self.thread(id);
        let was_waiting = std::mem::take(&mut thread.is_interrupted);
        let call = thread.call;
        let (is_many, is_ending) = {
            let process = self.process_of(id);
            (process.threads > 1, process.is_ending)
        };
        let needs_handler = was_waiting || (is_many && is_fatal(signal) && !is_ending);
        let has_handler = needs_handler && procfs::signals(tid).caught & bit(signal) != 0;
        if was_waiting {
            // As if the kernel had been in the call when the signal came.
            let mut registers = ptrace::registers(tid)?;
            registers.rip += crate::arch::CALL_LENGTH;
            registers.orig_rax = call as u64;
            let is_timed = self.thread(id).again.is_some_and(|(_, at)| at.is_some());
            let restart = begins_again(call) && !(call == libc::SYS_futex && is_timed);
            let code = if restart { BEGIN_AGAIN } else { BEGIN_AGAIN_WITHOUT_HANDLER };
            registers.rax = code as u64;
            ptrace::set_registers(tid, &registers)?;
            if has_handler && !restart {
                self.thread(id).again = None;
            }
        }
        if is_many && is_fatal(signal) && !has_handler {
            self.process_of(id).is_ending = true;
        }
        Ok(Next::Run(Resume::On(signal)))
    }

    /// Whether this trap comes of going step by step, and of no breakpoint of the
    /// program's own. One may come after the last step: a call reports its own end.
    fn is_step(&self, tid: Tid, code: i32) -> io::Result<bool> {
        const BREAKPOINT: u8 = 0xcc;
        let steps = self.turns.is_some() || self.has_stepped;
        if !steps || !(1..=4).contains(&code) {
            return Ok(false);
        }
        let mut before = [0];
        let at = ptrace::registers(tid)?.rip;
        let is_readable = crate::sys::memory::read(tid, at.wrapping_sub(1), &mut before).is_ok();
        Ok(!is_readable || before != [BREAKPOINT])
    }

    /// Does an instruction that was made to fault. Whether it was one.
    fn does_sensitive(&mut self, id: ThreadId) -> io::Result<bool> {
        if !self.tracer.has(Pin::Counter) && !self.tracer.has(Pin::Identity) {
            return Ok(false);
        }
        let tid = self.tid(id);
        let mut registers = ptrace::registers(tid)?;
        let Some(what) = cpu::sensitive_at(tid, &registers) else { return Ok(false) };
        self.clock.spend(20);
        cpu::emulate(what, &mut registers, self.clock.now());
        ptrace::set_registers(tid, &registers)?;
        Ok(true)
    }

    /// The number that programs see for one of the kernel's.
    pub(crate) fn number_of(&self, tid: Tid) -> Option<Tid> {
        let of_thread = self.by_tid.get(&tid).map(|id| self.threads[id].number);
        of_thread.or_else(|| {
            let process = self.processes.values().rev().find(|process| process.tid == tid);
            process.map(|process| process.number)
        })
    }

    /// The kernel's number for one that programs see.
    pub(crate) fn tid_of(&self, number: Tid) -> Option<Tid> {
        let of_process = self.processes.values().rev().find(|process| process.number == number);
        of_process.map(|process| process.tid).or_else(|| {
            let thread = self.threads.values().find(|thread| thread.number == number);
            thread.map(|thread| thread.tid)
        })
    }

    /// A signal was sent to one thread: if it waits, it does so no longer.
    pub(crate) fn disturb(&mut self, id: ThreadId, signal: i32) {
        let thread = &self.threads[&id];
        let tid = thread.tid;
        let State::Parked(park) = &thread.state else { return };
        let resume = match park {
            Park::Stopped => {
                if signal != libc::SIGCONT {
                    return;
                }
                Resume::On(0)
            }
            Park::Borrowed { .. } => return,
            Park::Processor => Resume::On(0),
            // The kernel sees the signal and ends the call at once.
            Park::Signal { blocked } if blocked & bit(signal) == 0 => Resume::Execute,
            Park::SignalOf { set } if set & bit(signal) != 0 => Resume::Execute,
            Park::Signal { .. } => return,
            _ => {
                let blocked = ptrace::blocked_signals(tid).unwrap_or(0);
                match crate::calls::mask_for_the_wait(self, id) {
                    Some(mask) if mask & bit(signal) == 0 => Resume::Execute,
                    Some(_) => return,
                    None if blocked & bit(signal) == 0 => Resume::Again,
                    None => return,
                }
            }
        };
        if resume == Resume::Again {
            let deadline = self.threads[&id].deadline.map(|(at, _)| at);
            let call = self.threads[&id].call;
            crate::calls::write_rest(self, id);
            self.thread(id).again = Some((call, deadline));
        }
        self.idle = 0;
        self.make_ready(id, resume);
    }

    /// A signal was sent to a process: one thread that waits, and would take it, does
    /// so no longer. `running`: who sent it and may take it itself.
    pub(crate) fn disturb_process(
        &mut self,
        process: ProcessId,
        signal: i32,
        running: Option<ThreadId>,
    ) {
        let takes_it = |tree: &Tree, id: ThreadId| {
            let thread = &tree.threads[&id];
            match &thread.state {
                State::Parked(Park::SignalOf { set }) => set & bit(signal) != 0,
                State::Parked(Park::Signal { blocked }) => blocked & bit(signal) == 0,
                State::Parked(Park::Borrowed { .. }) | State::Over => false,
                State::Parked(Park::Stopped) => signal == libc::SIGCONT,
                _ => {
                    let mask = crate::calls::mask_for_the_wait(tree, id);
                    let mask = mask.or_else(|| ptrace::blocked_signals(thread.tid).ok());
                    mask.is_none_or(|mask| mask & bit(signal) == 0)
                }
            }
        };
        let members: Vec<ThreadId> = self
            .threads
            .iter()
            .filter(|(_, thread)| thread.process == process)
            .map(|(&id, _)| id)
            .collect();
        if signal == libc::SIGCONT {
            for &id in &members {
                if matches!(self.threads[&id].state, State::Parked(Park::Stopped)) {
                    self.make_ready(id, Resume::On(0));
                }
            }
        }
        if let Some(id) = running
            && members.contains(&id)
            && takes_it(self, id)
        {
            return;
        }
        if let Some(id) = members.into_iter().find(|&id| takes_it(self, id)) {
            self.disturb(id, signal);
        }
    }

    /// A child of a process has ended, or changed its state.
    pub(super) fn child_ended(&mut self, parent: ProcessId) {
        let waiting: Vec<ThreadId> = self
            .threads
            .iter()
            .filter(|(_, thread)| {
                thread.process == parent && matches!(thread.state, State::Parked(Park::Child))
            })
            .map(|(&id, _)| id)
            .collect();
        for id in waiting {
            // It asks again.
            crate::calls::ask_for_children(self, id);
        }
        self.disturb_process(parent, libc::SIGCHLD, None);
    }
}
