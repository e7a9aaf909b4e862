//! Memory that the tracer and the processes of one node share: the node's clock.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Where every process of a node finds it. The lowest address that Linux hands
/// out, and that no program is linked to.
pub(crate) const ADDRESS: u64 = 0x10000;
/// Its size.
pub(crate) const SIZE: usize = 4096;
/// Where the present moment lies in it, ns.
pub(crate) const NOW: u64 = 0;
/// Where it lies how far the wall clock is ahead of that, ns.
pub(crate) const WALL: u64 = 8;
/// Where it lies what a look at the clock costs, ns.
pub(crate) const COST: u64 = 16;
/// Where it lies whether somebody has looked at the wall clock.
pub(crate) const LOOKED: u64 = 24;
/// Where it lies after which moment a look at the clock lets others have a turn, ns.
pub(crate) const LIMIT: u64 = 32;
/// Where the number lies of the process that has the turn, as programs see it.
pub(crate) const PROCESS: u64 = 40;
/// Where that of the thread lies.
pub(crate) const THREAD: u64 = 48;
/// From here on there is room for what a call needs for a moment.
pub(crate) const ROOM: u64 = 1024;

/// The clock of a node.
#[derive(Debug)]
pub(crate) struct ClockPage {
    memory: OwnedFd,
    start: *mut libc::c_void,
}

impl ClockPage {
    /// A clock that stands at `now`.
    pub(crate) fn new(now: u64, wall: u64, cost: u64) -> io::Result<ClockPage> {
        let memory = memfd_create("glomers-clock", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, SIZE as u64)?;
        // SAFETY: a new mapping at a place of the kernel's choice touches no other.
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &memory,
                0,
            )?
        };
        let page = ClockPage { memory, start };
        page.word(NOW).store(now, Ordering::Relaxed);
        page.word(COST).store(cost, Ordering::Relaxed);
        page.set_limit(u64::MAX);
        page.set_wall(wall);
        Ok(page)
    }

    fn word(&self, at: u64) -> &AtomicU64 {
        assert!(at as usize + 8 <= SIZE && at.is_multiple_of(8));
        // SAFETY: the mapping is as long as `self`, the place is inside and aligned,
        // and all who share it change it by atomic instructions.
        unsafe { AtomicU64::from_ptr(self.start.byte_add(at as usize).cast()) }
    }

    /// What a process opens to get at the page, whatever descriptors it has.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.memory.as_raw_fd())
    }

    /// The present moment, ns.
    pub(crate) fn now(&self) -> u64 {
        self.word(NOW).load(Ordering::Relaxed)
    }

    /// Puts the clock forward; it never goes back.
    pub(crate) fn advance_to(&self, now: u64) {
        self.word(NOW).fetch_max(now, Ordering::Relaxed);
    }

    /// Lets time go by.
    pub(crate) fn spend(&self, nanos: u64) {
        self.word(NOW).fetch_add(nanos, Ordering::Relaxed);
    }

    /// How far the wall clock is ahead, ns.
    pub(crate) fn wall(&self) -> u64 {
        self.word(WALL).load(Ordering::Relaxed)
    }

    /// Sets how far the wall clock is ahead, ns.
    pub(crate) fn set_wall(&self, ahead: u64) {
        self.word(WALL).store(ahead, Ordering::Relaxed);
    }

    /// Sets after which moment a look at the clock lets others have a turn, ns.
    pub(crate) fn set_limit(&self, limit: u64) {
        self.word(LIMIT).store(limit, Ordering::Relaxed);
    }

    /// Sets the numbers of the process and the thread that have the turn.
    pub(crate) fn set_numbers(&self, process: i32, thread: i32) {
        self.word(PROCESS).store(process as u64, Ordering::Relaxed);
        self.word(THREAD).store(thread as u64, Ordering::Relaxed);
    }

    /// Whether somebody looked at the wall clock since this was asked last.
    pub(crate) fn take_looked(&self) -> bool {
        let word = self.word(LOOKED);
        // Reading is cheap, and mostly enough.
        word.load(Ordering::Relaxed) != 0 && word.swap(0, Ordering::Relaxed) != 0
    }

    /// Says that somebody looked at the wall clock.
    pub(crate) fn looked(&self) {
        self.word(LOOKED).store(1, Ordering::Relaxed);
    }
}

impl Drop for ClockPage {
    fn drop(&mut self) {
        // SAFETY: `word` hands out references that do not outlive `self`. A failure
        // leaves the mapping, which harms nobody.
        let _ = unsafe { munmap(self.start, SIZE) };
    }
}

/// A file of memory with this content that any process can open by a path, as long
/// as it is held.
pub(crate) fn memory_file(content: &[u8]) -> io::Result<(File, String)> {
    use std::io::Write;
    let mut file = File::from(memfd_create("glomers-file", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    Ok((file, path))
}
