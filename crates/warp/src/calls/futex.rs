//! `futex`: threads that wait for a word of memory. All of it is done here.

use std::io;

use crate::sys::{memory, procfs};
use crate::tree::thread::{FutexKey, Park, Resume, State, ThreadId};
use crate::tree::{Next, Tree, done, failed};

use super::{arguments, bad_address};

const WAIT: i32 = 0;
const WAKE: i32 = 1;
const REQUEUE: i32 = 3;
const CMP_REQUEUE: i32 = 4;
const WAKE_OP: i32 = 5;
const LOCK_PI: i32 = 6;
const UNLOCK_PI: i32 = 7;
const TRYLOCK_PI: i32 = 8;
const WAIT_BITSET: i32 = 9;
const WAKE_BITSET: i32 = 10;
const LOCK_PI2: i32 = 13;
const PRIVATE: i32 = 128;
const WALL_CLOCK: i32 = 256;

/// In the word of a lock with an owner: somebody waits.
const WAITERS: u32 = 0x8000_0000;
/// In such a word: who owns it.
const OWNER: u32 = 0x3fff_ffff;

pub(super) fn futex(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let [address, operation, value, fourth, second_address, third_value] = arguments(tree, id);
    let operation = operation as i32;
    let command = operation & !(PRIVATE | WALL_CLOCK);
    let is_private = operation & PRIVATE != 0;
    let key = key(tree, id, address, is_private);
    let value = value as u32;
    let count = |number: u64| i64::from(number as i32).max(0);
    Ok(match command {
        WAIT | WAIT_BITSET => {
            let bits = if command == WAIT { u32::MAX } else { third_value as u32 };
            return wait(tree, id, key, value, operation, bits);
        }
        WAKE | WAKE_BITSET => {
            let bits = if command == WAKE { u32::MAX } else { third_value as u32 };
            done(tree.wake_futex(key, i64::from(value as i32).max(1), bits))
        }
        REQUEUE | CMP_REQUEUE => {
            if command == CMP_REQUEUE {
                match memory::read_u32(tree.tid(id), address) {
                    Ok(found) if found == third_value as u32 => {}
                    Ok(_) => return Ok(failed(libc::EAGAIN)),
                    Err(_) => return bad_address(),
                }
            }
            let other = self::key(tree, id, second_address, is_private);
            let woken = tree.wake_futex(key, i64::from(value as i32).max(0), u32::MAX);
            done(woken + tree.move_waiters(key, other, count(fourth)))
        }
        WAKE_OP => {
            let other = self::key(tree, id, second_address, is_private);
            let tid = tree.tid(id);
            let Ok(old) = memory::read_u32(tid, second_address) else { return bad_address() };
            let (new, holds) = change(old, third_value as u32);
            if memory::write(tid, second_address, &new.to_le_bytes()).is_err() {
                return bad_address();
            }
            let mut woken = tree.wake_futex(key, i64::from(value as i32).max(1), u32::MAX);
            if holds {
                woken += tree.wake_futex(other, count(fourth).max(1), u32::MAX);
            }
            done(woken)
        }
        LOCK_PI | LOCK_PI2 | TRYLOCK_PI => return lock(tree, id, key, address, operation),
        UNLOCK_PI => return unlock(tree, id, key, address),
        _ => {
            tree.note(false, "a futex operation that is not emulated was refused with ENOSYS");
            failed(libc::ENOSYS)
        }
    })
}

/// The name of a futex for this thread.
fn key(tree: &Tree, id: ThreadId, address: u64, is_private: bool) -> FutexKey {
    let thread = &tree.threads[&id];
    let memory = tree.processes[&thread.process].memory;
    let is_alone = tree.processes.values().filter(|process| process.threads > 0).count() == 1;
    if is_private || is_alone {
        return FutexKey::Own(memory, address);
    }
    match procfs::shared_place(thread.tid, address) {
        Some((inode, place)) => FutexKey::Shared(inode, place),
        None => FutexKey::Own(memory, address),
    }
}

fn wait(
    tree: &mut Tree,
    id: ThreadId,
    key: FutexKey,
    expected: u32,
    operation: i32,
    bits: u32,
) -> io::Result<Next> {
    let [address, _, _, timeout, ..] = arguments(tree, id);
    let tid = tree.tid(id);
    match memory::read_u32(tid, address) {
        Ok(found) if found == expected => {}
        Ok(_) => return Ok(failed(libc::EAGAIN)),
        Err(_) => return bad_address(),
    }
    if bits == 0 {
        return Ok(failed(libc::EINVAL));
    }
    let is_relative = operation & !(PRIVATE | WALL_CLOCK) == WAIT;
    let is_wall = operation & WALL_CLOCK != 0;
    let deadline = match deadline(tree, id, timeout, is_relative, is_wall) {
        Ok(deadline) => deadline,
        Err(error) => return Ok(failed(error)),
    };
    if deadline.is_some_and(|at| at <= tree.clock.now()) {
        tree.spend_idle();
        return Ok(Next::Yield(Resume::Return(-i64::from(libc::ETIMEDOUT))));
    }
    Ok(Next::Park(Park::Futex { key, bits }, deadline))
}

/// When a wait ends: the error if the time is invalid.
pub(super) fn deadline(
    tree: &mut Tree,
    id: ThreadId,
    timeout: u64,
    is_relative: bool,
    is_wall: bool,
) -> Result<Option<u64>, i32> {
    if let Some((_, at)) = tree.thread(id).again.take() {
        return Ok(at);
    }
    if timeout == 0 {
        return Ok(None);
    }
    let time = memory::read_pair(tree.tid(id), timeout).map_err(|_| libc::EFAULT)?;
    let nanos = nanos(time).ok_or(libc::EINVAL)?;
    Ok(Some(if is_relative {
        tree.clock.now().saturating_add(nanos)
    } else if is_wall {
        tree.clock.looked();
        nanos.saturating_sub(tree.clock.wall())
    } else {
        nanos
    }))
}

