//! A new process that is traced from its first instruction on.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::pipe::{PipeFlags, pipe_with};
use seccompiler::BpfProgram;

use super::Tid;
use super::ptrace::{self, Stop};

/// What to start, and how.
pub(crate) struct Spawn<'a> {
    pub(crate) path: &'a CStr,
    pub(crate) arguments: &'a [CString],
    pub(crate) environment: &'a [CString],
    pub(crate) folder: &'a CStr,
    pub(crate) filter: &'a BpfProgram,
    /// Whether addresses must be the same each time.
    pub(crate) fixed_layout: bool,
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

const PR_SET_MM_FIXED: libc::c_ulong = libc::ADDR_NO_RANDOMIZE as libc::c_ulong;

impl Spawn<'_> {
    /// Starts it; it stands still at its first instruction. (That it stopped there
    /// has been seen.)
    ///
    /// # Errors
    /// What the kernel says of the program, or of tracing.
    pub(crate) fn start(self) -> io::Result<Tid> {
        let arguments = pointers(self.arguments);
        let environment = pointers(self.environment);
        let filter = libc::sock_fprog {
            len: self.filter.len() as u16,
            filter: self.filter.as_ptr().cast_mut().cast(),
        };
        let (gate, opener) = pipe_with(PipeFlags::CLOEXEC)?;
        let files = [self.stdin.as_raw_fd(), self.stdout.as_raw_fd(), self.stderr.as_raw_fd()];
        let gate_number = gate.as_raw_fd();
        // SAFETY: between `fork` and `execve` the child makes system calls only, on
        // memory that was made before; it touches no lock and no allocator.
        let child = unsafe { libc::fork() };
        match child {
            -1 => return Err(io::Error::last_os_error()),
            // SAFETY: this is the child; the pointers are to memory that both have.
            0 => unsafe {
                let failed = begin(
                    &self,
                    files,
                    gate_number,
                    &filter,
                    arguments.as_ptr(),
                    environment.as_ptr(),
                );
                libc::_exit(failed)
            },
            _ => {}
        }
        let seized = ptrace::seize(child);
        if seized.is_ok() {
            rustix::io::write(&opener, b"x")?;
        } else {
            let _ = ptrace::signal_process(child, libc::SIGKILL);
        }
        drop(opener);
        seized.map_err(|error| {
            let _ = ptrace::wait(child);
            io::Error::new(error.kind(), format!("the system does not let it be traced: {error}"))
        })?;
        reach_first_instruction(child)?;
        Ok(child)
    }
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

/// What the child does until it is another program. Gives the error that stopped it.
///
/// # Safety
/// Only in a child that was just forked; the pointers must end with null.
unsafe fn begin(
    spawn: &Spawn<'_>,
    files: [i32; 3],
    gate: i32,
    filter: &libc::sock_fprog,
    arguments: *const *const libc::c_char,
    environment: *const *const libc::c_char,
) -> i32 {
    let failed = || std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    // SAFETY: system calls on numbers and on memory that the caller vouches for.
    unsafe {
        // No terminal, and a process group of its own: Ctrl-C is for Glomers.
        libc::setsid();
        for (file, number) in files.into_iter().zip(0..) {
            // From above, so that none is overwritten before it is used.
            let high = libc::fcntl(file, libc::F_DUPFD_CLOEXEC, 10);
            if high < 0 || libc::dup2(high, number) < 0 {
                return failed();
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &no_core);
        if spawn.fixed_layout {
            libc::personality(PR_SET_MM_FIXED);
        }
        if libc::chdir(spawn.folder.as_ptr()) < 0 {
            return failed();
        }
        let mut byte = [0u8];
        if libc::read(gate, byte.as_mut_ptr().cast(), 1) != 1 {
            return libc::EPERM;
        }
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
            || libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, filter) < 0
        {
            return failed();
        }
        libc::execve(spawn.path.as_ptr(), arguments, environment);
        failed()
    }
}

/// Lets a child that is seized go on until it is the program that was asked for.
fn reach_first_instruction(child: Tid) -> io::Result<()> {
    loop {
        match ptrace::wait(child) {
            Ok((_, Stop::Exec)) => return Ok(()),
            Ok((_, Stop::Exited(libc::ENOEXEC))) => {
                return Err(io::Error::other("it is in no form that this system can run"));
            }
            Ok((_, Stop::Exited(code))) => return Err(io::Error::from_raw_os_error(code)),
            Ok((_, Stop::Killed(signal))) => {
                return Err(io::Error::other(format!("signal {signal} ended it at its start")));
            }
            Ok((_, Stop::Signal(signal))) => ptrace::go_on(child, signal)?,
            // `execve` itself is one of the calls that stop.
            Ok(_) => ptrace::go_on(child, 0)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
