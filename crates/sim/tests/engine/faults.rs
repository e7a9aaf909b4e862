//! Faults of links and nodes: what each does, and that it ends.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{MILLISECOND, SECOND, Time, Value};
use glomers_node::{Input, Process};
use glomers_sim::{
    Duplicate, Fault, FaultEvent, FaultReport, Kill, Links, Loss, Partition, PartitionKind, Pause,
    Plan, Reorder, ServiceTime, SlowLinks, SlowNodes, Targets, WrongClocks,
};

use super::common::{
    Asking, Ran, Seen, Tell, Written, answer, asks, at, faults, name, node, over, plan, run,
    run_with,
};

/// Each node tells all others something for each question.
fn telling(place: u32) -> Box<dyn Process> {
    node(move |input, cx| {
        let is_asked = matches!(&input, Input::Message(message) if message.header.kind() == "ask");
        if is_asked && answer(&input, cx).is_some() {
            for other in (0..3).filter(|other| *other != place) {
                cx.send(&name(other), Tell { what: 1 });
            }
        }
    })
}

/// Three nodes, each asked every 10 ms for a second; faults from 300 to 600 ms.
fn talk(fault: impl Into<Fault>) -> Plan {
    let mut plan = plan(1, 3);
    plan.latency.mean_ms = 20;
    plan.operations = asks((0..100).flat_map(|k| (0..3).map(move |worker| (10 * k, worker))));
    let fault = fault.into();
    plan.faults = faults([at(300, fault.clone()), over(600, fault)]);
    plan
}

fn in_window(message: &Seen) -> bool {
    (300..600).contains(&(message.sent.0 / MILLISECOND))
}

/// Messages between nodes in the window and outside it.
fn split(ran: &Ran) -> (Vec<&Seen>, Vec<&Seen>) {
    let (inside, outside) = ran.between_nodes().into_iter().partition(|m| in_window(m));
    (inside, outside)
}

/// All outside the window take their latency, and nothing is known of a fault.
fn is_untouched(outside: &[&Seen]) {
    for message in outside {
        let took = message.received.map(|time| time.0 - message.sent.0);
        assert!(took == Some(20 * MILLISECOND) || message.received.is_none(), "{message:?}");
        assert_eq!((message.dropped, message.again), (None, None));
        assert!(message.disturbances.is_empty());
    }
}

fn only_report(ran: &Ran) -> &FaultReport {
    let [report] = &*ran.outcome.faults else { panic!("{:?}", ran.outcome.faults) };
    assert_eq!(report.from, Time(300 * MILLISECOND));
    assert_eq!(report.until, Some(Time(600 * MILLISECOND)));
    assert!(!report.touched_nothing());
    report
}

#[test]
fn loss_loses_on_its_links_as_long_as_it_is_on() {
    let lose = |links| Loss { probability: 0.5, links };
    let ran = run(&talk(lose(Links::Around(vec![2].into()))), telling);
    let (inside, outside) = split(&ran);
    is_untouched(&outside);
    let lost = |message: &&&Seen| matches!(message.dropped, Some((_, DropReason::Fault)));
    let (around, other): (Vec<&Seen>, Vec<&Seen>) =
        inside.into_iter().partition(|m| m.src == "n2" || m.dest == "n2");
    is_untouched(&other);
    let count = around.iter().filter(lost).count();
    assert!((40..80).contains(&count), "{count} of {}", around.len());
    let report = only_report(&ran);
    assert_eq!(report.messages_lost, count as u64);
    assert_eq!(report.description, "0.5 around n2");
    // One direction of one link only.
    let single = Links::Single(vec![(0, 1)]);
    let ran = run(&talk(lose(single)), telling);
    let (inside, _) = split(&ran);
    assert!(inside.iter().filter(lost).all(|m| m.src == "n0" && m.dest == "n1"));
    assert!(inside.iter().any(|m| lost(&m)));
}

