//! A run, as data.

mod builder;
mod host;
mod validate;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use glomers_history::{Endpoint, History, MILLISECOND, OpKind, Process, Time, Value};
use serde::{Deserialize, Serialize};

use crate::bursts::Bursts;
use crate::faults::FaultEvent;
use crate::latency::{Distribution, Latency, LatencyChange, LatencyStep};
use crate::services::SERVICES;
use crate::workload::Workload;

pub use builder::{Nemesis, PlanBuilder};
pub use host::{Clock, Host, Schedule};

/// The version of [`Plan`]'s form. Higher when old readers would misread it.
pub const PLAN_VERSION: u32 = 2;

/// All that decides a run. The engine runs only Plans: options of the command
/// line, scenario files and stored runs become one first.
///
/// Durations are in nanoseconds, counted from the beginning of the main phase
/// where they are moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`] when it was written.
    pub version: u32,
    /// The seed of all that is drawn.
    pub seed: u64,
    /// The names of the nodes.
    pub nodes: Vec<String>,
    /// What every node runs.
    pub program: NodeProgram,
    /// Where they run it.
    pub host: Host,
    /// By whose clock.
    pub clock: Clock,
    /// What clients do.
    pub workload: WorkloadOptions,
    /// How many operations may be under way at once; worker w talks to node
    /// w mod n.
    pub concurrency: u32,
    /// Operations per second, of all workers together.
    pub rate: Rate,
    /// How long the main phase lasts, ns.
    pub time_limit: u64,
    /// How long the cluster is left alone before final operations, ns.
    pub recovery: u64,
    /// How soon the cluster must serve again once all faults are over, ns; `None`:
    /// within the time to recover. Asked of workloads without final operations
    /// only if there are faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_bound: Option<u64>,
    /// How long a client waits for a reply, ns; `None`: the workload's own.
    pub rpc_timeout: Option<u64>,
    /// How long a node may take to answer `init`, ns.
    pub init_timeout: u64,
    /// Latency of messages between nodes.
    pub latency: Latency,
    /// How latencies change while the run goes on, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_steps: Vec<LatencyStep>,
    /// How much of what spreads latencies is common to all messages that a link carries
    /// within one second, 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub latency_correlation: f64,
    /// Whether a message waits for those that its link carried before it, as with TCP.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_order: bool,
    /// How many bits a link carries a second, each way; `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
    /// When links lose messages in bursts, besides `loss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_bursts: Option<Bursts>,
    /// Rules for single links, the last that fits counts.
    pub links: Vec<LinkRule>,
    /// The fraction of messages between nodes that is lost, 0 to 1.
    pub loss: f64,
    /// How long a node takes to take a message (stepped hosts only).
    pub service_time: ServiceTime,
    /// How long a sync of a node's disk takes (stepped hosts only).
    #[serde(default = "default_sync_time")]
    pub sync_time: ServiceTime,
    /// How messages wait for their receiver.
    pub inbox: Inbox,
    /// How bodies travel between nodes in this process. Decides nothing, so it is
    /// no part of a stored Plan.
    #[serde(skip)]
    pub wire: Wire,
    /// What is broken, and when, in order of time. Each fault has a number of its own.
    pub faults: Vec<FaultEvent>,
    /// Whether services are places on the network, whose links faults and loss hit
    /// as those between nodes. Then faults may name them, too: they come after the
    /// nodes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fault_services: bool,
    /// Which of the faults that were asked for cannot touch this cluster, so that
    /// they were not drawn, and why; a sentence for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What clients do, and when.
    pub operations: Operations,
    /// Exceptions for single messages.
    pub overrides: Vec<MessageOverride>,
}

/// Exponential with mean 1 ms: a good disk. For Plans that were stored before
/// nodes had any.
fn default_sync_time() -> ServiceTime {
    ServiceTime::Exponential { mean: MILLISECOND }
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// What every node runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeProgram {
    /// A node that this program has, by its name, with its arguments.
    Embedded {
        /// The name in the registry.
        name: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// An executable, with its arguments.
    Program {
        /// The file.
        path: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// Which workload, and what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadOptions {
    /// The name in the registry.
    pub name: String,
    /// Options by name: `topology`.
    pub options: BTreeMap<String, String>,
}

/// How often operations begin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    /// Operations per second; 0: none at all.
    PerSecond(f64),
    /// As fast as the workers can.
    Max,
}

/// A rule for the messages from one node to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkRule {
    /// The sender, by its place in the list of nodes; `None`: any.
    pub src: Option<u32>,
    /// The receiver; `None`: any.
    pub dest: Option<u32>,
    /// Another latency.
    pub latency: Option<Latency>,
    /// Another loss, 0 to 1.
    pub loss: Option<f64>,
}

/// How long a node takes for a message, or a disk for a sync, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceTime {
    /// No time at all: what published figures assume.
    Off,
    /// Exponential, mean in ns. Makes operations overlap even at latency 0.
    Exponential {
        /// Mean, ns.
        mean: u64,
    },
}

