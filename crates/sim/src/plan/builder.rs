//! The one way to a Plan: settings in any order, then what follows from all of them.

use std::time::Duration;

use super::{
    Clock, Host, Inbox, Latency, LinkRule, ListedOperation, MessageOverride, NodeProgram,
    Operations, Plan, PlanError, Rate, ServiceTime, Wire,
};
use crate::bursts::Bursts;
use crate::faults::FaultEvent;
use crate::latency::{Distribution, LatencyStep};
use crate::nemesis::{self, Kind, Target};
use crate::regions::Regions;
use crate::services::SERVICES;

/// Makes a [`Plan`]. What nobody sets is as in [`Plan::new`].
///
/// Settings may come in any order: what depends on several (how many workers there are,
/// which faults are drawn) is found by [`PlanBuilder::build`].
#[derive(Debug, Clone)]
pub struct PlanBuilder {
    plan: Plan,
    workers: Workers,
    nemesis: Option<Nemesis>,
    regions: Option<(Regions, Distribution)>,
}

#[derive(Debug, Clone, Copy)]
enum Workers {
    PerNode(u32),
    All(u32),
}

/// What is broken at random.
#[derive(Debug, Clone, PartialEq)]
pub struct Nemesis {
    /// Which kinds of faults.
    pub kinds: Vec<Kind>,
    /// Mean time between the end of a fault and the beginning of the next of its kind.
    pub interval: Duration,
    /// Mean length of a fault; `None`: the interval.
    pub length: Option<Duration>,
    /// Whom faults hit.
    pub target: Target,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message is doubled.
    pub duplicate: f64,
    /// The probability that a message is held up.
    pub reorder: f64,
    /// How much later a message that is held up, or a copy, comes at most.
    pub delay: Duration,
    /// How many times as long slow links and nodes take; links without latency take so
    /// many ms.
    pub slow: u32,
    /// How wrong clocks are at most.
    pub clock: Duration,
}

impl Nemesis {
    /// These kinds, with their usual intensity.
    pub fn new(kinds: &[Kind], interval: Duration) -> Nemesis {
        Nemesis {
            kinds: kinds.to_vec(),
            interval,
            length: None,
            target: Target::Any,
            loss: 0.2,
            duplicate: 0.2,
            reorder: 0.2,
            delay: Duration::from_millis(500),
            slow: 10,
            clock: Duration::from_secs(5),
        }
    }

    /// What is drawn for this Plan, but for the faults themselves.
    fn schedule(&self, plan: &Plan) -> nemesis::Schedule {
        let interval = nanos(self.interval);
        let nodes = plan.nodes.len() as u32;
        nemesis::Schedule {
            length: self.length.map_or(interval, nanos),
            target: self.target,
            loss: self.loss,
            duplicate: self.duplicate,
            reorder: self.reorder,
            delay: nanos(self.delay),
            slow: self.slow,
            slow_extra: match plan.latency.mean_ms {
                // Ten times nothing would be nothing.
                0 => u64::from(self.slow) * glomers_history::MILLISECOND,
                _ => 0,
            },
            clock: nanos(self.clock),
            processes: plan.host == Host::Processes,
            takes_time: plan.service_time != ServiceTime::Off,
            services: if plan.fault_services { SERVICES.len() as u32 } else { 0 },
            ..nemesis::Schedule::new(plan.seed, &self.kinds, nodes, interval, plan.time_limit)
        }
    }

    /// Draws the faults of a Plan that has all else.
    fn draw(&self, plan: &mut Plan) -> Result<(), PlanError> {
        let schedule = self.schedule(plan);
        schedule.check().map_err(PlanError::Faults)?;
        let (faults, mut left_out) = (schedule.draw(), schedule.left_out());
        if faults.is_empty() && left_out.len() < self.kinds.len() {
            left_out.push(format!(
                "none would begin within the {} s of the test; a shorter --nemesis-interval makes \
                 them begin earlier",
                plan.time_limit as f64 / 1e9
            ));
        }
        plan.faults.extend(faults);
        // Stable: what was there already comes first.
        plan.faults.sort_by_key(|event| event.at);
        plan.left_out = left_out;
        Ok(())
    }
}

/// A duration as a Plan has it.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Exponential with this mean; none if it is zero.
fn exponential(mean: Duration) -> ServiceTime {
    match nanos(mean) {
        0 => ServiceTime::Off,
        mean => ServiceTime::Exponential { mean },
    }
}

