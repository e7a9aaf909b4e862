//! What is shown of a run while it goes on.

use std::cell::Cell;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Observer, Op, Time, Value};
use glomers_node::Payload;
use glomers_protocol::printable;
use glomers_store::StoreWriter;

use crate::out;

/// Hands everything on to the store, and shows on standard error what was asked
/// for. A method that is missing here would be lost, so it has every method of
/// [`Observer`].
pub(crate) struct Shown<'a> {
    pub(crate) store: Option<&'a mut StoreWriter>,
    /// Set when the store cannot be written: going on would be in vain.
    pub(crate) has_failed: &'a Cell<bool>,
    pub(crate) sent: bool,
    pub(crate) received: bool,
    pub(crate) logs: bool,
}

impl Shown<'_> {
    fn hand_on(&mut self, hand: impl FnOnce(&mut StoreWriter)) {
        if let Some(store) = &mut self.store {
            hand(store);
        }
    }

    fn look_after_store(&self) {
        if self.store.as_ref().is_some_and(|store| store.error().is_some()) {
            self.has_failed.set(true);
        }
    }
}

impl Observer for Shown<'_> {
    fn operation(&mut self, op: &Op) {
        self.hand_on(|store| store.operation(op));
        self.look_after_store();
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        if self.sent {
            let body = format!("{payload:?}");
            out::error(format_args!(
                "{time} sent #{id} {src} → {} {}",
                printable(dest),
                printable(&body)
            ));
        }
        self.hand_on(|store| store.sent(time, id, src, dest, payload));
    }

    fn received(&mut self, time: Time, id: u64) {
        if self.received {
            out::error(format_args!("{time} delivered #{id}"));
        }
        self.hand_on(|store| store.received(time, id));
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        if self.received {
            out::error(format_args!("{time} dropped #{id} ({})", reason.name()));
        }
        self.hand_on(|store| store.dropped(time, id, reason));
    }

    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        if self.received {
            out::error(format_args!("{time} fault: #{id} {}", how.name()));
        }
        self.hand_on(|store| store.disturbed(time, id, how));
    }

    fn clock_read(&mut self, time: Time, node: &str) {
        self.hand_on(|store| store.clock_read(time, node));
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        self.hand_on(|store| store.marked(time, node, label, value));
    }

    fn found(&mut self, time: Time, node: &str, name: &str, summary: &str, evidence: &[String]) {
        self.hand_on(|store| store.found(time, node, name, summary, evidence));
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        if self.logs {
            out::error(format_args!("{time} {node}: {}", printable(line)));
        }
        self.hand_on(|store| store.logged(time, node, line));
    }

    fn tick(&mut self) {
        self.hand_on(|store| store.tick());
        self.look_after_store();
    }

    fn initialised(&mut self, time: Time) {
        self.hand_on(|store| store.initialised(time));
    }
}

#[cfg(test)]
mod tests {
    /// Methods of [`glomers_history::Observer`] have bodies, so the compiler does
    /// not say which are missing. (`found` once was: recovered runs had no
    /// findings.)
    #[test]
    fn every_method_is_handed_on() {
        let here = include_str!("log_net.rs");
        let there = include_str!("../../history/src/observer.rs");
        let methods = there.lines().filter_map(|line| line.strip_prefix("    fn "));
        let names = methods.filter_map(|line| line.split_once("(&mut self"));
        let mut count = 0;
        for (name, _) in names {
            assert!(here.contains(&format!("|store| store.{name}(")), "{name} is lost");
            count += 1;
        }
        assert!(count >= 9);
    }
}
