//! The disk of a simulated node: it outlives the node's incarnations, takes time
//! to sync, and loses at a kill what was not synced.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use glomers_history::Time;
use glomers_node::key::of_name;
use glomers_node::{DiskCall, DiskError, MemoryDisk, SyncId};
use serde::{Deserialize, Serialize};

use crate::draws::{Draws, Origin, Purpose};
use crate::plan::ServiceTime;

/// What is wrong with a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskCondition {
    /// Syncs take so many times as long.
    Slow {
        /// How many times.
        factor: u32,
    },
    /// Nothing more can be written.
    Full,
    /// Writes and syncs fail, each with this probability.
    Failing {
        /// In percent.
        percent: u32,
    },
}

impl DiskCondition {
    /// Its name in histories.
    pub fn name(self) -> &'static str {
        match self {
            DiskCondition::Slow { .. } => "slow",
            DiskCondition::Full => "full",
            DiskCondition::Failing { .. } => "failing",
        }
    }
}

/// A node's disk and what is still under way on it.
#[derive(Debug)]
pub(crate) struct SimulatedDisk {
    disk: MemoryDisk,
    seed: u64,
    /// The key of the node's name.
    node: u64,
    sync_time: ServiceTime,
    /// Syncs under way, which are done one after another.
    syncs: VecDeque<Sync>,
    /// Until when the work on them has been counted.
    counted: Time,
    slowness: u32,
    /// Whether anything was ever wrong with it. If not, there is nothing to remember of
    /// steps and to tell of troubles, which saves each step the look.
    is_marked: bool,
    /// The key of the node's present step, and its calls so far that might fail.
    step: Rc<Cell<(u64, u64)>>,
    /// Writes and syncs that were slowed or refused, and not told yet.
    trouble: Rc<Cell<u64>>,
}

/// A sync under way.
#[derive(Debug)]
struct Sync {
    id: SyncId,
    key: u64,
    asked: Time,
    /// What is left of it, in ns of a disk that is not slow.
    left: u64,
}

impl SimulatedDisk {
    pub(crate) fn new(seed: u64, node: &str, sync_time: ServiceTime) -> SimulatedDisk {
        SimulatedDisk {
            disk: MemoryDisk::new(),
            seed,
            node: of_name(node),
            sync_time,
            syncs: VecDeque::new(),
            counted: Time::ZERO,
            slowness: 1,
            is_marked: false,
            step: Rc::default(),
            trouble: Rc::default(),
        }
    }

    /// What the node gets.
    pub(crate) fn handle(&self) -> MemoryDisk {
        self.disk.clone()
    }

    /// The node begins a step of this key.
    pub(crate) fn begin_step(&self, key: u64) {
        if self.is_marked {
            self.step.set((key, 0));
        }
    }

    /// Begins what the node has asked for in a step of this key.
    pub(crate) fn begin_syncs(&mut self, now: Time, step: u64) {
        if !self.disk.has_syncs() {
            return;
        }
        for (number, sync) in (0..).zip(self.disk.take_syncs()) {
            let key = Origin::Sync.key(step, number);
            let left = match self.sync_time {
                ServiceTime::Off => 0,
                ServiceTime::Exponential { mean } => {
                    let mut draws = Draws::keyed(self.seed, Purpose::Sync, key, 0, 0);
                    draws.exponential(mean as f64) as u64
                }
            };
            if self.slowness > 1 && left > 0 {
                self.trouble.set(self.trouble.get() + 1);
            }
            self.syncs.push_back(Sync { id: sync, key, asked: now, left });
        }
    }

    /// How many writes and syncs were slowed or refused since the last call.
    pub(crate) fn take_trouble(&self) -> u64 {
        if self.is_marked { self.trouble.take() } else { 0 }
    }

    /// When the next sync is done.
    pub(crate) fn next_done(&self) -> Option<Time> {
        if self.syncs.is_empty() { None } else { self.all_done().next() }
    }

