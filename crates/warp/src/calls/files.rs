//! Reading and writing that may have to wait.

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::PollFlags;
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::tree::thread::{Files, OnTimeout, Park, Resume, ThreadId, Watched};
use crate::tree::{Next, Tree};

use super::arguments;

/// `read` and `readv`.
pub(super) fn read(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let file = arguments(tree, id)[0] as i32;
    wait_for(tree, id, file, PollFlags::IN)
}

/// `write` and `writev`.
pub(super) fn write(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let file = arguments(tree, id)[0] as i32;
    if file <= 2 {
        // Much at once: let there be room.
        tree.pipes.collect(tree.clock.now());
    }
    wait_for(tree, id, file, PollFlags::OUT)
}

/// `recvfrom`, `recvmsg`, `recvmmsg`, `accept` and `accept4`.
pub(super) fn receive(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [file, _, third, fourth, ..] = arguments(tree, id);
    let flags = match tree.threads[&id].call {
        libc::SYS_recvfrom | libc::SYS_recvmmsg => fourth,
        libc::SYS_recvmsg => third,
        _ => 0,
    };
    if flags as i32 & libc::MSG_DONTWAIT != 0 {
        return Ok(Next::Run(Resume::Execute));
    }
    wait_for(tree, id, file as i32, PollFlags::IN)
}

/// `sendto` and `sendmsg`.
pub(super) fn send(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [file, _, third, fourth, ..] = arguments(tree, id);
    let flags = if tree.threads[&id].call == libc::SYS_sendto { fourth } else { third };
    if flags as i32 & libc::MSG_DONTWAIT != 0 {
        return Ok(Next::Run(Resume::Execute));
    }
    wait_for(tree, id, file as i32, PollFlags::OUT)
}

/// Lets a call be made once its file is ready.
fn wait_for(tree: &mut Tree, id: ThreadId, file: i32, flags: PollFlags) -> io::Result<Next> {
    tree.thread(id).again = None;
    let execute = Ok(Next::Run(Resume::Execute));
    let watched = if file == 0 && tree.process_of(id).has_stdin {
        if tree.pipes.is_stdin_nonblocking() {
            return execute;
        }
        Watched::Stdin(flags)
    } else {
        // A descriptor that is none is the kernel's to refuse.
        let Some(copy) = duplicate(tree, id, file) else { return execute };
        if fcntl_getfl(&copy).is_ok_and(|found| found.contains(OFlags::NONBLOCK)) {
            return execute;
        }
        Watched::File(copy, flags)
    };
    let files = vec![watched];
    if tree.is_ready_now(&files) {
        return execute;
    }
    let files = Files { files, on_timeout: OnTimeout::Never, see_through: false };
    Ok(Next::Park(Park::Files(files), None))
}

/// A descriptor of ours for one of a thread's files.
pub(super) fn duplicate(tree: &mut Tree, id: ThreadId, file: i32) -> Option<OwnedFd> {
    let process = tree.process_of(id);
    if process.handle.is_none() {
        let pid = Pid::from_raw(process.tid)?;
        process.handle = pidfd_open(pid, PidfdFlags::empty()).ok();
    }
    let result = pidfd_getfd(process.handle.as_ref()?, file, PidfdGetfdFlags::empty());
    match result {
        Ok(copy) => Some(copy),
        Err(rustix::io::Errno::PERM | rustix::io::Errno::NOSYS) => {
            tree.note(
                true,
                "pidfd_getfd is forbidden here, so the tracer cannot see whether a file is ready; \
                 see glomers doctor",
            );
            None
        }
        Err(_) => None,
    }
}

/// `close` and `close_range` of standard input.
pub(super) fn close(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const ONLY_LATER: u64 = 4;
    let is_range = tree.threads[&id].call == libc::SYS_close_range;
    if !is_range || arguments(tree, id)[2] & ONLY_LATER == 0 {
        tree.process_of(id).has_stdin = false;
    }
    Ok(Next::Run(Resume::Execute))
}

/// `dup2` and `dup3` over standard input.
pub(super) fn replace(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    if arguments(tree, id)[0] != 0 {
        tree.process_of(id).has_stdin = false;
    }
    Ok(Next::Run(Resume::Execute))
}
