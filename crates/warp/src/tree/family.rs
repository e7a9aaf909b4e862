//! Threads and processes that come and go.

use std::io;

use super::thread::{After, FutexKey, Park, Process, ProcessId, Resume, State, Thread, ThreadId};
use super::{Next, Tree};
use crate::arch::Call;
use crate::options::Pin;
use crate::sys::ptrace::{self, Registers, Stop};
use crate::sys::{Tid, memory, procfs};

/// How a new thread or process was asked for.
struct Asked {
    flags: u64,
    parent_number_at: u64,
    child_number_at: u64,
}

fn asked(tid: Tid, registers: &Registers) -> Asked {
    match registers.number() {
        libc::SYS_clone => Asked {
            flags: registers.argument(0),
            parent_number_at: registers.argument(2),
            child_number_at: registers.argument(3),
        },
        libc::SYS_clone3 => {
            let word = |place: u64| {
                memory::read_u64(tid, registers.argument(0) + 8 * place).unwrap_or_default()
            };
            Asked { flags: word(0), parent_number_at: word(3), child_number_at: word(2) }
        }
        libc::SYS_vfork => Asked {
            flags: (libc::CLONE_VM | libc::CLONE_VFORK) as u64,
            parent_number_at: 0,
            child_number_at: 0,
        },
        _ => Asked { flags: 0, parent_number_at: 0, child_number_at: 0 },
    }
}

impl Asked {
    fn has(&self, flag: i32) -> bool {
        self.flags & flag as u64 != 0
    }
}

impl Tree {
    pub(super) fn add_process(
        &mut self,
        tid: Tid,
        parent: Option<ProcessId>,
        memory: Option<u32>,
        program: String,
    ) -> ProcessId {
        let id = self.processes.len() as ProcessId;
        let memory = memory.unwrap_or_else(|| self.new_memory());
        let has_stdin = parent.is_none_or(|parent| self.processes[&parent].has_stdin);
        let number = if self.tracer.has(Pin::Numbers) { self.next_number } else { tid };
        let process = Process {
            tid,
            number,
            parent,
            memory,
            has_stdin,
            threads: 0,
            is_ending: false,
            handle: None,
            program,
            alarm: None,
        };
        self.processes.insert(id, process);
        id
    }

    fn new_memory(&mut self) -> u32 {
        self.next_memory += 1;
        self.next_memory
    }

    pub(super) fn add_thread(&mut self, tid: Tid, process: ProcessId) -> ThreadId {
        let id = self.next_thread;
        self.next_thread += 1;
        let number = if self.tracer.has(Pin::Numbers) { self.next_number } else { tid };
        self.next_number += 1;
        let thread = Thread {
            tid,
            process,
            number,
            state: State::Running,
            registers: empty_registers(),
            call: -1,
            deadline: None,
            again: None,
            is_interrupted: false,
            clear_at: 0,
            after: After::Nothing,
            steps: 0,
        };
        self.threads.insert(id, thread);
        self.by_tid.insert(tid, id);
        if let Some(process) = self.processes.get_mut(&process) {
            process.threads += 1;
        }
        id
    }

