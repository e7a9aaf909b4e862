//! Durable storage: what nodes see of it, and two kinds of it.

mod directory;
mod memory;

use std::cell::RefCell;
use std::rc::Rc;

use glomers_protocol::{ErrorCode, RpcError};

use crate::process::SyncId;

pub(crate) use directory::DirectoryDisk;
pub use memory::{DiskCall, DiskFault, MemoryDisk};

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
    /// There is no disk.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// Whether it happened nobody knows: part of it may have been written.
impl From<DiskError> for RpcError {
    fn from(error: DiskError) -> RpcError {
        RpcError::new(ErrorCode::CRASH, error.to_string())
    }
}

impl From<Unsupported> for RpcError {
    fn from(error: Unsupported) -> RpcError {
        RpcError::new(ErrorCode::NOT_SUPPORTED, error.to_string())
    }
}

/// Files by name that survive the end of an incarnation.
///
/// Names are one to 100 of the characters `a-z A-Z 0-9 . _ -`, and the first is
/// no dot: what every driver can store. Anything else is a [`DiskError::Failed`].
///
/// Writes are visible at once and durable after the [`Synced`](crate::Input::Synced)
/// of a sync that was asked for after them. What is not durable when the node is
/// killed may be gone, all of it or the end of it; of the last append that is left
/// only the beginning may be there, so readers must be able to tell. A `put` is
/// there as a whole or not at all.
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

/// A disk that its driver keeps a hand on.
impl<D: Disk> Disk for Rc<RefCell<D>> {
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.borrow_mut().append(file, bytes)
    }

    fn put(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.borrow_mut().put(file, bytes)
    }

    fn get(&mut self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        self.borrow_mut().get(file)
    }

    fn list(&mut self) -> Result<Vec<String>, DiskError> {
        self.borrow_mut().list()
    }

    fn sync(&mut self) -> Result<SyncId, DiskError> {
        self.borrow_mut().sync()
    }
}

/// Refuses names that not every driver can store.
fn check_name(file: &str) -> Result<(), DiskError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=100).contains(&file.len()) && !file.starts_with('.') && file.chars().all(is_plain) {
        return Ok(());
    }
    Err(DiskError::Failed(format!(
        "{file:?} cannot be the name of a file: it takes 1 to 100 of the characters a-z A-Z 0-9 . \
         _ -, not a dot at first"
    )))
}
