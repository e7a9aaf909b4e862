//! Processes start a few at a time, and a slow machine is not a slow node.

use std::time::Duration;

use glomers_history::Time;
use glomers_sim::Input;

use super::Driver;
use crate::BenchError;
use crate::machine::{Waited, load_in_words, processors};

/// How long a node waits for its former process to be gone.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often the machine is looked at while nodes start.
const LOOKS: Duration = Duration::from_millis(250);
/// How many processes may start at once on the smallest machine.
const FEW: usize = 8;

/// A node that is to start.
#[derive(Debug)]
pub(super) struct Waiting {
    node: u32,
    incarnation: u32,
    /// Until when it waits for its former process to be gone: two would get in each
    /// other's way, with a file of data for example.
    until: Time,
}

/// A node that starts.
#[derive(Debug)]
struct UnderWay {
    node: u32,
    incarnation: u32,
    waited: Waited,
}

/// Nodes that are to start, and those that do.
#[derive(Debug, Default)]
pub(super) struct Starts {
    waiting: Vec<Waiting>,
    /// Not yet initialised.
    under_way: Vec<UnderWay>,
    next_look: Time,
}

impl Driver<'_, '_> {
    /// A node is to start as soon as it is its turn.
    pub(super) fn start(&mut self, node: u32, incarnation: u32) {
        let until = self.now + LONGEST_WAIT;
        self.starts.waiting.push(Waiting { node, incarnation, until });
    }

    /// A node is not to start after all.
    pub(super) fn forget_start(&mut self, node: u32) {
        self.starts.waiting.retain(|waiting| waiting.node != node);
    }

    /// Whether nodes wait for their former processes, whose ends make no event.
    pub(super) fn awaits_ends(&self) -> bool {
        self.starts.waiting.iter().any(|waiting| self.cluster.is_leaving(waiting.node))
    }

    /// Starts those whose turn it is: many at once would only take the processors
    /// from each other.
    pub(super) fn start_waiting(&mut self) -> Result<(), BenchError> {
        if self.starts.waiting.is_empty() {
            return Ok(());
        }
        self.see_off();
        let engine = &self.engine;
        self.starts.under_way.retain(|one| engine.is_starting(one.node, one.incarnation));
        let most = FEW.max(2 * processors());
        let mut later = Vec::new();
        for waiting in std::mem::take(&mut self.starts.waiting) {
            let is_full = self.starts.under_way.len() >= most;
            let is_leaving = self.cluster.is_leaving(waiting.node) && self.now < waiting.until;
            if is_full || is_leaving {
                later.push(waiting);
                continue;
            }
            let Waiting { node, incarnation, .. } = waiting;
            self.cluster.start(node, incarnation)?;
            self.starts.under_way.push(UnderWay { node, incarnation, waited: Waited::default() });
            // Starting takes a while, and each has its full time to answer.
            self.now = self.clock.now();
            self.engine.input(self.now, Input::Started { node, incarnation });
        }
        self.starts.waiting = later;
        Ok(())
    }

    /// Tells the engine how long nodes that start had to wait for a processor.
    pub(super) fn watch_starts(&mut self) {
        if self.starts.under_way.is_empty() || self.now < self.starts.next_look {
            return;
        }
        self.starts.next_look = self.now + LOOKS;
        let engine = &self.engine;
        self.starts.under_way.retain(|one| engine.is_starting(one.node, one.incarnation));
        if self.starts.under_way.is_empty() {
            return;
        }
        let machine = load_in_words();
        let now = Duration::from_nanos(self.now.0);
        for UnderWay { node, incarnation, waited } in &mut self.starts.under_way {
            let (node, incarnation) = (*node, *incarnation);
            let Some(running) = &self.cluster.nodes[node as usize] else { continue };
            let (waited, machine) = (waited.look(running.group, now), machine.clone());
            let input = Input::Machine { node, incarnation, waited, machine };
            self.engine.input(self.now, input);
        }
    }
}
