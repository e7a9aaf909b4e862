//! Numbers of processes and threads. Programs see numbers by the order in which
//! things were made, not those of the kernel.

use std::io;

use crate::arch::{Call, Shortcut};
use crate::options::Pin;
use crate::sys::ptrace;
use crate::tree::thread::{After, Resume, ThreadId};
use crate::tree::{Next, Tree, done, failed};

use super::arguments;

/// What a process sees whose parent is outside of its node.
const OUTSIDE: i64 = 1;

fn is_pinned(tree: &Tree) -> bool {
    tree.tracer.has(Pin::Numbers)
}

/// Sets the result of a call that a thread comes out of.
pub(super) fn set_result(tree: &mut Tree, id: ThreadId, result: i64) -> io::Result<Next> {
    let thread = tree.thread(id);
    thread.registers.set_result(result);
    ptrace::set_registers(thread.tid, &thread.registers)?;
    Ok(Next::Run(Resume::On(0)))
}

/// Gives an argument its value back.
pub(super) fn restore(tree: &mut Tree, id: ThreadId, place: usize, value: u64) -> io::Result<Next> {
    let thread = tree.thread(id);
    thread.registers.set_argument(place, value);
    ptrace::set_registers(thread.tid, &thread.registers)?;
    Ok(Next::Run(Resume::On(0)))
}

pub(super) fn getpid(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    tree.shorten(id, Shortcut::Process)?;
    let number = tree.process_of(id).number;
    Ok(done(number.into()))
}

pub(super) fn gettid(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    tree.shorten(id, Shortcut::Thread)?;
    Ok(done(tree.threads[&id].number.into()))
}

pub(super) fn getppid(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let parent = tree.process_of(id).parent;
    Ok(done(parent.map_or(OUTSIDE, |parent| tree.processes[&parent].number.into())))
}

pub(super) fn set_tid_address(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [place, ..] = arguments(tree, id);
    let thread = tree.thread(id);
    thread.clear_at = place;
    thread.after = After::OwnNumber;
    Ok(Next::Run(Resume::ToExit))
}

/// Calls about process groups and sessions.
pub(super) fn of_group(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    if !is_pinned(tree) {
        return Ok(Next::Run(Resume::Execute));
    }
    let [first, second, ..] = arguments(tree, id);
    let call = tree.threads[&id].call;
    let used = match call {
        libc::SYS_setpgid => 2,
        libc::SYS_getpgid | libc::SYS_getsid => 1,
        _ => 0,
    };
    let mut registers = tree.threads[&id].registers;
    for (place, value) in [first, second].into_iter().enumerate().take(used) {
        if value as i32 > 0 {
            let Some(tid) = tree.tid_of(value as i32) else { return Ok(failed(libc::ESRCH)) };
            registers.set_argument(place, tid as u64);
        }
    }
    ptrace::set_registers(tree.tid(id), &registers)?;
    tree.thread(id).after = After::Group { first, second };
    Ok(Next::Run(Resume::ToExit))
}

pub(super) fn after_group(
    tree: &mut Tree,
    id: ThreadId,
    first: u64,
    second: u64,
) -> io::Result<Next> {
    let thread = tree.thread(id);
    thread.registers.set_argument(0, first);
    thread.registers.set_argument(1, second);
    let result = thread.registers.result();
    let result =
        if result > 0 { tree.number_of(result as i32).map_or(OUTSIDE, i64::from) } else { result };
    set_result(tree, id, result)
}

fn translate(tree: &mut Tree, id: ThreadId, place: usize) -> io::Result<Next> {
    let value = arguments(tree, id)[place];
    if value as i32 <= 0 || !is_pinned(tree) {
        return Ok(Next::Run(Resume::Execute));
    }
    let Some(tid) = tree.tid_of(value as i32) else { return Ok(failed(libc::ESRCH)) };
    let mut registers = tree.threads[&id].registers;
    registers.set_argument(place, tid as u64);
    ptrace::set_registers(tree.tid(id), &registers)?;
    tree.thread(id).after = After::Restore { place, value };
    Ok(Next::Run(Resume::ToExit))
}

/// Calls whose first argument is the number of a process or thread.
pub(super) fn first_argument(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    translate(tree, id, 0)
}

/// Calls whose second argument is the number of a process or thread.
pub(super) fn second_argument(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    translate(tree, id, 1)
}