    /// A thread has made another, or a process.
    pub(super) fn has_child(&mut self, id: ThreadId, event: i32) -> io::Result<Next> {
        let (tid, parent) = (self.tid(id), self.threads[&id].process);
        let new = ptrace::event_message(tid)?;
        let registers = ptrace::registers(tid)?;
        let asked = asked(tid, &registers);
        let process = if asked.has(libc::CLONE_THREAD) {
            parent
        } else {
            let Process { memory: before, program, .. } = &self.processes[&parent];
            let memory = asked.has(libc::CLONE_VM).then_some(*before);
            let (program, before) = (program.clone(), *before);
            let child = self.add_process(new, Some(parent), memory, program);
            if memory.is_none() {
                self.copy_shortcuts(before, self.processes[&child].memory);
            }
            child
        };
        let child = self.add_thread(new, process);
        // It stops before its first instruction.
        loop {
            match self.tracer.wait_for(new) {
                Ok(Stop::Exited(_) | Stop::Killed(_)) => {
                    self.gone(child, Stop::Killed(libc::SIGKILL))?;
                    return Ok(Next::Run(Resume::On(0)));
                }
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let number = self.threads[&child].number;
        let pinned = self.tracer.has(Pin::Numbers);
        if asked.has(libc::CLONE_CHILD_CLEARTID) {
            self.thread(child).clear_at = asked.child_number_at;
        }
        if pinned && asked.has(libc::CLONE_PARENT_SETTID) {
            memory::write(tid, asked.parent_number_at, &number.to_le_bytes())?;
        }
        if pinned && asked.has(libc::CLONE_CHILD_SETTID) {
            memory::write(new, asked.child_number_at, &number.to_le_bytes())?;
        }
        self.make_ready(child, Resume::On(0));
        if pinned {
            self.thread(id).after = After::NewNumber(number);
        }
        Ok(if event == libc::PTRACE_EVENT_VFORK {
            Next::Park(Park::Borrowed { child: process }, None)
        } else {
            Next::Run(if pinned { Resume::ToExit } else { Resume::On(0) })
        })
    }

    /// A child that used the memory of its parent does no more.
    fn give_back(&mut self, child: ProcessId) {
        let waits = |thread: &Thread| matches!(thread.state, State::Parked(Park::Borrowed { child: other }) if other == child);
        let found = self.threads.iter().find(|(_, thread)| waits(thread)).map(|(&id, _)| id);
        if let Some(id) = found {
            let resume = if self.tracer.has(Pin::Numbers) { Resume::ToExit } else { Resume::On(0) };
            self.make_ready(id, resume);
        }
    }

    /// A process runs another program. Its other threads are gone.
    pub(super) fn has_new_program(&mut self, stopped: ThreadId) -> io::Result<Next> {
        let tid = self.tid(stopped);
        let process = self.threads[&stopped].process;
        let former = ptrace::event_message(tid)?;
        let id = self.by_tid.get(&former).copied().unwrap_or(stopped);
        let others: Vec<ThreadId> = self
            .threads
            .iter()
            .filter(|&(&other, thread)| thread.process == process && other != id)
            .map(|(&other, _)| other)
            .collect();
        for other in others {
            self.forget_thread(other);
        }
        self.by_tid.remove(&former);
        self.by_tid.insert(tid, id);
        let number = self.processes[&process].number;
        let memory = self.new_memory();
        let program = program_name(tid);
        {
            let process = self.processes.get_mut(&process).expect("a thread has a process");
            process.threads = 1;
            process.is_ending = false;
            process.memory = memory;
            process.program = program;
        }
        let thread = self.thread(id);
        thread.tid = tid;
        thread.number = number;
        thread.state = State::Running;
        thread.clear_at = 0;
        thread.after = After::Nothing;
        thread.again = None;
        self.running = Some(id);
        self.timers.forget_signals(process);
        self.give_back(process);
        self.set_up(id)?;
        self.thread(id).state = State::Ready(Resume::On(0));
        Ok(Next::Done)
    }

    /// Forgets a thread.
    fn forget_thread(&mut self, id: ThreadId) {
        self.leave_wait(id);
        if let Some(thread) = self.threads.remove(&id) {
            if matches!(thread.state, State::Left) {
                self.left -= 1;
            }
            if self.by_tid.get(&thread.tid) == Some(&id) {
                self.by_tid.remove(&thread.tid);
            }
        }
        self.ready.retain(|&other| other != id);
        if self.running == Some(id) {
            self.running = None;
        }
    }

    /// A thread is gone.
    pub(super) fn gone(&mut self, id: ThreadId, stop: Stop) -> io::Result<()> {
        let Some(thread) = self.threads.get(&id) else { return Ok(()) };
        let (process, clear_at) = (thread.process, thread.clear_at);
        self.forget_thread(id);
        let Some(owner) = self.processes.get_mut(&process) else { return Ok(()) };
        owner.threads -= 1;
        let (left, is_ending, memory) = (owner.threads, owner.is_ending, owner.memory);
        if clear_at != 0 {
            self.wake_futex(FutexKey::Own(memory, clear_at), i64::MAX, u32::MAX);
        }
        if left == 0 {
            self.process_gone(process, stop);
        } else if is_ending || matches!(stop, Stop::Killed(_)) {
            self.reap(process, stop)?;
        } else if left == 1 {
            let last = self.threads.iter().find(|(_, thread)| thread.process == process);
            if let Some((&last, thread)) = last
                && matches!(thread.state, State::Over)
            {
                // The first thread ended long ago; the kernel says so only now.
                let stop = self.see_end(thread.tid)?;
                self.gone(last, stop.unwrap_or(stop_by_default()))?;
            }
        }
        Ok(())
    }

    /// The first thread of a process ends, but not its process.
    pub(crate) fn first_thread_ends(&mut self, id: ThreadId) -> io::Result<()> {
        let thread = self.thread(id);
        thread.state = State::Over;
        let (tid, clear_at) = (thread.tid, std::mem::take(&mut thread.clear_at));
        ptrace::go_on(tid, 0)?;
        // The kernel writes the zero on its way out.
        while procfs::activity(tid) == procfs::Activity::Runs {
            std::thread::park_timeout(std::time::Duration::from_micros(50));
        }
        self.running = None;
        if clear_at != 0 {
            let memory = self.process_of(id).memory;
            self.wake_futex(FutexKey::Own(memory, clear_at), i64::MAX, u32::MAX);
        }
        Ok(())
    }

    /// A process was killed from within the node.
    pub(crate) fn end_process(&mut self, process: ProcessId) -> io::Result<()> {
        self.reap(process, stop_by_default())
    }

    /// Sees to the end of all threads of a process that is ending.
    pub(super) fn reap(&mut self, process: ProcessId, stop: Stop) -> io::Result<()> {
        let Some(owner) = self.processes.get_mut(&process) else { return Ok(()) };
        owner.is_ending = true;
        let first = owner.tid;
        let mut list: Vec<(ThreadId, Tid)> = self
            .threads
            .iter()
            .filter(|(_, thread)| thread.process == process)
            .map(|(&id, thread)| (id, thread.tid))
            .collect();
        // The kernel tells of the first thread when all others have been seen off.
        list.sort_by_key(|&(_, tid)| tid == first);
        let mut last = stop;
        for (id, tid) in list {
            if let Some(stop) = self.see_end(tid)? {
                last = stop;
            }
            let clear_at = self.threads.get(&id).map_or(0, |thread| thread.clear_at);
            self.forget_thread(id);
            let memory = self.processes[&process].memory;
            if clear_at != 0 {
                self.wake_futex(FutexKey::Own(memory, clear_at), i64::MAX, u32::MAX);
            }
        }
        if let Some(owner) = self.processes.get_mut(&process) {
            owner.threads = 0;
        }
        self.process_gone(process, last);
        Ok(())
    }

    /// Waits until a thread that must end has ended. `None`: somebody has seen it.
    fn see_end(&self, tid: Tid) -> io::Result<Option<Stop>> {
        let mut patience = 200;
        loop {
            match self.tracer.wait_for(tid) {
                Ok(stop @ (Stop::Exited(_) | Stop::Killed(_))) => return Ok(Some(stop)),
                Ok(_) => {
                    // It stops once more before it goes.
                    let _ = ptrace::go_on(tid, 0);
                }
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    patience -= 1;
                    if patience == 0 {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn process_gone(&mut self, id: ProcessId, stop: Stop) {
        let how = match stop {
            Stop::Exited(code) => format!("exited with status {code}"),
            Stop::Killed(signal) => format!("was ended by signal {signal}{}", signal_name(signal)),
            _ => "ended".to_owned(),
        };
        self.record.ended(self.clock.now(), id, &how);
        self.timers.forget(id);
        let owner = self.processes.get_mut(&id).expect("a process is known for ever");
        owner.alarm = None;
        owner.handle = None;
        let parent = owner.parent;
        self.give_back(id);
        if id == 0 {
            self.ended = Some(match self.in_background() {
                Some(program) if matches!(stop, Stop::Exited(0)) => format!(
                    "{how}, while {program}, which it had started, went on in the background: a \
                     node must stay in the foreground, so start it without its option to become a \
                     daemon"
                ),
                _ => how,
            });
            return;
        }
        for process in self.processes.values_mut() {
            if process.parent == Some(id) {
                process.parent = None;
            }
        }
        if let Some(parent) = parent {
            self.child_ended(parent);
        }
    }

    /// The program of a process, other than the first, that has not ended.
    fn in_background(&self) -> Option<&str> {
        let others = self.processes.iter().filter(|&(&id, _)| id != 0);
        let mut alive = others.filter(|(_, process)| process.threads > 0 && !process.is_ending);
        alive.next().map(|(_, process)| process.program.as_str())
    }

    /// A thread has gone from under our hands.
    pub(super) fn lost(&mut self, id: ThreadId) -> io::Result<()> {
        let tid = self.tid(id);
        let process = self.threads[&id].process;
        let is_first = self.processes[&process].tid == tid;
        if is_first && self.processes[&process].threads > 1 {
            return self.reap(process, stop_by_default());
        }
        let stop = self.see_end(tid)?;
        self.gone(id, stop.unwrap_or(stop_by_default()))
    }

    /// Ends all processes.
    pub(crate) fn kill(&mut self) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let mut firsts: Vec<Tid> = self
            .processes
            .values()
            .filter(|process| process.threads > 0)
            .map(|process| process.tid)
            .collect();
        for &tid in &firsts {
            let _ = ptrace::signal_process(tid, libc::SIGKILL);
        }
        let mut tids: Vec<Tid> = self.threads.values().map(|thread| thread.tid).collect();
        tids.retain(|tid| !firsts.contains(tid));
        tids.append(&mut firsts);
        for tid in tids {
            // What cannot be waited for is gone, or the kernel's business.
            let _ = self.see_end(tid);
        }
        // A wait by the dead parents is not to be expected.
        self.threads.clear();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.kill();
    }
}

fn stop_by_default() -> Stop {
    Stop::Killed(libc::SIGKILL)
}

fn empty_registers() -> Registers {
    // SAFETY: registers are plain numbers, for which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// The name of the program that a process runs.
pub(crate) fn program_name(tid: Tid) -> String {
    procfs::program(tid)
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => " (SIGABRT: it gave up by itself)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGFPE => " (SIGFPE)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGKILL => " (SIGKILL)",
        libc::SIGPIPE => " (SIGPIPE)",
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGSYS => " (SIGSYS: a system call of another kind of program)",
        libc::SIGTERM => " (SIGTERM)",
        _ => "",
    }
}
