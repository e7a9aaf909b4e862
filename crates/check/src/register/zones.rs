//! Registers to which every value is written once at most: linearizable or not
//! by the zones of Gibbons & Korach, "Testing Shared Memories" (SIAM J. Comput.
//! 26(4), 1997).
//!
//! The write of a value and the reads of it are its cluster. Between the first
//! end and the last beginning in a cluster, if they are in that order, the
//! register must hold the value all the time (a forward zone); otherwise it must
//! hold it at some moment between the last beginning and the first end (a
//! backward zone). The history is linearizable if and only if every value read
//! was written, no read ended before its write began, no two forward zones
//! overlap and no backward zone is inside a forward one. A write of unknown end
//! counts if it was read, and ends never.

use super::operation::{Action, NIL, OPEN, Subject};

/// How many values are tried as states at the operation that fits none.
const STATES: usize = 16;

/// What is known of the operations of one value.
#[derive(Clone, Copy)]
struct Cluster {
    /// When its write began; [`OPEN`] if there is none.
    write_begin: u32,
    first_end: u32,
    last_begin: u32,
    /// The first end of a read of it.
    first_read: u32,
}

impl Cluster {
    const EMPTY: Cluster =
        Cluster { write_begin: OPEN, first_end: OPEN, last_begin: 0, first_read: OPEN };

    /// Whether it counts: written for certain, or read.
    fn counts(&self) -> bool {
        self.first_end != OPEN
    }
}

/// Whether zones decide this: only reads and writes, no value twice, and no write
/// of the initial value.
pub(super) fn applies(subject: &Subject) -> bool {
    let mut written = vec![false; subject.values.len()];
    written[NIL as usize] = true;
    subject.ops.iter().all(|op| match op.action {
        Action::Is(_) => true,
        Action::Write(value) => !std::mem::replace(&mut written[value as usize], true),
        Action::IsNot(_) | Action::Cas(..) | Action::Try(..) => false,
    })
}

/// Where a history stops being linearizable.
pub(super) struct Stuck {
    /// The read that fits no order.
    pub(super) op: u32,
    /// What the register could hold when it ended.
    pub(super) states: Vec<u32>,
}

/// The first end up to which the history is not linearizable, if there is one.
pub(super) fn check(subject: &Subject) -> Option<Stuck> {
    if atomic(subject, OPEN, None) {
        return None;
    }
    // More operations never make a wrong history right, so bisection finds it.
    // Only ends of reads count: a write that ends can come last.
    let mut reads: Vec<(u32, u32)> = (0u32..)
        .zip(&subject.ops)
        .filter(|(_, op)| matches!(op.action, Action::Is(_)))
        .map(|(at, op)| (op.end, at))
        .collect();
    reads.sort_unstable();
    let first = reads.partition_point(|&(end, _)| atomic(subject, end, None));
    let &(_, op) = reads.get(first).or(reads.last())?;
    Some(Stuck { op, states: states(subject, op) })
}

/// What the register could hold when a read ended.
fn states(subject: &Subject, read: u32) -> Vec<u32> {
    let reader = subject.ops[read as usize];
    let mut candidates = vec![(0, NIL)];
    let writes = || {
        subject.ops.iter().filter_map(|op| match op.action {
            Action::Write(value) => Some((op, value)),
            _ => None,
        })
    };
    // What was overwritten before is gone.
    let before = writes().filter(|(op, _)| op.end < reader.end);
    let overwritten = before.map(|(op, _)| op.begin).max().unwrap_or(0);
    let possible = writes().filter(|(op, _)| op.begin < reader.end && op.end > overwritten);
    candidates.extend(possible.map(|(op, value)| (op.begin, value)));
    candidates.sort_unstable_by(|a, b| b.cmp(a));
    let tried = candidates.into_iter().take(STATES).map(|(_, value)| value);
    tried.filter(|&value| atomic(subject, reader.end, Some((read, value)))).collect()
}

