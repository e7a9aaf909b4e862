//! Tests of the workload of registers.

use glomers_history::Time;
use glomers_sim::draws::Purpose;

use super::*;

fn begun(nodes: u32, concurrency: u32) -> LinKv {
    let mut workload = LinKv::default();
    workload.begin(ClusterSize { nodes, concurrency }).unwrap();
    workload
}

fn draws() -> Draws {
    Draws::keyed(1, Purpose::Worker, 0, 0, 0)
}

fn key(operation: &NextOperation) -> i64 {
    operation.value.as_list().unwrap().get(0).unwrap().as_int().unwrap()
}

fn info(process: u32, operation: &NextOperation) -> Op {
    Op {
        index: 0,
        time: Time::ZERO,
        process: Process::Client(process),
        kind: OpKind::Info,
        f: operation.f.clone(),
        value: operation.value.clone(),
        error: None,
        is_final: false,
    }
}

#[test]
fn concurrency_must_be_whole_groups() {
    let text = LinKv::default().begin(ClusterSize { nodes: 3, concurrency: 3 }).unwrap_err();
    assert!(text.contains("a multiple of 6 (2n, 4n, …), but it is 3"), "{text}");
}

/// For each worker whether it ever reads, and whether it ever changes anything.
fn roles(nodes: u32, concurrency: u32) -> Vec<(bool, bool)> {
    let (mut workload, mut draws) = (begun(nodes, concurrency), draws());
    let mut roles = vec![(false, false); concurrency as usize];
    for _ in 0..1000 {
        for (worker, role) in (0..).zip(&mut roles) {
            match &*workload.generate(worker, &mut draws).f {
                "read" => role.0 = true,
                _ => role.1 = true,
            }
        }
    }
    roles
}

#[test]
fn every_key_has_at_least_two_writers() {
    let (reads, changes, both) = ((true, false), (false, true), (true, true));
    // With fewer than four workers on a key all do both.
    for concurrency in [2, 4, 6] {
        assert_eq!(roles(1, concurrency), vec![both; concurrency as usize]);
    }
    assert_eq!(roles(2, 4), [reads, reads, changes, changes]);
    // In every second group all do both, so that changes meet at one node, too.
    assert_eq!(roles(2, 8), [reads, reads, changes, changes, both, both, both, both]);
    assert_eq!(roles(3, 18)[12..], [reads, reads, reads, changes, changes, changes]);
}

#[test]
fn half_of_each_group_reads_and_the_others_write_or_cas() {
    let (mut workload, mut draws) = (begun(3, 12), draws());
    let mut counts = [0; 2];
    for _ in 0..3000 {
        for worker in 0..12 {
            let operation = workload.generate(worker, &mut draws);
            assert_eq!(key(&operation), i64::from(worker / 6));
            let reads = worker % 6 < 3;
            assert!(worker >= 6 || (&*operation.f == "read") == reads, "worker {worker}");
            match &*operation.f {
                "write" => counts[0] += 1,
                "cas" => counts[1] += 1,
                _ => {}
            }
        }
    }
    assert!((5700..6300).contains(&counts[0]), "a third of 18,000 writes: {counts:?}");
}

#[test]
fn a_key_ends_when_its_group_would_need_a_21st_process() {
    let (mut workload, mut draws) = (begun(3, 12), draws());
    let first = workload.generate(0, &mut draws);
    let other = workload.generate(6, &mut draws);
    assert_eq!((key(&first), key(&other)), (0, 1));
    // Six processes at first, twenty in the end.
    for number in 0..14 {
        assert_eq!(key(&workload.generate(5, &mut draws)), 0);
        workload.observe(&info(5 + 12 * number, &first));
    }
    assert_eq!(key(&workload.generate(0, &mut draws)), 0);
    workload.observe(&info(0, &first));
    assert_eq!(key(&workload.generate(0, &mut draws)), 2);
    assert_eq!(key(&workload.generate(5, &mut draws)), 2);
    assert_eq!(key(&workload.generate(6, &mut draws)), 1);
    // What ends late is not about the new key.
    for _ in 0..30 {
        workload.observe(&info(0, &first));
    }
    assert_eq!(key(&workload.generate(0, &mut draws)), 2);
}
