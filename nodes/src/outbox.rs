//! Holds back what a node says until what it wrote before is durable.

use std::collections::VecDeque;

use glomers_node::{Cx, Effect, NodeId, Payload, SyncId};

/// Messages that wait for syncs. A node that promises only what it will remember
/// calls [`Outbox::hold`] after each input.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The last sync that was asked for and is not done.
    awaited: Option<SyncId>,
    held: VecDeque<(SyncId, NodeId, Payload)>,
    /// Nothing can be written, so nothing is said.
    is_mute: bool,
}

impl Outbox {
    /// Whatever is said from now on waits for this sync.
    pub fn wait_for(&mut self, sync: SyncId) {
        self.awaited = Some(sync);
    }

    /// What is said while the disk fails is dropped, as if the network lost it.
    pub fn set_mute(&mut self, is_mute: bool) {
        self.is_mute = is_mute;
    }

    /// Takes what this input made the node say, if it has to wait.
    pub fn hold(&mut self, cx: &mut Cx) {
        if self.awaited.is_none() && !self.is_mute {
            return;
        }
        for effect in cx.take_effects() {
            match effect {
                Effect::Send { .. } if self.is_mute => {}
                Effect::Send { dest, payload } => match self.awaited {
                    Some(sync) => self.held.push_back((sync, dest, payload)),
                    None => cx.send_payload(&dest, payload),
                },
                Effect::Mark { label, value } => cx.mark(label, value),
                Effect::Log(line) => cx.log(line),
                other => unreachable!("effects of another kind are not made by nodes: {other:?}"),
            }
        }
    }

    /// A sync is done: says what waited for it. To be called before the node
    /// says anything else.
    pub fn synced(&mut self, sync: SyncId, cx: &mut Cx) {
        self.awaited.take_if(|awaited| *awaited <= sync);
        while let Some((_, dest, payload)) = self.held.pop_front_if(|(held, ..)| *held <= sync) {
            cx.send_payload(&dest, payload);
        }
    }
}
