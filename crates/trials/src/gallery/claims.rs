//! What reference nodes claim to survive.

use glomers_history::SECOND;
use glomers_nodes::{Entry, Hazard, NODES};
use glomers_sim::nemesis::{Kind, Schedule};
use glomers_sim::{Distribution, Latency, NodeProgram, Plan, Rate, SERVICES};

use super::to_plan::kinds;
use super::{Attempt, attempt};
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
    pub fn plan(&self, seed: u64) -> Plan {
        let program = NodeProgram::Embedded { name: self.node.to_owned(), arguments: Vec::new() };
        let mut plan = Plan::new(seed, program, self.workload);
        let (nodes, rate) = match (self.node, self.workload) {
            ("kafka-single", _) => (1, 100.0),
            (_, "kafka") => (3, 100.0),
            (_, "broadcast") => (5, 20.0),
            _ => (5, 50.0),
        };
        plan.set_node_count(nodes);
        let models = match self.node {
            "rw-available" => Some("read-committed"),
            "rw-causal" => Some("read-committed,causal-cerone"),
            _ => None,
        };
        let models = models.map(|models| ("consistency-models".to_owned(), models.to_owned()));
        plan.workload.options.extend(models);
        let clients = glomers_workload::entry(self.workload).map_or(1, |w| w.workers_per_node);
        plan.concurrency = nodes * clients;
        plan.rate = Rate::PerSecond(rate);
        plan.recovery = 30 * SECOND;
        if self.hazards.contains(&Hazard::Latency) {
            plan.latency = Latency { mean_ms: 20, distribution: Distribution::Exponential };
        }
        if self.hazards.contains(&Hazard::Loss) {
            plan.loss = 0.1;
        }
        let mut kinds = kinds(&self.hazards);
        if kinds.contains(&Kind::Partition) {
            // Of every kind.
            kinds.extend([Kind::Bridge, Kind::SingleLink]);
        }
        // Long enough for every kind of operation to succeed now and then, whatever
        // is drawn: a client of a node that is down waits 5 s, and some operations
        // need all nodes, or most of them.
        plan.time_limit = match (kinds.is_empty(), kinds.contains(&Kind::Kill)) {
            (true, _) => 10 * SECOND,
            (false, false) => 30 * SECOND,
            (false, true) => 60 * SECOND,
        };
        // So many faults that none can keep all nodes down to the end.
        let usual = Schedule::new(seed, &kinds, nodes, SECOND, plan.time_limit);
        plan.fault_services = true;
        plan.faults = Schedule { services: SERVICES.len() as u32, ..usual }.draw();
        plan
    }

    /// Runs it.
    ///
    /// # Errors
    /// If the Plan makes no sense.
    pub fn attempt(&self, seed: u64) -> Result<Attempt, SessionError> {
        attempt(&self.plan(seed), false)
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
