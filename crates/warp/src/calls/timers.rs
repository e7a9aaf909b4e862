//! Timers that send signals, and timers that are files.

use std::io;

use crate::arch::Call;
use crate::sys::{memory, ptrace};
use crate::tree::thread::{After, ThreadId};
use crate::tree::timers::{Target, Timer, TimerKey};
use crate::tree::{Next, Tree, done, failed};

use super::files::duplicate;
use super::futex::nanos;
use super::{arguments, bad_address, numbers};

const SECOND: u64 = 1_000_000_000;
/// Times of a timer are meant absolutely.
const ABSOLUTE: u64 = 1;

/// Interval and first time, ns; the unit of the second word is ns or µs.
fn read_times(tree: &Tree, id: ThreadId, place: u64, unit: i64) -> Result<(u64, u64), i32> {
    let tid = tree.tid(id);
    let time = |at| {
        let (seconds, part) = memory::read_pair(tid, at).map_err(|_| libc::EFAULT)?;
        nanos((seconds, part.saturating_mul(unit))).ok_or(libc::EINVAL)
    };
    Ok((time(place)?, time(place + 16)?))
}

fn write_times(
    tree: &Tree,
    id: ThreadId,
    place: u64,
    interval: u64,
    at: Option<u64>,
    unit: u64,
) -> io::Result<()> {
    let tid = tree.tid(id);
    let write = |place, nanos: u64| {
        memory::write_pair(tid, place, (nanos / SECOND) as i64, (nanos % SECOND / unit) as i64)
    };
    // A timer that is due now is not one that is off.
    let left = at.map_or(0, |at| at.saturating_sub(tree.clock.now()).max(unit));
    write(place, interval)?;
    write(place + 16, left)
}

pub(super) fn setitimer(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [which, new, old, ..] = arguments(tree, id);
    let now = tree.clock.now();
    if old != 0 {
        let (at, interval) = match tree.process_of(id).alarm {
            Some((at, interval)) if which == 0 => (Some(at), interval),
            _ => (None, 0),
        };
        if write_times(tree, id, old, interval, at, 1000).is_err() {
            return bad_address();
        }
    }
    if which != 0 {
        tree.note(false, "timers of the processor's time never go off in virtual time");
        return Ok(done(0));
    }
    let (interval, value) = match (new, read_times(tree, id, new, 1000)) {
        (0, _) => (0, 0),
        (_, Ok(times)) => times,
        (_, Err(error)) => return Ok(failed(error)),
    };
    tree.process_of(id).alarm = (value != 0).then_some((now + value, interval));
    Ok(done(0))
}

pub(super) fn getitimer(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [which, place, ..] = arguments(tree, id);
    let alarm = tree.process_of(id).alarm.filter(|_| which == 0);
    let (at, interval) = alarm.map_or((None, 0), |(at, interval)| (Some(at), interval));
    match write_times(tree, id, place, interval, at, 1000) {
        Ok(()) => Ok(done(0)),
        Err(_) => bad_address(),
    }
}

pub(super) fn alarm(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [seconds, ..] = arguments(tree, id);
    let now = tree.clock.now();
    let process = tree.process_of(id);
    let left = process.alarm.map_or(0, |(at, _)| at.saturating_sub(now).div_ceil(SECOND));
    let seconds = u64::from(seconds as u32);
    process.alarm = (seconds != 0).then_some((now + seconds * SECOND, 0));
    Ok(done(left as i64))
}

fn signal_key(tree: &Tree, id: ThreadId, number: u64) -> TimerKey {
    (tree.threads[&id].process, false, number as i32)
}

fn file_key(tree: &Tree, id: ThreadId, file: u64) -> TimerKey {
    (tree.threads[&id].process, true, file as i32)
}

pub(super) fn create(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    const TO_NOBODY: i32 = 1;
    const TO_THREAD: i32 = 4;
    let [clock, event, place, ..] = arguments(tree, id);
    let number = tree.timers.new_number();
    let tid = tree.tid(id);
    let target = if event == 0 {
        Target::Signal { signal: libc::SIGALRM, value: number as u64, tid: None }
    } else {
        let mut bytes = [0; 24];
        if memory::read(tid, event, &mut bytes).is_err() {
            return bad_address();
        }
        let word = |at: usize| {
            i32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four bytes"))
        };
        let value = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes are eight bytes"));
        match word(12) {
            TO_NOBODY => Target::Nothing,
            TO_THREAD => {
                let to = tree.tid_of(word(16));
                if to.is_none() {
                    return Ok(failed(libc::EINVAL));
                }
                Target::Signal { signal: word(8), value, tid: to }
            }
            _ => Target::Signal { signal: word(8), value, tid: None },
        }
    };
    if memory::write(tid, place, &number.to_le_bytes()).is_err() {
        return bad_address();
    }
    // Clocks of the processor never come to a time.
    let is_wall = super::clocks::is_wall(clock as i32);
    let timer = Timer { at: None, interval: 0, is_wall, target, missed: 0 };
    let key = signal_key(tree, id, number as u64);
    tree.timers.add(key, timer);
    Ok(done(0))
}

