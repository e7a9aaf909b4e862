//! What reference nodes claim to survive.

use std::time::Duration;

use glomers_nodes::{Entry, Hazard, NODES};
use glomers_sim::nemesis::Kind;
use glomers_sim::{Distribution, Latency, Nemesis, NodeProgram, Plan, PlanError, Rate};

use super::to_plan::kinds;
use super::{Attempt, Nodes};
use glomers_session::SessionError;

/// A reference node, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The node's name.
    pub node: &'static str,
    /// The workload.
    pub workload: &'static str,
    /// What happens: nothing, one thing, or all that the node claims to survive.
    pub hazards: Vec<Hazard>,
}

/// All claims: each node with nothing, with each hazard alone, and with all of them
/// together, for each workload that it is for.
pub fn claims() -> Vec<Claim> {
    NODES.iter().flat_map(of_node).collect()
}

fn of_node(entry: &Entry) -> Vec<Claim> {
    // The counters by gossip are for both counter workloads.
    let workloads = match entry.workload {
        "g-counter" => vec!["g-counter", "pn-counter"],
        workload => vec![workload],
    };
    let mut cases = vec![Vec::new()];
    cases.extend(entry.survives.iter().map(|&hazard| vec![hazard]));
    cases.push(entry.survives.to_vec());
    let claim = |workload, hazards: &Vec<Hazard>| Claim {
        node: entry.name,
        workload,
        hazards: hazards.clone(),
    };
    workloads
        .into_iter()
        .flat_map(|workload| cases.iter().map(move |hazards| claim(workload, hazards)))
        .collect()
}

impl Claim {
    /// The run with this seed. What happens happens to the links of services, too.
    ///
    /// # Errors
    /// If there would be too many faults.
    pub fn plan(&self, seed: u64) -> Result<Plan, PlanError> {
        let program = NodeProgram::Embedded { name: self.node.to_owned(), arguments: Vec::new() };
        let mut plan = Plan::builder(seed, program, self.workload);
        let (nodes, rate) = match self.workload {
            "kafka" => (3, 100.0),
            "broadcast" => (5, 20.0),
            _ => (5, 50.0),
        };
        for (option, value) in self.options() {
            plan.option(option, value);
        }
        if self.hazards.contains(&Hazard::Latency) {
            plan.latency(Latency { mean_ms: 20, distribution: Distribution::Exponential });
        }
        if self.hazards.contains(&Hazard::Loss) {
            plan.loss(0.1);
        }
        let mut kinds = kinds(&self.hazards);
        if kinds.contains(&Kind::Partition) {
            // Of every kind.
            kinds.extend([Kind::Bridge, Kind::SingleLink]);
        }
        // Long enough for every kind of operation to succeed now and then, whatever
        // is drawn: a client of a node that is down waits 5 s, and some operations
        // need all nodes, or most of them.
        let seconds = match (kinds.is_empty(), kinds.contains(&Kind::Kill)) {
            (true, _) => 10,
            (false, false) => 30,
            (false, true) => 60,
        };
        let workers = glomers_workload::entry(self.workload).map_or(1, |w| w.workers_per_node);
        plan.nodes(self.node_count().unwrap_or(nodes))
            .workers_per_node(workers)
            .rate(Rate::PerSecond(rate))
            .time_limit(Duration::from_secs(seconds))
            .recovery(Duration::from_secs(30))
            .fault_services(true)
            // So many faults that none can keep all nodes down to the end.
            .nemesis(Nemesis::new(&kinds, Duration::from_secs(1)))
            .build()
    }

    /// What the node is asked for, other than by default: options of the workload.
    pub fn options(&self) -> &'static [(&'static str, &'static str)] {
        match self.node {
            "rw-available" => &[("consistency-models", "read-committed")],
            "rw-causal" => &[("consistency-models", "read-committed,causal-cerone")],
            _ => &[],
        }
    }

    /// How many nodes the cluster must have, if not any number will do.
    pub fn node_count(&self) -> Option<u32> {
        (self.node == "kafka-single").then_some(1)
    }

    /// The kinds of faults among the hazards, as a hunt takes them: loss is one of them.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds = kinds(&self.hazards);
        kinds.extend(self.hazards.contains(&Hazard::Loss).then_some(Kind::Loss));
        kinds
    }

    /// Whether something happens to disks, which programs do not have from Glomers.
    pub fn needs_disk(&self) -> bool {
        self.hazards.contains(&Hazard::Disk)
    }

    /// Whether it is all that the node claims to survive.
    pub fn is_whole(&self) -> bool {
        glomers_nodes::entry(self.node).is_some_and(|entry| entry.survives == self.hazards)
    }

    /// Runs it.
    ///
    /// # Errors
    /// If the Plan is invalid.
    pub fn attempt(&self, seed: u64, nodes: Nodes) -> Result<Attempt, SessionError> {
        nodes.run(self.plan(seed)?, false)
    }

    /// The hazards in words.
    pub fn hazards_in_words(&self) -> String {
        match &*self.hazards {
            [] => "nothing".to_owned(),
            [one] => one.name().to_owned(),
            hazards => {
                let names: Vec<&str> = hazards.iter().map(|hazard| hazard.name()).collect();
                names.join(", ")
            }
        }
    }
}
