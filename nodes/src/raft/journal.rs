//! The store on a disk: a node says nothing before what it says so is durable
//! (§5, figure 2: "updated on stable storage before responding to RPCs").
//!
//! Two files. `state` has term and vote and is replaced. `log` has one record a
//! line, entries and truncations in the order in which they happened, each with a
//! checksum, because the last one may be torn.

use std::time::Duration;

use glomers_node::{Cx, Disk, DiskError, Message, SyncId, Time, TimerId};
use serde::{Deserialize, Serialize};

use super::message::{Entry, Index, Term};
use super::store::Store;
use super::{Alarm, Flaw};
use crate::outbox::Outbox;
use crate::records::{decode_all, encode};

const STATE: &str = "state";
const LOG: &str = "log";
/// How long a node waits until it tries a disk again that has failed.
const RETRY: Duration = Duration::from_millis(50);

/// How often the background writes, in a node that is wrong in this way.
const BACKGROUND: Duration = Duration::from_secs(10);

/// The content of `state`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Message)]
struct State {
    term: Term,
    vote: Option<usize>,
}

/// A record of `log`: entries from an index on, instead of what was there.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Record {
    from: Index,
    entries: Vec<Entry>,
}

/// What of the store is on the disk, and what waits until it is.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Whether there is a disk.
    is_durable: bool,
    state: State,
    state_written_at: Time,
    /// Entries from here on are not in the file as they are in the store.
    changed_from: Option<Index>,
    /// The end of the file may be garbage.
    is_torn: bool,
    outbox: Outbox,
    retry: Alarm,
}

impl Journal {
    /// Reads what earlier incarnations left.
    ///
    /// # Errors
    /// If the disk cannot be read, or holds what this node did not write.
    pub(super) fn recover(&mut self, cx: &mut Cx) -> Result<Store, String> {
        let disk = match cx.disk() {
            Ok(disk) => disk,
            Err(error) => {
                cx.log(format!("term, vote and log are in memory only: {error}"));
                return Ok(Store::default());
            }
        };
        self.is_durable = true;
        let mut read = |file| disk.get(file).map(Option::unwrap_or_default);
        let (state, log) =
            (read(STATE).map_err(|e| e.to_string())?, read(LOG).map_err(|e| e.to_string())?);
        if !state.is_empty() {
            let (mut states, _) = decode_all(&state);
            self.state = states.pop().ok_or("the file \"state\" is damaged")?;
        }
        let (records, is_torn) = decode_all::<Record>(&log);
        // What was torn nobody was told of.
        self.is_torn = is_torn;
        let mut entries: Vec<Entry> = Vec::new();
        for record in records {
            entries.truncate(record.from.saturating_sub(1) as usize);
            entries.extend(record.entries);
        }
        Ok(Store::recovered(self.state.term, self.state.vote, entries))
    }

    /// Called after each input: writes what has changed, and holds back what was
    /// said until that is durable.
    pub(super) fn keep(&mut self, store: &mut Store, flaw: Flaw, cx: &mut Cx) {
        if !self.is_durable {
            return;
        }
        if let Some(from) = store.take_changed_from() {
            self.changed_from = Some(self.changed_from.map_or(from, |before| before.min(from)));
        }
        let now = cx.now();
        let state = State { term: store.term(), vote: store.vote() };
        // Wrong, with the flaw: a node that is killed before votes again in a term,
        // and a leader of that term does not know that it was replaced.
        let waits = flaw == Flaw::NoSyncOfVote && now.since(self.state_written_at) < BACKGROUND;
        let state = (state != self.state && !waits).then_some(state);
        if state.is_some() {
            self.state_written_at = now;
        }
        let disk = cx.disk().map_err(DiskError::from);
        match disk.and_then(|disk| self.write(store, state, flaw, disk)) {
            Ok(()) => self.outbox.set_mute(false),
            Err(error) => {
                if !self.retry.is_set() {
                    cx.log(format!("silent, because nothing can be stored: {error}"));
                }
                self.outbox.set_mute(true);
                self.outbox.hold(cx);
                return self.retry.set(RETRY, cx);
            }
        }
        // Wrong, with the flaw: a crash now takes what others are being told.
        if flaw != Flaw::AnswersBeforeSync {
            self.outbox.hold(cx);
        }
    }

    fn write(
        &mut self,
        store: &Store,
        state: Option<State>,
        flaw: Flaw,
        disk: &mut dyn Disk,
    ) -> Result<(), DiskError> {
        if let Some(state) = state {
            disk.put(STATE, &encode(state.clone()))?;
            self.state = state;
            self.outbox.wrote();
        }
        if let Some(from) = self.changed_from {
            self.write_log(store, from, disk)?;
            self.changed_from = None;
            // Wrong, with the flaw: what a majority has is gone when enough of it
            // is killed.
            if flaw != Flaw::NoSyncOfLog {
                self.outbox.wrote();
            }
        }
        self.outbox.sync(disk)
    }

    fn write_log(
        &mut self,
        store: &Store,
        from: Index,
        disk: &mut dyn Disk,
    ) -> Result<(), DiskError> {
        let line = |from: Index| {
            let entries = store.after(from.saturating_sub(1), usize::MAX).to_vec();
            encode(Record { from, entries })
        };
        if self.is_torn {
            disk.put(LOG, &line(1))?;
        } else {
            // If this fails, part of it may be there.
            self.is_torn = true;
            disk.append(LOG, &line(from))?;
        }
        self.is_torn = false;
        Ok(())
    }

    /// A sync is done; what waited for it is said at the next [`Journal::keep`].
    pub(super) fn synced(&mut self, sync: SyncId) {
        self.outbox.synced(sync);
    }

    /// Whether this is the timer after which the disk is tried again: the next
    /// [`Journal::keep`] does.
    pub(super) fn is_retry(&mut self, timer: TimerId, cx: &Cx) -> bool {
        self.retry.rang(timer, cx.now()).is_some()
    }
}
