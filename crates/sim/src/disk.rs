//! The disk of a simulated node: it outlives the node's incarnations, takes time
//! to sync, and loses at a kill what was not synced.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use glomers_history::Time;
use glomers_node::{DiskCall, DiskError, MemoryDisk, SyncId};
use serde::{Deserialize, Serialize};

use crate::draws::{Draws, Purpose};
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
    node: u32,
    sync_time: ServiceTime,
    /// Syncs under way and when they will be done.
    syncs: VecDeque<(Time, SyncId)>,
    sync_count: u64,
    crash_count: u64,
    slowness: u32,
    /// Calls so far that might fail, counted over all faults.
    calls: Rc<RefCell<u64>>,
}

impl SimulatedDisk {
    pub(crate) fn new(seed: u64, node: u32, sync_time: ServiceTime) -> SimulatedDisk {
        SimulatedDisk {
            disk: MemoryDisk::new(),
            seed,
            node,
            sync_time,
            syncs: VecDeque::new(),
            sync_count: 0,
            crash_count: 0,
            slowness: 1,
            calls: Rc::default(),
        }
    }

    /// What the node gets.
    pub(crate) fn handle(&self) -> MemoryDisk {
        self.disk.clone()
    }

    /// Begins what the node has asked for.
    pub(crate) fn begin_syncs(&mut self, now: Time) {
        if !self.disk.has_syncs() {
            return;
        }
        for sync in self.disk.take_syncs() {
            // One after another, as a disk does them.
            let begin = self.syncs.back().map_or(now, |(done, _)| now.max(*done));
            let duration = match self.sync_time {
                ServiceTime::Off => 0,
                ServiceTime::Exponential { mean } => {
                    let (node, count) = (self.node.into(), self.sync_count);
                    let mut draws = Draws::keyed(self.seed, Purpose::Sync, node, count, 0);
                    draws.exponential(mean as f64) as u64
                }
            };
            self.sync_count += 1;
            let done = begin.0.saturating_add(duration.saturating_mul(self.slowness.into()));
            self.syncs.push_back((Time(done), sync));
        }
    }

    /// When the next sync is done.
    pub(crate) fn next_done(&self) -> Option<Time> {
        self.syncs.front().map(|(done, _)| *done)
    }

    /// When all syncs that are under way will be done.
    pub(crate) fn all_done(&self) -> impl Iterator<Item = Time> + '_ {
        self.syncs.iter().map(|(done, _)| *done)
    }

    /// Takes a sync that is done by now.
    pub(crate) fn take_done(&mut self, now: Time) -> Option<SyncId> {
        let (_, sync) = self.syncs.pop_front_if(|(done, _)| *done <= now)?;
        self.disk.complete(sync);
        Some(sync)
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
        let (node, count) = (self.node.into(), self.crash_count);
        let mut draws = Draws::keyed(self.seed, Purpose::Crash, node, count, 0);
        self.crash_count += 1;
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

    /// Something is wrong with the disk from now on, or no longer.
    pub(crate) fn set_condition(&mut self, condition: Option<DiskCondition>) {
        self.slowness = 1;
        self.disk.set_fault(None);
        match condition {
            None => {}
            Some(DiskCondition::Slow { factor }) => self.slowness = factor.max(1),
            Some(DiskCondition::Full) => self.disk.set_fault(Some(Box::new(|call| match call {
                DiskCall::Append | DiskCall::Put => Some(DiskError::Full),
                _ => None,
            }))),
            Some(DiskCondition::Failing { percent }) => {
                let (seed, node, calls) = (self.seed, self.node, self.calls.clone());
                self.disk.set_fault(Some(Box::new(move |call| {
                    if matches!(call, DiskCall::Get | DiskCall::List) {
                        return None;
                    }
                    let mut count = calls.borrow_mut();
                    *count += 1;
                    let mut draws = Draws::keyed(seed, Purpose::DiskError, node.into(), *count, 0);
                    (draws.below(100) < u64::from(percent))
                        .then(|| DiskError::Failed("simulated input/output error".to_owned()))
                })));
            }
        }
    }
}
