//! Signals that threads send, and waits for signals.

use std::io;

use crate::arch::Call;
use crate::sys::{Tid, memory, page, procfs, ptrace};
use crate::tree::thread::{After, Park, ProcessId, Resume, ThreadId};
use crate::tree::{Next, Tree, done, failed};

use super::futex::nanos;
use super::{arguments, bad_address};

/// The result of a call of ours that was made for a thread.
fn result(outcome: io::Result<()>) -> i64 {
    match outcome {
        Ok(()) => 0,
        Err(error) => -i64::from(error.raw_os_error().unwrap_or(libc::EIO)),
    }
}

/// A process of this node, by the number that programs see.
fn process_by_number(tree: &Tree, number: Tid) -> Option<ProcessId> {
    let found = tree.processes.iter().rev().find(|(_, process)| process.number == number);
    found.map(|(&id, _)| id)
}

fn to_process(tree: &mut Tree, id: ThreadId, process: ProcessId, signal: i32) -> i64 {
    let target = &tree.processes[&process];
    if target.threads == 0 {
        return -i64::from(libc::ESRCH);
    }
    let tid = target.tid;
    let sent = ptrace::signal_process(tid, signal);
    if sent.is_ok() && signal != 0 {
        tree.sender = tree.process_of(id).number;
        if signal == libc::SIGKILL {
            return tree.killed(id, process);
        }
        tree.disturb_process(process, signal, Some(id));
    }
    result(sent)
}

/// `kill`.
pub(super) fn kill(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [target, signal, ..] = arguments(tree, id);
    let (target, signal) = (target as i32, signal as i32);
    if target > 0 {
        let Some(process) = process_by_number(tree, target) else {
            return Ok(failed(libc::ESRCH));
        };
        let sent = to_process(tree, id, process, signal);
        return Ok(sent_by(tree, id, sent));
    }
    // A group, or all. Nobody outside of the node is to be reached.
    let group_of = |tid: Tid| {
        let pid = rustix::process::Pid::from_raw(tid)?;
        rustix::process::getpgid(Some(pid)).ok()
    };
    let own = group_of(tree.process_of(id).tid);
    let wanted = match target {
        0 => own,
        -1 => None,
        _ => tree.tid_of(-target).and_then(group_of),
    };
    let members: Vec<ProcessId> = tree
        .processes
        .iter()
        .filter(|(_, process)| process.threads > 0)
        .filter(|(_, process)| {
            target == -1 || (wanted.is_some() && group_of(process.tid) == wanted)
        })
        .map(|(&process, _)| process)
        .collect();
    if members.is_empty() {
        return Ok(failed(libc::ESRCH));
    }
    let own = tree.threads[&id].process;
    let mut reached = -i64::from(libc::ESRCH);
    // Its own process last: it may be the end of it.
    let (mine, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|&other| other == own);
    for process in others.into_iter().chain(mine) {
        if target == -1 && process == own {
            continue;
        }
        if to_process(tree, id, process, signal) == 0 {
            reached = 0;
        }
    }
    Ok(sent_by(tree, id, reached))
}

/// What becomes of a thread that has sent a signal, perhaps to itself.
fn sent_by(tree: &Tree, id: ThreadId, sent: i64) -> Next {
    if tree.threads.contains_key(&id) { done(sent) } else { Next::Done }
}

fn to_thread(tree: &mut Tree, id: ThreadId, target: Tid, signal: i32) -> Next {
    let found = tree.threads.iter().find(|(_, thread)| thread.number == target);
    let Some((&target, thread)) = found else { return failed(libc::ESRCH) };
    let (tid, process) = (thread.tid, thread.process);
    let sent = ptrace::signal_thread(tree.processes[&process].tid, tid, signal);
    if sent.is_ok() && signal != 0 {
        tree.sender = tree.process_of(id).number;
        if signal == libc::SIGKILL {
            let sent = tree.killed(id, process);
            return sent_by(tree, id, sent);
        }
        if target != id {
            tree.disturb(target, signal);
        }
    }
    done(result(sent))
}

/// `tkill`.
pub(super) fn tkill(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [target, signal, ..] = arguments(tree, id);
    Ok(to_thread(tree, id, target as i32, signal as i32))
}

/// `tgkill`.
pub(super) fn tgkill(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [_, target, signal, ..] = arguments(tree, id);
    Ok(to_thread(tree, id, target as i32, signal as i32))
}