/// Sets a timer of either kind.
fn set(tree: &mut Tree, id: ThreadId, key: TimerKey) -> io::Result<Next> {
    let [_, flags, new, old, ..] = arguments(tree, id);
    let (interval, value) = match read_times(tree, id, new, 1) {
        Ok(times) => times,
        Err(error) => return Ok(failed(error)),
    };
    let (now, ahead) = (tree.clock.now(), tree.clock.wall());
    let Some(timer) = tree.timers.get(key) else { return Ok(failed(libc::EINVAL)) };
    let before = (timer.at, timer.interval);
    timer.interval = interval;
    timer.missed = 0;
    let is_absolute = flags & ABSOLUTE != 0;
    timer.at = match (value, is_absolute) {
        (0, _) => None,
        (_, false) => Some(now.saturating_add(value)),
        (_, true) if timer.is_wall => Some(value.saturating_sub(ahead)),
        (_, true) => Some(value),
    };
    if let Target::File(counter) = &timer.target {
        // What it has counted until now counts no longer.
        let mut list = [rustix::event::PollFd::new(counter, rustix::event::PollFlags::IN)];
        let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        if rustix::event::poll(&mut list, Some(&at_once)).is_ok_and(|found| found > 0) {
            let _ = rustix::io::read(counter, &mut [0; 8]);
        }
    }
    if old != 0 && write_times(tree, id, old, before.1, before.0, 1).is_err() {
        return bad_address();
    }
    Ok(done(0))
}

fn get(tree: &mut Tree, id: ThreadId, key: TimerKey) -> io::Result<Next> {
    let [_, place, ..] = arguments(tree, id);
    let Some(timer) = tree.timers.get(key) else { return Ok(failed(libc::EINVAL)) };
    let (at, interval) = (timer.at, timer.interval);
    match write_times(tree, id, place, interval, at, 1) {
        Ok(()) => Ok(done(0)),
        Err(_) => bad_address(),
    }
}

pub(super) fn settime(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = signal_key(tree, id, arguments(tree, id)[0]);
    set(tree, id, key)
}

pub(super) fn gettime(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = signal_key(tree, id, arguments(tree, id)[0]);
    get(tree, id, key)
}

pub(super) fn getoverrun(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = signal_key(tree, id, arguments(tree, id)[0]);
    Ok(match tree.timers.get(key) {
        Some(timer) => done(timer.missed.into()),
        None => failed(libc::EINVAL),
    })
}

pub(super) fn delete(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = signal_key(tree, id, arguments(tree, id)[0]);
    Ok(if tree.timers.remove(key) { done(0) } else { failed(libc::EINVAL) })
}

/// `timerfd_create`: the program gets a counter, which we count up.
pub(super) fn file_create(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [clock, flags, ..] = arguments(tree, id);
    let registers = &mut tree.thread(id).registers;
    registers.set_number(libc::SYS_eventfd2);
    registers.set_argument(0, 0);
    super::see_through(tree, id, After::Timer { clock: clock as i32, flags })
}

pub(super) fn file_created(
    tree: &mut Tree,
    id: ThreadId,
    clock: i32,
    flags: u64,
) -> io::Result<Next> {
    let file = tree.threads[&id].registers.result();
    if let Ok(number) = i32::try_from(file)
        && number >= 0
        && let Some(copy) = duplicate(tree, id, number)
    {
        let timer = Timer {
            at: None,
            interval: 0,
            is_wall: super::clocks::is_wall(clock),
            target: Target::File(copy),
            missed: 0,
        };
        let key = file_key(tree, id, number as u64);
        tree.timers.add(key, timer);
    }
    let thread = tree.thread(id);
    thread.registers.set_argument(0, clock as u64);
    thread.registers.set_argument(1, flags);
    ptrace::set_registers(thread.tid, &thread.registers)?;
    numbers::set_result(tree, id, file)
}

pub(super) fn file_settime(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = file_key(tree, id, arguments(tree, id)[0]);
    set(tree, id, key)
}

pub(super) fn file_gettime(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let key = file_key(tree, id, arguments(tree, id)[0]);
    get(tree, id, key)
}
