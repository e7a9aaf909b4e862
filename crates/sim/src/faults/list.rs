//! Faults as somebody writes them down, one after another.

use super::{Fault, FaultEvent};

/// Makes the faults of a Plan, and numbers them.
#[derive(Debug, Clone, Default)]
pub struct FaultList {
    events: Vec<FaultEvent>,
    /// Those that have no end yet.
    open: Vec<(u32, Fault)>,
    next: u32,
}

impl FaultList {
    /// A fault begins at this moment, ns from the beginning of the main phase.
    pub fn begin(&mut self, at: u64, fault: impl Into<Fault>) {
        let (id, fault) = (self.next, fault.into());
        self.next += 1;
        self.open.push((id, fault.clone()));
        self.events.push(FaultEvent::begin(at, id, fault));
    }

    /// All faults end of which this is so. Whether there was one.
    pub fn end(&mut self, at: u64, is_meant: impl Fn(&Fault) -> bool) -> bool {
        let before = self.open.len();
        let events = &mut self.events;
        self.open.retain(|(id, fault)| {
            let is_over = is_meant(fault);
            if is_over {
                events.push(FaultEvent::end(at, *id));
            }
            !is_over
        });
        self.open.len() < before
    }

    /// A fault is on from one moment to another.
    pub fn during(&mut self, from: u64, until: u64, fault: impl Into<Fault>) {
        let id = self.next;
        self.next += 1;
        self.events.push(FaultEvent::begin(from, id, fault));
        self.events.push(FaultEvent::end(until, id));
    }

    /// The faults, in order of time.
    pub fn into_events(mut self) -> Vec<FaultEvent> {
        // Stable: what was written first comes first at one moment.
        self.events.sort_by_key(|event| event.at);
        self.events
    }
}
