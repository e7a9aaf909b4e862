//! Vector clocks: what each name knew of the others at an event.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How many events of each name are known.
pub(super) type Clock = BTreeMap<Arc<str>, u64>;

/// The clocks of all names, and those that messages under way carry.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    of: BTreeMap<Arc<str>, Clock>,
    carried: BTreeMap<usize, Clock>,
}

impl Clocks {
    /// An event of a name.
    pub(super) fn tick(&mut self, name: &Arc<str>) -> &Clock {
        let clock = self.of.entry(name.clone()).or_default();
        *clock.entry(name.clone()).or_default() += 1;
        clock
    }

    /// The name sends the message at this place.
    pub(super) fn send(&mut self, name: &Arc<str>, message: usize) -> &Clock {
        let carried = self.tick(name).clone();
        self.carried.insert(message, carried);
        &self.of[name]
    }

    /// The name gets that message. It may come again: then nothing is new.
    pub(super) fn receive(&mut self, name: &Arc<str>, message: usize) -> &Clock {
        let clock = self.of.entry(name.clone()).or_default();
        for (other, &count) in self.carried.get(&message).into_iter().flatten() {
            let known = clock.entry(other.clone()).or_default();
            *known = count.max(*known);
        }
        self.tick(name)
    }

    /// No end of that message comes any more.
    pub(super) fn forget(&mut self, message: usize) {
        self.carried.remove(&message);
    }
}
