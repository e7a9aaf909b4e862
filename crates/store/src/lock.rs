//! Who may write a run's directory.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::StoreError;
use crate::files::RUN_LOG;

/// While this lives no other process that asks for it writes the directory. The
/// system frees it when its holder ends, however that happens.
#[derive(Debug)]
pub struct Lock {
    /// `None` where there is nothing to lock, or the file system knows no locks.
    _file: Option<File>,
}

impl Lock {
    /// Locks the directory of a run that was stored before: neither the run itself
    /// nor another who recovers it writes there then.
    ///
    /// # Errors
    /// If somebody does.
    pub fn of_run(run: &Path) -> Result<Lock, StoreError> {
        match File::open(run.join(RUN_LOG)) {
            Ok(file) => Ok(Lock { _file: try_lock(&file, run)?.then_some(file) }),
            // Without the file there is nobody who writes it.
            Err(_) => Ok(Lock { _file: None }),
        }
    }
}

/// Whether the file is locked now.
pub(crate) fn try_lock(file: &File, run: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: run.to_owned() }),
        // A lock is a help, not a condition.
        Err(TryLockError::Error(_)) => Ok(false),
    }
}
