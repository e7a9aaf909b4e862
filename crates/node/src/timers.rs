use std::collections::BTreeMap;

use glomers_history::Time;

use crate::executor::Wakeup;
use crate::process::TimerId;

/// The timers of one incarnation, by due time, then in the order they were set.
#[derive(Default)]
pub(crate) struct Timers {
    /// With whom each wakes, where a future waits for it.
    due: BTreeMap<TimerId, Option<Wakeup>>,
    next: u64,
    /// Whom the timer wakes that was taken last.
    fired: Option<Wakeup>,
}

impl Timers {
    /// Sets one; `key` names its going off.
    pub(crate) fn set(&mut self, at: Time, key: u64) -> TimerId {
        let id = TimerId { at, number: self.next, key };
        self.next += 1;
        self.due.insert(id, None);
        id
    }

    pub(crate) fn cancel(&mut self, id: TimerId) -> bool {
        self.due.remove(&id).is_some()
    }

    /// As [`Timers::cancel`]; gives whom it would have woken.
    pub(crate) fn remove(&mut self, id: TimerId) -> Option<Wakeup> {
        self.due.remove(&id).flatten()
    }

    /// Lets one that is to come wake this; gives whom it would have woken before.
    pub(crate) fn watch(&mut self, id: TimerId, wakeup: Wakeup) -> Option<Wakeup> {
        let known = self.due.get_mut(&id)?;
        match known {
            Some(known) if known.is_same(&wakeup) => None,
            _ => known.replace(wakeup),
        }
    }

    /// Whom the timer wakes that was taken last.
    pub(crate) fn take_fired(&mut self) -> Option<Wakeup> {
        self.fired.take()
    }

    pub(crate) fn next_due(&self) -> Option<Time> {
        self.due.first_key_value().map(|(id, _)| id.at)
    }

    pub(crate) fn next_key(&self) -> Option<u64> {
        self.due.first_key_value().map(|(id, _)| id.key)
    }

    /// When each is due, the earliest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Time> + '_ {
        self.due.keys().map(|id| id.at)
    }

    /// Takes the first timer that is due at `now`.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<TimerId> {
        let first = self.due.first_entry()?;
        if first.key().at > now {
            return None;
        }
        let (id, wakeup) = first.remove_entry();
        self.fired = wakeup;
        Some(id)
    }
}