/// The clusters of what happened until a moment; a read, `probe`, may be taken to
/// have begun and ended when it ended, and to have returned something else.
fn clusters(subject: &Subject, until: u32, probe: Option<(u32, u32)>) -> Vec<Cluster> {
    let mut clusters = vec![Cluster::EMPTY; subject.values.len()];
    clusters[NIL as usize] = Cluster { write_begin: 0, first_end: 0, ..Cluster::EMPTY };
    for (at, op) in (0u32..).zip(&subject.ops) {
        if op.begin > until {
            continue;
        }
        let end = if op.end <= until { op.end } else { OPEN };
        match op.action {
            Action::Write(value) => {
                let cluster = &mut clusters[value as usize];
                cluster.write_begin = op.begin;
                cluster.first_end = cluster.first_end.min(end);
                cluster.last_begin = cluster.last_begin.max(op.begin);
            }
            Action::Is(value) if end != OPEN => {
                let (value, begin) = match probe {
                    Some((read, other)) if read == at => (other, end),
                    _ => (value, op.begin),
                };
                let cluster = &mut clusters[value as usize];
                cluster.first_end = cluster.first_end.min(end);
                cluster.first_read = cluster.first_read.min(end);
                cluster.last_begin = cluster.last_begin.max(begin);
            }
            _ => {}
        }
    }
    clusters
}

/// Whether what happened until a moment is linearizable.
fn atomic(subject: &Subject, until: u32, probe: Option<(u32, u32)>) -> bool {
    let clusters = clusters(subject, until, probe);
    let mut forward: Vec<(u32, u32)> = Vec::new();
    for cluster in clusters.iter().filter(|cluster| cluster.counts()) {
        // Never written, or written only after it was read.
        if cluster.write_begin > cluster.first_read || cluster.write_begin == OPEN {
            return false;
        }
        if cluster.first_end < cluster.last_begin {
            forward.push((cluster.first_end, cluster.last_begin));
        }
    }
    forward.sort_unstable();
    if forward.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        return false;
    }
    clusters.iter().filter(|cluster| cluster.counts()).all(|cluster| {
        if cluster.first_end < cluster.last_begin {
            return true;
        }
        let before = forward.partition_point(|zone| zone.0 < cluster.last_begin);
        before == 0 || cluster.first_end > forward[before - 1].1
    })
}

/// An order that explains what happened before a moment, until which the history
/// is linearizable.
pub(super) fn order(subject: &Subject, before: u32) -> Vec<u32> {
    let until = before - 1;
    let clusters = clusters(subject, until, None);
    let forward = {
        let zones = clusters.iter().filter(|cluster| cluster.counts());
        let mut zones: Vec<(u32, u32)> = zones
            .filter(|cluster| cluster.first_end < cluster.last_begin)
            .map(|cluster| (cluster.first_end, cluster.last_begin))
            .collect();
        zones.sort_unstable();
        zones
    };
    // The moment at which the register takes on the value of each cluster. Two
    // backward zones with a moment in common may come in any order.
    let moment = |cluster: &Cluster| {
        if cluster.first_end < cluster.last_begin {
            return (cluster.first_end, 0);
        }
        let before = forward.partition_point(|zone| zone.0 < cluster.last_begin);
        let inside = forward[..before].last().map_or(0, |zone| zone.1);
        (cluster.last_begin.max(inside), 1)
    };
    let mut order: Vec<_> = (0u32..)
        .zip(&subject.ops)
        .filter(|(_, op)| op.begin <= until)
        .filter_map(|(at, op)| match op.action {
            Action::Write(value) => {
                let cluster = &clusters[value as usize];
                cluster.counts().then(|| (moment(cluster), value, 0, at))
            }
            Action::Is(value) if op.end <= until => {
                Some((moment(&clusters[value as usize]), value, op.begin, at))
            }
            _ => None,
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, _, at)| at).collect()
}
