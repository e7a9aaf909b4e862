//! Deterministic simulation tests of your own nodes.
//!
//! A [`Simulation`] runs a cluster in virtual time: twenty seconds take
//! milliseconds, and one seed always gives one run.
//!
//! ```
//! use glomers_testing::prelude::*;
//!
//! #[derive(Default)]
//! struct State {
//!     values: std::collections::BTreeSet<i64>,
//! }
//!
//! fn node() -> Node<State> {
//!     use glomers_testing::node::protocol::rpc::broadcast::*;
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
//! A test that only asks a few questions needs no workload: [`Simulation::client`].
//!
//! # One dependency
//!
//! All that a test needs comes by way of this crate, with the libraries below it as
//! modules, [`serde`] among them:
//!
//! ```
//! use glomers_testing::prelude::*;
//! use glomers_testing::serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! #[serde(crate = "glomers_testing::serde")]
//! #[message(reply = SumOk)]
//! struct Sum {
//!     of: Vec<u64>,
//! }
//!
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! #[serde(crate = "glomers_testing::serde")]
//! struct SumOk {
//!     sum: u64,
//! }
//!
//! let node = || Node::<()>::new().on(async |_cx, Sum { of }| Ok(SumOk { sum: of.iter().sum() }));
//! Simulation::seed(1)
//!     .nodes(1, node)
//!     .client(async |cx| {
//!         let reply = cx.rpc(0, Sum { of: vec![1, 2, 3] }).await.unwrap();
//!         assert_eq!(reply.sum, 6);
//!     })
//!     .run_for(1 * S)
//!     .assert_valid();
//! ```

#![deny(unnameable_types)]

mod by_hand;
mod client;
mod cluster;
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
mod test_run;
mod trace;

pub use by_hand::ByHand;
pub use client::{ClientCall, ClientCx, ClientOutcome, ClientSleep};
pub use cluster::Cluster;
pub use fault::{
    Clock, DiskTrouble, Duplicate, FaultSpec, Kill, Loss, Partition, Pause, Reorder, Slow,
};
pub use glomers_check as check;
pub use glomers_check::{
    Access, Call, CheckResult, Checker, Context, Finding, Linearizable, Mark, Model, Validity,
    Verdict,
};
pub use glomers_history as history;
pub use glomers_history::{History, MILLISECOND, Observer, Op, OpKind, SECOND, Time, Value};
pub use glomers_hunt as hunt;
pub use glomers_node as node;
/// Makes a struct a message body: as `glomers_node::Message`, for crates that depend on
/// this one alone.
pub use glomers_node::TestingMessage as Message;
pub use glomers_node::protocol::Message;
pub use glomers_node::{
    Body, ErrorCode, Input, IntoProcess, List, Node, NodeId, Payload, Process, Request, Retry,
    RpcError,
};
pub use glomers_protocol as protocol;
pub use glomers_session as session;
pub use glomers_session::{RunOptions, RunReport, SessionError, UnknownNode, judge_outcome};
pub use glomers_sim as sim;
pub use glomers_sim::draws::Draws;
pub use glomers_sim::{
    Bursts, Chooser, Client, ClusterSize, DiskCondition, Distribution, Enabled, EnabledKind, Ended,
    Failure, FaultReport, FinalEnd, Hold, Inbox, Latency, LatencyChange, LatencyStep, Messages,
    NextOperation, Outcome, PendingMessage, Plan, Regions, SetupRequest, Step, Wire, Workload,
};
pub use glomers_workload as workload;
pub use glomers_workload::{
    Broadcast, Echo, GCounter, GSet, Kafka, LinKv, PnCounter, Topology, UniqueIds,
};
pub use latency::{
    Constant, Exponential, Lognormal, Normal, Pareto, ParetoNormal, Spikes, Uniform,
};
pub use load::{Load, Rated};
pub use seeds::{Seeds, SeedsRun};
pub use serde;
pub use simulation::{MakeNode, Simulation};
pub use test_run::TestRun;
pub use trace::Trace;

use std::time::Duration;

/// A millisecond: `50 * MS`.
pub const MS: Duration = Duration::from_millis(1);
/// A second: `20 * S`.
pub const S: Duration = Duration::from_secs(1);
