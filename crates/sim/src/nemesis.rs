//! Fault schedules: what is drawn at random is drawn into the Plan.

use crate::disk::DiskCondition;
use crate::draws::{Draws, Purpose};
use crate::partition::PartitionKind;
use crate::plan::{Fault, FaultEvent};

/// A kind of fault that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Links are cut in the four ways that Maelstrom has.
    Partition,
    /// Some nodes are no longer heard by the others, but hear them.
    OneWay,
    /// Nodes are killed and started again.
    Kill,
    /// Nodes are stopped where they are and go on again.
    Pause,
    /// Disks are slow, full, or fail.
    Disk,
}

/// The faults of these kinds, in order of time, as Maelstrom schedules them: the
/// first at time 0, gaps uniform on [0, 2·interval]. Partitions, one-way ones
/// too, have one schedule: start and stop by turns. Kills and pauses share
/// another, on which each kind begins and ends by turns. Each start draws how and
/// whom; `start` and `resume` name all nodes.
///
/// `interval` and `time_limit` are in ns. Depends on the seed, the kinds and the
/// number of nodes only.
pub fn schedule(
    seed: u64,
    kinds: &[Kind],
    nodes: u32,
    interval: u64,
    time_limit: u64,
) -> Vec<FaultEvent> {
    let mut events = Vec::new();
    let has = |kind| kinds.contains(&kind);
    if has(Kind::Partition) || has(Kind::OneWay) {
        let mut partition_kinds = Vec::new();
        if has(Kind::Partition) {
            partition_kinds.extend(PartitionKind::DRAWN);
        }
        if has(Kind::OneWay) {
            partition_kinds.push(PartitionKind::OneWay);
        }
        events.extend(partitions_of(seed, &partition_kinds, nodes, interval, time_limit));
    }
    if has(Kind::Kill) || has(Kind::Pause) {
        let process_kinds: Vec<Kind> =
            [Kind::Kill, Kind::Pause].into_iter().filter(|&kind| has(kind)).collect();
        events.extend(process_faults(seed, &process_kinds, nodes, interval, time_limit));
    }
    if has(Kind::Disk) {
        events.extend(disk_faults(seed, nodes, interval, time_limit));
    }
    // Stable: at one moment partitions come first.
    events.sort_by_key(|event| event.at);
    events
}

/// Partitions of Maelstrom's four kinds; see [`schedule`].
pub fn partitions(seed: u64, nodes: u32, interval: u64, time_limit: u64) -> Vec<FaultEvent> {
    schedule(seed, &[Kind::Partition], nodes, interval, time_limit)
}

/// The moments of a schedule.
fn moments(draws: &mut Draws, interval: u64, time_limit: u64) -> Vec<u64> {
    let mut moments = Vec::new();
    let mut at = 0;
    while at < time_limit {
        moments.push(at);
        // At least a nanosecond, so that an interval of 0 ends too.
        at += draws.below(2 * interval.max(1)).max(1);
    }
    moments
}

fn partitions_of(
    seed: u64,
    kinds: &[PartitionKind],
    nodes: u32,
    interval: u64,
    time_limit: u64,
) -> Vec<FaultEvent> {
    // The moments have a stream of their own, so that other kinds leave them in
    // place.
    let mut times = Draws::keyed(seed, Purpose::Nemesis, 1, 0, 0);
    let mut draws = Draws::keyed(seed, Purpose::Nemesis, 2, 0, 0);
    let moments = moments(&mut times, interval, time_limit);
    let starts_and_stops = moments.into_iter().enumerate().map(|(number, at)| {
        let fault = if number % 2 == 0 {
            let kind = kinds[draws.below(kinds.len() as u64) as usize];
            Fault::StartPartition { kind, cut: kind.draw(nodes, &mut draws) }
        } else {
            Fault::StopPartition
        };
        FaultEvent { at, fault }
    });
    starts_and_stops.collect()
}

