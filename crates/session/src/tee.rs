//! Two observers of one run: the store, and whoever else wants to see it.

use std::cell::Cell;

use glomers_history::{Event, Observer, Time};
use glomers_store::StoreWriter;

/// Tells both.
pub(crate) struct Tee<'a> {
    pub(crate) store: Option<&'a mut StoreWriter>,
    /// Set when the store cannot be written: going on would be in vain.
    pub(crate) has_failed: &'a Cell<bool>,
    pub(crate) other: &'a mut dyn Observer,
}

impl Observer for Tee<'_> {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        self.other.event(time, event);
        let Some(store) = &mut self.store else { return };
        store.event(time, event);
        if matches!(event, Event::Operation(_) | Event::Tick) && store.error().is_some() {
            self.has_failed.set(true);
        }
    }
}