/// `rt_sigqueueinfo` and `rt_tgsigqueueinfo`: the value that comes along is sent by
/// the kernel; only numbers are translated.
pub(super) fn queue(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [first, second, third, ..] = arguments(tree, id);
    let is_to_thread = tree.threads[&id].call == libc::SYS_rt_tgsigqueueinfo;
    let Some(tid) = tree.tid_of(first as i32) else { return Ok(failed(libc::ESRCH)) };
    tree.sender = tree.process_of(id).number;
    if is_to_thread {
        let found = tree.threads.iter().find(|(_, thread)| thread.number == second as i32);
        let Some((&target, thread)) = found else { return Ok(failed(libc::ESRCH)) };
        let target_tid = thread.tid;
        let mut registers = tree.threads[&id].registers;
        registers.set_argument(0, tid as u64);
        registers.set_argument(1, target_tid as u64);
        ptrace::set_registers(tree.tid(id), &registers)?;
        tree.thread(id).after = After::Group { first, second };
        tree.disturb(target, third as i32);
    } else {
        let process = process_by_number(tree, first as i32);
        let mut registers = tree.threads[&id].registers;
        registers.set_argument(0, tid as u64);
        ptrace::set_registers(tree.tid(id), &registers)?;
        tree.thread(id).after = After::Restore { place: 0, value: first };
        if let Some(process) = process {
            tree.disturb_process(process, second as i32, Some(id));
        }
    }
    Ok(Next::Run(Resume::ToExit))
}

/// `rt_sigsuspend` and `pause`.
pub(super) fn suspend(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [place, ..] = arguments(tree, id);
    let tid = tree.tid(id);
    tree.thread(id).again = None;
    let blocked = if tree.threads[&id].call == libc::SYS_pause {
        ptrace::blocked_signals(tid)?
    } else {
        match memory::read_u64(tid, place) {
            Ok(mask) => mask,
            Err(_) => return bad_address(),
        }
    };
    if procfs::signals(tid).pending & !blocked != 0 {
        // The kernel ends it at once.
        return Ok(Next::Run(Resume::Execute));
    }
    Ok(Next::Park(Park::Signal { blocked }, None))
}

/// `rt_sigtimedwait`: asked without waiting, again and again.
pub(super) fn timedwait(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [set, _, timeout, ..] = arguments(tree, id);
    let tid = tree.tid(id);
    let Ok(wanted) = memory::read_u64(tid, set) else { return bad_address() };
    let at = page::ADDRESS + page::ROOM;
    memory::write(tid, at, &[0; 16])?;
    let mut registers = tree.threads[&id].registers;
    registers.set_argument(2, at);
    ptrace::set_registers(tid, &registers)?;
    tree.thread(id).after = After::SignalOf { set: wanted, timeout };
    Ok(Next::Run(Resume::ToExit))
}

pub(super) fn after_timedwait(
    tree: &mut Tree,
    id: ThreadId,
    set: u64,
    timeout: u64,
) -> io::Result<Next> {
    let tid = tree.tid(id);
    let thread = tree.thread(id);
    thread.registers.set_argument(2, timeout);
    ptrace::set_registers(tid, &thread.registers)?;
    let again = thread.again.take().and_then(|(_, at)| at);
    if thread.registers.result() != -i64::from(libc::EAGAIN) {
        return Ok(Next::Run(Resume::On(0)));
    }
    let now = tree.clock.now();
    let until = match (again, timeout) {
        (Some(at), _) => Some(at),
        (None, 0) => None,
        (None, place) => match memory::read_pair(tid, place).ok().and_then(nanos) {
            Some(time) => Some(now.saturating_add(time)),
            None => return Ok(failed(libc::EINVAL)),
        },
    };
    if until.is_some_and(|at| at <= now) {
        return Ok(Next::Yield(Resume::Return(-i64::from(libc::EAGAIN))));
    }
    Ok(Next::Park(Park::SignalOf { set }, until))
}

/// The signals that a call blocks while it waits, if it has a mask of its own.
pub(crate) fn mask_for_the_wait(tree: &Tree, id: ThreadId) -> Option<u64> {
    let thread = &tree.threads[&id];
    let place = match thread.call {
        libc::SYS_ppoll => thread.registers.argument(3),
        libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => thread.registers.argument(4),
        libc::SYS_pselect6 => {
            let pointer = thread.registers.argument(5);
            if pointer == 0 { 0 } else { memory::read_u64(thread.tid, pointer).unwrap_or(0) }
        }
        _ => 0,
    };
    if place == 0 { None } else { memory::read_u64(thread.tid, place).ok() }
}

impl Tree {
    /// A process was killed, perhaps that of the sender.
    fn killed(&mut self, sender: ThreadId, process: ProcessId) -> i64 {
        let _ = sender;
        match self.end_process(process) {
            Ok(()) => 0,
            Err(error) => -i64::from(error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }
}
