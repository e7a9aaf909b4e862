//! Timers of processes: those that are files, and those that send signals.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use super::Tree;
use super::thread::ProcessId;
use crate::sys::Tid;
use crate::sys::ptrace;

/// The name of a timer: its process, whether it is a file, and its number there.
pub(crate) type TimerKey = (ProcessId, bool, i32);

/// A timer.
#[derive(Debug)]
pub(crate) struct Timer {
    /// When it is due.
    pub(crate) at: Option<u64>,
    /// How long after that again, ns; 0: never.
    pub(crate) interval: u64,
    /// Whether it follows the wall clock.
    pub(crate) is_wall: bool,
    pub(crate) target: Target,
    /// How often it was due since its signal before the last one.
    pub(crate) missed: i32,
}

/// What a timer does when it is due.
#[derive(Debug)]
pub(crate) enum Target {
    /// Its file can be read: our descriptor of the counter that stands in for it.
    File(OwnedFd),
    /// It sends a signal with this value, to this thread or to the process.
    Signal { signal: i32, value: u64, tid: Option<Tid> },
    /// Nothing; somebody asks it.
    Nothing,
}

/// All timers of a node.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    all: BTreeMap<TimerKey, Timer>,
    next_number: i32,
}

impl Timers {
    /// When the next is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.all.values().filter_map(|timer| timer.at).min()
    }

    /// When they are due.
    pub(crate) fn all(&self) -> impl Iterator<Item = u64> + '_ {
        self.all.values().filter_map(|timer| timer.at)
    }

    pub(crate) fn get(&mut self, key: TimerKey) -> Option<&mut Timer> {
        self.all.get_mut(&key)
    }

    pub(crate) fn add(&mut self, key: TimerKey, timer: Timer) {
        self.all.insert(key, timer);
    }

    pub(crate) fn remove(&mut self, key: TimerKey) -> bool {
        self.all.remove(&key).is_some()
    }

    /// A number that no timer of signals has.
    pub(crate) fn new_number(&mut self) -> i32 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// A process is gone.
    pub(crate) fn forget(&mut self, process: ProcessId) {
        self.all.retain(|&(owner, ..), _| owner != process);
    }

    /// A process runs another program: timers of signals end then.
    pub(crate) fn forget_signals(&mut self, process: ProcessId) {
        self.all.retain(|&(owner, is_file, _), _| owner != process || is_file);
    }
}

/// When a timer that was due at `at` is due next, and how often it was since.
fn after(at: u64, interval: u64, now: u64) -> (Option<u64>, u64) {
    if interval == 0 {
        return (None, 1);
    }
    let times = 1 + (now - at) / interval;
    (Some(at + times * interval), times)
}

impl Tree {
    /// Lets timers do what they do that are due.
    pub(super) fn expire_timers(&mut self, now: u64) {
        let alarms: Vec<ProcessId> = self
            .processes
            .iter()
            .filter(|(_, process)| process.alarm.is_some_and(|(at, _)| at <= now))
            .map(|(&id, _)| id)
            .collect();
        for id in alarms {
            let process = self.processes.get_mut(&id).expect("it was just found");
            let Some((at, interval)) = process.alarm else { continue };
            process.alarm = after(at, interval, now).0.map(|at| (at, interval));
            let _ = ptrace::signal_process(process.tid, libc::SIGALRM);
            self.disturb_process(id, libc::SIGALRM, None);
        }
        if self.timers.all.values().all(|timer| timer.at.is_none_or(|at| at > now)) {
            return;
        }
        let due: Vec<TimerKey> = self
            .timers
            .all
            .iter()
            .filter(|(_, timer)| timer.at.is_some_and(|at| at <= now))
            .map(|(&key, _)| key)
            .collect();
        for key in due {
            self.fire(key, now);
        }
    }

    fn fire(&mut self, key: TimerKey, now: u64) {
        let process = self.processes[&key.0].tid;
        let Some(timer) = self.timers.get(key) else { return };
        let Some(at) = timer.at else { return };
        let (next, times) = after(at, timer.interval, now);
        timer.at = next;
        timer.missed = times as i32 - 1;
        match &timer.target {
            Target::File(counter) => {
                // A counter that is full says what there is to say.
                let _ = rustix::io::write(counter, &times.to_le_bytes());
            }
            Target::Signal { signal, value, tid } => {
                let (signal, value, tid) = (*signal, *value, *tid);
                let _ = ptrace::queue_signal(process, tid, signal, key.2, value);
                match tid.and_then(|tid| self.by_tid.get(&tid).copied()) {
                    Some(id) => self.disturb(id, signal),
                    None => self.disturb_process(key.0, signal, None),
                }
            }
            Target::Nothing => {}
        }
    }

    /// The wall clock was set: what follows it is due at other moments.
    pub(crate) fn shift_wall_timers(&mut self, ahead_before: u64, ahead: u64) {
        for timer in self.timers.all.values_mut().filter(|timer| timer.is_wall) {
            timer.at = timer.at.map(|at| at.saturating_add(ahead_before).saturating_sub(ahead));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn a_late_timer_says_how_often_it_was_due() {
        assert_eq!(after(100, 0, 100), (None, 1));
        assert_eq!(after(100, 10, 100), (Some(110), 1));
        assert_eq!(after(100, 10, 125), (Some(130), 3));
    }
}
