//! What this machine allows, tried out.

use std::ffi::CString;
use std::io;

use crate::arch::cpu;
use crate::calls;
use crate::options::Pin;
use crate::report::Probe;
use crate::sys::filter::compile;
use crate::sys::ptrace;
use crate::sys::spawn::Spawn;
use crate::tree::Pipes;

/// Tries out all that virtual time for programs depends on.
pub fn probe() -> Vec<Probe> {
    let tracing = try_tracing();
    let (traced, files) = match &tracing {
        Ok(files) => (None, files.clone()),
        Err(error) => (Some(error.to_string()), Some("it could not be tried".to_owned())),
    };
    let told = |works: bool, what: &str| (!works).then(|| what.to_owned());
    vec![
        Probe {
            pin: None,
            name: "tracing (ptrace and seccomp)",
            absent: traced,
            cost: "no program runs in virtual time here; in a container it needs the capability \
                   SYS_PTRACE or a seccomp profile that allows ptrace",
        },
        Probe {
            pin: None,
            name: "looking at files of a traced process (pidfd_getfd)",
            absent: files,
            cost: "a call that waits for a file, other than a plain read of standard input, waits \
                   in real time; in a container, add the capability SYS_PTRACE",
        },
        Probe {
            pin: Some(Pin::Layout),
            name: "fixed addresses (personality)",
            absent: told(can_fix_layout(), "the system refuses it"),
            cost: "tokio, Node.js and Ruby may differ in another run",
        },
        Probe {
            pin: Some(Pin::Counter),
            name: "faults of the time stamp counter (PR_SET_TSC)",
            absent: told(cpu::can_fault_counter(), "the system refuses it"),
            cost: "Go may differ in another run",
        },
        Probe {
            pin: Some(Pin::Identity),
            name: "faults of CPUID",
            absent: told(cpu::can_fault_identity(), "this processor has none"),
            cost: "a program that uses the processor's random numbers goes otherwise in another \
                   run",
        },
    ]
}

/// Pins that this machine does not allow.
pub(crate) fn absent() -> Vec<Pin> {
    let mut absent = Vec::new();
    if !can_fix_layout() {
        absent.push(Pin::Layout);
    }
    if !cpu::can_fault_counter() {
        absent.push(Pin::Counter);
    }
    if !cpu::can_fault_identity() {
        absent.push(Pin::Identity);
    }
    absent
}

/// Tried on a thread of its own, which takes the setting along when it ends.
fn can_fix_layout() -> bool {
    let probe = || {
        // SAFETY: numbers only; the setting is that of this thread.
        let result = unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
        result >= 0
    };
    std::thread::scope(|scope| scope.spawn(probe).join().unwrap_or(false))
}

/// Starts a program under the tracer and ends it at its first instruction. Why its
/// files cannot be looked at, if so.
fn try_tracing() -> io::Result<Option<String>> {
    let filter = compile(&calls::stopping()).map_err(io::Error::other)?;
    let (_pipes, ends) = Pipes::new()?;
    let spawn = Spawn {
        path: c"/proc/self/exe",
        arguments: &[CString::from(c"probe")],
        environment: &[],
        folder: c"/",
        filter: &filter,
        fixed_layout: false,
        stdin: ends.stdin,
        stdout: ends.stdout,
        stderr: ends.stderr,
    };
    let tid = spawn.start()?;
    let looked = rustix::process::Pid::from_raw(tid).map(|pid| {
        use rustix::process::{PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        pidfd_getfd(handle, 0, PidfdGetfdFlags::empty()).map(drop)
    });
    ptrace::signal_process(tid, libc::SIGKILL)?;
    while !matches!(ptrace::wait(tid), Ok((_, ptrace::Stop::Killed(_))) | Err(_)) {}
    Ok(looked.and_then(Result::err).map(|error| error.to_string()))
}
