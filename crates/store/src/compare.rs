use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// How much of a side is shown before and after the first difference.
const SHOWN: usize = 100;

/// Where two directories differ first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file, from the run's directory.
    pub file: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What stands there on the first side; of text the line, or the part of it
    /// around the difference.
    pub left: String,
    /// What stands there on the second side.
    pub right: String,
}

/// Where in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One side lacks the file.
    File,
    /// In this line of a text, counting from 1.
    Line(u64),
    /// At this offset.
    Byte(u64),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} differs", self.file.display())?;
        match self.place {
            Place::File => {}
            Place::Line(line) => write!(f, " in line {line}")?,
            Place::Byte(byte) => write!(f, " at byte {byte}")?,
        }
        write!(f, ":\n  a: {}\n  b: {}", self.left, self.right)
    }
}

/// Compares the directories of two runs, file by file in the order of names, and
/// gives the first difference. `run.json` and `run.log`, which depend on the
/// machine and the hour, are left out, and so is `report.html`, which not every run
/// has and which shows nothing that the other files do not hold.
///
/// # Errors
/// If a file or directory cannot be read.
pub fn compare(left: &Path, right: &Path) -> Result<Option<Difference>, StoreError> {
    for file in names(left)?.union(&names(right)?) {
        if file.to_str().is_some_and(|name| name.starts_with("run.") || name == "report.html") {
            continue;
        }
        let difference = compare_entry(left, right, file)?;
        if difference.is_some() {
            return Ok(difference);
        }
    }
    Ok(None)
}

fn names(directory: &Path) -> Result<BTreeSet<PathBuf>, StoreError> {
    let failed = |error| StoreError::io(directory, "read", error);
    fs::read_dir(directory)
        .map_err(failed)?
        .map(|entry| Ok(PathBuf::from(entry.map_err(failed)?.file_name())))
        .collect()
}

fn compare_entry(left: &Path, right: &Path, file: &Path) -> Result<Option<Difference>, StoreError> {
    let (a, b) = (left.join(file), right.join(file));
    if a.is_dir() && b.is_dir() {
        for name in names(&a)?.union(&names(&b)?) {
            let difference = compare_entry(left, right, &file.join(name))?;
            if difference.is_some() {
                return Ok(difference);
            }
        }
        return Ok(None);
    }
    let form = |path: &Path| match path {
        path if path.is_dir() => "a directory",
        path if path.exists() => "a file",
        _ => "not there",
    };
    if (form(&a), form(&b)) != ("a file", "a file") {
        return Ok(Some(Difference {
            file: file.to_owned(),
            place: Place::File,
            left: form(&a).to_owned(),
            right: form(&b).to_owned(),
        }));
    }
    let read = |path: &Path| fs::read(path).map_err(StoreError::at(path, "read"));
    Ok(first_difference(file, &read(&a)?, &read(&b)?))
}

fn first_difference(file: &Path, a: &[u8], b: &[u8]) -> Option<Difference> {
    if a == b {
        return None;
    }
    let shorter = a.len().min(b.len());
    let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(shorter);
    let is_text =
        file.extension().is_some_and(|extension| extension != "bin" && extension != "parquet");
    let (place, show): (_, fn(&[u8], usize) -> String) = if is_text {
        let line = a[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        (Place::Line(line as u64), line_around)
    } else {
        (Place::Byte(at as u64), bytes_from)
    };
    Some(Difference { file: file.to_owned(), place, left: show(a, at), right: show(b, at) })
}

fn line_around(text: &[u8], at: usize) -> String {
    if at >= text.len() {
        return "(the file ends)".to_owned();
    }
    let start = text[..at].iter().rposition(|&byte| byte == b'\n');
    let start = start.map_or(0, |before| before + 1);
    let end = text[at..].iter().position(|&byte| byte == b'\n');
    let end = end.map_or(text.len(), |length| at + length);
    let shown = start.max(at.saturating_sub(SHOWN))..end.min(at + SHOWN);
    let mut line = String::new();
    if shown.start > start {
        line.push('…');
    }
    line.push_str(&String::from_utf8_lossy(&text[shown.clone()]));
    if shown.end < end {
        line.push('…');
    }
    line
}

fn bytes_from(bytes: &[u8], at: usize) -> String {
    use std::fmt::Write as _;
    if at >= bytes.len() {
        return "(the file ends)".to_owned();
    }
    let mut text = String::new();
    for byte in bytes[at..].iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x} ");
    }
    text.truncate(text.trim_end().len());
    text
}
