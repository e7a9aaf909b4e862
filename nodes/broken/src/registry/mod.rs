//! All broken nodes.

mod services;
mod values;

use crate::entry::Entry;

/// All of them, by workload.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    values::ENTRIES.iter().chain(&services::ENTRIES)
}

/// The broken node of this name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.name == name)
}
