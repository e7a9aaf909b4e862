//! What a node took from clients, on its disk: then nothing that was acknowledged
//! is lost, whoever is killed.
//!
//! Each node stores its own values only; those of others are on their disks. It
//! says nothing, to clients or nodes, before what it took is durable, which adds
//! one sync to the latency of a broadcast and no message.

use glomers_node::{Cx, Disk, DiskError, Message, SyncId, Value};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::repair::Repair;
use crate::outbox::Outbox;
use crate::records::{decode_all, encode};

const FILE: &str = "values";
/// How long a node waits until it tries a disk again that has failed.
const RETRY: Duration = Duration::from_millis(50);

/// Values that one incarnation took.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Taken {
    incarnation: u64,
    values: Vec<Value>,
}

/// The values of this node and its earlier incarnations, on the disk.
#[derive(Debug, Default)]
pub struct Durable {
    /// What is in the file, of earlier incarnations.
    earlier: Vec<Taken>,
    /// How many values of this incarnation are in the file.
    written: u64,
    /// The end of the file may be garbage.
    is_torn: bool,
    outbox: Outbox,
}

impl Durable {
    /// Reads what earlier incarnations took into the storage.
    ///
    /// # Errors
    /// If there is no disk, or it cannot be read.
    pub fn recover(&mut self, repair: &mut Repair, cx: &mut Cx) -> Result<(), DiskError> {
        let bytes = cx.disk()?.get(FILE)?.unwrap_or_default();
        let (records, is_torn) = decode_all::<Taken>(&bytes);
        self.is_torn = is_torn;
        for taken in &records {
            for value in &taken.values {
                repair.recover(taken.incarnation, value.clone(), cx);
            }
        }
        self.earlier = records;
        Ok(())
    }

    /// Called after each input: writes what clients brought, and holds back what
    /// was said until that is durable.
    pub fn keep(&mut self, repair: &Repair, cx: &mut Cx) {
        match cx.disk().map_err(DiskError::from).and_then(|disk| self.write(repair, disk)) {
            Ok(()) => self.outbox.set_mute(false),
            Err(error) => {
                cx.log(format!("silent, because nothing can be stored: {error}"));
                self.outbox.set_mute(true);
                self.outbox.hold(cx);
                // Any input makes it try again; there may be none.
                cx.set_timer(RETRY);
                return;
            }
        }
        self.outbox.hold(cx);
    }

    fn write(&mut self, repair: &Repair, disk: &mut dyn Disk) -> Result<(), DiskError> {
        let taken = |from| Taken {
            incarnation: repair.incarnation,
            values: repair.own_values_from(from).to_vec(),
        };
        let new = taken(self.written);
        if !new.values.is_empty() {
            let count = new.values.len() as u64;
            if self.is_torn {
                let all = self.earlier.iter().cloned().chain([taken(0)]);
                disk.put(FILE, &all.flat_map(encode).collect::<Vec<u8>>())?;
            } else {
                // If this fails, part of it may be there.
                self.is_torn = true;
                disk.append(FILE, &encode(new))?;
            }
            self.is_torn = false;
            self.written += count;
            self.outbox.wrote();
        }
        self.outbox.sync(disk)
    }

    /// A sync is done; what waited for it is said at the next [`Durable::keep`].
    pub fn synced(&mut self, sync: SyncId) {
        self.outbox.synced(sync);
    }
}
