//! A message on a link that faults are on.

use glomers_history::MILLISECOND;
use glomers_history::journal::Disturbance;

use crate::draws::{Draws, Purpose};
use crate::latency::Latency;

/// What becomes of a message, as one fault after another changes it. Times in ns.
pub(crate) struct Passage<'a> {
    /// How long the link takes.
    pub(crate) latency: u64,
    /// How long it is held up besides. A slow link is not slower for that.
    pub(crate) held_up: u64,
    /// A copy comes, too, and the link takes so long for it.
    pub(crate) copy: Option<u64>,
    /// How long the copy is held up besides.
    pub(crate) copy_held_up: u64,
    /// It never arrives.
    pub(crate) is_lost: bool,
    /// What faults did to it.
    pub(crate) disturbances: Vec<Disturbance>,
    /// The rule of its link.
    rule: Latency,
    /// The streams of this message, for what, and for the fault of which number.
    draws: &'a dyn Fn(Purpose, u32) -> Draws,
    /// The number of the fault that is asked.
    pub(crate) fault: u32,
}

impl<'a> Passage<'a> {
    /// A message that would take so long.
    pub(crate) fn new(
        latency: u64,
        rule: Latency,
        draws: &'a dyn Fn(Purpose, u32) -> Draws,
    ) -> Passage<'a> {
        Passage {
            latency,
            held_up: 0,
            copy: None,
            copy_held_up: 0,
            is_lost: false,
            disturbances: Vec::new(),
            rule,
            draws,
            fault: 0,
        }
    }

    /// The stream of this message and this fault.
    pub(crate) fn draws(&self, purpose: Purpose) -> Draws {
        (self.draws)(purpose, self.fault)
    }

    /// What another message on this link would take.
    pub(crate) fn another(&self, stream: Draws) -> u64 {
        self.rule.draw(|| stream) * MILLISECOND
    }
}
