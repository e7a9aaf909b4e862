//! What changes how long messages take: order, bandwidth, steps, bursts, regions.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_history::MILLISECOND;
use glomers_node::Input;
use glomers_sim::{Distribution, Latency, LatencyChange, LatencyStep, NodeProgram, Plan, Regions};

use super::common::{Ran, Tell, answer, name, node, plan, run};

/// Nodes that tell all others something every so many ms.
fn telling(every: u64) -> impl Fn(u32) -> Box<dyn glomers_node::Process> {
    move |place| {
        node(move |input, cx| {
            answer(&input, cx);
            match input {
                Input::Start { .. } => {}
                Input::Timer(_) => {
                    let peers = cx.peers().clone();
                    let others = peers.iter().filter(|peer| **peer != name(place));
                    cx.send_all(others, Tell { what: 1 });
                }
                _ => return,
            }
            cx.set_timer(Duration::from_millis(every));
        })
    }
}

/// For each link when messages were sent and received, in ns.
fn times(ran: &Ran) -> BTreeMap<(String, String), Vec<(u64, u64)>> {
    let mut times: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
    for message in ran.between_nodes() {
        let link = (message.src.clone(), message.dest.clone());
        let received = message.received.map(|time| time.0);
        times.entry(link).or_default().extend(received.map(|at| (message.sent.0, at)));
    }
    times
}

fn busy() -> Plan {
    let mut plan = plan(3, 3);
    plan.latency = Latency { mean_ms: 50, distribution: Distribution::Exponential };
    plan.time_limit = 4_000 * MILLISECOND;
    plan
}

fn out_of_order(ran: &Ran) -> usize {
    let times = times(ran);
    let pairs = times.values().flat_map(|all| all.windows(2));
    pairs.filter(|pair| pair[0].1 > pair[1].1).count()
}

#[test]
fn messages_of_a_link_do_not_overtake_each_other_if_that_is_asked() {
    let mut plan = busy();
    assert!(out_of_order(&run(&plan, telling(10))) > 100);
    plan.in_order = true;
    let ran = run(&plan, telling(10));
    assert_eq!(out_of_order(&ran), 0);
    assert!(times(&ran).values().all(|all| all.len() > 300));
}

#[test]
fn a_link_carries_so_many_bits_a_second() {
    let mut plan = busy();
    plan.latency.distribution = Distribution::Constant;
    let free = times(&run(&plan, telling(10)));
    let body = 20_u64; // {"type":"tell","what":1} has a few more.
    // Some 60 bytes every 10 ms are 48 kbit a second: half of that carries half.
    plan.bandwidth = Some(24_000);
    let slow = times(&run(&plan, telling(10)));
    for (link, all) in &slow {
        assert!(
            all.len() * 3 < free[link].len() * 2,
            "{link:?}: {} of {}",
            all.len(),
            free[link].len()
        );
        let shortest = all.windows(2).map(|pair| pair[1].1 - pair[0].1).min().unwrap();
        assert!(shortest >= body * 8 * 1_000_000_000 / 24_000, "{shortest}");
    }
}

#[test]
fn latencies_change_at_the_moments_of_the_steps() {
    let mut plan = busy();
    plan.latency.distribution = Distribution::Constant;
    let to = Latency { mean_ms: 20, distribution: Distribution::Constant };
    plan.latency_steps = vec![
        LatencyStep { at: 1_000 * MILLISECOND, change: LatencyChange::Times { thousandths: 2000 } },
        LatencyStep { at: 2_000 * MILLISECOND, change: LatencyChange::Times { thousandths: 1000 } },
        LatencyStep { at: 3_000 * MILLISECOND, change: LatencyChange::To(to) },
    ];
    for (_, all) in times(&run(&plan, telling(30))) {
        for (sent, received) in all {
            let expected = match sent / (1_000 * MILLISECOND) {
                1 => 100,
                3 => 20,
                _ => 50,
            };
            assert_eq!((received - sent) / MILLISECOND, expected, "sent at {sent}");
        }
    }
}

#[test]
fn losses_come_in_bursts() {
    let mut plan = busy();
    plan.time_limit = 20_000 * MILLISECOND;
    plan.latency.distribution = Distribution::Constant;
    plan.loss_bursts = Some("gemodel:0.05,0.2".parse().unwrap());
    let ran = run(&plan, telling(10));
    let (mut lost, mut again, mut all) = (0, 0, 0);
    let mut last: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for message in ran.between_nodes() {
        let is_lost = message.dropped.is_some();
        let before = last.insert((&message.src, &message.dest), is_lost).unwrap_or(false);
        all += 1;
        lost += u32::from(is_lost);
        again += u32::from(is_lost && before);
    }
    // A fifth of the time is bad, and bad times last 5 messages.
    let (share, burst) = (f64::from(lost) / f64::from(all), f64::from(again) / f64::from(lost));
    assert!((0.15..0.25).contains(&share), "{share}");
    assert!((0.72..0.88).contains(&burst), "{burst}");
}

#[test]
fn nodes_are_placed_in_regions_in_turn() {
    let program = NodeProgram::Embedded { name: "none".to_owned(), arguments: Vec::new() };
    let regions = Regions::parse("regions here there\nhere there 200\n").unwrap();
    let mut builder = Plan::builder(1, program, "echo");
    let built = builder.nodes(3).regions(&regions, Distribution::Constant).build().unwrap();
    let mut plan = plan(1, 3);
    plan.links = built.links;
    for ((src, dest), all) in times(&run(&plan, telling(50))) {
        let is_far = (src == "n1") != (dest == "n1");
        for (sent, received) in all {
            let expected = if is_far { 100 } else { 1 };
            assert_eq!((received - sent) / MILLISECOND, expected, "{src} to {dest}");
        }
    }
}

#[test]
fn each_model_repeats() {
    let mut plan = busy();
    plan.latency.distribution = "lognormal:0.8".parse().unwrap();
    plan.latency_correlation = 0.7;
    plan.in_order = true;
    plan.bandwidth = Some(100_000);
    plan.loss_bursts = Some("gemodel:0.02,0.3".parse().unwrap());
    let (one, two) = (run(&plan, telling(10)), run(&plan, telling(10)));
    assert_eq!(times(&one), times(&two));
    plan.seed += 1;
    assert_ne!(times(&one), times(&run(&plan, telling(10))));
}
