use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use glomers_history::{History, jsonl};

use crate::files::{BUFFER, HISTORY, REPLAY};
use crate::messages::{Event, Journal, Mark, Message};
use crate::{StoreError, derive as derived};

/// What of a stream could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Which file.
    pub file: &'static str,
    /// How many bytes of it were read.
    pub kept_bytes: u64,
    /// How many bytes behind these were left out.
    pub dropped_bytes: u64,
    /// What is wrong with them. `None`: they are just unfinished, as a kill
    /// leaves them.
    pub damage: Option<String>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Loss { file, kept_bytes, dropped_bytes, damage } = self;
        match damage {
            None if *dropped_bytes == 0 => write!(f, "{file} was cut off: it has no end"),
            None => write!(
                f,
                "{file} was cut off: its last {dropped_bytes} bytes are unfinished and were left out"
            ),
            Some(damage) => write!(
                f,
                "{file} is damaged: after {kept_bytes} good bytes comes {damage}; the {dropped_bytes} bytes from there on were left out"
            ),
        }
    }
}

/// A run read from its directory, however it ended.
#[derive(Debug)]
pub struct Recovered {
    directory: PathBuf,
    replay: Vec<u8>,
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
        let replay = read(directory, REPLAY)?;
        let journal = Journal::scan(directory)?;
        let (history, history_loss) = read_history(directory)?;
        Ok(Recovered {
            directory: directory.to_owned(),
            replay,
            history,
            losses: history_loss.into_iter().chain(journal.loss.clone()).collect(),
            journal,
        })
    }

    /// The run's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The bytes of `replay.json`.
    pub fn replay(&self) -> &[u8] {
        &self.replay
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
        self.journal.complete && self.losses.is_empty()
    }

    /// When all nodes were initialised, from the beginning of the run: operations
    /// count from here. `None` if that never happened.
    pub fn initialised_at(&self) -> Option<glomers_history::Time> {
        self.journal.initialised_at
    }

    /// How many messages were sent.
    pub fn message_count(&self) -> u64 {
        self.journal.messages
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

    /// Writes the derived files again: of a finished run, the same bytes.
    ///
    /// # Errors
    /// If the journal cannot be read or a file not be written.
    pub fn derive(&self) -> Result<(), StoreError> {
        derived::write_all(&self.directory, &self.history, &self.journal)
    }

    /// Writes `results.edn` and `results.json`, once the caller has judged the
    /// history.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_results(&self, results: &glomers_history::Value) -> Result<(), StoreError> {
        derived::write_results(&self.directory, results)
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

fn read(directory: &Path, name: &'static str) -> Result<Vec<u8>, StoreError> {
    fs::read(directory.join(name)).map_err(|error| missing(directory, name, error))
}

fn read_history(directory: &Path) -> Result<(History, Option<Loss>), StoreError> {
    let failed = |error| missing(directory, HISTORY, error);
    let file = File::open(directory.join(HISTORY)).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut input = BufReader::with_capacity(BUFFER, file);
    let mut history = History::new();
    let mut line = Vec::new();
    let mut kept_bytes = 0;
    let damage = loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok((history, None));
        }
        if line.pop() != Some(b'\n') {
            break None;
        }
        let number = history.len() as u64;
        let op = match std::str::from_utf8(&line).map(jsonl::read_op) {
            Ok(Ok(op)) => op,
            Ok(Err(reason)) => break Some(format!("a line that is no operation ({reason})")),
            Err(_) => break Some("a line that is not UTF-8".to_owned()),
        };
        if op.index != number {
            break Some(format!("operation {} where {number} should be", op.index));
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