    /// When all syncs that are under way will be done.
    pub(crate) fn all_done(&self) -> impl Iterator<Item = Time> + '_ {
        self.syncs.iter().scan(self.counted, |done, sync| {
            let took = sync.left.saturating_mul(self.slowness.into());
            *done = Time(sync.asked.max(*done).0.saturating_add(took));
            Some(*done)
        })
    }

    /// Takes a sync that is done by now, and its key.
    pub(crate) fn take_done(&mut self, now: Time) -> Option<(SyncId, u64)> {
        let done = self.next_done().filter(|done| *done <= now)?;
        let sync = self.syncs.pop_front()?;
        self.counted = done;
        self.disk.complete(sync.id);
        Some((sync.id, sync.key))
    }

    /// The node is killed. Half of the time all that was not synced is gone; else
    /// the first few of those writes are left, and the last may be torn. How many
    /// writes are gone.
    pub(crate) fn crash(&mut self, now: Time) -> u64 {
        while self.take_done(now).is_some() {}
        self.syncs.clear();
        let unsynced = self.disk.unsynced();
        if unsynced == 0 {
            self.disk.crash(0, 0);
            return 0;
        }
        let mut draws = Draws::keyed(self.seed, Purpose::Crash, self.node, now.0, 0);
        let survivors = match draws.below(2) {
            0 => 0,
            _ => draws.below(unsynced as u64) as usize,
        };
        let torn = match draws.below(2) {
            0 => 0,
            _ => draws.below(64) as usize,
        };
        self.disk.crash(survivors, torn);
        (unsynced - survivors) as u64
    }

    /// Something is wrong with the disk from now on, or no longer. What is under way
    /// goes on at the new speed.
    pub(crate) fn set_condition(&mut self, condition: Option<DiskCondition>, now: Time) {
        if let Some(sync) = self.syncs.front_mut() {
            let begun = sync.asked.max(self.counted);
            let worked = now.0.saturating_sub(begun.0) / u64::from(self.slowness);
            sync.left = sync.left.saturating_sub(worked);
            self.counted = begun.max(now);
        }
        self.slowness = 1;
        self.is_marked |= condition.is_some();
        self.disk.set_fault(None);
        match condition {
            None => {}
            Some(DiskCondition::Slow { factor }) => {
                self.slowness = factor.max(1);
                let slowed = self.syncs.iter().filter(|sync| self.slowness > 1 && sync.left > 0);
                self.trouble.set(self.trouble.get() + slowed.count() as u64);
            }
            Some(DiskCondition::Full) => {
                let trouble = self.trouble.clone();
                self.disk.set_fault(Some(Box::new(move |call| match call {
                    DiskCall::Append | DiskCall::Put => {
                        trouble.set(trouble.get() + 1);
                        Some(DiskError::Full)
                    }
                    _ => None,
                })));
            }
            Some(DiskCondition::Failing { percent }) => {
                let (seed, step) = (self.seed, self.step.clone());
                let trouble = self.trouble.clone();
                self.disk.set_fault(Some(Box::new(move |call| {
                    if matches!(call, DiskCall::Get | DiskCall::List) {
                        return None;
                    }
                    let (key, count) = step.get();
                    step.set((key, count + 1));
                    let mut draws = Draws::keyed(seed, Purpose::DiskError, key, count, 0);
                    (draws.below(100) < u64::from(percent)).then(|| {
                        trouble.set(trouble.get() + 1);
                        DiskError::Failed("simulated input/output error".to_owned())
                    })
                })));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::SECOND;
    use glomers_node::Disk;

    use super::*;

    #[test]
    fn syncs_under_way_speed_up_when_the_disk_is_mended() {
        let mut disk = SimulatedDisk::new(1, "n0", ServiceTime::Exponential { mean: SECOND });
        for _ in 0..3 {
            disk.handle().sync().unwrap();
        }
        disk.begin_syncs(Time(SECOND), 1);
        let planned: Vec<Time> = disk.all_done().collect();
        disk.set_condition(Some(DiskCondition::Slow { factor: 100 }), Time(SECOND));
        let slow: Vec<Time> = disk.all_done().collect();
        let hundredfold = |done: &Time| Time(SECOND + 100 * (done.0 - SECOND));
        assert_eq!(slow, planned.iter().map(hundredfold).collect::<Vec<_>>());

        // Half of the first is done when the disk is mended.
        let half = (planned[0].0 - SECOND) / 2;
        let mended = SECOND + 100 * half;
        disk.set_condition(None, Time(mended));
        let fast: Vec<Time> = disk.all_done().collect();
        let shifted = |done: &Time| Time(done.0 - SECOND - half + mended);
        assert_eq!(fast, planned.iter().map(shifted).collect::<Vec<_>>());
        assert_eq!(disk.next_done(), Some(fast[0]));
        assert!(disk.take_done(Time(fast[0].0 - 1)).is_none());
        assert!(disk.take_done(fast[0]).is_some() && disk.next_done() == Some(fast[1]));
    }
}
