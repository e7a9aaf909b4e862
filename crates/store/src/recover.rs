//! A run read again from its directory, however it ended and whatever happened to
//! its files since.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use glomers_history::{Endpoint, History, Observer, jsonl};

use crate::files::{BUFFER, HISTORY, REPLAY, Replace};
use crate::journal::{Journal, Told};
use crate::loss::Loss;
use crate::messages::{Event, Mark, Message};
use crate::{StoreError, derive as derived, files};

/// What is wrong with a `replay.json` beside which the journal holds a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoilt {
    Missing,
    NoJson,
    Changed,
}

/// A run read from its directory, however it ended.
#[derive(Debug)]
pub struct Recovered {
    directory: PathBuf,
    replay: Vec<u8>,
    spoilt: Option<Spoilt>,
    history: History,
    journal: Journal,
    losses: Vec<Loss>,
}

impl Recovered {
    /// Reads a run's directory: all operations and records before the first that
    /// is torn or damaged. What was left out is in [`Recovered::losses`].
    ///
    /// # Errors
    /// If the directory holds no run, a file cannot be read, or the journal is
    /// not ours or of another version.
    pub fn open(directory: &Path) -> Result<Recovered, StoreError> {
        Recovered::open_with(directory, read_history)
    }

    /// Reads the directory of a run that is just over, but for its history, which whoever
    /// ran it still has: to read that again costs more than all else.
    ///
    /// # Errors
    /// As [`Recovered::open`].
    pub fn just_over(directory: &Path, history: &History) -> Result<Recovered, StoreError> {
        Recovered::open_with(directory, |_, _| Ok((history.clone(), None)))
    }

    /// Reads what a run's directory tells of messages and marks; its history stays unread,
    /// and [`Recovered::history`] is empty.
    ///
    /// # Errors
    /// As [`Recovered::open`].
    pub fn journal_only(directory: &Path) -> Result<Recovered, StoreError> {
        Recovered::open_with(directory, |_, _| Ok((History::new(), None)))
    }

    fn open_with(
        directory: &Path,
        history: impl FnOnce(&Path, &Journal) -> Result<(History, Option<Loss>), StoreError>,
    ) -> Result<Recovered, StoreError> {
        let journal = Journal::scan(directory).map_err(|error| match error {
            // Whoever names another directory misses the file that can be read.
            StoreError::NotARun { path, .. } if !path.join(REPLAY).exists() => {
                StoreError::NotARun { path, missing: REPLAY }
            }
            other => other,
        })?;
        let (replay, spoilt) = replay(directory, journal.told())?;
        let (history, history_loss) = history(directory, &journal)?;
        Ok(Recovered {
            directory: directory.to_owned(),
            replay,
            spoilt,
            history,
            losses: history_loss.into_iter().chain(journal.loss.clone()).collect(),
            journal,
        })
    }

    /// Whether there are files that follow from the streams, as a run leaves them unless
    /// it was cut short or told not to.
    pub fn has_derived_files(&self) -> bool {
        let names = [files::HISTORY_EDN, files::HISTORY_EDN_PACKED, files::HISTORY_TEXT];
        names.iter().any(|name| self.directory().join(name).exists())
    }

    /// The run's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What repeats the run, as `replay.json` has it. The journal's copy, if it has
    /// one: that is what the run was made of, whatever became of the file.
    pub fn replay(&self) -> &[u8] {
        &self.replay
    }

