//! Disks of simulated nodes: what survives a kill, and what may go wrong.

use glomers_history::{MILLISECOND, Value};
use glomers_node::{Cx, Disk, DiskError, Input, Process};
use glomers_sim::{BadDisks, DiskCondition, Kill, LOST_WRITES, Plan, ServiceTime};

use super::common::*;

/// Appends a byte every 10 ms and syncs after every fourth. Marks what it found at
/// its start, what it has written, and when syncs are done.
fn writer(_: u32) -> Box<dyn Process> {
    let mut written = 0_u64;
    node(move |input, cx| {
        answer(&input, cx);
        match input {
            Input::Start { recovered } => {
                let found = disk(cx).get("log").unwrap_or_default().unwrap_or_default().len();
                cx.mark("found", found as u64);
                cx.mark("recovered", recovered);
                cx.set_timer(std::time::Duration::from_millis(10));
            }
            Input::Timer(_) => {
                written += 1;
                match write(disk(cx), written.is_multiple_of(4)) {
                    Ok(()) => cx.mark("written", written),
                    Err(error) => cx.mark("error", error.to_string()),
                }
                cx.set_timer(std::time::Duration::from_millis(10));
            }
            Input::Synced(_) => cx.mark("synced", written),
            _ => {}
        }
    })
}

fn disk(cx: &mut Cx) -> &mut dyn Disk {
    cx.disk().expect("simulated nodes have disks")
}

fn write(disk: &mut dyn Disk, then_sync: bool) -> Result<(), DiskError> {
    disk.append("log", b"x")?;
    if then_sync {
        disk.sync()?;
    }
    Ok(())
}

fn one_node(seed: u64, written: Vec<Written>) -> Plan {
    let mut plan = plan(seed, 1);
    plan.time_limit = 400 * MILLISECOND;
    plan.sync_time = ServiceTime::Off;
    plan.faults = faults(written);
    plan
}

fn values(ran: &Ran, label: &str) -> Vec<Value> {
    ran.marks(label).into_iter().map(|(_, _, value)| value).collect()
}

#[test]
fn a_kill_takes_what_was_not_synced_or_the_end_of_it() {
    let mut left = std::collections::BTreeSet::new();
    for seed in 0..40 {
        // Six writes, four of them synced.
        let faults = vec![at(65, Kill::nodes(vec![0])), over(100, Kill::nodes(vec![0]))];
        let ran = run(&one_node(seed, faults), writer);
        let found = values(&ran, "found");
        let lost = values(&ran, LOST_WRITES);
        assert_eq!(found[0], Value::from(0_u64));
        assert_eq!(values(&ran, "recovered"), [Value::Bool(false), Value::Bool(true)]);
        let (found, lost) = (found[1].as_int().unwrap(), lost[0].as_int().unwrap());
        assert_eq!(found + lost, 6);
        left.insert(found);
    }
    // Never all: something was lost in each kill.
    assert_eq!(left.into_iter().collect::<Vec<i64>>(), [4, 5]);
}

#[test]
fn a_sync_takes_its_time_and_a_slow_disk_more() {
    let mut slow = one_node(1, Vec::new());
    slow.sync_time = ServiceTime::Exponential { mean: MILLISECOND };
    let first = |plan: &Plan| run(plan, writer).marks("synced")[0].0;
    assert!((40..50).contains(&first(&slow)), "{}", first(&slow));
    let condition = DiskCondition::Slow { factor: 100 };
    slow.faults = faults([at(0, BadDisks { nodes: vec![0].into(), condition })]);
    assert!(first(&slow) > 55, "{}", first(&slow));
}

#[test]
fn a_sync_that_is_not_done_when_the_node_is_killed_made_nothing_durable() {
    let mut plan = one_node(
        4,
        vec![
            at(
                0,
                BadDisks {
                    nodes: vec![0].into(),
                    condition: DiskCondition::Slow { factor: 9_999 },
                },
            ),
            at(45, Kill::nodes(vec![0])),
            over(50, Kill::nodes(vec![0])),
        ],
    );
    plan.sync_time = ServiceTime::Exponential { mean: MILLISECOND };
    let ran = run(&plan, writer);
    assert!(ran.marks("synced").is_empty());
    let lost = values(&ran, LOST_WRITES)[0].as_int().unwrap();
    assert!((1..=4).contains(&lost), "{lost}");
}

#[test]
fn full_and_failing_disks_are_errors_of_calls_until_they_are_healed() {
    for (condition, words) in [
        (DiskCondition::Full, "the disk is full"),
        (DiskCondition::Failing { percent: 100 }, "input/output error"),
    ] {
        let bad = BadDisks { nodes: vec![0].into(), condition };
        let faults = vec![at(55, bad.clone()), over(105, bad)];
        let ran = run(&one_node(4, faults), writer);
        let errors = ran.marks("error");
        assert_eq!(errors.len(), 5, "{errors:?}");
        assert!(errors.iter().all(|(at, _, _)| (60..=100).contains(at)));
        assert!(errors[0].2.as_str().unwrap().contains(words));
        let nemesis: Vec<String> =
            ran.outcome.faults.iter().map(|f| f.description.clone()).collect();
        assert_eq!(nemesis, [format!("{}: n0", condition.name())]);
    }
}
