//! The calls of `ptrace` and `waitpid` that the tracer needs.

use std::io;

use super::Tid;

/// The registers of a stopped thread.
pub(crate) type Registers = libc::user_regs_struct;

/// Why a thread stands still, or that it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It ended with this status.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// It comes out of a system call that was to be seen through.
    CallExit,
    /// It is about to receive a signal.
    Signal(i32),
    /// The filter stopped it before a system call.
    Call,
    /// It has made a thread or a process; the kernel's word for which way.
    Child(i32),
    /// It runs another program now.
    Exec,
    /// It was interrupted, or is new, or was stopped by a signal (which).
    Interrupted(i32),
}

/// The kernel leaves these alone: a tracer that ends takes its tracees along.
const OPTIONS: i32 = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_EXITKILL;

fn request(what: libc::c_uint, tid: Tid, address: usize, data: usize) -> io::Result<i64> {
    // SAFETY: the callers below pass either plain numbers or pointers to values
    // of the type that the request reads or writes, alive during the call.
    let result = unsafe { libc::ptrace(what, tid, address, data) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Begins to trace a process, which goes on running. It is killed when the tracer
/// ends.
pub(crate) fn seize(tid: Tid) -> io::Result<()> {
    request(libc::PTRACE_SEIZE, tid, 0, OPTIONS as usize).map(drop)
}

/// The registers of a thread that stands still.
pub(crate) fn registers(tid: Tid) -> io::Result<Registers> {
    let mut registers = std::mem::MaybeUninit::<Registers>::zeroed();
    request(libc::PTRACE_GETREGS, tid, 0, registers.as_mut_ptr() as usize)?;
    // SAFETY: the call has filled it; besides, zeroes are valid registers.
    Ok(unsafe { registers.assume_init() })
}

/// Sets the registers of a thread that stands still.
pub(crate) fn set_registers(tid: Tid, registers: &Registers) -> io::Result<()> {
    request(libc::PTRACE_SETREGS, tid, 0, std::ptr::from_ref(registers) as usize).map(drop)
}

/// Lets a thread go on, with a signal if that is not 0.
pub(crate) fn go_on(tid: Tid, signal: i32) -> io::Result<()> {
    request(libc::PTRACE_CONT, tid, 0, signal as usize).map(drop)
}

/// Lets a thread go on until it comes out of its system call.
pub(crate) fn go_to_exit(tid: Tid) -> io::Result<()> {
    request(libc::PTRACE_SYSCALL, tid, 0, 0).map(drop)
}

/// Lets a thread do one instruction.
pub(crate) fn go_one_step(tid: Tid) -> io::Result<()> {
    request(libc::PTRACE_SINGLESTEP, tid, 0, 0).map(drop)
}

/// Stops a thread that runs.
pub(crate) fn interrupt(tid: Tid) -> io::Result<()> {
    request(libc::PTRACE_INTERRUPT, tid, 0, 0).map(drop)
}

/// What came with an event: the number of a new thread, or of the thread that
/// called `execve`.
pub(crate) fn event_message(tid: Tid) -> io::Result<Tid> {
    let mut message: libc::c_ulong = 0;
    request(libc::PTRACE_GETEVENTMSG, tid, 0, std::ptr::from_mut(&mut message) as usize)?;
    Ok(message as Tid)
}

/// The signals that a stopped thread blocks, one bit each, from signal 1.
pub(crate) fn blocked_signals(tid: Tid) -> io::Result<u64> {
    let mut mask = 0u64;
    request(libc::PTRACE_GETSIGMASK, tid, 8, std::ptr::from_mut(&mut mask) as usize)?;
    Ok(mask)
}

/// The code of the signal that a thread is about to receive, and who sent it.
pub(crate) fn signal_source(tid: Tid) -> io::Result<(i32, Tid)> {
    let info = signal_info(tid)?;
    Ok((info[2], info[4]))
}

/// Says that another process sent the signal.
pub(crate) fn set_signal_source(tid: Tid, sender: Tid) -> io::Result<()> {
    let mut info = signal_info(tid)?;
    info[4] = sender;
    request(libc::PTRACE_SETSIGINFO, tid, 0, info.as_mut_ptr() as usize).map(drop)
}

/// `siginfo_t` as words: number, errno, code, padding, and for signals of
/// processes the sender.
fn signal_info(tid: Tid) -> io::Result<[i32; 32]> {
    let mut info = [0i32; 32];
    request(libc::PTRACE_GETSIGINFO, tid, 0, info.as_mut_ptr() as usize)?;
    Ok(info)
}

/// Waits until a thread stops or is gone: this one, or any for -1.
///
/// # Errors
/// `Interrupted` if somebody wakes the tracer; `ECHILD` if there is no such
/// thread.
pub(crate) fn wait(tid: Tid) -> io::Result<(Tid, Stop)> {
    wait_with(tid, 0).map(|found| found.expect("a call that waits returns with a thread"))
}

/// As [`wait`], but `None` if nothing has happened.
pub(crate) fn look(tid: Tid) -> io::Result<Option<(Tid, Stop)>> {
    wait_with(tid, libc::WNOHANG)
}

fn wait_with(tid: Tid, flags: i32) -> io::Result<Option<(Tid, Stop)>> {
    let mut status = 0;
    // Other threads of this process may trace other nodes: not ours to wait for.
    let flags = flags | libc::__WALL | libc::__WNOTHREAD;
    // SAFETY: `status` is a valid place for the result.
    let found = unsafe { libc::waitpid(tid, &mut status, flags) };
    match found {
        0 => Ok(None),
        found if found > 0 => Ok(Some((found, decoded(status)))),
        _ => Err(io::Error::last_os_error()),
    }
}

fn decoded(status: i32) -> Stop {
    if libc::WIFEXITED(status) {
        return Stop::Exited(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Stop::Killed(libc::WTERMSIG(status));
    }
    let signal = libc::WSTOPSIG(status);
    match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Stop::CallExit,
        0 => Stop::Signal(signal),
        libc::PTRACE_EVENT_SECCOMP => Stop::Call,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        libc::PTRACE_EVENT_STOP => Stop::Interrupted(signal),
        event => Stop::Child(event),
    }
}

/// Sends a signal to one thread; the kernel's answer.
pub(crate) fn signal_thread(process: Tid, tid: Tid, signal: i32) -> io::Result<()> {
    // SAFETY: numbers only.
    match unsafe { libc::syscall(libc::SYS_tgkill, process, tid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends a signal to a process; the kernel's answer.
pub(crate) fn signal_process(process: Tid, signal: i32) -> io::Result<()> {
    // SAFETY: numbers only.
    match unsafe { libc::kill(process, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends a signal as a timer does, with the timer's number and a value.
pub(crate) fn queue_signal(
    process: Tid,
    tid: Option<Tid>,
    signal: i32,
    timer: i32,
    value: u64,
) -> io::Result<()> {
    const SI_TIMER: i32 = -2;
    // number, errno, code, padding, timer, overrun, value (two words).
    let mut info = [0i32; 32];
    info[0] = signal;
    info[2] = SI_TIMER;
    info[4] = timer;
    info[6] = value as i32;
    info[7] = (value >> 32) as i32;
    // SAFETY: `info` has the size and form of `siginfo_t`, which the kernel reads.
    let result = unsafe {
        match tid {
            Some(tid) => {
                libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, tid, signal, info.as_ptr())
            }
            None => libc::syscall(libc::SYS_rt_sigqueueinfo, process, signal, info.as_ptr()),
        }
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
