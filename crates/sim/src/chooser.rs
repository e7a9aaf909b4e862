//! Who decides which of the possible events happens next.

use glomers_history::Time;

use crate::draws::{Draws, Purpose};

/// Decides which of the events that are possible happens next. The engine takes
/// the earliest unless one of these is given to it: a model checker, or a test
/// that looks for dependence on order.
pub trait Chooser {
    /// The place in `enabled` of what happens next. `enabled` is in the order of
    /// time and never empty. An event that is passed over happens later than
    /// its time.
    fn choose(&mut self, enabled: &[Enabled]) -> usize;
}

/// An event that may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enabled {
    /// When it would happen by itself.
    pub time: Time,
    /// What it is.
    pub kind: EnabledKind,
}

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnabledKind {
    /// A message between nodes arrives; sender and receiver by their places.
    Message {
        /// The sender.
        src: u32,
        /// The receiver.
        dest: u32,
    },
    /// A node's timer.
    Timer {
        /// The node.
        node: u32,
    },
    /// Anything else: clients, faults, the phases of the run.
    Other,
}

/// Reorders messages between nodes at random, within a window of time.
#[derive(Debug)]
pub struct Random {
    draws: Draws,
    window: std::time::Duration,
}

impl Random {
    /// Chooses among the messages that are due within `window` of the earliest
    /// event.
    pub fn new(seed: u64, window: std::time::Duration) -> Random {
        Random { draws: Draws::keyed(seed, Purpose::Choice, 0, 0, 0), window }
    }
}

impl Chooser for Random {
    fn choose(&mut self, enabled: &[Enabled]) -> usize {
        if !matches!(enabled[0].kind, EnabledKind::Message { .. }) {
            return 0;
        }
        let end = enabled[0].time + self.window;
        let candidates: Vec<usize> = (0..enabled.len())
            .filter(|&at| {
                enabled[at].time <= end && matches!(enabled[at].kind, EnabledKind::Message { .. })
            })
            .collect();
        candidates[self.draws.below(candidates.len() as u64) as usize]
    }
}
