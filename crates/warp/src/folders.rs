//! Where nodes keep data. The path is part of what a program sees, so it is the same
//! in every run: the first free of a few numbered places.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// More runs than that do not go on at once.
const PLACES: u32 = 1000;

/// Folders for the data of one run's nodes.
#[derive(Debug)]
pub(crate) struct DataFolders {
    folder: PathBuf,
    keep: Option<PathBuf>,
    _lock: File,
}

impl DataFolders {
    /// Takes the first place that no other run has. What nodes leave there goes to
    /// `keep` in the end.
    pub(crate) fn new(keep: Option<PathBuf>) -> io::Result<DataFolders> {
        let user = rustix::process::getuid().as_raw();
        let temporary = std::env::temp_dir();
        let base =
            fs::canonicalize(&temporary).unwrap_or(temporary).join(format!("glomers-nodes-{user}"));
        fs::create_dir_all(&base)?;
        for place in 0..PLACES {
            let lock = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(base.join(format!("{place:03}.lock")))?;
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
                continue;
            }
            let folder = base.join(format!("{place:03}"));
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir_all(&folder)?;
            return Ok(DataFolders { folder, keep, _lock: lock });
        }
        Err(io::Error::other(format!("there are {PLACES} runs under way already")))
    }

    /// A folder of a node for what its runtime would put where all programs do. It is
    /// empty at first, and nobody keeps it.
    pub(crate) fn private(&self, node: u32) -> io::Result<PathBuf> {
        let folder = self.folder.join(".private").join(node.to_string());
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The folder of a node, which it has in all its lives.
    pub(crate) fn of(&self, node: u32, name: &str) -> io::Result<PathBuf> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_fit = name.chars().all(is_plain) && !name.starts_with('.') && name.len() < 100;
        let folder =
            if is_fit { self.folder.join(name) } else { self.folder.join(format!("node-{node}")) };
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

fn has_anything(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Moves or copies a folder with all that is in it.
fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            move_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

impl Drop for DataFolders {
    fn drop(&mut self) {
        // What cannot be moved is lost with the folder: the run has its verdict.
        if let Some(keep) = &self.keep {
            for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
                if entry.file_name() != ".private" && has_anything(&entry.path()) {
                    let _ = fs::create_dir_all(keep);
                    let _ = move_all(&entry.path(), &keep.join(entry.file_name()));
                }
            }
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