#[test]
fn a_doubled_message_comes_twice_and_counts_once_as_sent() {
    let most = 50 * MILLISECOND;
    let duplicate = Duplicate { probability: 0.3, most, links: Links::All };
    let ran = run(&talk(duplicate), telling);
    let (inside, outside) = split(&ran);
    is_untouched(&outside);
    let doubled: Vec<&&Seen> = inside.iter().filter(|m| m.again.is_some()).collect();
    assert!((30..90).contains(&doubled.len()), "{}", doubled.len());
    for message in &doubled {
        assert_eq!(message.disturbances, [Disturbance::Doubled]);
        let later = message.again.unwrap().0 - message.received.unwrap().0;
        assert!(later <= most, "{later}");
    }
    let report = only_report(&ran);
    assert_eq!(report.messages_doubled, doubled.len() as u64);
    let net = ran.outcome.net;
    let came = ran.between_nodes().iter().filter(|m| m.received.is_some()).count();
    assert_eq!(net.servers.sent, ran.between_nodes().len() as u64);
    assert_eq!(net.servers.received, (came + doubled.len()) as u64);
}

#[test]
fn reordered_messages_are_overtaken_and_come() {
    let most = 100 * MILLISECOND;
    let reorder = Reorder { probability: 0.3, most, links: Links::All };
    let ran = run(&talk(reorder), telling);
    let (inside, outside) = split(&ran);
    is_untouched(&outside);
    let mut overtaken = 0;
    for link in [("n0", "n1"), ("n2", "n0")] {
        let on_link = inside.iter().filter(|m| (&*m.src, &*m.dest) == link);
        let times: Vec<Time> = on_link.map(|m| m.received.unwrap()).collect();
        overtaken += times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    }
    assert!(overtaken > 5, "{overtaken}");
    let held_up = inside.iter().filter(|m| m.disturbances == [Disturbance::Delayed]);
    for message in held_up.clone() {
        let took = message.received.unwrap().0 - message.sent.0;
        assert!((20 * MILLISECOND..=20 * MILLISECOND + most).contains(&took), "{took}");
    }
    assert_eq!(only_report(&ran).messages_delayed, held_up.count() as u64);
}

#[test]
fn slow_links_take_a_multiple_and_more() {
    let slow = SlowLinks { factor: 3, extra: 7 * MILLISECOND, links: Links::All };
    let ran = run(&talk(slow), telling);
    let (inside, outside) = split(&ran);
    is_untouched(&outside);
    for message in &inside {
        assert_eq!(message.received.unwrap().0 - message.sent.0, 67 * MILLISECOND);
    }
    assert_eq!(only_report(&ran).messages_slowed, inside.len() as u64);
}

/// A message that was held up for 2 s came 18 s later over a link that was nine times as slow,
/// after the time that the cluster had to recover.
#[test]
fn a_slow_link_does_not_multiply_what_holds_a_message_up() {
    let most = 100 * MILLISECOND;
    let slow: Fault = SlowLinks { factor: 9, extra: 0, links: Links::All }.into();
    let reorder: Fault = Reorder { probability: 1.0, most, links: Links::All }.into();
    let duplicate: Fault = Duplicate { probability: 1.0, most, links: Links::All }.into();
    let mut plan = talk(reorder.clone());
    plan.faults = faults([
        at(300, reorder.clone()),
        at(300, duplicate.clone()),
        at(300, slow.clone()),
        over(600, reorder),
        over(600, duplicate),
        over(600, slow),
    ]);
    let ran = run(&plan, telling);
    for message in split(&ran).0 {
        for came in [message.received.unwrap(), message.again.unwrap()] {
            let took = came.0 - message.sent.0;
            assert!((180 * MILLISECOND..=180 * MILLISECOND + most).contains(&took), "{took}");
        }
    }
}