    /// What is wrong with the file `replay.json`, if its copy had to stand in for it.
    pub fn replay_damage(&self) -> Option<&'static str> {
        Some(match self.spoilt? {
            Spoilt::Missing => {
                "replay.json is not there; the copy in journal.bin is used in its place"
            }
            Spoilt::NoJson => {
                "replay.json is damaged; the copy in journal.bin is used in its place"
            }
            Spoilt::Changed => {
                "replay.json is not what the run wrote: it was damaged, or changed by hand; the copy in journal.bin is used in its place"
            }
        })
    }

    /// The operations.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What could not be read; at most one for each stream.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Whether the run came to its end and both streams are whole.
    pub fn is_complete(&self) -> bool {
        self.journal.told().complete && self.losses.is_empty()
    }

    /// Whether something that was written cannot be read any more. A run that was
    /// merely cut short is not damaged.
    pub fn is_damaged(&self) -> bool {
        self.losses.iter().any(|loss| loss.damage.is_some())
    }

    /// Tells an observer all events of the run in their order, as those who watched
    /// it saw them, but for what nodes logged. `who` knows who has a name.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn play(
        &self,
        who: &dyn Fn(&str) -> Option<Endpoint>,
        observer: &mut dyn Observer,
    ) -> Result<(), StoreError> {
        self.journal.play(&self.history, who, observer)
    }

    /// When all nodes were initialised, from the beginning of the run: operations
    /// count from here. `None` if that never happened.
    pub fn initialised_at(&self) -> Option<glomers_history::Time> {
        self.journal.told().initialised_at
    }

    /// How many messages were sent.
    pub fn message_count(&self) -> u64 {
        self.journal.told().messages
    }

    /// Hands over every message, in the order of ids, and every mark, without
    /// holding more than a block of them.
    ///
    /// # Errors
    /// If the journal cannot be read, or the first error of `each`.
    pub fn for_each(
        &self,
        mut each: impl FnMut(Event<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.journal.for_each(&mut each)
    }

    /// All messages, in the order of ids.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn messages(&self) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::new();
        self.for_each(|event| {
            if let Event::Message(message) = event {
                messages.push(message.into());
            }
            Ok(())
        })?;
        Ok(messages)
    }

    /// All marks, in the order in which they were made.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn marks(&self) -> Result<Vec<Mark>, StoreError> {
        let mut marks = Vec::new();
        self.for_each(|event| {
            if let Event::Mark(mark) = event {
                marks.push(mark.into());
            }
            Ok(())
        })?;
        Ok(marks)
    }

    /// Writes the derived files again: of a finished run, the same bytes. Where the
    /// streams are not whole, a file that is there already is never replaced: it
    /// may have been made when they were. Gives the names of the files that differ
    /// and were kept for that reason.
    ///
    /// # Errors
    /// If the journal cannot be read or a file not be written.
    pub fn derive(&self) -> Result<Vec<&'static str>, StoreError> {
        if matches!(self.spoilt, Some(Spoilt::Missing | Spoilt::NoJson)) {
            files::replace_with(&self.directory, REPLAY, &self.replay, Replace::Always)?;
        }
        derived::write_all(&self.directory, &self.history, &self.journal, self.replace())
    }

    /// Writes `results.edn` and `results.json`, once the caller has judged the
    /// history; those that are there already are kept as by [`Recovered::derive`].
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_results(
        &self,
        results: &glomers_history::Value,
    ) -> Result<Vec<&'static str>, StoreError> {
        derived::write_results(&self.directory, results, self.replace())
    }

    fn replace(&self) -> Replace {
        if self.is_complete() { Replace::Always } else { Replace::IfMissing }
    }
}

/// Reads a run's directory and writes its derived files again; judging the
/// history is the caller's.
///
/// # Errors
/// As [`Recovered::open`] and [`Recovered::derive`].
pub fn derive(directory: &Path) -> Result<Recovered, StoreError> {
    let recovered = Recovered::open(directory)?;
    recovered.derive()?;
    Ok(recovered)
}

fn missing(directory: &Path, name: &'static str, error: std::io::Error) -> StoreError {
    if error.kind() == ErrorKind::NotFound {
        return StoreError::NotARun { path: directory.to_owned(), missing: name };
    }
    StoreError::io(&directory.join(name), "read", error)
}

/// What repeats the run, and what is wrong with the file that should say it.
fn replay(directory: &Path, told: &Told) -> Result<(Vec<u8>, Option<Spoilt>), StoreError> {
    let file = fs::read(directory.join(REPLAY));
    let Some(copy) = &told.replay else {
        return Ok((file.map_err(|error| missing(directory, REPLAY, error))?, None));
    };
    let spoilt = match file {
        Ok(file) if file == *copy => None,
        Ok(file) if serde_json::from_slice::<serde_json::Value>(&file).is_ok() => {
            Some(Spoilt::Changed)
        }
        Ok(_) => Some(Spoilt::NoJson),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(Spoilt::Missing),
        Err(_) => Some(Spoilt::Changed),
    };
    Ok((copy.clone(), spoilt))
}

fn read_history(
    directory: &Path,
    journal: &Journal,
) -> Result<(History, Option<Loss>), StoreError> {
    let failed = |error| missing(directory, HISTORY, error);
    let file = File::open(directory.join(HISTORY)).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut input = BufReader::with_capacity(BUFFER, file);
    let told = journal.told();
    let mut history = History::new();
    let mut line = Vec::new();
    let mut kept_bytes = 0;
    let damage = loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            // The journal may know of lines that are not there any more.
            if history.len() < told.sums.len() {
                break None;
            }
            return Ok((history, None));
        }
        if line.pop() != Some(b'\n') {
            break None;
        }
        let number = history.len();
        let sum = told.sums.get(number);
        let is_whole = told.complete && told.has_sums && journal.loss.is_none();
        if sum.is_none() && is_whole {
            break Some("a line that the run did not write".to_owned());
        }
        let op = match std::str::from_utf8(&line).map(|line| jsonl::read_op(line, history.ops())) {
            Ok(Ok(op)) => op,
            Ok(Err(reason)) => break Some(format!("a line that is no operation ({reason})")),
            Err(_) => break Some("a line that is not UTF-8".to_owned()),
        };
        if op.index != number as u64 {
            break Some(format!("operation {} where {number} should be", op.index));
        }
        if sum.is_some_and(|&sum| sum != crc32fast::hash(&line)) {
            break Some("a line that is not as the run wrote it".to_owned());
        }
        kept_bytes += line.len() as u64 + 1;
        history.push(op);
    };
    let loss = Loss {
        file: HISTORY,
        kept_bytes,
        dropped_bytes: length.saturating_sub(kept_bytes),
        damage,
    };
    Ok((history, Some(loss)))
}
