//! The life of processes: `wait4` and `waitid`, `execve`, `exit`.

use std::io;

use crate::arch::Call;
use crate::sys::{memory, page, ptrace};
use crate::tree::thread::{After, Park, Resume, ThreadId};
use crate::tree::{Next, Tree, failed};

use super::arguments;

/// Where `si_pid` lies in `siginfo_t`.
const INFO_PID: u64 = 16;
const RUSAGE_SIZE: usize = 144;
/// Where a `siginfo_t` is put if the program does not want to know.
const INFO_ROOM: u64 = page::ADDRESS + page::ROOM + 256;

/// Where the flags are among the arguments, and where who is waited for.
fn places(call: i64) -> (usize, usize) {
    if call == libc::SYS_wait4 { (2, 0) } else { (3, 1) }
}

/// `wait4` and `waitid`: asked without waiting; if there is nobody yet, again when a
/// child has ended.
pub(super) fn wait(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const BY_NUMBER: u64 = 1;
    const BY_GROUP: u64 = 2;
    let call = tree.threads[&id].call;
    let arguments = arguments(tree, id);
    let (flags_place, who_place) = places(call);
    let (flags, who) = (arguments[flags_place], arguments[who_place]);
    let number = who as i32;
    let mut registers = tree.threads[&id].registers;
    let is_named = match call {
        libc::SYS_wait4 => !(-1..=0).contains(&number),
        _ => matches!(arguments[0], BY_NUMBER | BY_GROUP) && number > 0,
    };
    if is_named {
        let Some(tid) = tree.tid_of(number.abs()) else { return Ok(failed(libc::ECHILD)) };
        registers.set_argument(who_place, i64::from(tid * number.signum()) as u64);
    }
    if call == libc::SYS_waitid && arguments[2] == 0 {
        registers.set_argument(2, INFO_ROOM);
    }
    registers.set_argument(flags_place, flags | libc::WNOHANG as u64);
    ptrace::set_registers(tree.tid(id), &registers)?;
    tree.thread(id).after = After::Child { flags, who };
    Ok(Next::Run(Resume::ToExit))
}

pub(super) fn after(tree: &mut Tree, id: ThreadId, flags: u64, who: u64) -> io::Result<Next> {
    let tid = tree.tid(id);
    let call = tree.threads[&id].call;
    let (flags_place, who_place) = places(call);
    let registers = &mut tree.thread(id).registers;
    registers.set_argument(flags_place, flags);
    registers.set_argument(who_place, who);
    let info = registers.argument(2);
    if info == INFO_ROOM {
        registers.set_argument(2, 0);
    }
    let mut registers = *registers;
    let mut found = registers.result();
    if call == libc::SYS_waitid && found == 0 {
        found = memory::read_u32(tid, info + INFO_PID)? as i32 as i64;
    }
    let may_wait = flags & libc::WNOHANG as u64 == 0;
    if found == 0 && may_wait {
        ptrace::set_registers(tid, &registers)?;
        return Ok(Next::Park(Park::Child, None));
    }
    if found > 0 {
        let number = tree.number_of(found as i32).unwrap_or(found as i32);
        if call == libc::SYS_wait4 {
            registers.set_result(number.into());
        } else {
            memory::write(tid, info + INFO_PID, &number.to_le_bytes())?;
        }
        // What it has used is the real processor's business.
        let usage = registers.argument(if call == libc::SYS_wait4 { 3 } else { 4 });
        if usage != 0 {
            memory::write(tid, usage, &[0; RUSAGE_SIZE])?;
        }
    }
    tree.thread(id).registers = registers;
    ptrace::set_registers(tid, &registers)?;
    Ok(Next::Run(Resume::On(0)))
}

/// Lets a thread that waits for a child ask again.
pub(crate) fn ask(tree: &mut Tree, id: ThreadId) {
    let thread = tree.thread(id);
    let (tid, call) = (thread.tid, thread.call);
    thread.registers.rewind(call);
    // If it is gone meanwhile, that will be seen when it is to go on.
    let _ = ptrace::set_registers(tid, &thread.registers);
    tree.wake_to(id, Resume::On(0));
}

/// `execve` and `execveat`.
pub(super) fn begin_program(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let process = tree.process_of(id);
    // Its other threads end while the call is made.
    process.is_ending = process.threads > 1;
    Ok(Next::Run(Resume::Execute))
}

/// `exit`, of one thread.
pub(super) fn exit(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let tid = tree.tid(id);
    let process = tree.process_of(id);
    if process.tid == tid && process.threads > 1 {
        // The kernel will tell of its end when its process ends, not before.
        tree.first_thread_ends(id)?;
        return Ok(Next::Done);
    }
    Ok(Next::Run(Resume::Execute))
}

/// `exit_group`, of all threads of the process.
pub(super) fn exit_group(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let process = tree.process_of(id);
    process.is_ending = process.threads > 1;
    Ok(Next::Run(Resume::Execute))
}
