//! Two observers of one run: the store, and whoever else wants to see it.

use std::cell::Cell;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Observer, Op, Time, Value};
use glomers_node::Payload;
use glomers_store::StoreWriter;

/// Hands everything on to both. A method that is missing here would be lost, so it
/// has every method of [`Observer`].
pub(crate) struct Tee<'a> {
    pub(crate) store: Option<&'a mut StoreWriter>,
    /// Set when the store cannot be written: going on would be in vain.
    pub(crate) has_failed: &'a Cell<bool>,
    pub(crate) other: &'a mut dyn Observer,
}

impl Tee<'_> {
    fn hand_on(&mut self, hand: impl Fn(&mut dyn Observer)) {
        hand(self.other);
        if let Some(store) = &mut self.store {
            hand(*store);
        }
    }

    fn look_after_store(&self) {
        if self.store.as_ref().is_some_and(|store| store.error().is_some()) {
            self.has_failed.set(true);
        }
    }
}

impl Observer for Tee<'_> {
    fn operation(&mut self, op: &Op) {
        self.hand_on(|observer| observer.operation(op));
        self.look_after_store();
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        self.hand_on(|observer| observer.sent(time, id, src, dest, payload));
    }

    fn received(&mut self, time: Time, id: u64) {
        self.hand_on(|observer| observer.received(time, id));
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        self.hand_on(|observer| observer.dropped(time, id, reason));
    }

    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        self.hand_on(|observer| observer.disturbed(time, id, how));
    }

    fn clock_read(&mut self, time: Time, node: &str) {
        self.hand_on(|observer| observer.clock_read(time, node));
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        self.hand_on(|observer| observer.marked(time, node, label, value));
    }

    fn found(&mut self, time: Time, node: &str, name: &str, summary: &str, evidence: &[String]) {
        self.hand_on(|observer| observer.found(time, node, name, summary, evidence));
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        self.hand_on(|observer| observer.logged(time, node, line));
    }

    fn tick(&mut self) {
        self.hand_on(|observer| observer.tick());
        self.look_after_store();
    }

    fn initialised(&mut self, time: Time) {
        self.hand_on(|observer| observer.initialised(time));
    }
}

#[cfg(test)]
mod tests {
    /// Methods of [`glomers_history::Observer`] have bodies, so the compiler does
    /// not say which are missing. (`found` once was: recovered runs had no
    /// findings.)
    #[test]
    fn every_method_is_handed_on() {
        let here = include_str!("tee.rs");
        let there = include_str!("../../history/src/observer.rs");
        let methods = there.lines().filter_map(|line| line.strip_prefix("    fn "));
        let names = methods.filter_map(|line| line.split_once("(&mut self"));
        let mut count = 0;
        for (name, _) in names {
            assert!(here.contains(&format!("|observer| observer.{name}(")), "{name} is lost");
            count += 1;
        }
        assert!(count >= 9);
    }
}
