//! Deterministic simulation tests of your own nodes.
//!
//! A [`Simulation`] runs a cluster in virtual time: twenty seconds take
//! milliseconds, and one seed always gives one run.
//!
//! ```
//! use glomers_testing::*;
//!
//! #[derive(Default)]
//! struct State {
//!     values: std::collections::BTreeSet<i64>,
//! }
//!
//! fn node() -> Node<State> {
//!     use glomers_node::protocol::rpc::broadcast::*;
//!     Node::<State>::new()
//!         .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
//!         .on(async |cx, Broadcast { message }| {
//!             let value = message.as_int().unwrap();
//!             if cx.with(|state| state.values.insert(value)) {
//!                 cx.mark("holds", value);
//!                 for peer in cx.others() {
//!                     let rpc = cx.rpc(peer, Broadcast { message: message.clone() });
//!                     cx.spawn(async { rpc.retry(Retry::forever()).await.map(|_| ()) });
//!                 }
//!             }
//!             Ok(BroadcastOk {})
//!         })
//!         .on(async |cx, Read {}| {
//!             let values: Vec<i64> = cx.with(|state| state.values.iter().copied().collect());
//!             Ok(ReadOk { messages: List::from_integers(&values) })
//!         })
//! }
//!
//! let run = Simulation::seed(42)
//!     .nodes(5, node)
//!     .latency(Exponential(50 * MS))
//!     .loss(0.05)
//!     .workload(Broadcast::rate(100.0))
//!     .fault(Partition::halves().between(5 * S..15 * S))
//!     .invariant(|cluster| {
//!         let held = cluster.marks("holds").count();
//!         if held <= 5 * 2000 { Ok(()) } else { Err(format!("{held} values in all")) }
//!     })
//!     .run_for(20 * S);
//! run.assert_valid(); // On failure: the seed, the verdict in words, and where it is stored.
//! ```
//!
//! [`Workload`] and [`Checker`] are public: `tests/own_messages.rs` of this crate
//! tests a node whose message types Glomers does not know. What such a node should be
//! takes about ten lines, as a [`Model`]; [`Linearizable`] is the checker for it.

mod families;
mod fault;
mod invariant;
mod keep;
mod latency;
mod load;
pub mod prelude;
mod regressions;
mod seeds;
mod simulation;
mod trace;

pub use fault::{
    Clock, DiskTrouble, Duplicate, FaultSpec, Kill, Loss, Partition, Pause, Reorder, Slow,
};
pub use glomers_check::{
    Call, CheckResult, Checker, Context, Finding, Linearizable, Mark, Model, Validity, Verdict,
};
pub use glomers_history::{History, MILLISECOND, Observer, Op, OpKind, SECOND, Time, Value};
pub use glomers_node::{
    Input, IntoProcess, List, Message, Node, NodeId, Payload, Process, Request, Retry, RpcError,
};
pub use glomers_session::{RunOptions, RunReport, SessionError, UnknownNode, judge_outcome};
pub use glomers_sim::draws::Draws;
pub use glomers_sim::{
    Bursts, Client, DiskCondition, Distribution, Ended, FaultReport, Inbox, Latency, LatencyChange,
    LatencyStep, NextOperation, Outcome, Plan, Regions, SetupRequest, Step, Wire, Workload,
};
pub use glomers_workload::{
    Broadcast, Echo, GCounter, GSet, Kafka, LinKv, PnCounter, Topology, UniqueIds,
};
pub use invariant::Cluster;
pub use latency::{
    Constant, Exponential, Lognormal, Normal, Pareto, ParetoNormal, Spikes, Uniform,
};
pub use load::{Load, Rated};
pub use seeds::{Seeds, SeedsRun};
pub use simulation::{MakeNode, Simulation, TestRun};
pub use trace::Trace;

use std::time::Duration;

/// A millisecond: `50 * MS`.
pub const MS: Duration = Duration::from_millis(1);
/// A second: `20 * S`.
pub const S: Duration = Duration::from_secs(1);
