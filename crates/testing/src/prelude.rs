//! What nearly every test needs: `use glomers_testing::prelude::*;`.
//!
//! Faults that share their names with other things (`Loss`, `Clock`) and the steps of
//! clients (`Step`) are left to be named.

pub use crate::{
    Broadcast, Cluster, Constant, Echo, Exponential, GCounter, GSet, Kafka, Kill, LinKv, List,
    Load, MS, Message, Messages, Node, NodeId, Partition, Pause, PnCounter, Rated, Request, Retry,
    RpcError, S, Simulation, TestRun, Uniform, UniqueIds, Value,
};
