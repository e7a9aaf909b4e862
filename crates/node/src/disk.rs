//! Durable storage, as nodes see it.

use crate::process::SyncId;

/// What this driver cannot do (yet). Calls never fail silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} is not available under this driver; run the node without it, or under a driver that has it"
)]
pub struct Unsupported {
    /// What was asked for.
    pub what: &'static str,
}

/// Why a disk operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// There is no room left.
    #[error("the disk is full")]
    Full,
    /// The disk could not do it.
    #[error("disk error: {0}")]
    Failed(String),
}

/// Files by name that survive the end of an incarnation.
///
/// Writes are visible at once and durable after the [`Synced`](crate::Input::Synced)
/// of a sync that was asked for after them.
pub trait Disk {
    /// Appends to a file, which is made if it is not there.
    ///
    /// # Errors
    /// If the disk is full or fails.
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError>;
    /// Replaces a file's content, all or nothing.
    ///
    /// # Errors
    /// If the disk is full or fails.
    fn put(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError>;
    /// A file's content, or `None` if there is no such file.
    ///
    /// # Errors
    /// If the disk fails.
    fn get(&mut self, file: &str) -> Result<Option<Vec<u8>>, DiskError>;
    /// The names of all files, sorted.
    ///
    /// # Errors
    /// If the disk fails.
    fn list(&mut self) -> Result<Vec<String>, DiskError>;
    /// Asks for all earlier writes to be made durable.
    ///
    /// # Errors
    /// If the disk fails.
    fn sync(&mut self) -> Result<SyncId, DiskError>;
}
