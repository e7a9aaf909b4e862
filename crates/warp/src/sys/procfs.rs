//! What `/proc` says about a thread.

use std::fs;

use super::Tid;

/// What a thread does, as the kernel sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It computes, or would if there were a processor.
    Runs,
    /// It waits for something.
    Sleeps,
    /// It waits for a disk, and cannot be disturbed.
    WaitsForDisk,
    /// It stands still for its tracer, or is gone.
    Other,
}

/// What a thread does.
pub(crate) fn activity(tid: Tid) -> Activity {
    let text = fs::read_to_string(format!("/proc/{tid}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything.
    let state = text.rfind(')').and_then(|end| text[end..].chars().nth(2));
    match state {
        Some('R') => Activity::Runs,
        Some('S') => Activity::Sleeps,
        Some('D') => Activity::WaitsForDisk,
        _ => Activity::Other,
    }
}

/// How long a thread has computed, ns.
pub(crate) fn computed(tid: Tid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{tid}/schedstat")).ok()?;
    text.split(' ').next()?.parse().ok()
}

/// The number of the system call that a thread waits in.
pub(crate) fn call(tid: Tid) -> Option<i64> {
    let text = fs::read_to_string(format!("/proc/{tid}/syscall")).ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Sets of signals, one bit each, from signal 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signals {
    /// Sent to the thread or to its process, and not yet received.
    pub(crate) pending: u64,
    /// With a handler.
    pub(crate) caught: u64,
}

/// The signals of a thread.
pub(crate) fn signals(tid: Tid) -> Signals {
    let text = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let set = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
    };
    Signals { pending: set("SigPnd:") | set("ShdPnd:"), caught: set("SigCgt:") }
}

/// What lies behind an address that several processes may share: device, inode and
/// the place in the file. `None` if it is the process's alone.
pub(crate) fn shared_place(tid: Tid, address: u64) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{tid}/maps")).ok()?;
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let (offset, _device, inode) = (words.next()?, words.next()?, words.next()?);
        let (start, end) = range.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        if (start..u64::from_str_radix(end, 16).ok()?).contains(&address) {
            let place = address - start + u64::from_str_radix(offset, 16).ok()?;
            return rights.ends_with('s').then_some((inode.parse().ok()?, place));
        }
    }
    None
}

/// The files whose code a process has in its memory.
pub(crate) fn code_files(tid: Tid) -> Vec<std::path::PathBuf> {
    let text = fs::read_to_string(format!("/proc/{tid}/maps")).unwrap_or_default();
    let is_code = |line: &&str| line.split(' ').nth(1).is_some_and(|rights| rights.contains('x'));
    let path = |line: &str| line.find('/').map(|at| std::path::PathBuf::from(&line[at..]));
    text.lines().filter(is_code).filter_map(path).collect()
}

/// The name of the program that a process runs.
pub(crate) fn program(tid: Tid) -> String {
    let name = fs::read_to_string(format!("/proc/{tid}/comm")).unwrap_or_default();
    name.trim_end().to_owned()
}