/// How messages wait for their receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inbox {
    /// Each is delivered when it is due.
    Ideal,
    /// As Maelstrom does: one thread takes the message that is due first and
    /// sleeps until it is; whatever arrives meanwhile waits.
    Maelstrom,
}

/// How bodies travel between nodes in this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wire {
    /// As shared Rust values.
    #[default]
    Typed,
    /// As JSON text. Gives the same history.
    Json,
}

/// Where operations come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operations {
    /// From the workload's generator.
    Generated,
    /// From a list, in order of time.
    Listed(Vec<ListedOperation>),
}

/// One operation of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedOperation {
    /// When, ns from the beginning of the main phase; later if its worker is
    /// still busy.
    pub at: u64,
    /// Which worker.
    pub worker: u32,
    /// Which node it asks; `None`: the worker's own.
    pub node: Option<u32>,
    /// The operation's name.
    pub f: String,
    /// Its argument.
    pub value: Value,
    /// Which operation of its worker it was in the run that the list was made from,
    /// counted from 0: what draws about it are keyed by, so that others may be taken
    /// out. `None`: which it is of those in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Whether it is one of those at the end, after the cluster had time to recover.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
}

/// An exception for one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageOverride {
    /// Which message.
    pub message: MessageName,
    /// What happens to it.
    pub action: OverrideAction,
}

/// Names a message of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageName {
    /// By how many its link has carried before. Another if one before it is missing.
    Nth {
        /// The sender, by its place in the list of nodes.
        src: u32,
        /// The receiver.
        dest: u32,
        /// Which message on this link, counted from 0.
        count: u64,
    },
    /// By its key, which is made from what led to it (see [`crate::draws`]): the same
    /// message in all runs in which that happens.
    Key(u64),
}

/// What happens to a message instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideAction {
    /// It is lost.
    Drop,
    /// It takes this long, ns.
    Delay(u64),
    /// It goes its way, and a copy comes, too, which takes this long, ns.
    Double(u64),
}

/// What is wrong with a Plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Written by another version.
    #[error(
        "this Plan has version {0}, but this build reads version {PLAN_VERSION}: a seed means \
         another run here, so it cannot be repeated; replay it with the build that stored it, or \
         run it anew"
    )]
    Version(u32),
    /// A node has a name that it cannot have.
    #[error("a node cannot be called {name:?}: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// There would be too many faults. The text says how many.
    #[error("{0}")]
    Faults(String),
    /// A value is invalid. The text says which, and what would be valid.
    #[error("{0}")]
    Value(String),
}

impl Plan {
    /// A Plan with Maelstrom's defaults (embedded nodes in this process, executables in
    /// real time): five nodes, one worker a node, five
    /// operations a second for 60 s, no latency, no loss, no faults.
    pub fn new(seed: u64, program: NodeProgram, workload: &str) -> Plan {
        let seconds = |s: u64| s * glomers_history::SECOND;
        let nodes: Vec<String> = (0..5).map(|i| format!("n{i}")).collect();
        let (host, clock) = match program {
            NodeProgram::Embedded { .. } => (Host::InProcess, Clock::Virtual),
            NodeProgram::Program { .. } => (Host::Processes, Clock::Real),
        };
        Plan {
            version: PLAN_VERSION,
            seed,
            concurrency: nodes.len() as u32,
            nodes,
            program,
            host,
            clock,
            workload: WorkloadOptions { name: workload.to_owned(), options: BTreeMap::new() },
            rate: Rate::PerSecond(5.0),
            time_limit: seconds(60),
            recovery: seconds(10),
            recovery_bound: None,
            rpc_timeout: None,
            init_timeout: seconds(10),
            latency: Latency { mean_ms: 0, distribution: Distribution::Constant },
            latency_steps: Vec::new(),
            latency_correlation: 0.0,
            in_order: false,
            bandwidth: None,
            loss_bursts: None,
            links: Vec::new(),
            loss: 0.0,
            service_time: ServiceTime::DEFAULT,
            sync_time: default_sync_time(),
            inbox: Inbox::Ideal,
            wire: Wire::Typed,
            faults: Vec::new(),
            fault_services: false,
            left_out: Vec::new(),
            operations: Operations::Generated,
            overrides: Vec::new(),
        }
    }

    /// How soon the cluster must serve again once all faults are over.
    pub fn recovery_bound(&self) -> Duration {
        Duration::from_nanos(self.recovery_bound.unwrap_or(self.recovery))
    }

    /// The share of messages that the worst link loses when no fault is on, 0 to 1.
    pub fn steady_loss(&self) -> f64 {
        let bursts = self.loss_bursts.map_or(0.0, |bursts| bursts.mean_loss());
        let links = self.links.iter().filter_map(|link| link.loss);
        links.fold(self.loss, f64::max).max(bursts)
    }

    /// How long clients of this workload wait for a reply.
    pub fn rpc_timeout_of(&self, workload: &dyn Workload) -> Duration {
        let mean = Duration::from_millis(self.longest_mean_ms());
        self.rpc_timeout.map_or_else(|| workload.rpc_timeout(mean), Duration::from_nanos)
    }

