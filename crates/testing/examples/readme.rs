//! How long many seeds of the README's example take: `cargo run --release -p glomers-testing
//! --example readme 500`. One thread, so that the time is a processor's.

use std::time::Instant;

use glomers_testing::prelude::*;

#[derive(Default)]
struct State {
    values: std::collections::BTreeSet<i64>,
}

fn node() -> Node<State> {
    use glomers_testing::node::protocol::rpc::broadcast::*;
    Node::<State>::new()
        .on(async |_cx, Topology { .. }| Ok(TopologyOk {}))
        .on(async |cx, Broadcast { message }| {
            let value = message.as_int().unwrap();
            if cx.with(|state| state.values.insert(value)) {
                cx.mark("holds", value);
                for peer in cx.others() {
                    let rpc = cx.rpc(peer, Broadcast { message: message.clone() });
                    cx.spawn(async { rpc.retry(Retry::forever()).await.map(|_| ()) });
                }
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| {
            let values: Vec<i64> = cx.with(|state| state.values.iter().copied().collect());
            Ok(ReadOk { messages: List::from_integers(&values) })
        })
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() {
    let seeds: u64 = std::env::args().nth(1).map_or(500, |text| text.parse().expect("a number"));
    let clock = Instant::now();
    let mut messages = 0;
    for seed in 1..=seeds {
        let run = Simulation::seed(seed)
            .nodes(5, node)
            .latency(Exponential(50 * MS))
            .loss(0.05)
            .workload(Broadcast::rate(100.0))
            .fault(Partition::halves().between(5 * S..15 * S))
            .invariant(|cluster| {
                let held = cluster.marks("holds").count();
                if held <= 5 * 2000 { Ok(()) } else { Err(format!("{held} values in all")) }
            })
            .run_for(20 * S);
        run.assert_valid();
        messages += run.outcome.net.all().sent;
    }
    let seconds = clock.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds, {} messages each: {seconds:.2} s, {:.2} ms a seed, {:.0} ns a message",
        messages / seeds.max(1),
        seconds * 1e3 / seeds.max(1) as f64,
        seconds * 1e9 / messages.max(1) as f64
    );
}
