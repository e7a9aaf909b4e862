//! Holds back what a node says until what it wrote before is durable.

use std::collections::VecDeque;

use glomers_node::{Cx, Disk, DiskError, Effect, NodeId, Payload, SyncId};

/// Messages that wait for syncs, and the syncs. A node that promises only what it
/// will remember calls [`Outbox::wrote`] when it has written, [`Outbox::synced`] when
/// a sync is done, and after each input [`Outbox::sync`] and [`Outbox::hold`].
///
/// One sync is under way at most. What is written meanwhile shares the next one:
/// a disk does one sync after another, so a node that asks for one per message
/// falls behind for good as soon as messages come faster than syncs are done.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The sync under way.
    under_way: Option<SyncId>,
    /// Something was written after that was asked for.
    is_dirty: bool,
    /// How many syncs were asked for.
    asked: u64,
    /// What waits, each with the number of the sync that it waits for.
    held: VecDeque<(u64, NodeId, Payload)>,
    /// Nothing can be written, so nothing is said.
    is_mute: bool,
}

impl Outbox {
    /// Something was written that must be durable before the node says more.
    pub fn wrote(&mut self) {
        self.is_dirty = true;
    }

    /// Asks for a sync if something was written and none is under way.
    ///
    /// # Errors
    /// If the disk refuses; the next call tries again.
    pub fn sync(&mut self, disk: &mut dyn Disk) -> Result<(), DiskError> {
        if self.is_dirty && self.under_way.is_none() {
            self.under_way = Some(disk.sync()?);
            self.asked += 1;
            self.is_dirty = false;
        }
        Ok(())
    }

    /// What is said while the disk fails is dropped, as if the network lost it.
    pub fn set_mute(&mut self, is_mute: bool) {
        self.is_mute = is_mute;
    }

    /// A sync is done.
    pub fn synced(&mut self, sync: SyncId) {
        self.under_way.take_if(|under_way| *under_way <= sync);
    }

    /// Says what no longer waits, then what this input made the node say, unless
    /// that has to wait.
    pub fn hold(&mut self, cx: &mut Cx) {
        let waits = self.is_dirty || self.under_way.is_some();
        if !waits && !self.is_mute && self.held.is_empty() {
            return;
        }
        let new = cx.take_effects();
        let done = self.asked - u64::from(self.under_way.is_some());
        while let Some((_, dest, payload)) = self.held.pop_front_if(|(held, ..)| *held <= done) {
            cx.send_payload(&dest, payload);
        }
        let sync = self.asked + u64::from(self.is_dirty);
        for effect in new {
            match effect {
                Effect::Send { .. } if self.is_mute => {}
                Effect::Send { dest, payload } if waits => {
                    self.held.push_back((sync, dest, payload));
                }
                Effect::Send { dest, payload } => cx.send_payload(&dest, payload),
                Effect::Mark { label, value } => cx.mark(label, value),
                Effect::Log(line) => cx.log(line),
                other => unreachable!("effects of another kind are not made by nodes: {other:?}"),
            }
        }
    }
}
