//! A disk that is a directory: what nodes have on stdio.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{Disk, DiskError, check_name};
use crate::process::SyncId;

/// A directory whose files are the disk's. Writes go to the system at once, so
/// they survive the process; a sync takes them to the device.
#[derive(Debug)]
pub(crate) struct DirectoryDisk {
    path: PathBuf,
    /// Files that are appended to.
    open: BTreeMap<String, File>,
    /// Those of them that a sync has to write out.
    dirty: BTreeSet<String>,
    /// Whether files were made or renamed since the last sync.
    names_changed: bool,
    last_sync: u64,
    asked: bool,
}

impl DirectoryDisk {
    /// The disk in this directory, which is made if it is not there. If it cannot
    /// be, all calls will say so.
    pub(crate) fn new(path: &Path) -> DirectoryDisk {
        // The reason comes with the first write; to read what is not there is no
        // error.
        let _ = fs::create_dir_all(path);
        DirectoryDisk {
            path: path.to_owned(),
            open: BTreeMap::new(),
            dirty: BTreeSet::new(),
            names_changed: false,
            last_sync: 0,
            asked: false,
        }
    }

    /// Does what was asked for, if a sync was: its name. Waits for the device.
    ///
    /// # Errors
    /// If the device fails. What is durable then nobody knows, and asking again
    /// would not tell.
    pub(crate) fn carry_out_sync(&mut self) -> Result<Option<SyncId>, DiskError> {
        if !std::mem::take(&mut self.asked) {
            return Ok(None);
        }
        for name in std::mem::take(&mut self.dirty) {
            if let Some(file) = self.open.get(&name) {
                file.sync_data().map_err(|error| self.error(&name, &error))?;
            }
        }
        if std::mem::take(&mut self.names_changed) {
            let synced = File::open(&self.path).and_then(|directory| directory.sync_all());
            synced.map_err(|error| self.error("", &error))?;
        }
        Ok(Some(SyncId(self.last_sync)))
    }

    fn error(&self, file: &str, error: &std::io::Error) -> DiskError {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DiskError::Full,
            _ => DiskError::Failed(format!("{}: {error}", self.path.join(file).display())),
        }
    }

    fn opened(&mut self, file: &str) -> std::io::Result<&mut File> {
        if !self.open.contains_key(file) {
            let path = self.path.join(file);
            self.names_changed |= !path.exists();
            let opened = OpenOptions::new().create(true).append(true).open(path)?;
            self.open.insert(file.to_owned(), opened);
        }
        self.open.get_mut(file).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn replace(&mut self, file: &str, bytes: &[u8]) -> std::io::Result<()> {
        // Written beside the old file and to the device first: whoever reads after
        // a crash finds the old content or the new.
        let beside = self.path.join(format!(".{file}.new"));
        let mut new = File::create(&beside)?;
        new.write_all(bytes)?;
        new.sync_data()?;
        fs::rename(&beside, self.path.join(file))?;
        self.open.remove(file);
        self.dirty.remove(file);
        self.names_changed = true;
        Ok(())
    }
}

impl Disk for DirectoryDisk {
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        check_name(file)?;
        let result = self.opened(file).and_then(|opened| opened.write_all(bytes));
        self.dirty.insert(file.to_owned());
        result.map_err(|error| self.error(file, &error))
    }

    fn put(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        check_name(file)?;
        self.replace(file, bytes).map_err(|error| self.error(file, &error))
    }

    fn get(&mut self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        check_name(file)?;
        match fs::read(self.path.join(file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(file, &error)),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, DiskError> {
        let names = || -> std::io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.path)? {
                names.extend(entry?.file_name().into_string().ok());
            }
            Ok(names)
        };
        let mut names = names().map_err(|error| self.error("", &error))?;
        names.retain(|name| check_name(name).is_ok());
        names.sort();
        Ok(names)
    }

    fn sync(&mut self) -> Result<SyncId, DiskError> {
        self.asked = true;
        self.last_sync += 1;
        Ok(SyncId(self.last_sync))
    }
}