impl Plan {
    /// Begins a Plan: see [`Plan::new`] for what it has if nothing more is said.
    pub fn builder(seed: u64, program: NodeProgram, workload: &str) -> PlanBuilder {
        let plan = Plan::new(seed, program, workload);
        PlanBuilder { plan, workers: Workers::PerNode(1), nemesis: None, regions: None }
    }
}

impl PlanBuilder {
    /// What there is so far, but for what [`PlanBuilder::build`] finds.
    pub fn so_far(&self) -> &Plan {
        &self.plan
    }

    /// Another seed.
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.plan.seed = seed;
        self
    }

    /// Where nodes run, and so whose clock counts.
    pub fn host(&mut self, host: Host) -> &mut Self {
        self.plan.host = host;
        self.plan.clock = match host {
            Host::Processes => Clock::Real,
            _ => Clock::Virtual,
        };
        self
    }

    /// So many nodes, n0, n1 and so on.
    pub fn nodes(&mut self, count: u32) -> &mut Self {
        self.plan.set_node_count(count);
        self
    }

    /// Nodes of these names.
    pub fn named(&mut self, names: Vec<String>) -> &mut Self {
        self.plan.nodes = names;
        self
    }

    /// Another workload.
    pub fn workload(&mut self, name: &str) -> &mut Self {
        name.clone_into(&mut self.plan.workload.name);
        self
    }

    /// An option of the workload.
    pub fn option(&mut self, name: &str, value: &str) -> &mut Self {
        self.plan.workload.options.insert(name.to_owned(), value.to_owned());
        self
    }

    /// So many workers for each node.
    pub fn workers_per_node(&mut self, count: u32) -> &mut Self {
        self.workers = Workers::PerNode(count);
        self
    }

    /// So many workers in all.
    pub fn workers(&mut self, count: u32) -> &mut Self {
        self.workers = Workers::All(count);
        self
    }

    /// How often operations begin.
    pub fn rate(&mut self, rate: Rate) -> &mut Self {
        self.plan.rate = rate;
        self
    }

    /// How long operations begin.
    pub fn time_limit(&mut self, length: Duration) -> &mut Self {
        self.plan.time_limit = nanos(length);
        self
    }

    /// How long the cluster is left alone before final operations.
    pub fn recovery(&mut self, length: Duration) -> &mut Self {
        self.plan.recovery = nanos(length);
        self
    }

    /// How soon the cluster must serve again once all faults are over.
    pub fn recovery_bound(&mut self, bound: Option<Duration>) -> &mut Self {
        self.plan.recovery_bound = bound.map(nanos);
        self
    }

    /// How long clients wait for a reply.
    pub fn rpc_timeout(&mut self, length: Duration) -> &mut Self {
        self.plan.rpc_timeout = Some(nanos(length));
        self
    }

    /// How long a node may take to answer `init`.
    pub fn init_timeout(&mut self, length: Duration) -> &mut Self {
        self.plan.init_timeout = nanos(length);
        self
    }

    /// Latency of messages between nodes.
    pub fn latency(&mut self, latency: impl Into<Latency>) -> &mut Self {
        self.plan.latency = latency.into();
        self
    }

    /// How much of what spreads latencies is common to the messages of a link within one
    /// second, 0 to below 1.
    pub fn latency_correlation(&mut self, correlation: f64) -> &mut Self {
        self.plan.latency_correlation = correlation;
        self
    }

    /// A change of latencies; steps stand in order of time.
    pub fn latency_step(&mut self, step: LatencyStep) -> &mut Self {
        self.plan.latency_steps.push(step);
        self.plan.latency_steps.sort_by_key(|step| step.at);
        self
    }

    /// Whether messages of a link do not overtake each other.
    pub fn in_order(&mut self, do_they: bool) -> &mut Self {
        self.plan.in_order = do_they;
        self
    }

    /// How many bits a link carries a second; `None`: no limit.
    pub fn bandwidth(&mut self, bits: Option<u64>) -> &mut Self {
        self.plan.bandwidth = bits;
        self
    }

    /// When links lose messages in bursts.
    pub fn loss_bursts(&mut self, bursts: Option<Bursts>) -> &mut Self {
        self.plan.loss_bursts = bursts;
        self
    }

    /// Places the nodes in regions in turn. Links have half of the round trip as their
    /// mean latency, spread like this; rules that are given later go before.
    pub fn regions(&mut self, regions: &Regions, distribution: Distribution) -> &mut Self {
        self.regions = Some((regions.clone(), distribution));
        self
    }

    /// A rule for a link; of several the last that fits counts.
    pub fn link(&mut self, rule: LinkRule) -> &mut Self {
        self.plan.links.push(rule);
        self
    }

    /// The fraction of messages between nodes that is lost.
    pub fn loss(&mut self, loss: f64) -> &mut Self {
        self.plan.loss = loss;
        self
    }

    /// Mean time that a node takes for a message; zero: none. Processes that nobody
    /// holds up take their own.
    pub fn service_time(&mut self, mean: Duration) -> &mut Self {
        self.plan.service_time = exponential(mean);
        self
    }

    /// Mean time that a disk takes to sync; zero: none.
    pub fn sync_time(&mut self, mean: Duration) -> &mut Self {
        self.plan.sync_time = exponential(mean);
        self
    }

    /// How messages wait for their receiver.
    pub fn inbox(&mut self, inbox: Inbox) -> &mut Self {
        self.plan.inbox = inbox;
        self
    }

    /// How bodies travel between nodes in this process.
    pub fn wire(&mut self, wire: Wire) -> &mut Self {
        self.plan.wire = wire;
        self
    }

    /// Whether faults and loss hit the links to services, too.
    pub fn fault_services(&mut self, do_they: bool) -> &mut Self {
        self.plan.fault_services = do_they;
        self
    }

    /// What is broken at random.
    pub fn nemesis(&mut self, nemesis: Nemesis) -> &mut Self {
        self.nemesis = Some(nemesis);
        self
    }

    /// What is broken when, in order of time.
    pub fn faults(&mut self, faults: impl IntoIterator<Item = FaultEvent>) -> &mut Self {
        self.plan.faults.extend(faults);
        self
    }

    /// What clients do, in order of time, where it is not generated.
    pub fn operations(&mut self, list: Vec<ListedOperation>) -> &mut Self {
        self.plan.operations = Operations::Listed(list);
        self
    }

    /// An exception for a message.
    pub fn exception(&mut self, exception: MessageOverride) -> &mut Self {
        self.plan.overrides.push(exception);
        self
    }

    /// The Plan.
    ///
    /// # Errors
    /// As [`Plan::validate`], and if there would be too many faults to draw.
    pub fn build(&self) -> Result<Plan, PlanError> {
        let mut plan = self.plan.clone();
        plan.concurrency = match self.workers {
            Workers::All(count) => count,
            Workers::PerNode(count) => count.saturating_mul(plan.nodes.len() as u32),
        };
        if plan.host == Host::Processes {
            plan.service_time = ServiceTime::Off;
        }
        if let Some((regions, distribution)) = &self.regions {
            let mut rules = regions.rules(plan.nodes.len() as u32, *distribution);
            rules.append(&mut plan.links);
            plan.links = rules;
        }
        // What is drawn rests on the rest.
        plan.validate()?;
        if let Some(nemesis) = self.nemesis.as_ref().filter(|nemesis| !nemesis.kinds.is_empty()) {
            nemesis.draw(&mut plan)?;
            plan.validate()?;
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> PlanBuilder {
        let program = NodeProgram::Embedded { name: "echo".to_owned(), arguments: Vec::new() };
        Plan::builder(7, program, "echo")
    }

    #[test]
    fn settings_come_in_any_order() {
        let second = Duration::from_secs(1);
        let nemesis = || Nemesis::new(&[Kind::Partition, Kind::Slow], second);
        let one =
            begun().nemesis(nemesis()).nodes(3).workers_per_node(2).time_limit(second * 9).build();
        let other =
            begun().time_limit(second * 9).workers_per_node(2).nodes(3).nemesis(nemesis()).build();
        let plan = one.unwrap();
        assert_eq!((plan.concurrency, plan.faults.is_empty()), (6, false));
        assert_eq!(Ok(plan), other);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let mut plan = begun().build().unwrap();
        plan.clock = Clock::Real;
        assert!(plan.validate().unwrap_err().to_string().contains("step by step"));
        let program = NodeProgram::Program { path: "a".to_owned(), arguments: Vec::new() };
        let mut builder = Plan::builder(0, program, "echo");
        assert_eq!(builder.build().unwrap().clock, Clock::Real);
        assert!(builder.host(Host::InProcess).build().is_err());
        let traced = builder.host(Host::Traced { schedule: Default::default() }).build().unwrap();
        assert_eq!(traced.clock, Clock::Virtual);
    }

    #[test]
    fn more_faults_than_anybody_wants_are_refused() {
        let nemesis = Nemesis::new(&[Kind::Partition], Duration::from_nanos(1));
        assert!(begun().nemesis(nemesis).build().unwrap_err().to_string().contains("faults"));
    }
}
