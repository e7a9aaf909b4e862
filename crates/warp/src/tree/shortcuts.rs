//! Calls that ask for the number of a process or thread, without a stop.
//!
//! Some runtimes ask several times for each message (CPython's asyncio asks for its
//! process's number at every task). The code of such a call is an instruction that
//! loads the call's number and one that makes the call. Both together are as long as
//! one that loads a word of the shared page, where the tracer puts the numbers of the
//! thread that has the turn.

use std::io;

use super::Tree;
use super::thread::{State, Thread, ThreadId};
use crate::arch::{self, Shortcut};
use crate::sys::{memory, ptrace};

/// Where a shortcut was put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Of which memory.
    memory: u32,
    address: u64,
    shortcut: Shortcut,
}

impl Tree {
    /// Puts a shortcut in place of the call that a thread has stopped at, so that it
    /// is the last of this place to stop.
    pub(crate) fn shorten(&mut self, id: ThreadId, shortcut: Shortcut) -> io::Result<()> {
        let Thread { tid, process, registers, .. } = &self.threads[&id];
        let (tid, end) = (*tid, registers.rip);
        let memory = self.processes[process].memory;
        let address = end.wrapping_sub(arch::SHORTCUT_LENGTH as u64);
        let mut code = [0; arch::SHORTCUT_LENGTH];
        if self.has_no_shortcuts
            || memory::read(tid, address, &mut code).is_err()
            || code != shortcut.call()
            || !self.nobody_is_between(id, memory, address)
        {
            return Ok(());
        }
        memory::force(tid, address, &shortcut.instead())?;
        self.shortcuts.push(Place { memory, address, shortcut });
        Ok(())
    }

    /// Whether no other thread that uses a memory stands between two instructions that
    /// are to become one.
    fn nobody_is_between(&self, id: ThreadId, memory: u32, address: u64) -> bool {
        let inside = address + 1..address + arch::SHORTCUT_LENGTH as u64;
        let uses_it = |process| self.processes[process].memory == memory;
        self.threads
            .iter()
            .filter(|&(&other, thread)| other != id && uses_it(&thread.process))
            .filter(|(_, thread)| !matches!(thread.state, State::Over))
            .all(|(_, thread)| {
                ptrace::registers(thread.tid)
                    .is_ok_and(|registers| !inside.contains(&registers.rip))
            })
    }

    /// Says in the shared page who has the turn.
    pub(super) fn publish_numbers(&self, id: ThreadId) {
        let thread = &self.threads[&id];
        let process = self.processes[&thread.process].number;
        self.clock.set_numbers(process, thread.number);
    }

    /// A process has a copy of another's memory, and of the shortcuts in it.
    pub(super) fn copy_shortcuts(&mut self, from: u32, to: u32) {
        let Tree { shortcuts, processes, .. } = self;
        shortcuts.retain(|place| {
            processes.values().any(|process| process.memory == place.memory && process.threads > 0)
        });
        let copies: Vec<Place> = shortcuts
            .iter()
            .filter(|place| place.memory == from)
            .map(|&place| Place { memory: to, ..place })
            .collect();
        shortcuts.extend(copies);
    }

    /// Puts all calls back: from now on more than one thread may run at a time.
    pub(super) fn undo_shortcuts(&mut self) -> io::Result<()> {
        self.has_no_shortcuts = true;
        for place in std::mem::take(&mut self.shortcuts) {
            let process = self.processes.values().find(|process| {
                process.memory == place.memory && process.threads > 0 && !process.is_ending
            });
            if let Some(process) = process {
                memory::force(process.tid, place.address, &place.shortcut.call())?;
            }
        }
        Ok(())
    }
}
