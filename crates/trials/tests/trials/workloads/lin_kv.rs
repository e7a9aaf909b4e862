//! Nodes of registers.

use std::collections::BTreeMap;

use glomers_node::Context;
use glomers_node::protocol::ErrorCode;
use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_sim::nemesis::Kind;
use glomers_testing::*;
use glomers_trials::run_plan;
use glomers_workload::LinKv;

use super::trial::{Trial, found};

#[test]
fn the_proxy_is_accepted() {
    let trial = Trial { workers_per_node: 2, ..Trial::new("lin-kv", "lin-kv-proxy") };
    trial.is_accepted();
    Trial { workers_per_node: 4, faults: &[Kind::Partition], mean_ms: 20, ..trial.clone() }
        .is_accepted();
    Trial { faults: &[Kind::Kill, Kind::Pause], mean_ms: 20, rate: 100.0, ..trial }.is_accepted();
}

#[test]
fn a_concurrency_that_does_not_fit_is_refused_in_words() {
    let plan = Trial::new("lin-kv", "lin-kv-proxy").plan(0);
    let run = run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved);
    let text = run.expect_err("it needs six").to_string();
    assert!(text.contains("must be a multiple of 6"), "{text}");
}

/// Passes everything on to a service.
fn proxy(service: &'static str) -> Node<()> {
    async fn ask<M: Request>(
        cx: &Context<()>,
        service: &str,
        message: M,
    ) -> Result<M::Reply, RpcError> {
        cx.rpc(&NodeId::new(service), message).await
    }
    Node::new()
        .on(async move |cx, read: Read| ask(&cx, service, read).await)
        .on(async move |cx, write: Write| ask(&cx, service, write).await)
        .on(async move |cx, cas: Cas| ask(&cx, service, cas).await)
}

/// Registers of each node's own.
fn alone() -> Node<BTreeMap<Value, Value>> {
    let no_key = || RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, "");
    Node::<BTreeMap<Value, Value>>::new()
        .on(async move |cx, Read { key }| {
            let value = cx.with(|map| map.get(&key).cloned()).ok_or_else(no_key)?;
            Ok(ReadOk { value })
        })
        .on(async |cx, Write { key, value }| {
            cx.with(|map| map.insert(key, value));
            Ok(WriteOk {})
        })
        .on(async move |cx, Cas { key, from, to, .. }| {
            let old = cx.with(|map| map.get(&key).cloned()).ok_or_else(no_key)?;
            if old != from {
                return Err(RpcError::new(ErrorCode::PRECONDITION_FAILED, ""));
            }
            cx.with(|map| map.insert(key, to));
            Ok(CasOk {})
        })
}

/// As the proxy, but compares by itself.
fn compares_then_writes() -> Node<()> {
    Node::new()
        .on(async |cx, Read { key }| Ok(ReadOk { value: cx.lin_kv().read(key).await? }))
        .on(async |cx, Write { key, value }| {
            cx.lin_kv().write(key, value).await?;
            Ok(WriteOk {})
        })
        .on(async |cx, Cas { key, from, to, .. }| {
            let old: Value = cx.lin_kv().read(key.clone()).await?;
            if old != from {
                return Err(RpcError::new(ErrorCode::PRECONDITION_FAILED, ""));
            }
            cx.lin_kv().write(key, to).await?;
            Ok(CasOk {})
        })
}

fn run<N: IntoProcess + 'static>(seed: u64, latency: Duration, node: fn() -> N) -> TestRun {
    Simulation::seed(seed)
        .nodes(3, node)
        .clients_per_node(2)
        .latency(Exponential(latency))
        .workload(Load::new(LinKv::default(), 100.0))
        .run_for(20 * S)
}

type Duration = std::time::Duration;

#[test]
fn registers_that_are_not_shared_are_found_out() {
    assert_eq!(found(20, FINDING, |seed| run(seed, Duration::ZERO, alone)), 20);
}

#[test]
fn weaker_services_are_found_out() {
    let seq = found(20, FINDING, |seed| run(seed, 10 * MS, || proxy("seq-kv")));
    let lww = found(20, FINDING, |seed| run(seed, 10 * MS, || proxy("lww-kv")));
    assert!(seq >= 19 && lww >= 19, "seq-kv in {seq}, lww-kv in {lww} of 20");
    run(1, 10 * MS, || proxy("lin-kv")).assert_valid();
}

#[test]
fn comparing_and_then_writing_is_found_out() {
    let found = found(20, FINDING, |seed| run(seed, 10 * MS, compares_then_writes));
    assert!(found >= 19, "{found} of 20");
}

/// The register checker's word for a history without an order.
const FINDING: &str = "not-linearizable";
