//! The journal, read: its records in order, as far as they are sound.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use glomers_history::Time;
use glomers_history::journal::Record;

use crate::StoreError;
use crate::bodies::LastBodies;
use crate::files::{BUFFER, JOURNAL};
use crate::frames::{FrameReader, Header, Step, VERSION};
use crate::loss::Loss;
use crate::messages::{Disturbed, Ending, Event, Fate, FindingRef, MarkRef, Message, MessageRef};

/// A journal that has been read once.
///
/// A message's fate stands in the journal long after the message itself. So it
/// is read twice: first for the endings, 32 bytes a message, then for the
/// messages, of which only one block is in memory at a time.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Where the last sound frame ends.
    sound: u64,
    told: Told,
    pub(crate) loss: Option<Loss>,
}

/// What the first reading of a journal gathers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    endings: Vec<Ending>,
    disturbances: Vec<Disturbed>,
    /// Whether ids of messages only go up.
    ascending: bool,
    last_id: Option<u64>,
    names: u32,
    blocks: u64,
    pub(crate) messages: u64,
    pub(crate) marks: u64,
    pub(crate) complete: bool,
    pub(crate) initialised_at: Option<Time>,
    /// The copy of `replay.json`.
    pub(crate) replay: Option<Vec<u8>>,
    /// The checksums of the lines of the history, in their order.
    pub(crate) sums: Vec<u32>,
    /// Whether there can be checksums: journals of earlier builds have none.
    pub(crate) has_sums: bool,
}

/// How long the lists were when a block began, and all else that it may change.
struct Before {
    endings: usize,
    disturbances: usize,
    sums: usize,
    rest: Told,
}

impl Told {
    /// Before the first record.
    pub(crate) fn nothing() -> Told {
        Told { ascending: true, ..Told::default() }
    }

    fn before(&mut self) -> Before {
        let (endings, disturbances, sums) =
            (self.endings.len(), self.disturbances.len(), self.sums.len());
        let lists = (
            std::mem::take(&mut self.endings),
            std::mem::take(&mut self.disturbances),
            std::mem::take(&mut self.sums),
        );
        let rest = self.clone();
        (self.endings, self.disturbances, self.sums) = lists;
        Before { endings, disturbances, sums, rest }
    }

    /// Forgets what came since.
    fn undo(&mut self, before: Before) {
        self.endings.truncate(before.endings);
        self.disturbances.truncate(before.disturbances);
        self.sums.truncate(before.sums);
        *self = Told {
            endings: std::mem::take(&mut self.endings),
            disturbances: std::mem::take(&mut self.disturbances),
            sums: std::mem::take(&mut self.sums),
            ..before.rest
        };
    }

    fn knows(&self, names: &[u32]) -> Result<(), Stop> {
        match names.iter().all(|&name| name < self.names) {
            true => Ok(()),
            false => Err(Stop::Damage("a record with a name that was never given")),
        }
    }

    /// Notes a record; refuses one that is invalid where it stands.
    pub(crate) fn take(&mut self, record: Record<'_>) -> Result<(), Stop> {
        if self.complete {
            return Err(Stop::Damage("a record behind the end of the run"));
        }
        match record {
            Record::Block { number } => {
                if number != self.blocks {
                    return Err(Stop::Damage("a block that belongs elsewhere"));
                }
                self.blocks += 1;
                self.has_sums = true;
            }
            Record::Name { number, .. } => {
                if number != self.names {
                    return Err(Stop::Damage("a name that belongs elsewhere"));
                }
                self.names += 1;
            }
            Record::SendAlike { .. } => {
                return Err(Stop::Damage("a message that takes a part of one that is not there"));
            }
            Record::Send { id, src, dest, kind, body, .. } => {
                self.knows(&[src, dest, kind.unwrap_or(src)])?;
                if std::str::from_utf8(body).is_err() {
                    return Err(Stop::Damage("a message that is not UTF-8"));
                }
                self.ascending &= self.last_id < Some(id);
                self.last_id = Some(id);
                self.messages += 1;
            }
            Record::Receive { time, id } => self.endings.push(Ending { id, time, dropped: None }),
            Record::Drop { time, id, reason } => {
                self.endings.push(Ending { id, time, dropped: Some(reason) });
            }
            Record::Disturb { time, id, how } => {
                self.disturbances.push(Disturbed { id, time, how });
            }
            Record::Mark { node, label, .. } => {
                self.knows(&[node, label])?;
                self.marks += 1;
            }
            Record::Finding { node, .. } | Record::ClockRead { node, .. } => self.knows(&[node])?,
            Record::Initialised { time } => self.initialised_at = Some(time),
            Record::Replay { bytes } => self.replay = Some(bytes.to_owned()),
            Record::Started { node, .. } | Record::Stopped { node, .. } => self.knows(&[node])?,
            Record::MainBegan { .. } | Record::Ended { .. } | Record::Over { .. } => {}
            Record::Operation { sum } => self.sums.push(sum),
            Record::End => self.complete = true,
        }
        Ok(())
    }
}