#[test]
fn slow_nodes_take_a_multiple_of_their_service_time() {
    let slow = SlowNodes { factor: 5, nodes: vec![1].into() };
    let mut slowed = talk(slow);
    slowed.service_time = ServiceTime::Exponential { mean: 100_000 };
    // So few that no message waits for another.
    slowed.operations = asks((0..50).map(|k| (20 * k, 0)));
    let ran = run(&slowed, telling);
    let usual = run(&Plan { faults: Vec::new(), ..slowed }, telling);
    let service = |message: &Seen| message.received.unwrap().0 - message.sent.0 - 20 * MILLISECOND;
    let window = 300 * MILLISECOND..600 * MILLISECOND;
    let mut count = 0;
    for (slow, usual) in ran.between_nodes().into_iter().zip(usual.between_nodes()) {
        let arrives = slow.sent.0 + 20 * MILLISECOND;
        let factor = if slow.dest == "n1" && window.contains(&arrives) { 5 } else { 1 };
        if slow.received.is_some() {
            assert_eq!(service(slow), factor * service(usual), "{slow:?}");
            count += u64::from(factor == 5);
        }
    }
    assert_eq!(only_report(&ran).messages_slowed, count);
}

/// Marks how wrong its wall clock is, in ms, every 50 ms.
fn clock_watcher(_place: u32) -> Box<dyn Process> {
    const START: u64 = 1_577_836_800 * SECOND;
    node(move |input, cx| {
        if matches!(input, Input::Start { .. } | Input::Timer(_)) {
            let wrong = i128::from(cx.wall_clock().0) - i128::from(START + cx.now().0);
            cx.mark("wrong", (wrong / i128::from(MILLISECOND)) as i64);
            cx.set_timer(std::time::Duration::from_millis(50));
        }
        answer(&input, cx);
    })
}

#[test]
fn wrong_clocks_jump_or_drift_and_are_right_again() {
    let wrong = |jump, drift| {
        let clocks = WrongClocks { jump, drift, nodes: vec![1].into() };
        let mut plan = plan(1, 2);
        plan.operations = asks([(0, 0), (900, 0)]);
        plan.faults = faults([at(300, clocks.clone()), over(600, clocks)]);
        run(&plan, clock_watcher)
    };
    let ran = wrong(-2 * SECOND as i64, 0);
    for (ms, node, value) in ran.marks("wrong") {
        let is_wrong = node == "n1" && (300..600).contains(&ms);
        assert_eq!(value, Value::Int(if is_wrong { -2000 } else { 0 }), "{node} at {ms}");
    }
    let report = only_report(&ran);
    assert!((5..=7).contains(&report.clock_reads), "{report:?}");
    assert_eq!(report.description, "-2000 ms at n1");
    // A tenth too fast: 5 ms after 50 ms.
    for (ms, node, value) in wrong(0, 100_000).marks("wrong") {
        let expected = if node == "n1" && (300..600).contains(&ms) { (ms - 300) / 10 } else { 0 };
        assert_eq!(value, Value::from(expected), "{node} at {ms}");
    }
}

/// n1 says that it leads when it is asked, and no longer when it is asked again.
fn leading(place: u32) -> Box<dyn Process> {
    let mut leads = false;
    node(move |input, cx| {
        if answer(&input, cx).is_some() && place == 1 {
            leads = !leads;
            cx.mark("leader", if leads { Value::Int(7) } else { Value::Null });
        }
    })
}

fn led(written: Vec<Written>, questions: &[u64]) -> Ran {
    let mut plan = plan(1, 3);
    plan.operations = asks(questions.iter().map(|&ms| (ms, 1)).chain([(950, 0)]));
    plan.faults = faults(written);
    run(&plan, leading)
}

#[test]
fn a_fault_of_the_leader_hits_who_leads_then() {
    let leader = || Kill::nodes(Targets::LEADER);
    let kill = || vec![at(300, leader()), over(600, leader())];
    let ran = led(kill(), &[100]);
    let report = only_report(&ran);
    assert_eq!(report.description, "n1");
    assert_eq!((report.leaders_hit, report.nodes_restarted), (1, 1));
    // Who does not lead any more is left alone, and so is who was killed.
    for questions in [&[100, 200][..], &[]] {
        let ran = led(kill(), questions);
        let report = &ran.outcome.faults[0];
        assert_eq!((&*report.description, report.nodes_hit), ("nobody", 0));
        assert!(report.touched_nothing() && report.idle_reason() == "it hit no node");
    }
    let twice = [kill(), vec![at(650, Pause::nodes(Targets::LEADER))]].concat();
    assert_eq!(led(twice, &[100]).outcome.faults[1].nodes_hit, 0);
    let apart = Partition { kind: PartitionKind::Leader, cut: Default::default() };
    let ran = led(vec![at(300, apart.clone()), over(600, apart)], &[100]);
    assert_eq!(ran.outcome.faults[0].description, "leader: n0 n2 | n1");
    assert_eq!(ran.outcome.faults[0].leaders_hit, 1);
}