    /// The longest mean latency of any link at any time, in ms.
    pub fn longest_mean_ms(&self) -> u64 {
        let rules = self.links.iter().filter_map(|rule| rule.latency);
        let steps = self.latency_steps.iter();
        let to = steps.clone().filter_map(|step| match step.change {
            LatencyChange::To(latency) => Some(latency),
            LatencyChange::Times { .. } => None,
        });
        let longest = rules.chain(to).chain([self.latency]).map(|latency| latency.mean_ms).max();
        let times = steps.map(|step| match step.change {
            LatencyChange::Times { thousandths } => thousandths,
            LatencyChange::To(_) => 1000,
        });
        let times = times.chain([1000]).max().unwrap_or(1000);
        longest.unwrap_or_default().saturating_mul(times) / 1000
    }

    /// Sets the number of nodes, named n0, n1, …
    pub fn set_node_count(&mut self, count: u32) {
        self.nodes = (0..count).map(|i| format!("n{i}")).collect();
    }

    /// The names of all places on the network: the nodes, then the services.
    pub fn place_names(&self) -> Vec<&str> {
        self.nodes.iter().map(String::as_str).chain(SERVICES).collect()
    }

    /// Who has a name on the network of this Plan, if anybody can: clients are named c0,
    /// c1, …
    pub fn endpoint(&self, name: &str) -> Option<Endpoint> {
        let node = self.nodes.iter().position(|node| node == name);
        let node = node.map(|place| Endpoint::Node(place as u32));
        let service = || SERVICES.iter().position(|service| *service == name);
        let service = || service().map(|place| Endpoint::Service(place as u32));
        let client = || name.strip_prefix('c')?.parse().ok().map(Endpoint::Client);
        node.or_else(service).or_else(client)
    }
}

impl Operations {
    /// What clients of this Plan do, as a list in which each operation names its node and
    /// its number: the same run, and some may be taken out while draws about the others
    /// stay. `history` and `main_start` ([`Outcome::main_start`](crate::Outcome)) are
    /// those of the run, from which generated operations come.
    pub fn listed(plan: &Plan, history: &History, main_start: Time) -> Operations {
        let nodes = plan.nodes.len() as u32;
        let own = |worker: u32| worker.checked_rem(nodes).unwrap_or_default();
        let mut list = match &plan.operations {
            Operations::Listed(list) => list.clone(),
            Operations::Generated => {
                let ops = history.ops().iter();
                let begun = ops.filter(|op| op.kind == OpKind::Invoke && !op.is_final);
                let listed = begun.filter_map(|op| match op.process {
                    Process::Client(process) => Some(ListedOperation {
                        at: op.time.0.saturating_sub(main_start.0),
                        worker: process.checked_rem(plan.concurrency).unwrap_or(process),
                        node: None,
                        f: op.f.to_string(),
                        value: op.value.clone(),
                        number: None,
                        is_final: false,
                    }),
                    _ => None,
                });
                listed.collect()
            }
        };
        let mut begun: BTreeMap<u32, u64> = BTreeMap::new();
        for listed in &mut list {
            let place = begun.entry(listed.worker).or_default();
            listed.number.get_or_insert(*place);
            *place += 1;
            listed.node.get_or_insert(own(listed.worker));
        }
        Operations::Listed(list)
    }

    /// The listed operations that asked another node than their worker's own, by the
    /// index of their invocation and that of their completion: which node. A worker does
    /// its own in the order of the list.
    pub fn asked(&self, history: &History, concurrency: u32) -> BTreeMap<u64, u32> {
        let Operations::Listed(list) = self else { return BTreeMap::new() };
        if list.iter().all(|listed| listed.node.is_none()) {
            return BTreeMap::new();
        }
        let mut queues: BTreeMap<u32, VecDeque<Option<u32>>> = BTreeMap::new();
        for listed in list {
            queues.entry(listed.worker).or_default().push_back(listed.node);
        }
        let mut asked = BTreeMap::new();
        for (op, end) in history.ops().iter().zip(history.pairs()) {
            let Process::Client(process) = op.process else { continue };
            if op.kind != OpKind::Invoke {
                continue;
            }
            let queue = queues.get_mut(&process.checked_rem(concurrency).unwrap_or(process));
            if let Some(Some(node)) = queue.and_then(VecDeque::pop_front) {
                asked.insert(op.index, node);
                asked.extend(end.map(|end| (history.ops()[end].index, node)));
            }
        }
        asked
    }
}

impl Rate {
    /// The longest gap between operations, ns; gaps are uniform from 0 to it.
    pub(crate) fn longest_gap(self) -> Option<f64> {
        match self {
            Rate::PerSecond(rate) if rate > 0.0 => {
                Some(2.0 * Duration::from_secs(1).as_nanos() as f64 / rate)
            }
            _ => None,
        }
    }
}

impl ServiceTime {
    /// Exponential with mean 0.5 ms.
    pub const DEFAULT: ServiceTime = ServiceTime::Exponential { mean: 500_000 };
}
