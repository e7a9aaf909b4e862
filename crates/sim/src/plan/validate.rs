//! What makes a Plan one that can be run: all bounds and names, whoever made it.

use super::{
    Latency, LatencyChange, ListedOperation, MessageName, Operations, OverrideAction, PLAN_VERSION,
    Plan, PlanError, Rate, ServiceTime,
};
use crate::services::SERVICES;

/// The most nodes of a cluster.
const MOST_NODES: usize = 100_000;
/// The most workers.
const MOST_WORKERS: u32 = 100_000_000;
/// The most operations per second.
const HIGHEST_RATE: f64 = 1e6;
/// The longest mean latency: an hour.
const LONGEST_LATENCY_MS: u64 = 3_600_000;
/// The longest of all times: some four months.
const LONGEST_NS: u64 = 10_000_000 * glomers_history::SECOND;
/// The longest name.
const LONGEST_NAME: usize = 100;

fn refuse<T>(text: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError::Value(text.into()))
}

impl Plan {
    /// Tests what the types do not: every bound and every name. Which workloads and
    /// nodes there are is known elsewhere.
    ///
    /// # Errors
    /// Names the first value that is invalid.
    pub fn validate(&self) -> Result<(), PlanError> {
        if self.version != PLAN_VERSION {
            return Err(PlanError::Version(self.version));
        }
        self.validate_host()?;
        self.validate_nodes()?;
        if self.concurrency == 0 {
            return refuse("concurrency must be at least 1");
        }
        if self.concurrency > MOST_WORKERS {
            let (most, is) = (MOST_WORKERS, self.concurrency);
            return refuse(format!("concurrency must be at most {most}, but it is {is}"));
        }
        if let Rate::PerSecond(rate) = self.rate
            && !(0.0..=HIGHEST_RATE).contains(&rate)
        {
            return refuse(format!(
                "the rate must be from 0 to {HIGHEST_RATE} operations per second, but it is {rate}"
            ));
        }
        self.validate_times()?;
        self.validate_network()?;
        let (count, places) = (self.nodes.len() as u32, self.places());
        crate::faults::validate(&self.faults, count, places).map_err(PlanError::Value)?;
        self.validate_operations()
    }

    /// How many places faults can hit the links of.
    fn places(&self) -> u32 {
        let services = if self.fault_services { SERVICES.len() } else { 0 };
        (self.nodes.len() + services) as u32
    }