impl Journal {
    /// Reads the journal of a run's directory as far as it is sound.
    pub(crate) fn scan(run: &Path) -> Result<Journal, StoreError> {
        let path = run.join(JOURNAL);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::NotARun { path: run.to_owned(), missing: JOURNAL });
            }
            other => other.map_err(StoreError::at(&path, "read"))?,
        };
        let length = file.metadata().map_err(StoreError::at(&path, "read"))?.len();
        let mut told = Told::nothing();
        let mut before = None;
        let (sound, rest) = records(&path, file, |record| {
            if matches!(record, Record::Block { .. }) {
                before = Some(told.before());
            }
            let taken = told.take(record);
            if matches!(taken, Err(Stop::Damage(_)))
                && let Some(before) = before.take()
            {
                told.undo(before);
            }
            taken
        })?;
        let loss = |damage| Loss {
            file: JOURNAL,
            kept_bytes: sound,
            // A run that still goes on may write while this reads.
            dropped_bytes: length.saturating_sub(sound),
            damage,
        };
        let loss = match rest {
            Rest::Nothing => None,
            Rest::Torn => Some(loss(None)),
            Rest::Damaged(what) => Some(loss(Some(what.to_owned()))),
        };
        Ok(Journal::of(path, sound, told, loss))
    }

    /// A journal whose records were noted, by whoever read or wrote them.
    pub(crate) fn of(path: PathBuf, sound: u64, mut told: Told, loss: Option<Loss>) -> Journal {
        // Stable: of two endings of one message the first comes first.
        told.endings.sort_by_key(|ending| ending.id);
        told.disturbances.sort_by_key(|disturbed| disturbed.id);
        Journal { path, sound, told, loss }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the last sound frame ends.
    pub(crate) fn sound(&self) -> u64 {
        self.sound
    }

    /// What it tells beside the events.
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// Hands over every message, in the order of ids, and every mark.
    pub(crate) fn for_each(
        &self,
        each: &mut dyn FnMut(Event<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.told.ascending {
            return self.in_order_of_sending(each);
        }
        // No engine of ours sends so; sorting needs all messages in memory.
        let mut messages: Vec<Message> = Vec::new();
        self.in_order_of_sending(&mut |event| match event {
            Event::Message(message) => {
                messages.push(message.into());
                Ok(())
            }
            other => each(other),
        })?;
        messages.sort_by_key(|message| message.id);
        for message in &messages {
            each(Event::Message(message.borrowed()))?;
        }
        Ok(())
    }

    fn in_order_of_sending(
        &self,
        each: &mut dyn FnMut(Event<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let file = File::open(&self.path).map_err(StoreError::at(&self.path, "read"))?;
        let mut names: Vec<Box<str>> = Vec::new();
        let (mut at, mut disturbed_at) = (0, 0);
        records(&self.path, file.take(self.sound), |record| {
            // All that is checked here was checked by the scan.
            let name = |number: u32| {
                names.get(number as usize).map(|name| &**name).ok_or_else(|| {
                    unreadable(&self.path, &format!("name {number} is used and never given"))
                })
            };
            match record {
                Record::Name { text, .. } => names.push(text.into()),
                Record::Send { time, id, src, dest, kind, body, body_length } => {
                    let endings = of_id(&self.told.endings, id, self.told.ascending, &mut at);
                    let delivered = endings.iter().find(|ending| ending.dropped.is_none());
                    // A copy that came makes up for a message that did not.
                    let ending = delivered.or(endings.first());
                    let disturbances =
                        of_id(&self.told.disturbances, id, self.told.ascending, &mut disturbed_at);
                    each(Event::Message(MessageRef {
                        id,
                        sent_at: time,
                        received_at: ending.filter(|e| e.dropped.is_none()).map(|e| e.time),
                        dropped_at: ending.filter(|e| e.dropped.is_some()).map(|e| e.time),
                        src: name(src)?,
                        dest: name(dest)?,
                        kind: kind.map(name).transpose()?,
                        body: std::str::from_utf8(body)
                            .map_err(|error| unreadable(&self.path, &error))?,
                        body_length,
                        fate: match ending.map(|ending| ending.dropped) {
                            Some(None) => Fate::Delivered,
                            Some(Some(reason)) => Fate::Dropped(reason),
                            None => Fate::InFlight,
                        },
                        endings,
                        disturbances,
                    }))?;
                }
                Record::Mark { time, node, label, value } => each(Event::Mark(MarkRef {
                    time,
                    node: name(node)?,
                    label: name(label)?,
                    value,
                }))?,
                Record::Finding { time, node, name: kind, summary, evidence } => {
                    let node = name(node)?;
                    each(Event::Finding(FindingRef { time, node, name: kind, summary, evidence }))?;
                }
                Record::ClockRead { time, node } => {
                    each(Event::ClockRead { time, node: name(node)? })?;
                }
                Record::SendAlike { .. }
                | Record::Receive { .. }
                | Record::Drop { .. }
                | Record::Disturb { .. }
                | Record::Initialised { .. }
                | Record::MainBegan { .. }
                | Record::Block { .. }
                | Record::Replay { .. }
                | Record::Operation { .. }
                | Record::Started { .. }
                | Record::Stopped { .. }
                | Record::Ended { .. }
                | Record::Over { .. }
                | Record::End => {}
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Something about a message.
trait About {
    /// The message's network id.
    fn id(&self) -> u64;
}

impl About for Ending {
    fn id(&self) -> u64 {
        self.id
    }
}

impl About for Disturbed {
    fn id(&self) -> u64 {
        self.id
    }
}

/// All that is about one message, in a list that is sorted by ids. `at` is where
/// the one before was looked for: when ids ascend, this one's is there or after.
fn of_id<'a, T: About>(list: &'a [T], id: u64, ascending: bool, at: &mut usize) -> &'a [T] {
    if !ascending {
        *at = list.partition_point(|one| one.id() < id);
    }
    while list.get(*at).is_some_and(|one| one.id() < id) {
        *at += 1;
    }
    let rest = &list[*at..];
    let end = rest.iter().position(|one| one.id() != id).unwrap_or(rest.len());
    &rest[..end]
}

/// Why a record ends the reading.
pub(crate) enum Stop {
    /// It is invalid, so the block that it is in is no longer what was written.
    Damage(&'static str),
    Error(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Error(error)
    }
}

/// What comes behind the last sound frame.
pub(crate) enum Rest {
    Nothing,
    Torn,
    Damaged(&'static str),
}

/// Hands over every record of the sound frames; gives where these end, and what
/// comes behind.
pub(crate) fn records(
    path: &Path,
    file: impl Read,
    mut each: impl FnMut(Record<'_>) -> Result<(), Stop>,
) -> Result<(u64, Rest), StoreError> {
    let failed = |error| StoreError::io(path, "read", error);
    let input = BufReader::with_capacity(BUFFER, file);
    let mut frames = FrameReader::new(input).map_err(failed)?;
    match frames.header().map_err(failed)? {
        Header::Good => {}
        Header::Torn => return Ok((0, Rest::Torn)),
        Header::Foreign => {
            return Err(StoreError::Foreign { path: path.to_owned() });
        }
        Header::Version(found) => {
            return Err(StoreError::OtherVersion { path: path.to_owned(), found, known: VERSION });
        }
    }
    let mut bodies = LastBodies::default();
    loop {
        let before = frames.sound;
        match frames.step().map_err(failed)? {
            Step::End => return Ok((frames.sound, Rest::Nothing)),
            Step::Torn => return Ok((frames.sound, Rest::Torn)),
            Step::Damaged(what) => return Ok((frames.sound, Rest::Damaged(what))),
            Step::Block => {}
        }
        let mut block = frames.block();
        while !block.is_empty() {
            let (record, after) =
                postcard::take_from_bytes(block).map_err(|error| unreadable(path, &error))?;
            block = after;
            match each(bodies.whole(record)) {
                Ok(()) => {}
                Err(Stop::Damage(what)) => return Ok((before, Rest::Damaged(what))),
                Err(Stop::Error(error)) => return Err(error),
            }
        }
    }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable { path: path.to_owned(), reason: reason.to_string() }
}
