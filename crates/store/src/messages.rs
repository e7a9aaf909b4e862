//! Messages with their fates, from the records of the journal.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glomers_history::Time;
use glomers_history::journal::{Disturbance, DropReason, Record};

use crate::StoreError;
use crate::files::{BUFFER, JOURNAL};
use crate::frames::{FrameReader, Header, Step, VERSION};
use crate::recover::Loss;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Its receiver got it.
    Delivered,
    /// It will never be delivered.
    Dropped(DropReason),
    /// The run ended, or its journal was cut off, before it arrived.
    InFlight,
}

impl Fate {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Delivered => "delivered",
            Fate::Dropped(reason) => reason.name(),
            Fate::InFlight => "in-flight",
        }
    }
}

/// A message, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Its network id.
    pub id: u64,
    /// When it was sent.
    pub sent_at: Time,
    /// When it was delivered.
    pub received_at: Option<Time>,
    /// When it became certain that it never will be.
    pub dropped_at: Option<Time>,
    /// Who sent it.
    pub src: &'a str,
    /// Who was to receive it.
    pub dest: &'a str,
    /// The body's type.
    pub kind: Option<&'a str>,
    /// The body as JSON, cut at
    /// [`BODY_LIMIT`](glomers_history::journal::BODY_LIMIT) bytes.
    pub body: &'a str,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// What became of it; of one that was doubled, the better of two fates.
    pub fate: Fate,
    /// All its ends: of one that was doubled there may be two.
    pub endings: &'a [Ending],
    /// What faults did to it on its way.
    pub disturbances: &'a [Disturbed],
}

/// The end of a message, or of its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    id: u64,
    /// When.
    pub time: Time,
    /// Why it was not delivered, if it was not.
    pub dropped: Option<DropReason>,
}

/// What a fault did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disturbed {
    id: u64,
    /// When.
    pub time: Time,
    /// What.
    pub how: Disturbance,
}

/// A message with its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its network id.
    pub id: u64,
    /// When it was sent.
    pub sent_at: Time,
    /// When it was delivered.
    pub received_at: Option<Time>,
    /// When it became certain that it never will be.
    pub dropped_at: Option<Time>,
    /// Who sent it.
    pub src: Arc<str>,
    /// Who was to receive it.
    pub dest: Arc<str>,
    /// The body's type.
    pub kind: Option<Arc<str>>,
    /// The body as JSON, cut at
    /// [`BODY_LIMIT`](glomers_history::journal::BODY_LIMIT) bytes.
    pub body: String,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// What became of it.
    pub fate: Fate,
    /// All its ends.
    pub endings: Vec<Ending>,
    /// What faults did to it on its way.
    pub disturbances: Vec<Disturbed>,
}

impl Message {
    fn borrowed(&self) -> MessageRef<'_> {
        MessageRef {
            id: self.id,
            sent_at: self.sent_at,
            received_at: self.received_at,
            dropped_at: self.dropped_at,
            src: &self.src,
            dest: &self.dest,
            kind: self.kind.as_deref(),
            body: &self.body,
            body_length: self.body_length,
            fate: self.fate,
            endings: &self.endings,
            disturbances: &self.disturbances,
        }
    }
}

impl From<MessageRef<'_>> for Message {
    fn from(message: MessageRef<'_>) -> Message {
        Message {
            id: message.id,
            sent_at: message.sent_at,
            received_at: message.received_at,
            dropped_at: message.dropped_at,
            src: message.src.into(),
            dest: message.dest.into(),
            kind: message.kind.map(Arc::from),
            body: message.body.to_owned(),
            body_length: message.body_length,
            fate: message.fate,
            endings: message.endings.to_vec(),
            disturbances: message.disturbances.to_vec(),
        }
    }
}

/// What a node said about itself, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkRef<'a> {
    /// When.
    pub time: Time,
    /// Which node.
    pub node: &'a str,
    /// What about.
    pub label: &'a str,
    /// What, as JSON.
    pub value: &'a str,
}

/// What a node said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub time: Time,
    /// Which node.
    pub node: String,
    /// What about.
    pub label: String,
    /// What, as JSON.
    pub value: String,
}

impl From<MarkRef<'_>> for Mark {
    fn from(mark: MarkRef<'_>) -> Mark {
        Mark {
            time: mark.time,
            node: mark.node.to_owned(),
            label: mark.label.to_owned(),
            value: mark.value.to_owned(),
        }
    }
}

