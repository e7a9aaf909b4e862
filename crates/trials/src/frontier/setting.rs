//! The cluster and the network in which candidates are measured.

use std::time::Duration;

use glomers_sim::{Host, Inbox, Latency, Nemesis, NodeProgram, Plan, PlanError, Rate, nemesis};

/// A cluster under the workload that its nodes are for, all but what these run.
///
/// Nodes take no time for a message, as published figures assume.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// How many nodes; clients are as many as the workload has of each.
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
    ///
    /// # Errors
    /// If a value is invalid, or there would be too many faults.
    pub fn plan(
        &self,
        node: &str,
        arguments: &[String],
        seed: u64,
        inbox: Inbox,
    ) -> Result<Plan, PlanError> {
        let program =
            NodeProgram::Embedded { name: node.to_owned(), arguments: arguments.to_vec() };
        let workload = glomers_nodes::entry(node).map_or("broadcast", |entry| entry.workload);
        self.plan_of((program, Host::InProcess), workload, seed, inbox)
    }

    /// The same for any program on any host, under a workload that it is said to be
    /// for.
    ///
    /// # Errors
    /// As [`Setting::plan`].
    pub fn plan_of(
        &self,
        (program, host): (NodeProgram, Host),
        workload: &str,
        seed: u64,
        inbox: Inbox,
    ) -> Result<Plan, PlanError> {
        let workers = glomers_workload::entry(workload).map_or(1, |entry| entry.workers_per_node);
        Plan::builder(seed, program, workload)
            .host(host)
            .nodes(self.nodes)
            .workers_per_node(workers)
            .rate(Rate::PerSecond(self.rate))
            .latency(self.latency)
            .loss(self.loss)
            .inbox(inbox)
            .service_time(Duration::ZERO)
            .time_limit(self.time_limit)
            .nemesis(Nemesis::new(&self.nemesis, self.nemesis_interval))
            .build()
    }
}