/// Seconds and nanoseconds as nanoseconds, if they are a time.
pub(super) fn nanos((seconds, nanos): (i64, i64)) -> Option<u64> {
    let seconds = u64::try_from(seconds).ok()?;
    let nanos = u64::try_from(nanos).ok().filter(|&nanos| nanos < 1_000_000_000)?;
    Some(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// What `FUTEX_WAKE_OP` makes of a word, and whether its condition held before.
fn change(old: u32, code: u32) -> (u32, bool) {
    let signed = |bits: u32| ((bits << 20) as i32) >> 20;
    let (operation, comparison) = (code >> 28, (code >> 24) & 0xf);
    let (mut argument, with) = (signed((code >> 12) & 0xfff), signed(code & 0xfff));
    if operation & 8 != 0 {
        argument = 1i32.wrapping_shl(argument as u32 & 31);
    }
    let was = old as i32;
    let new = match operation & 7 {
        0 => argument,
        1 => was.wrapping_add(argument),
        2 => was | argument,
        3 => was & !argument,
        _ => was ^ argument,
    };
    let holds = match comparison {
        0 => was == with,
        1 => was != with,
        2 => was < with,
        3 => was <= with,
        4 => was > with,
        _ => was >= with,
    };
    (new as u32, holds)
}

fn lock(
    tree: &mut Tree,
    id: ThreadId,
    key: FutexKey,
    address: u64,
    operation: i32,
) -> io::Result<Next> {
    let (tid, number) = (tree.tid(id), tree.threads[&id].number as u32);
    let Ok(word) = memory::read_u32(tid, address) else { return bad_address() };
    if word & OWNER == 0 {
        let waiters = if tree.futexes.contains_key(&key) { WAITERS } else { 0 };
        memory::write(tid, address, &(number | waiters).to_le_bytes())?;
        return Ok(done(0));
    }
    if word & OWNER == number {
        return Ok(failed(libc::EDEADLK));
    }
    let command = operation & !(PRIVATE | WALL_CLOCK);
    if command == TRYLOCK_PI {
        return Ok(failed(libc::EAGAIN));
    }
    memory::write(tid, address, &(word | WAITERS).to_le_bytes())?;
    let timeout = arguments(tree, id)[3];
    let is_wall = command == LOCK_PI || operation & WALL_CLOCK != 0;
    match deadline(tree, id, timeout, false, is_wall) {
        Ok(deadline) => Ok(Next::Park(Park::Lock { key }, deadline)),
        Err(error) => Ok(failed(error)),
    }
}

fn unlock(tree: &mut Tree, id: ThreadId, key: FutexKey, address: u64) -> io::Result<Next> {
    let tid = tree.tid(id);
    let next = tree.futexes.get(&key).and_then(|queue| queue.front().copied());
    let word = match next {
        None => 0,
        Some(next) => {
            let number = tree.threads[&next].number as u32;
            let others = tree.futexes[&key].len() > 1;
            tree.wake(next, 0);
            number | if others { WAITERS } else { 0 }
        }
    };
    if memory::write(tid, address, &word.to_le_bytes()).is_err() {
        return bad_address();
    }
    Ok(done(0))
}

impl Tree {
    /// Wakes up to `most` threads that wait on a futex. How many there were.
    pub(crate) fn wake_futex(&mut self, key: FutexKey, most: i64, bits: u32) -> i64 {
        let mut woken = 0;
        let Some(queue) = self.futexes.get(&key) else { return 0 };
        let waiting: Vec<ThreadId> = queue.iter().copied().collect();
        for id in waiting {
            if woken >= most {
                break;
            }
            let State::Parked(Park::Futex { bits: wanted, .. }) = self.threads[&id].state else {
                continue;
            };
            if wanted & bits != 0 {
                self.wake(id, 0);
                woken += 1;
            }
        }
        woken
    }

    /// Lets up to `most` threads that wait on one futex wait on another.
    fn move_waiters(&mut self, from: FutexKey, to: FutexKey, most: i64) -> i64 {
        let mut moved = 0;
        while moved < most {
            let Some(queue) = self.futexes.get_mut(&from) else { break };
            let Some(id) = queue.pop_front() else { break };
            if queue.is_empty() {
                self.futexes.remove(&from);
            }
            if let State::Parked(Park::Futex { key, .. }) = &mut self.thread(id).state {
                *key = to;
            }
            self.futexes.entry(to).or_default().push_back(id);
            moved += 1;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_as_the_manual_says() {
        let code = |operation: u32, comparison: u32, argument: i32, with: i32| {
            operation << 28
                | comparison << 24
                | (argument as u32 & 0xfff) << 12
                | (with as u32 & 0xfff)
        };
        assert_eq!(change(5, code(0, 0, 0, 5)), (0, true));
        assert_eq!(change(5, code(1, 4, -1, 5)), (4, false));
        assert_eq!(change(1, code(2 | 8, 2, 3, 2)), (9, true));
        assert_eq!(change(u32::MAX, code(4, 5, -1, -1)), (0, true));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        assert_eq!(nanos((1, 5)), Some(1_000_000_005));
        assert_eq!(nanos((-1, 0)), None);
        assert_eq!(nanos((0, 1_000_000_000)), None);
        assert_eq!(nanos((i64::MAX, 0)), Some(u64::MAX));
    }
}