    fn validate_nodes(&self) -> Result<(), PlanError> {
        if self.nodes.is_empty() {
            return refuse("a cluster needs at least one node");
        }
        if self.nodes.len() > MOST_NODES {
            let count = self.nodes.len();
            return refuse(format!("a cluster has at most {MOST_NODES} nodes, not {count}"));
        }
        for name in &self.nodes {
            let why = match &**name {
                "" => "it is empty",
                name if SERVICES.contains(&name) => "that is the name of a service",
                name if name.starts_with('c') => "names that begin with c are clients'",
                name if name.len() > LONGEST_NAME => "it is too long",
                name if name.chars().any(char::is_control) => "it has control characters",
                _ => continue,
            };
            return Err(PlanError::Name { name: name.clone(), why });
        }
        let mut names: Vec<&String> = self.nodes.iter().collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return refuse(format!("two nodes have the name {:?}", pair[0]));
        }
        Ok(())
    }

    fn validate_times(&self) -> Result<(), PlanError> {
        let mean = |time: ServiceTime| match time {
            ServiceTime::Off => 0,
            ServiceTime::Exponential { mean } => mean,
        };
        let times = [
            ("the time limit", self.time_limit),
            ("the time to recover", self.recovery),
            ("the bound on recovery", self.recovery_bound.unwrap_or(0)),
            ("the time that clients wait for a reply", self.rpc_timeout.unwrap_or(0)),
            ("the time that a node may take to answer init", self.init_timeout),
            ("the service time", mean(self.service_time)),
            ("the sync time", mean(self.sync_time)),
        ];
        match times.into_iter().find(|(_, nanos)| *nanos > LONGEST_NS) {
            None => Ok(()),
            Some((what, nanos)) => refuse(format!(
                "{what} must be at most {} s, but it is {} s",
                LONGEST_NS / glomers_history::SECOND,
                nanos / glomers_history::SECOND
            )),
        }
    }

    fn validate_network(&self) -> Result<(), PlanError> {
        let losses = self.links.iter().filter_map(|link| link.loss).chain([self.loss]);
        for loss in losses {
            if !(0.0..=1.0).contains(&loss) {
                return refuse(format!("loss must be from 0 to 1, but it is {loss}"));
            }
        }
        if !(0.0..1.0).contains(&self.latency_correlation) {
            return refuse(format!(
                "the correlation of latencies must be from 0 to below 1, but it is {}",
                self.latency_correlation
            ));
        }
        if self.bandwidth == Some(0) {
            return refuse("a link must carry at least one bit a second");
        }
        let steps = self.latency_steps.iter().filter_map(|step| match step.change {
            LatencyChange::To(latency) => Some(latency),
            LatencyChange::Times { .. } => None,
        });
        let of_links = self.links.iter().filter_map(|link| link.latency);
        let latencies = of_links.chain(steps).chain([self.latency]);
        for Latency { mean_ms, .. } in latencies {
            if mean_ms > LONGEST_LATENCY_MS {
                return refuse(format!(
                    "a latency must be at most {LONGEST_LATENCY_MS} ms, but it is {mean_ms}"
                ));
            }
        }
        let count = self.nodes.len() as u32;
        let of_links = self.links.iter().flat_map(|link| [link.src, link.dest]).flatten();
        let of_overrides = self.overrides.iter().filter_map(|one| match one.message {
            MessageName::Nth { src, dest, .. } => Some([src, dest]),
            MessageName::Key(_) => None,
        });
        if let Some(node) = of_links.chain(of_overrides.flatten()).find(|node| *node >= count) {
            return refuse(format!("a link names node number {node} of {count}"));
        }
        for exception in &self.overrides {
            if let OverrideAction::Delay(nanos) | OverrideAction::Double(nanos) = exception.action
                && nanos > LONGEST_NS
            {
                return refuse(format!("a message cannot take {nanos} ns"));
            }
        }
        Ok(())
    }

    fn validate_operations(&self) -> Result<(), PlanError> {
        let Operations::Listed(list) = &self.operations else { return Ok(()) };
        let count = self.nodes.len() as u32;
        for (at, listed) in list.iter().enumerate() {
            let ListedOperation { worker, node, .. } = listed;
            if *worker >= self.concurrency {
                let most = self.concurrency;
                return refuse(format!("operation {at} names worker number {worker} of {most}"));
            }
            if let Some(node) = node.filter(|&node| node >= count) {
                return refuse(format!("operation {at} names node number {node} of {count}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{NodeProgram, Plan};

    #[test]
    fn a_name_that_means_something_else_is_refused() {
        let program = NodeProgram::Embedded { name: "echo".to_owned(), arguments: Vec::new() };
        for name in ["", "lin-kv", "lin-tso", "c1", "a\nb"] {
            let mut plan = Plan::new(0, program.clone(), "echo");
            plan.nodes[3] = name.to_owned();
            let said = plan.validate().unwrap_err().to_string();
            assert!(said.contains(&format!("cannot be called {name:?}")), "{said}");
        }
        assert_eq!(Plan::new(0, program, "echo").validate(), Ok(()));
    }

    #[test]
    fn what_a_command_line_could_not_say_is_refused_in_a_file_too() {
        let program = NodeProgram::Embedded { name: "echo".to_owned(), arguments: Vec::new() };
        type Change = fn(&mut Plan);
        let changes: [(&str, Change); 4] = [
            ("time limit", |plan| plan.time_limit = u64::MAX),
            ("latency", |plan| plan.latency.mean_ms = u64::MAX),
            ("rate", |plan| plan.rate = crate::plan::Rate::PerSecond(f64::NAN)),
            ("concurrency", |plan| plan.concurrency = u32::MAX),
        ];
        for (what, change) in changes {
            let mut plan = Plan::new(0, program.clone(), "echo");
            change(&mut plan);
            let said = plan.validate().unwrap_err().to_string();
            assert!(said.contains(what), "{said}");
        }
    }
}
