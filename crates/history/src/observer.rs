use glomers_protocol::Payload;

use crate::journal::{Disturbance, DropReason};
use crate::{Op, Time, Value};

/// Watches a run while it goes on: what streams the store, and what tests count
/// with. Times of messages and marks count from the beginning of the run, those
/// of operations from when all nodes were initialised.
///
/// Every method does nothing by default.
pub trait Observer {
    /// All nodes are initialised: operations count from here. `time` counts from
    /// the beginning of the run.
    fn initialised(&mut self, time: Time) {
        let _ = time;
    }

    /// An operation began or ended.
    fn operation(&mut self, op: &Op) {
        let _ = op;
    }

    /// A message was sent.
    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        let _ = (time, id, src, dest, payload);
    }

    /// A message was delivered. Where a fault has doubled it, its copy is, too.
    fn received(&mut self, time: Time, id: u64) {
        let _ = (time, id);
    }

    /// A message will never be delivered.
    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        let _ = (time, id, reason);
    }

    /// A fault did something to a message and let it go on.
    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        let _ = (time, id, how);
    }

    /// A node looked at its wall clock while a fault made that wrong.
    fn clock_read(&mut self, time: Time, node: &str) {
        let _ = (time, node);
    }

    /// A node said something about itself.
    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        let _ = (time, node, label, value);
    }

    /// A node did something wrong against the protocol; `time` counts as
    /// operations do.
    fn found(&mut self, time: Time, node: &str, name: &str, summary: &str, evidence: &[String]) {
        let _ = (time, node, name, summary, evidence);
    }

    /// A node logged a line.
    fn logged(&mut self, time: Time, node: &str, line: &str) {
        let _ = (time, node, line);
    }

    /// In real time, about every second: a moment to write what has collected.
    fn tick(&mut self) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