fn all_at_once() -> Vec<Fault> {
    let (links, most) = (|| Links::All, 50 * MILLISECOND);
    vec![
        Loss { probability: 0.2, links: links() }.into(),
        Duplicate { probability: 0.2, most, links: links() }.into(),
        Reorder { probability: 0.2, most, links: links() }.into(),
        SlowLinks { factor: 2, extra: 0, links: links() }.into(),
        SlowNodes { factor: 2, nodes: vec![0].into() }.into(),
        WrongClocks { jump: 5, drift: 0, nodes: vec![0].into() }.into(),
    ]
}

/// Final operations meet a cluster without faults.
#[test]
fn all_faults_are_over_before_final_operations() {
    let mut plan = plan(1, 3);
    plan.faults = faults(all_at_once().into_iter().map(|fault| at(900, fault)));
    let workload = || Asking { with_final: true, ..Asking::default() };
    let ran = run_with(&plan, telling, workload, || None);
    assert_eq!(ran.outcome.faults.len(), plan.faults.len());
    let main_end = Time(SECOND);
    assert!(ran.outcome.faults.iter().all(|fault| fault.until == Some(main_end)));
    assert!(ran.outcome.faults.iter().all(|fault| fault.cut_short && !fault.proves_nothing()));
    assert!(ran.between_nodes().iter().all(|message| message.disturbances.is_empty()));
}

/// Taking one fault away leaves what the others do in place.
#[test]
fn each_fault_has_draws_of_its_own() {
    let with = |all: Vec<(u32, Fault)>| {
        let mut plan = talk(Kill::nodes(vec![]));
        plan.latency.distribution = glomers_sim::Distribution::Exponential;
        let begun = all.into_iter().map(|(id, fault)| FaultEvent::begin(0, id, fault));
        plan.faults = begun.collect();
        run(&plan, telling)
    };
    let numbered = || (0..).zip(all_at_once()).collect::<Vec<(u32, Fault)>>();
    let all = with(numbered());
    for (place, how) in [(1, Disturbance::Doubled), (2, Disturbance::Delayed)] {
        let mut fewer = numbered();
        fewer.remove(place);
        let fewer = with(fewer);
        for (a, b) in all.between_nodes().into_iter().zip(fewer.between_nodes()) {
            assert_eq!(a.dropped.is_some(), b.dropped.is_some());
            let others = a.disturbances.iter().filter(|other| **other != how).collect::<Vec<_>>();
            assert_eq!(others, b.disturbances.iter().collect::<Vec<_>>());
        }
    }
}

/// What is dead cannot be paused, so the report does not say that it was.
#[test]
fn a_pause_hits_only_who_lives() {
    let mut plan = talk(Kill::nodes(vec![]));
    plan.faults = faults([
        at(300, Kill::nodes(vec![0])),
        at(400, Pause::nodes(vec![0, 1])),
        over(450, Pause::nodes(vec![0, 1])),
        at(500, Pause::nodes(vec![0])),
        over(600, Kill::nodes(vec![0])),
    ]);
    let ran = run(&plan, telling);
    let [_, both, dead] = &*ran.outcome.faults else { panic!("{:?}", ran.outcome.faults) };
    assert_eq!((both.description.as_str(), both.nodes_hit), ("n1", 1));
    assert_eq!(both.until, Some(Time(450 * MILLISECOND)));
    assert_eq!((dead.nodes_hit, dead.until), (0, Some(Time(500 * MILLISECOND))));
    assert!(dead.touched_nothing());
}
