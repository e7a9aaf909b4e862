//! The folder of a hunt: what it is, its rows as they come, and what is made of them.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::row::Row;
use crate::seeds::{Seeds, Shard};
use crate::weights::Weights;

/// What a hunt is, as a text that says whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the form.
    pub version: u32,
    /// The build.
    pub build: String,
    /// All that decides what is drawn: families, what is held fixed, how runs are judged.
    pub what: serde_json::Value,
    /// The seeds.
    pub seeds: Seeds,
    /// Which of them, if not all.
    pub shard: Option<Shard>,
    /// Whether weights change from round to round.
    pub adapts: bool,
    /// The weights at the beginning.
    pub weights: Weights,
}

/// The version of [`Manifest`]'s form.
pub const VERSION: u32 = 1;

/// A file that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct FilesError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

fn fail(path: &Path) -> impl Fn(std::io::Error) -> FilesError + '_ {
    |error| FilesError { path: path.to_owned(), reason: error.to_string() }
}

/// Writes a file whole or not at all: under another name first, which takes the place of
/// the real one when all is on the disk.
///
/// # Errors
/// If it cannot be written; what was there before is left.
pub fn whole(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), String>,
) -> Result<(), FilesError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let result = File::create(&aside)
        .map_err(fail(&aside))
        .and_then(|mut file| {
            write(&mut file).map_err(|reason| FilesError { path: aside.clone(), reason })?;
            file.sync_all().map_err(fail(&aside))
        })
        .and_then(|()| std::fs::rename(&aside, path).map_err(fail(path)));
    if result.is_err() {
        // What is half written helps nobody.
        let _ = std::fs::remove_file(&aside);
        return result;
    }
    // So that the new name is on the disk, too, where the system can do that.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Writes a text whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), FilesError> {
    whole(path, |file| file.write_all(text.as_bytes()).map_err(|error| error.to_string()))
}

impl Manifest {
    /// As text.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is not there or none of ours.
    pub fn read(path: &Path) -> Result<Option<Manifest>, FilesError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(path)(error)),
        };
        let refuse = |reason: String| FilesError { path: path.to_owned(), reason };
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("it is no hunt of this build: {error}")))?;
        match manifest.version {
            VERSION => Ok(Some(manifest)),
            other => Err(refuse(format!("it has version {other}, this build reads {VERSION}"))),
        }
    }

    /// What keeps a hunt from going on where this one stopped, if anything does: more
    /// seeds are welcome.
    pub fn differs(&self, other: &Manifest) -> Option<&'static str> {
        match () {
            () if self.build != other.build => Some("another build"),
            () if self.what != other.what => Some("other options or families"),
            () if self.seeds.from != other.seeds.from => Some("another first seed"),
            () if self.shard != other.shard => Some("another shard"),
            () if self.adapts != other.adapts || self.weights != other.weights => {
                Some("other weights")
            }
            () => None,
        }
    }
}

/// Rows as they come, a line each. A line that was cut off is none.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Begins anew.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path) -> Result<Log, FilesError> {
        let file = File::create(path).map_err(fail(path))?;
        Ok(Log { file, path: path.to_owned() })
    }

    /// Goes on after the last whole line; gives the rows that are there.
    ///
    /// # Errors
    /// If the file cannot be read, or a line in its middle is damaged.
    pub fn open(path: &Path) -> Result<(Log, Vec<Row>), FilesError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fail(path))?;
        let (mut rows, mut good) = (Vec::new(), 0u64);
        let mut reader = BufReader::new(&mut file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line).map_err(fail(path))?;
            if !line.ends_with(b"\n") {
                break;
            }
            let row: Row = serde_json::from_slice(&line).map_err(|error| FilesError {
                path: path.to_owned(),
                reason: format!("line {} is damaged: {error}", rows.len() + 1),
            })?;
            rows.push(row);
            good += length as u64;
        }
        file.set_len(good).map_err(fail(path))?;
        file.seek(SeekFrom::Start(good)).map_err(fail(path))?;
        Ok((Log { file, path: path.to_owned() }, rows))
    }

    /// Appends a row, in one call to the system.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn push(&mut self, row: &Row) -> Result<(), FilesError> {
        let mut line = serde_json::to_vec(row)
            .map_err(|error| FilesError { path: self.path.clone(), reason: error.to_string() })?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(fail(&self.path))
    }
}
