//! The engine: a cluster, its network, its clients and its faults, as one
//! deterministic sequence of events.
//!
//! The engine never waits and does no I/O. A *driver* asks it for its
//! [`Engine::next_deadline`], tells it what time it is with [`Engine::advance`],
//! hands it what nodes did as [`Input`]s and carries out its [`Command`]s.
//! [`run_virtual`] is the driver that jumps from deadline to deadline, with nodes
//! that live in this process; the driver for real time and free processes is in
//! another crate. Everything between is the same code under both.
//!
//! This crate reads no clock, spawns no thread, touches no file, and takes
//! randomness only from [`draws`], keyed by what is drawn.

mod bursts;
mod chooser;
mod disk;
pub mod draws;
mod driver;
mod driving;
mod engine;
mod faults;
mod host;
mod last_lines;
mod latency;
pub mod nemesis;
mod normal;
mod outcome;
mod partition;
mod plan;
mod queue;
mod recorder;
mod regions;
mod services;
mod snapshot;
mod statistics;
mod unread;
mod workload;

pub use bursts::Bursts;
pub use chooser::{Chooser, Enabled, EnabledKind, Random};
pub use disk::DiskCondition;
pub use driver::{Stepper, run_virtual, run_virtual_to, run_virtual_until};
pub use driving::{Command, DISK_TROUBLE, Input, LOST_WRITES, Stop};
pub use engine::{Engine, Hold, Messages};
pub use faults::{
    BadDisks, Change, Duplicate, Fault, FaultEvent, FaultList, FaultReport, Kill, Links, Loss,
    Marked, Partition, Pause, Reorder, SlowLinks, SlowNodes, Targets, WrongClocks, faults_of,
    leads,
};
pub use glomers_history::Ended;
pub use host::{InProcessHost, NodeFactory, StepInput, StepOutput, SteppedHost};
pub use last_lines::LastLines;
pub use latency::{Distribution, Latency, LatencyChange, LatencyStep, parse_bandwidth};
pub use outcome::{Asked, NOTE, Outcome};

pub use partition::{Cut, PartitionKind};
pub use plan::{
    Clock, Host, Inbox, LinkRule, ListedOperation, MessageName, MessageOverride, Nemesis,
    NodeProgram, Operations, OverrideAction, PLAN_VERSION, Plan, PlanBuilder, PlanError, Rate,
    Schedule, ServiceTime, Wire, WorkloadOptions,
};
pub use recorder::Recorder;
pub use regions::Regions;
pub use services::SERVICES;
pub use snapshot::{NodeSnapshot, PendingMessage, Snapshot};
pub use statistics::{Counts, NetStatistics};
pub use unread::Unread;
pub use workload::{
    Client, ClusterSize, Failure, FinalEnd, NextOperation, SetupRequest, Step, Workload,
};
