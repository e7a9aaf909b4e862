//! Signals to process groups, exit codes in words, and what runs leave behind.
//!
//! Every node is the leader of a process group of its own, so that a wrapper
//! script and what it started are stopped together. What left its group with
//! `setsid` is found by the mark that the run put into its environment; this
//! needs `/proc`, so only on Linux.

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

/// The variable in the environment of all that a run starts.
pub(crate) const MARKER: &str = "GLOMERS_RUN";

/// Ends a child that is not reaped yet and its group, even if it has moved to
/// another group.
pub(crate) fn kill_child_and_group(child: Pid) {
    let _ = kill_process(child, Signal::KILL);
    kill_group(child);
}

/// Ends a process group for certain, also one that is stopped.
pub(crate) fn kill_group(group: Pid) {
    signal_group(group, Signal::KILL);
    signal_group(group, Signal::CONT);
}

/// Sends a signal to a group. A group that is gone needs none.
pub(crate) fn signal_group(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

/// Whether a child has ended. It is not reaped, so its number still belongs to
/// it and its group can be killed without hitting somebody else.
pub(crate) fn has_ended(child: Pid) -> bool {
    is_waiting(&WaitId::Pid(child))
}

/// Whether any child of this process has ended, ours or not.
pub(crate) fn has_any_ended() -> bool {
    is_waiting(&WaitId::All)
}

fn is_waiting(who: &WaitId<'_>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(who.clone(), options) {
        Ok(status) => status.is_some(),
        // Somebody else in this process has reaped it.
        Err(Errno::CHILD) => matches!(who, WaitId::Pid(_)),
        Err(_) => false,
    }
}

/// How a process ended, in words.
pub(crate) fn exit_in_words(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    if let Some(code) = status.code() {
        return format!("exited with status {code}");
    }
    match status.signal() {
        Some(number) => match signal_name(number) {
            Some(name) => format!("was killed by signal {number} ({name})"),
            None => format!("was killed by signal {number}"),
        },
        None => "ended".to_owned(),
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    names.into_iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| name)
}

/// Kills every process that carries the mark of this run, and says how many
/// there were. Processes may fork meanwhile: call until there are none.
#[cfg(target_os = "linux")]
pub(crate) fn kill_marked(run: &str) -> usize {
    let mark = format!("{MARKER}={run}");
    let own = rustix::process::getpid();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .filter_map(|entry| {
            let number: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let process = Pid::from_raw(number)?;
            (process != own && kill_if_marked(process, &mark)).then_some(())
        })
        .count()
}

/// Elsewhere environments of others cannot be read; groups must do.
#[cfg(not(target_os = "linux"))]
pub(crate) fn kill_marked(_run: &str) -> usize {
    0
}

#[cfg(target_os = "linux")]
fn kill_if_marked(process: Pid, mark: &str) -> bool {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    if !is_marked(process, mark) {
        return false;
    }
    // Between the look at a number and the signal the number could go to another
    // process; a handle cannot, so look again once there is one.
    match pidfd_open(process, PidfdFlags::empty()) {
        Ok(handle) => is_marked(process, mark) && pidfd_send_signal(handle, Signal::KILL).is_ok(),
        Err(Errno::NOSYS) => kill_process(process, Signal::KILL).is_ok(),
        Err(_) => false,
    }
}

#[cfg(target_os = "linux")]
fn is_marked(process: Pid, mark: &str) -> bool {
    let path = format!("/proc/{}/environ", process.as_raw_nonzero());
    // What has ended but was not reaped has an empty environment.
    std::fs::read(path)
        .is_ok_and(|text| text.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn exits_are_told_in_words() {
        let words = |raw| exit_in_words(ExitStatus::from_raw(raw));
        assert_eq!(words(3 << 8), "exited with status 3");
        assert_eq!(words(11), "was killed by signal 11 (SIGSEGV)");
        assert_eq!(words(40), "was killed by signal 40");
    }
}
