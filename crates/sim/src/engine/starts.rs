//! From the start of a process to its `init_ok`: others wait, and a slow machine
//! is not a slow node.

use std::time::Duration;

use glomers_history::{Endpoint, Time};

use super::Engine;
use super::network::InFlight;
use crate::plan::Inbox;

/// How much longer than asked a node may take where it waits for the processor,
/// as a multiple of the time asked for.
const LONGEST: u32 = 9;

/// What is known about the machine while a node starts (live nodes only).
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// How long it has waited for a processor.
    waited: Duration,
    /// What the machine was at, in words.
    machine: String,
}

impl Patience {
    /// What to say where a node was too slow.
    pub(super) fn in_words(&self, node: &str) -> Option<String> {
        (!self.machine.is_empty()).then(|| {
            format!(
                "the machine: {}; {node} waited {:.1} s for a processor, which does not count",
                self.machine,
                self.waited.as_secs_f64()
            )
        })
    }
}

impl Engine<'_> {
    /// Whether this incarnation of a node is up, awake, and has not answered `init`.
    pub fn is_starting(&self, node: u32, incarnation: u32) -> bool {
        let state = &self.cluster.nodes[node as usize];
        self.is_current(node, incarnation) && !state.has_started && !state.is_paused
    }

    /// Whether a node is paused.
    pub fn is_paused(&self, node: u32) -> bool {
        self.cluster.nodes[node as usize].is_paused
    }

    pub(super) fn machine_was_busy(
        &mut self,
        node: u32,
        incarnation: u32,
        waited: Duration,
        machine: String,
    ) {
        if self.is_starting(node, incarnation) {
            self.cluster.nodes[node as usize].rare.patience = Patience { waited, machine };
        }
    }

    /// When a node that was started then must have answered `init`.
    pub(super) fn init_deadline(&self, node: u32, started: Time) -> Time {
        let asked = Duration::from_nanos(self.plan.init_timeout);
        let waited = self.cluster.nodes[node as usize].rare.patience.waited;
        started + asked + waited.min(asked.saturating_mul(LONGEST))
    }

    /// Whether a message for a node has to wait for its `init_ok`. The `init` itself
    /// has not, nor have answers of services to what this incarnation asked them:
    /// it may need them to start.
    pub(super) fn must_wait(&self, node: u32, message: &InFlight) -> bool {
        let state = &self.cluster.nodes[node as usize];
        let is_init = match message.src {
            Endpoint::Client(client) => state.init_client == Some(client),
            _ => false,
        };
        !state.has_started && !is_init && !message.is_asked_for
    }

    /// A node is ready: it gets what waited for that, in order.
    pub(super) fn hand_over_waiting(&mut self, node: u32) {
        let waiting = std::mem::take(&mut self.cluster.nodes[node as usize].rare.waiting);
        for key in waiting {
            match self.plan.inbox {
                Inbox::Ideal => self.node_receives(node, key),
                Inbox::Maelstrom => self.enters_maelstroms_queue(node, key),
            }
        }
    }
}
