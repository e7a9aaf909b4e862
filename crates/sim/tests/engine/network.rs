//! Links, partitions, counts, and the schedule of partitions.

use glomers_history::{MILLISECOND, SECOND, Time};
use glomers_node::Process;
use glomers_sim::{
    Cut, Distribution, Fault, FaultEvent, Inbox, Latency, LinkRule, Partition, nemesis,
};

use super::common::{Tell, answer, asks, at, faults, name, node, over, plan, run};

/// n0 tells n1 something for each question.
fn telling(place: u32) -> Box<dyn Process> {
    node(move |input, cx| {
        if answer(&input, cx).is_some() && place == 0 {
            cx.send(&name(1), Tell { what: 1 });
        }
    })
}

fn cut() -> Partition {
    Partition::by_hand(Cut::links([(1, 0)]))
}

#[test]
fn lost_and_cut_messages_count_as_sent() {
    let mut plan = plan(1, 2);
    plan.time_limit = 10 * SECOND;
    plan.operations = asks((0..200).map(|k| (k * 10, 0)));
    plan.loss = 0.5;
    let lost = run(&plan, telling).outcome.net;
    assert_eq!(lost.servers.sent, 200);
    assert!((70..130).contains(&lost.servers.received), "{lost:?}");
    plan.loss = 0.0;
    plan.faults = faults([at(500, cut())]);
    let cut = run(&plan, telling);
    let net = cut.outcome.net;
    assert_eq!((net.servers.sent, net.servers.received), (200, 50));
    assert_eq!(cut.dropped(glomers_history::journal::DropReason::Partition), 150);
    assert_eq!(cut.outcome.faults[0].messages_cut, 150);
    assert_eq!(net.operations, 200);
    // Two inits; each question and each answer.
    assert_eq!(net.clients.sent, 4 + 400);
    assert_eq!(net.clients.received, net.clients.sent);
}

#[test]
fn a_partition_is_tested_when_the_receiver_takes_the_message() {
    // Sent before the cut, due during it: gone. Sent during it, due after: there.
    let mut plan = plan(1, 2);
    plan.latency.mean_ms = 100;
    plan.operations = asks([(0, 0), (150, 0)]);
    plan.faults = faults([at(50, cut()), over(200, cut())]);
    let ran = run(&plan, telling);
    let received: Vec<Option<Time>> = ran.between_nodes().iter().map(|m| m.received).collect();
    assert_eq!(received, [None, Some(Time(250 * MILLISECOND))]);
    // Maelstrom's thread tests when it takes a message from its queue, which an
    // idle one does at once: before it sleeps.
    plan.inbox = Inbox::Maelstrom;
    let ran = run(&plan, telling);
    let received: Vec<Option<Time>> = ran.between_nodes().iter().map(|m| m.received).collect();
    assert_eq!(received, [Some(Time(100 * MILLISECOND)), None]);
}

#[test]
fn partitions_never_cut_clients() {
    let mut plan = plan(1, 2);
    plan.operations = asks([(10, 0), (10, 1)]);
    let apart = Partition::by_hand(Cut::components(&[vec![0], vec![1]]));
    plan.faults = faults([at(0, apart)]);
    let ran = run(&plan, telling);
    assert_eq!(ran.ops_of(glomers_history::OpKind::Ok).len(), 2);
}

#[test]
fn the_last_rule_that_fits_a_link_counts() {
    let latency = |mean_ms| Latency { mean_ms, distribution: Distribution::Constant };
    let rule = |src, dest, ms| LinkRule { src, dest, latency: Some(latency(ms)), loss: None };
    let mut plan = plan(1, 2);
    plan.latency = latency(10);
    plan.operations = asks([(0, 0)]);
    for (rules, ms) in [
        (vec![], 10),
        (vec![rule(Some(0), Some(1), 20)], 20),
        (vec![rule(Some(1), Some(0), 20)], 10),
        (vec![rule(Some(0), None, 30), rule(None, Some(1), 40)], 40),
        (vec![rule(None, None, 40), rule(Some(0), Some(1), 5)], 5),
    ] {
        plan.links = rules;
        let ran = run(&plan, telling);
        let received = ran.between_nodes()[0].received;
        assert_eq!(received, Some(Time(ms * MILLISECOND)), "{:?}", plan.links);
    }
}

#[test]
fn latencies_have_the_mean_that_they_claim() {
    for distribution in [Distribution::Constant, Distribution::Uniform, Distribution::Exponential] {
        let mut plan = plan(1, 2);
        plan.time_limit = 20 * SECOND;
        plan.latency = Latency { mean_ms: 100, distribution };
        plan.operations = asks((0..3000).map(|k| (k * 5, 0)));
        let ran = run(&plan, telling);
        let messages = ran.between_nodes();
        let latencies = messages
            .iter()
            .map(|m| m.received.unwrap().0 - m.sent.0)
            .inspect(|nanos| assert!(nanos.is_multiple_of(MILLISECOND)));
        let mean = latencies.sum::<u64>() as f64 / messages.len() as f64 / 1e6;
        assert!((mean - 100.0).abs() < 6.0, "{distribution:?}: {mean}");
    }
}

fn partitions(seed: u64, time_limit: u64) -> Vec<FaultEvent> {
    let kinds = [nemesis::Kind::Partition];
    nemesis::Schedule::new(seed, &kinds, 5, 10 * SECOND, time_limit).draw()
}

#[test]
fn partitions_alternate_and_their_gaps_have_the_mean_of_the_interval() {
    let (mut gaps, mut kinds) = (Vec::new(), std::collections::BTreeMap::new());
    for seed in 0..200 {
        let events = partitions(seed, 200 * SECOND);
        assert_eq!(events, partitions(seed, 200 * SECOND));
        // A longer run has the same beginning.
        let longer = partitions(seed, 300 * SECOND);
        assert_eq!(events, longer[..events.len()]);
        assert_eq!(events[0].at, 0);
        for (place, event) in events.iter().enumerate() {
            assert!(event.at < 200 * SECOND);
            match event.fault() {
                Some(Fault::Partition(Partition { kind, cut })) => {
                    assert_eq!(place % 2, 0);
                    assert!(!cut.is_empty());
                    *kinds.entry(kind.name()).or_insert(0) += 1;
                }
                other => assert_eq!((place % 2, other), (1, None)),
            }
        }
        gaps.extend(events.windows(2).map(|pair| pair[1].at - pair[0].at));
    }
    let mean = gaps.iter().sum::<u64>() as f64 / gaps.len() as f64 / SECOND as f64;
    assert!((mean - 10.0).abs() < 0.5, "{mean}");
    assert!(gaps.iter().all(|gap| *gap < 20 * SECOND));
    let counts: Vec<i32> = kinds.values().copied().collect();
    assert_eq!(counts.len(), 4);
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least < most / 4, "{kinds:?}");
}
