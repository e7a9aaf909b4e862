use std::cell::RefCell;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Observer, Op, Time, Value};
use glomers_protocol::Payload;

/// An observer that the engine and the driver share: the driver hands on what
/// nodes log, also after the engine is done with them. A method that is missing
/// here would be lost under real time, so it has every method of [`Observer`].
pub(crate) struct Tap<'s, 'o>(pub(crate) &'s RefCell<&'o mut dyn Observer>);

impl Observer for Tap<'_, '_> {
    fn initialised(&mut self, time: Time) {
        self.0.borrow_mut().initialised(time);
    }

    fn operation(&mut self, op: &Op) {
        self.0.borrow_mut().operation(op);
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        self.0.borrow_mut().sent(time, id, src, dest, payload);
    }

    fn received(&mut self, time: Time, id: u64) {
        self.0.borrow_mut().received(time, id);
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        self.0.borrow_mut().dropped(time, id, reason);
    }

    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        self.0.borrow_mut().disturbed(time, id, how);
    }

    fn clock_read(&mut self, time: Time, node: &str) {
        self.0.borrow_mut().clock_read(time, node);
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        self.0.borrow_mut().marked(time, node, label, value);
    }

    fn found(&mut self, time: Time, node: &str, name: &str, summary: &str, evidence: &[String]) {
        self.0.borrow_mut().found(time, node, name, summary, evidence);
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        self.0.borrow_mut().logged(time, node, line);
    }

    fn tick(&mut self) {
        self.0.borrow_mut().tick();
    }
}

#[cfg(test)]
mod tests {
    /// Methods of [`glomers_history::Observer`] have bodies, so the compiler does
    /// not say which are missing.
    #[test]
    fn every_method_is_handed_on() {
        let methods = |text: &'static str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("    fn "));
            lines.filter_map(|line| line.split_once("(&mut self"))
        };
        let here = include_str!("tap.rs");
        for (name, _) in methods(include_str!("../../history/src/observer.rs")) {
            assert!(
                here.contains(&format!("borrow_mut().{name}("))
                    || here.contains(&format!(".{name}(time")),
                "{name} is lost under real time"
            );
        }
        assert!(methods(include_str!("../../history/src/observer.rs")).count() >= 9);
    }
}
