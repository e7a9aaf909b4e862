//! Draws are keyed: taking something out of a plan leaves all others in place.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_history::{MILLISECOND, Value};
use glomers_node::Input;
use glomers_sim::{Cut, Distribution, Kill, Latency, Operations, Partition, Plan, ServiceTime};

use super::common::{Ran, Tell, answer, asks, at, faults, name, node, over, plan, run};

/// Nodes that tell all others something every 20 ms, and mark what they draw.
/// The `silent` one does not.
fn talkative(silent: Option<u32>) -> impl Fn(u32) -> Box<dyn glomers_node::Process> {
    move |place| {
        node(move |input, cx| {
            answer(&input, cx);
            match input {
                Input::Start { .. } => {
                    let bits = cx.rng().bits();
                    cx.mark("drawn", Value::from(bits));
                }
                Input::Timer(_) if silent != Some(place) => {
                    let peers = cx.peers().clone();
                    let others = peers.iter().filter(|peer| **peer != name(place));
                    cx.send_all(others, Tell { what: 1 });
                }
                Input::Timer(_) => {}
                _ => return,
            }
            cx.set_timer(Duration::from_millis(20));
        })
    }
}

fn restless() -> Plan {
    let mut plan = plan(7, 4);
    plan.latency = Latency { mean_ms: 50, distribution: Distribution::Exponential };
    plan.loss = 0.2;
    plan.time_limit = 3_000 * MILLISECOND;
    plan
}

/// For each link the fates of its messages: latency, or `None` for lost. What was
/// cut or under way at the end says nothing.
type Fates = BTreeMap<(String, String), Vec<Option<u64>>>;

fn fates(ran: &Ran) -> Fates {
    let mut fates = Fates::new();
    for message in ran.between_nodes() {
        let fate = match (message.received, message.dropped) {
            (Some(received), _) => Some(Some(received.0 - message.sent.0)),
            (_, Some((_, glomers_history::journal::DropReason::Loss))) => Some(None),
            _ => None,
        };
        let link = (message.src.clone(), message.dest.clone());
        // What is unknown is written as a latency that no message has.
        fates.entry(link).or_default().push(fate.unwrap_or(Some(u64::MAX)));
    }
    fates
}

/// Both runs say the same wherever both say something.
fn assert_same(a: &Fates, b: &Fates, except_from: &str) {
    for (link, ours) in a {
        if link.0 == except_from {
            continue;
        }
        let theirs = &b[link];
        assert_eq!(ours.len(), theirs.len());
        let known = ours.iter().zip(theirs);
        let known = known.filter(|(a, b)| **a != Some(u64::MAX) && **b != Some(u64::MAX));
        let mut count = 0;
        for (ours, theirs) in known {
            assert_eq!(ours, theirs, "{link:?}");
            count += 1;
        }
        assert!(count > 50, "only {count} of {link:?}");
    }
}

#[test]
fn without_the_traffic_of_one_node_the_others_latencies_and_losses_stay() {
    let all = run(&restless(), talkative(None));
    let fewer = run(&restless(), talkative(Some(2)));
    let (all, fewer) = (fates(&all), fates(&fewer));
    assert!(!fewer.keys().any(|(src, _)| src == "n2"));
    assert_same(&all, &fewer, "n2");
    let losses = all.values().flatten().filter(|fate| fate.is_none()).count();
    let share = losses as f64 / all.values().flatten().count() as f64;
    assert!((share - 0.2).abs() < 0.04, "{share}");
}

#[test]
fn without_one_fault_latencies_and_losses_stay() {
    let mut cut = restless();
    let halves = Partition::by_hand(Cut::components(&[vec![0, 1], vec![2, 3]]));
    cut.faults = faults([at(500, halves.clone()), over(1000, halves)]);
    let cut = run(&cut, talkative(None));
    assert!(cut.dropped(glomers_history::journal::DropReason::Partition) > 50);
    assert_same(&fates(&cut), &fates(&run(&restless(), talkative(None))), "");
}

#[test]
fn an_override_is_about_one_message_only() {
    let mut changed = restless();
    changed.overrides = vec![glomers_sim::MessageOverride {
        message: glomers_sim::MessageName::Nth { src: 0, dest: 1, count: 5 },
        action: glomers_sim::OverrideAction::Delay(123 * MILLISECOND),
    }];
    let link = ("n0".to_owned(), "n1".to_owned());
    let mut changed = fates(&run(&changed, talkative(None)));
    let mut plain = fates(&run(&restless(), talkative(None)));
    assert_eq!(changed[&link][5], Some(123 * MILLISECOND));
    for fates in [&mut changed, &mut plain] {
        fates.get_mut(&link).unwrap()[5] = None;
    }
    assert_eq!(changed, plain);
}

/// For each node the service times of its deliveries, nodes being idle when
/// messages come.
fn services(ran: &Ran, node: &str) -> Vec<u64> {
    let messages = ran.watch.messages.iter();
    messages
        .filter(|message| message.dest == node)
        .map(|message| message.received.unwrap().0 - message.sent.0)
        .collect()
}

#[test]
fn without_one_operation_service_times_stay() {
    let mut plan = plan(3, 3);
    plan.service_time = ServiceTime::DEFAULT;
    let list: Vec<(u64, u32)> = (0..30).map(|k| (k * 30, (k % 3) as u32)).collect();
    plan.operations = asks(list.clone());
    let all = run(&plan, talkative(Some(0)));
    let mut fewer = plan.clone();
    fewer.operations = asks(list.iter().copied().filter(|(ms, _)| *ms != 300));
    let silent = |_| super::common::polite();
    let all_silent = run(&plan, silent);
    let fewer_silent = run(&fewer, silent);
    // The operation at 300 ms is the fourth of n1.
    for untouched in ["n0", "n2"] {
        assert_eq!(services(&all_silent, untouched), services(&fewer_silent, untouched));
    }
    // At the node itself every other delivery takes the time that it took.
    let (mut long, short) = (services(&all_silent, "n1"), services(&fewer_silent, "n1"));
    // Two of them are its start; of the operations the fourth is missing.
    long.remove(long.len() - 10 + 3);
    assert_eq!(long, short);
    assert!(long.iter().any(|&nanos| nanos > 0));
    assert!(all.outcome.net.servers.sent > 0);
}

#[test]
fn the_randomness_of_a_node_is_its_own() {
    let drawn = |plan: &Plan, silent| run(plan, talkative(silent)).marks("drawn");
    let all = drawn(&restless(), None);
    assert_eq!(all.len(), 4);
    assert_eq!(all, drawn(&restless(), Some(1)));
    let mut plan = restless();
    plan.operations = asks([(100, 0), (200, 1)]);
    assert_eq!(all, drawn(&plan, None));
    plan.operations = Operations::Listed(Vec::new());
    plan.faults = faults([at(100, Kill::nodes(vec![2])), over(200, Kill::nodes(vec![2]))]);
    let with_kill = drawn(&plan, None);
    assert_eq!(all, with_kill[..4]);
    let values: std::collections::BTreeSet<&Value> =
        with_kill.iter().map(|(_, _, value)| value).collect();
    assert_eq!(values.len(), 5, "a new incarnation draws anew");
}
