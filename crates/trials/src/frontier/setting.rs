//! The cluster and the network in which candidates are measured.

use std::time::Duration;

use glomers_history::SECOND;
use glomers_sim::{Inbox, Latency, NodeProgram, Plan, Rate, ServiceTime, nemesis};

/// A cluster under the workload that its nodes are for, all but what these run.
///
/// Nodes take no time for a message, as published figures assume.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// How many nodes, and clients.
    pub nodes: u32,
    /// Latency of messages between nodes.
    pub latency: Latency,
    /// Operations a second, of all clients together.
    pub rate: f64,
    /// The fraction of messages between nodes that is lost.
    pub loss: f64,
    /// What is broken.
    pub nemesis: Vec<nemesis::Kind>,
    /// Mean time between faults' beginnings and ends.
    pub nemesis_interval: Duration,
    /// How long operations go on.
    pub time_limit: Duration,
}

impl Setting {
    /// The run of this seed. Faults depend on the seed, not on the node.
    pub fn plan(&self, node: &str, arguments: &[String], seed: u64, inbox: Inbox) -> Plan {
        let program =
            NodeProgram::Embedded { name: node.to_owned(), arguments: arguments.to_vec() };
        let workload = glomers_nodes::entry(node).map_or("broadcast", |entry| entry.workload);
        let mut plan = Plan::new(seed, program, workload);
        plan.set_node_count(self.nodes);
        plan.concurrency = self.nodes;
        plan.rate = Rate::PerSecond(self.rate);
        plan.latency = self.latency;
        plan.loss = self.loss;
        plan.inbox = inbox;
        plan.service_time = ServiceTime::Off;
        plan.time_limit = nanos(self.time_limit);
        plan.recovery = 10 * SECOND;
        plan.faults = self.schedule(seed).draw();
        plan
    }

    /// The faults of this seed, not yet drawn.
    pub fn schedule(&self, seed: u64) -> nemesis::Schedule {
        let (interval, limit) = (nanos(self.nemesis_interval), nanos(self.time_limit));
        nemesis::Schedule::new(seed, &self.nemesis, self.nodes, interval, limit)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
