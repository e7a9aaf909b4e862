//! What a node of `flood-retry` must not forget, as files on its disk.

use glomers_node::{Disk, DiskError, Message, NodeId, Value};
use serde::{Deserialize, Serialize};

use crate::records::{decode_whole, encode};

const NEIGHBOURS: &str = "neighbours";
const VALUES: &str = "values";

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Neighbours {
    neighbours: Vec<NodeId>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Kept {
    value: Value,
}

/// What earlier incarnations stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Whom the topology named last.
    pub(super) neighbours: Vec<NodeId>,
    /// All values; one that was stored twice is here twice.
    pub(super) values: Vec<Value>,
}

/// Stores whom the topology names.
///
/// # Errors
/// If the disk fails.
pub(super) fn set_neighbours(
    disk: &mut dyn Disk,
    neighbours: Vec<NodeId>,
) -> Result<(), DiskError> {
    disk.put(NEIGHBOURS, &encode(Neighbours { neighbours }))
}

/// Stores a value.
///
/// # Errors
/// If the disk fails; part of it may be there, which [`read`] passes over.
pub(super) fn add_value(disk: &mut dyn Disk, value: Value) -> Result<(), DiskError> {
    // What is before may have no end, if a write failed or a kill cut it.
    let mut record = b"\n".to_vec();
    record.extend(encode(Kept { value }));
    disk.append(VALUES, &record)
}

/// Reads what is stored.
///
/// # Errors
/// If the disk fails.
pub(super) fn read(disk: &mut dyn Disk) -> Result<Stored, DiskError> {
    let mut bytes = |file| disk.get(file).map(Option::unwrap_or_default);
    let neighbours = decode_whole::<Neighbours>(&bytes(NEIGHBOURS)?).next();
    let values = decode_whole::<Kept>(&bytes(VALUES)?).map(|kept| kept.value).collect();
    Ok(Stored { neighbours: neighbours.map_or_else(Vec::new, |found| found.neighbours), values })
}
