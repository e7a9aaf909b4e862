//! Why a run could not be stored or read again, in words.

use std::io;
use std::path::{Path, PathBuf};

/// Why a run could not be stored or read again, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file is where a directory is needed.
    #[error(
        "{} is not a directory, so nothing can be stored in it: name another directory for the store, or move that file away",
        .path.display()
    )]
    NotADirectory {
        /// The directory that was to be used.
        path: PathBuf,
    },
    /// No permission to write.
    #[error(
        "{} cannot be written ({source}): change its permissions, or name another directory for the store",
        .path.display()
    )]
    NotWritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No space, or the user's share of it is used up.
    #[error(
        "there is no space left to write {}: free some, or name a directory on another disk",
        .path.display()
    )]
    Full {
        /// What was to be written.
        path: PathBuf,
    },
    /// Any other failure of the system.
    #[error(
        "{} could not be {doing}: {source}; once that is mended, run again or use `glomers recover`",
        .path.display()
    )]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What was done to it: "read", "written", "created".
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The name of a workload cannot be the name of a directory.
    #[error(
        "{name:?} cannot name a directory of runs: use letters, digits, '-', '_' and '.', beginning with a letter or digit"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// Somebody else writes the directory.
    #[error(
        "{} is being written by another process: the run still goes on, or somebody else recovers it; wait until that has ended",
        .path.display()
    )]
    Busy {
        /// The run's directory.
        path: PathBuf,
    },
    /// A file without which nothing can be read is not there.
    #[error(
        "{} holds no run: {missing} is not there; name the directory of one run, as <store>/<workload>/<timestamp> or <store>/latest",
        .path.display()
    )]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// The file.
        missing: &'static str,
    },
    /// The journal is some other file.
    #[error(
        "{} was not written by Glomers (it does not begin as a journal does): name the directory of a run of Glomers",
        .path.display()
    )]
    Foreign {
        /// The journal.
        path: PathBuf,
    },
    /// The journal has another version.
    #[error(
        "{} has version {found}, and this Glomers reads version {known}: use the Glomers that wrote it (replay.json names its build)",
        .path.display()
    )]
    OtherVersion {
        /// The journal.
        path: PathBuf,
        /// Its version.
        found: u8,
        /// The version that can be read.
        known: u8,
    },
    /// The journal's checksums are right and its content is not.
    #[error(
        "{} is whole, but not in the form that this Glomers reads ({reason}): use the Glomers that wrote it (replay.json names its build), or report this as a bug",
        .path.display()
    )]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A table could not be made, and the disk is not the reason.
    #[error(
        "{} could not be made ({reason}): please report this; all other files are complete",
        .path.display()
    )]
    Table {
        /// The table.
        path: PathBuf,
        /// What the library said.
        reason: String,
    },
}

impl StoreError {
    /// Sorts a failure of the system by what can be done about it.
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> StoreError {
        use io::ErrorKind as Kind;
        let path = path.to_owned();
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                StoreError::Full { path }
            }
            Kind::NotADirectory => StoreError::NotADirectory { path },
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem if doing != "read" => {
                StoreError::NotWritable { path, source }
            }
            _ => StoreError::Io { path, doing, source },
        }
    }

    /// For `map_err`.
    pub(crate) fn at<'a>(
        path: &'a Path,
        doing: &'static str,
    ) -> impl FnOnce(io::Error) -> StoreError + 'a {
        move |source| StoreError::io(path, doing, source)
    }
}
