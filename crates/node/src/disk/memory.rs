//! A disk in memory, for simulation and tests.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::{Disk, DiskError, check_name};
use crate::process::SyncId;

/// A disk in memory that outlives the nodes that use it. Cheap to clone: all
/// clones are one disk.
///
/// Whoever drives the node decides what the disk does by itself: when a sync is
/// done ([`MemoryDisk::complete`]), what a crash leaves ([`MemoryDisk::crash`]),
/// and which calls fail ([`MemoryDisk::set_fault`]).
#[derive(Clone, Default)]
pub struct MemoryDisk(Rc<RefCell<Content>>);

/// What a node asks of its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskCall {
    /// [`Disk::append`].
    Append,
    /// [`Disk::put`].
    Put,
    /// [`Disk::get`].
    Get,
    /// [`Disk::list`].
    List,
    /// [`Disk::sync`].
    Sync,
}

/// Decides for each call whether it fails.
pub type DiskFault = Box<dyn FnMut(DiskCall) -> Option<DiskError>>;

type Files = BTreeMap<Arc<str>, Vec<u8>>;

#[derive(Default)]
struct Content {
    /// What the node sees.
    visible: Files,
    /// What a crash leaves for certain.
    durable: Files,
    /// What has been written since, in order.
    unsynced: VecDeque<Write>,
    /// How many writes there ever were.
    written: u64,
    /// Syncs that are not done, each with how many writes there were before it.
    syncs: VecDeque<(SyncId, u64)>,
    /// How many of those, from the end, the driver has not seen.
    unseen: usize,
    last_sync: u64,
    fault: Option<DiskFault>,
}

struct Write {
    file: Arc<str>,
    bytes: Box<[u8]>,
    /// Whether it replaces the file.
    is_put: bool,
}

impl Write {
    fn apply(self, files: &mut Files) {
        if self.is_put {
            files.insert(self.file, self.bytes.into_vec());
        } else {
            files.entry(self.file).or_default().extend_from_slice(&self.bytes);
        }
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> MemoryDisk {
        MemoryDisk::default()
    }

    /// Has calls fail, or no longer.
    pub fn set_fault(&self, fault: Option<DiskFault>) {
        self.0.borrow_mut().fault = fault;
    }

    /// The syncs that were asked for since the last call, in order.
    pub fn take_syncs(&self) -> Vec<SyncId> {
        let mut content = self.0.borrow_mut();
        let seen = content.syncs.len() - std::mem::take(&mut content.unseen);
        content.syncs.range(seen..).map(|(id, _)| *id).collect()
    }

    /// Whether [`MemoryDisk::take_syncs`] has something to give.
    pub fn has_syncs(&self) -> bool {
        self.0.borrow().unseen > 0
    }

    /// A sync is done, and with it all that were asked for before: what had been
    /// written by then is durable. The driver tells the node
    /// ([`Runtime::synced`](crate::Runtime::synced)).
    pub fn complete(&self, sync: SyncId) {
        let mut content = self.0.borrow_mut();
        let content = &mut *content;
        while let Some((_, written)) = content.syncs.pop_front_if(|(id, _)| *id <= sync) {
            let first = content.written - content.unsynced.len() as u64;
            for write in content.unsynced.drain(..written.saturating_sub(first) as usize) {
                write.apply(&mut content.durable);
            }
        }
        content.unseen = content.unseen.min(content.syncs.len());
    }

    /// How many writes are not durable.
    pub fn unsynced(&self) -> usize {
        self.0.borrow().unsynced.len()
    }

    /// The machine goes down: of the writes that are not durable only the first
    /// `survivors` are left, and of the one after them the first `torn` bytes, if
    /// it is an append and longer than that.
    pub fn crash(&self, survivors: usize, torn: usize) {
        let mut content = self.0.borrow_mut();
        let content = &mut *content;
        for (place, mut write) in content.unsynced.drain(..).enumerate() {
            if place == survivors && !write.is_put && torn < write.bytes.len() {
                write.bytes = Box::from(&write.bytes[..torn]);
            } else if place >= survivors {
                break;
            }
            write.apply(&mut content.durable);
        }
        content.visible.clone_from(&content.durable);
        content.syncs.clear();
        content.unseen = 0;
    }
}

impl Content {
    fn ask(&mut self, call: DiskCall) -> Result<(), DiskError> {
        let error = self.fault.as_mut().and_then(|fault| fault(call));
        error.map_or(Ok(()), Err)
    }

    fn write(&mut self, file: &str, bytes: &[u8], is_put: bool) -> Result<(), DiskError> {
        check_name(file)?;
        self.ask(if is_put { DiskCall::Put } else { DiskCall::Append })?;
        let name = match self.visible.get_key_value(file) {
            Some((name, _)) => name.clone(),
            None => {
                let name: Arc<str> = Arc::from(file);
                self.visible.insert(name.clone(), Vec::new());
                name
            }
        };
        if let Some(visible) = self.visible.get_mut(file) {
            if is_put {
                visible.clear();
            }
            visible.extend_from_slice(bytes);
        }
        self.unsynced.push_back(Write { file: name, bytes: Box::from(bytes), is_put });
        self.written += 1;
        Ok(())
    }
}

impl Disk for MemoryDisk {
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.borrow_mut().write(file, bytes, false)
    }

    fn put(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.borrow_mut().write(file, bytes, true)
    }

    fn get(&mut self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        check_name(file)?;
        let mut content = self.0.borrow_mut();
        content.ask(DiskCall::Get)?;
        Ok(content.visible.get(file).cloned())
    }

    fn list(&mut self) -> Result<Vec<String>, DiskError> {
        let mut content = self.0.borrow_mut();
        content.ask(DiskCall::List)?;
        Ok(content.visible.keys().map(|name| name.to_string()).collect())
    }

    fn sync(&mut self) -> Result<SyncId, DiskError> {
        let mut content = self.0.borrow_mut();
        content.ask(DiskCall::Sync)?;
        content.last_sync += 1;
        let (id, written) = (SyncId(content.last_sync), content.written);
        content.syncs.push_back((id, written));
        content.unseen += 1;
        Ok(id)
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.0.borrow();
        f.debug_struct("MemoryDisk")
            .field("files", &content.visible.keys())
            .field("unsynced", &content.unsynced.len())
            .finish_non_exhaustive()
    }
}
