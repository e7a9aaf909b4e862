//! `poll`, `select`, `epoll_wait` and their like.

use std::collections::BTreeMap;
use std::io;

use rustix::event::PollFlags;

use crate::arch::Call;
use crate::sys::{memory, page, ptrace};
use crate::tree::thread::{After, Files, OnTimeout, Park, Resume, ThreadId, Watched};
use crate::tree::{Next, Tree, failed};

use super::files::duplicate;
use super::futex::{deadline, nanos};
use super::{arguments, bad_address};

/// More than any program polls, and no burden.
const MOST_FILES: usize = 65_536;

fn watch(tree: &mut Tree, id: ThreadId, file: i32, flags: PollFlags) -> Option<Watched> {
    if file == 0 && tree.process_of(id).has_stdin {
        return Some(Watched::Stdin(flags));
    }
    duplicate(tree, id, file).map(|copy| Watched::File(copy, flags))
}

/// When a wait of whole milliseconds ends.
fn after_millis(tree: &mut Tree, id: ThreadId, millis: i32) -> Option<u64> {
    if let Some((_, at)) = tree.thread(id).again.take() {
        return at;
    }
    let millis = u64::try_from(millis).ok()?;
    Some(tree.clock.now() + millis * 1_000_000)
}

/// Waits until a file is ready, or makes the call at once.
fn wait(tree: &mut Tree, id: ThreadId, files: Files, until: Option<u64>) -> io::Result<Next> {
    if tree.is_ready_now(&files.files) {
        tree.idle = 0;
        return Ok(Next::Run(if files.see_through { Resume::ToExit } else { Resume::Execute }));
    }
    if until.is_some_and(|at| at <= tree.clock.now()) {
        tree.spend_idle();
        let resume = tree.without_files(id, files.on_timeout);
        return Ok(Next::Yield(resume));
    }
    Ok(Next::Park(Park::Files(files), until))
}

/// `poll` and `ppoll`.
pub(super) fn poll(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [list, length, timeout, ..] = arguments(tree, id);
    let length = length as usize;
    if length > MOST_FILES {
        return Ok(Next::Run(Resume::Execute));
    }
    let until = if tree.threads[&id].call == libc::SYS_poll {
        after_millis(tree, id, timeout as i32)
    } else {
        match deadline(tree, id, timeout, true, false) {
            Ok(until) => until,
            Err(error) => return Ok(failed(error)),
        }
    };
    let mut bytes = vec![0; 8 * length];
    if length > 0 && memory::read(tree.tid(id), list, &mut bytes).is_err() {
        return bad_address();
    }
    let mut files = Vec::new();
    for entry in bytes.as_chunks::<8>().0 {
        let file = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let events = u16::from_le_bytes([entry[4], entry[5]]);
        if file < 0 {
            continue;
        }
        match watch(tree, id, file, PollFlags::from_bits_retain(events)) {
            Some(watched) => files.push(watched),
            // The kernel says at once that it is no descriptor.
            None => return Ok(Next::Run(Resume::Execute)),
        }
    }
    let on_timeout = OnTimeout::ClearList { list, length };
    wait(tree, id, Files { files, on_timeout, see_through: false }, until)
}

/// `select` and `pselect6`.
pub(super) fn select(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [count, readable, writable, special, timeout, _] = arguments(tree, id);
    let tid = tree.tid(id);
    let count = (count as i32).clamp(0, MOST_FILES as i32) as usize;
    let bytes = count.div_ceil(64) * 8;
    let mut wanted: BTreeMap<i32, PollFlags> = BTreeMap::new();
    let sets = [readable, writable, special];
    for (set, flags) in sets.into_iter().zip([PollFlags::IN, PollFlags::OUT, PollFlags::PRI]) {
        if set == 0 || bytes == 0 {
            continue;
        }
        let mut bits = vec![0; bytes];
        if memory::read(tid, set, &mut bits).is_err() {
            return bad_address();
        }
        for file in 0..count {
            if bits[file / 8] >> (file % 8) & 1 == 1 {
                *wanted.entry(file as i32).or_insert(PollFlags::empty()) |= flags;
            }
        }
    }
    let until = match select_deadline(tree, id, timeout) {
        Ok(until) => until,
        Err(error) => return Ok(failed(error)),
    };
    let mut files = Vec::new();
    for (file, flags) in wanted {
        match watch(tree, id, file, flags) {
            Some(watched) => files.push(watched),
            None => return Ok(Next::Run(Resume::Execute)),
        }
    }
    let see_through = timeout != 0;
    if see_through {
        // The kernel would write how much time is left, by its own clock: it gets
        // another place to write that, with no time in it.
        let thread = tree.thread(id);
        let mut registers = thread.registers;
        registers.set_argument(4, page::ADDRESS + page::ROOM);
        memory::write(tid, page::ADDRESS + page::ROOM, &[0; 16])?;
        ptrace::set_registers(tid, &registers)?;
        tree.thread(id).after = After::Restore { place: 4, value: timeout };
    }
    let on_timeout = OnTimeout::ClearSets { sets, bytes };
    wait(tree, id, Files { files, on_timeout, see_through }, until)
}

fn select_deadline(tree: &mut Tree, id: ThreadId, timeout: u64) -> Result<Option<u64>, i32> {
    if tree.threads[&id].call == libc::SYS_pselect6 {
        return deadline(tree, id, timeout, true, false);
    }
    if let Some((_, at)) = tree.thread(id).again.take() {
        return Ok(at);
    }
    if timeout == 0 {
        return Ok(None);
    }
    let (seconds, micros) = memory::read_pair(tree.tid(id), timeout).map_err(|_| libc::EFAULT)?;
    // More than a second of microseconds is allowed here.
    let (more, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let time = nanos((seconds.saturating_add(more), micros * 1000)).ok_or(libc::EINVAL)?;
    Ok(Some(tree.clock.now().saturating_add(time)))
}

/// `epoll_wait`, `epoll_pwait` and `epoll_pwait2`.
pub(super) fn epoll(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [file, _, _, timeout, ..] = arguments(tree, id);
    let until = if tree.threads[&id].call == libc::SYS_epoll_pwait2 {
        match deadline(tree, id, timeout, true, false) {
            Ok(until) => until,
            Err(error) => return Ok(failed(error)),
        }
    } else {
        after_millis(tree, id, timeout as i32)
    };
    let Some(watched) = watch(tree, id, file as i32, PollFlags::IN) else {
        return Ok(Next::Run(Resume::Execute));
    };
    let files = Files { files: vec![watched], on_timeout: OnTimeout::Zero, see_through: false };
    wait(tree, id, files, until)
}