/// What a node did wrong, borrowed from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingRef<'a> {
    /// When, as operations are counted.
    pub time: Time,
    /// Which node.
    pub node: &'a str,
    /// The finding's name.
    pub name: &'a str,
    /// What is wrong, in one sentence.
    pub summary: &'a str,
    /// What proves it, line by line.
    pub evidence: &'a str,
}

/// What is read from a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message; these come in the order of their ids.
    Message(MessageRef<'a>),
    /// A mark; these come in the order of their times.
    Mark(MarkRef<'a>),
    /// What a node did wrong; these come in the order of their times.
    Finding(FindingRef<'a>),
    /// A node looked at its wall clock while a fault made that wrong; these come
    /// in the order of their times.
    ClockRead {
        /// When.
        time: Time,
        /// Which node.
        node: &'a str,
    },
}

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
    endings: Vec<Ending>,
    disturbances: Vec<Disturbed>,
    ascending: bool,
    pub(crate) messages: u64,
    pub(crate) marks: u64,
    pub(crate) complete: bool,
    pub(crate) initialised_at: Option<Time>,
    pub(crate) loss: Option<Loss>,
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
        let mut journal = Journal {
            path: path.clone(),
            sound: 0,
            endings: Vec::new(),
            disturbances: Vec::new(),
            ascending: true,
            messages: 0,
            marks: 0,
            complete: false,
            initialised_at: None,
            loss: None,
        };
        let mut last = None;
        let (sound, rest) = records(&path, file, |record| {
            let (id, time, dropped) = match record {
                Record::Send { id, .. } => {
                    journal.ascending &= last < Some(id);
                    last = Some(id);
                    journal.messages += 1;
                    return Ok(());
                }
                Record::Receive { time, id } => (id, time, None),
                Record::Drop { time, id, reason } => (id, time, Some(reason)),
                Record::Mark { .. } => {
                    journal.marks += 1;
                    return Ok(());
                }
                Record::End => {
                    journal.complete = true;
                    return Ok(());
                }
                Record::Initialised { time } => {
                    journal.initialised_at = Some(time);
                    return Ok(());
                }
                Record::Disturb { time, id, how } => {
                    journal.disturbances.push(Disturbed { id, time, how });
                    return Ok(());
                }
                Record::Name { .. } | Record::Finding { .. } | Record::ClockRead { .. } => {
                    return Ok(());
                }
            };
            journal.endings.push(Ending { id, time, dropped });
            Ok(())
        })?;
        journal.sound = sound;
        let loss = |damage| Loss {
            file: JOURNAL,
            kept_bytes: sound,
            // A run that still goes on may write while this reads.
            dropped_bytes: length.saturating_sub(sound),
            damage,
        };
        journal.loss = match rest {
            Rest::Nothing => None,
            Rest::Torn => Some(loss(None)),
            Rest::Damaged(what) => Some(loss(Some(what.to_owned()))),
        };
        // Stable: of two endings of one message the first comes first.
        journal.endings.sort_by_key(|ending| ending.id);
        journal.disturbances.sort_by_key(|disturbed| disturbed.id);
        Ok(journal)
    }

    /// Hands over every message, in the order of ids, and every mark.
    pub(crate) fn for_each(
        &self,
        each: &mut dyn FnMut(Event<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.ascending {
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
            let name = |number: u32| {
                names.get(number as usize).map(|name| &**name).ok_or_else(|| {
                    unreadable(&self.path, &format!("name {number} is used and never given"))
                })
            };
            match record {
                Record::Name { text, .. } => names.push(text.into()),
                Record::Send { time, id, src, dest, kind, body, body_length } => {
                    let endings = of_id(&self.endings, id, self.ascending, &mut at);
                    let delivered = endings.iter().find(|ending| ending.dropped.is_none());
                    // A copy that came makes up for a message that did not.
                    let ending = delivered.or(endings.first());
                    let disturbances =
                        of_id(&self.disturbances, id, self.ascending, &mut disturbed_at);
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
                Record::Receive { .. }
                | Record::Drop { .. }
                | Record::Disturb { .. }
                | Record::Initialised { .. }
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

/// What comes behind the last sound frame.
enum Rest {
    Nothing,
    Torn,
    Damaged(&'static str),
}

/// Hands over every record of the sound frames; gives where these end, and what
/// comes behind.
fn records(
    path: &Path,
    file: impl Read,
    mut each: impl FnMut(Record<'_>) -> Result<(), StoreError>,
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
    loop {
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
            each(record)?;
        }
    }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable { path: path.to_owned(), reason: reason.to_string() }
}