fn process_faults(
    seed: u64,
    kinds: &[Kind],
    nodes: u32,
    interval: u64,
    time_limit: u64,
) -> Vec<FaultEvent> {
    let mut times = Draws::keyed(seed, Purpose::Nemesis, 3, 0, 0);
    let mut draws = Draws::keyed(seed, Purpose::Nemesis, 4, 0, 0);
    let all: Vec<u32> = (0..nodes).collect();
    let mut is_on = [false; 2];
    let moments = moments(&mut times, interval, time_limit);
    let begins_and_ends = moments.into_iter().map(|at| {
        let kind = kinds[draws.below(kinds.len() as u64) as usize];
        let on = &mut is_on[usize::from(kind == Kind::Pause)];
        *on = !*on;
        let fault = match (kind, *on) {
            (Kind::Pause, true) => Fault::Pause { nodes: targets(nodes, &mut draws) },
            (Kind::Pause, false) => Fault::Resume { nodes: all.clone() },
            (_, true) => Fault::Kill { nodes: targets(nodes, &mut draws) },
            (_, false) => Fault::Start { nodes: all.clone() },
        };
        FaultEvent { at, fault }
    });
    begins_and_ends.collect()
}

/// Disks of some nodes are slow, full or failing, and well again, by turns.
fn disk_faults(seed: u64, nodes: u32, interval: u64, time_limit: u64) -> Vec<FaultEvent> {
    let mut times = Draws::keyed(seed, Purpose::Nemesis, 5, 0, 0);
    let mut draws = Draws::keyed(seed, Purpose::Nemesis, 6, 0, 0);
    let moments = moments(&mut times, interval, time_limit);
    let begins_and_ends = moments.into_iter().enumerate().map(|(number, at)| {
        let fault = if number % 2 == 0 {
            let condition = match draws.below(3) {
                0 => DiskCondition::Slow { factor: 100 },
                1 => DiskCondition::Full,
                _ => DiskCondition::Failing { percent: 30 },
            };
            Fault::StartDisk { nodes: targets(nodes, &mut draws), condition }
        } else {
            Fault::StopDisk
        };
        FaultEvent { at, fault }
    });
    begins_and_ends.collect()
}

/// Whom a kill or pause hits: a random non-empty subset, one node, ⌊(n−1)/3⌋,
/// ⌊n/2⌋ or ⌊n/2⌋+1 of them, or all; each way is equally likely.
fn targets(nodes: u32, draws: &mut Draws) -> Vec<u32> {
    let mut order: Vec<u32> = (0..nodes).collect();
    draws.shuffle(&mut order);
    let count = match draws.below(6) {
        0 => 1 + draws.below(u64::from(nodes)) as u32,
        1 => 1,
        2 => nodes.saturating_sub(1) / 3,
        3 => nodes / 2,
        4 => nodes / 2 + 1,
        _ => nodes,
    };
    order.truncate(count.min(nodes) as usize);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_history::SECOND;

    #[test]
    fn each_kind_begins_and_ends_by_turns_and_leaves_the_others_in_place() {
        for seed in 0..200 {
            let drawn = |kinds: &[Kind]| schedule(seed, kinds, 5, 10 * SECOND, 100 * SECOND);
            let all = drawn(&[Kind::Partition, Kind::Kill, Kind::Pause]);
            let partitions: Vec<FaultEvent> = all
                .iter()
                .filter(|event| {
                    matches!(event.fault, Fault::StartPartition { .. } | Fault::StopPartition)
                })
                .cloned()
                .collect();
            assert_eq!(partitions, drawn(&[Kind::Partition]));
            assert_eq!(all[0].at, 0);
            assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let killed: Vec<bool> = all
                .iter()
                .filter_map(|event| match &event.fault {
                    Fault::Kill { nodes } => {
                        assert!(nodes.len() <= 5);
                        Some(true)
                    }
                    Fault::Start { nodes } => {
                        assert_eq!(nodes.len(), 5);
                        Some(false)
                    }
                    _ => None,
                })
                .collect();
            assert!(killed.iter().enumerate().all(|(place, &kill)| kill == (place % 2 == 0)));
        }
    }

    #[test]
    fn the_mean_gap_is_the_interval() {
        let events = partitions(1, 5, 10 * SECOND, 100_000 * SECOND);
        assert!((9_000..11_000).contains(&events.len()), "{}", events.len());
    }
}
