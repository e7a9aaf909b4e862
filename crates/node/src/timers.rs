use std::collections::BTreeSet;

use glomers_history::Time;

use crate::process::TimerId;

/// The timers of one incarnation, by due time, then in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<TimerId>,
    next: u64,
}

impl Timers {
    /// Sets one; `key` names its going off.
    pub(crate) fn set(&mut self, at: Time, key: u64) -> TimerId {
        let id = TimerId { at, number: self.next, key };
        self.next += 1;
        self.due.insert(id);
        id
    }

    pub(crate) fn cancel(&mut self, id: TimerId) -> bool {
        self.due.remove(&id)
    }

    pub(crate) fn next_due(&self) -> Option<Time> {
        self.due.first().map(|id| id.at)
    }

    pub(crate) fn next_key(&self) -> Option<u64> {
        self.due.first().map(|id| id.key)
    }

    /// When each is due, the earliest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Time> + '_ {
        self.due.iter().map(|id| id.at)
    }

    /// Takes the first timer that is due at `now`.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<TimerId> {
        let first = *self.due.first()?;
        if first.at <= now {
            self.due.pop_first();
            return Some(first);
        }
        None
    }
}
