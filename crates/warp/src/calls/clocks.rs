//! Calls that tell the time, where the code that replaces the vDSO does not.

use std::io;

use crate::sys::memory;
use crate::tree::thread::{Resume, ThreadId};
use crate::tree::{Next, Tree, done, failed};

use super::{arguments, bad_address};

/// What a look at a clock costs, ns.
pub(crate) const LOOK: u64 = 20;
const SECOND: u64 = 1_000_000_000;

/// Whether a clock of this number is the one on the wall.
pub(super) fn is_wall(clock: i32) -> bool {
    matches!(
        clock,
        libc::CLOCK_REALTIME
            | libc::CLOCK_REALTIME_COARSE
            | libc::CLOCK_REALTIME_ALARM
            | libc::CLOCK_TAI
    )
}

fn pair(nanos: u64, unit: u64) -> (i64, i64) {
    ((nanos / SECOND) as i64, (nanos % SECOND / unit) as i64)
}

pub(super) fn clock_gettime(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [clock, place, ..] = arguments(tree, id);
    let clock = clock as i32;
    tree.clock.spend(LOOK);
    let nanos = match clock {
        _ if is_wall(clock) => {
            tree.clock.looked();
            tree.clock.now() + tree.clock.wall()
        }
        // Negative: the processor's time of some thread or process.
        libc::CLOCK_PROCESS_CPUTIME_ID | libc::CLOCK_THREAD_CPUTIME_ID | i32::MIN..0 => {
            tree.computed()
        }
        0..12 => tree.clock.now(),
        _ => return Ok(failed(libc::EINVAL)),
    };
    let (seconds, nanos) = pair(nanos, 1);
    match memory::write_pair(tree.tid(id), place, seconds, nanos) {
        Ok(()) => Ok(done(0)),
        Err(_) => bad_address(),
    }
}

pub(super) fn gettimeofday(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [place, ..] = arguments(tree, id);
    tree.clock.spend(LOOK);
    tree.clock.looked();
    let (seconds, micros) = pair(tree.clock.now() + tree.clock.wall(), 1000);
    if place != 0 && memory::write_pair(tree.tid(id), place, seconds, micros).is_err() {
        return bad_address();
    }
    Ok(done(0))
}

pub(super) fn time(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [place, ..] = arguments(tree, id);
    tree.clock.spend(LOOK);
    tree.clock.looked();
    let seconds = (tree.clock.now() + tree.clock.wall()) / SECOND;
    if place != 0 && memory::write(tree.tid(id), place, &seconds.to_le_bytes()).is_err() {
        return bad_address();
    }
    Ok(done(seconds as i64))
}

/// `times`: in hundredths of a second.
pub(super) fn times(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const TICK: u64 = SECOND / 100;
    let [place, ..] = arguments(tree, id);
    tree.clock.spend(LOOK);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(tree.computed() / TICK).to_le_bytes());
    if place != 0 && memory::write(tree.tid(id), place, &bytes).is_err() {
        return bad_address();
    }
    Ok(done((tree.clock.now() / TICK) as i64))
}

/// `getrusage`: time of the processor by our clock, and a size that never changes.
pub(super) fn getrusage(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const SIZE: usize = 144;
    const LARGEST_KIB: u64 = 64 * 1024;
    let [_, place, ..] = arguments(tree, id);
    tree.clock.spend(LOOK);
    let mut bytes = [0; SIZE];
    let (seconds, micros) = pair(tree.computed(), 1000);
    bytes[..8].copy_from_slice(&seconds.to_le_bytes());
    bytes[8..16].copy_from_slice(&micros.to_le_bytes());
    bytes[32..40].copy_from_slice(&LARGEST_KIB.to_le_bytes());
    match memory::write(tree.tid(id), place, &bytes) {
        Ok(()) => Ok(done(0)),
        Err(_) => bad_address(),
    }
}

/// `sysinfo`: the machine's size, and nothing of how busy it is.
pub(super) fn sysinfo(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [place, ..] = arguments(tree, id);
    let total = total_memory();
    let uptime = tree.clock.now() / SECOND;
    let words = [uptime, 0, 0, 0, total, total / 2, 0, 0, 0, 0, 1, 0, 0, 1];
    let bytes: Vec<u8> = words.iter().flat_map(|word: &u64| word.to_le_bytes()).collect();
    match memory::write(tree.tid(id), place, &bytes) {
        Ok(()) => Ok(done(0)),
        Err(_) => bad_address(),
    }
}

/// How much memory the machine has, bytes.
pub(super) fn total_memory() -> u64 {
    rustix::system::sysinfo().totalram as u64
}

/// Calls that would set the machine's clock, or ask how good it is.
pub(super) fn not_allowed(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let _ = (tree, id);
    Ok(Next::Run(Resume::Return(-i64::from(libc::EPERM))))
}
