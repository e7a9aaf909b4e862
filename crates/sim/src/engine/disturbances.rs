//! What faults do to messages between nodes, beside cutting their links. Cold: the
//! code that runs for every message is faster without this in its midst.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Event, MILLISECOND};

use super::network::{Fate, InFlight};
use super::{Engine, named};
use crate::draws::{Draws, Origin, Purpose};
use crate::faults::{Duplicate, LinkSet, Loss, Reorder, SlowLinks};
use crate::plan::Latency;

/// A fault that is on, and the links that it hits.
type On<T> = Option<(T, LinkSet)>;

/// Which faults of the network are on.
#[derive(Debug, Default)]
pub(super) struct Disturbances {
    pub(super) loss: On<Loss>,
    pub(super) duplicate: On<Duplicate>,
    pub(super) reorder: On<Reorder>,
    pub(super) slow: On<SlowLinks>,
}

/// How a message that is not lost gets through. Times in ns.
pub(super) struct Passage {
    pub(super) latency: u64,
    /// A copy comes, too, and takes so long.
    pub(super) copy: Option<u64>,
    is_delayed: bool,
    is_slow: bool,
}

/// The fault, if it is on and hits the link.
fn on_link<T>(fault: &On<T>, src: u32, dest: u32) -> Option<&T> {
    fault.as_ref().filter(|(_, links)| links.contains(src, dest)).map(|(fault, _)| fault)
}

impl Disturbances {
    pub(super) fn are_on(&self) -> bool {
        self.loss.is_some()
            || self.duplicate.is_some()
            || self.reorder.is_some()
            || self.slow.is_some()
    }

    /// What becomes of a message that would take `nanos`. `latency` is the rule
    /// of its link, `draws` gives the streams of this message.
    #[cold]
    pub(super) fn fate(
        &self,
        src: u32,
        dest: u32,
        nanos: u64,
        latency: Latency,
        draws: impl Fn(Purpose) -> Draws,
    ) -> Fate {
        if let Some(loss) = on_link(&self.loss, src, dest)
            && draws(Purpose::FaultLoss).unit() < loss.probability
        {
            return Fate::Lost(DropReason::Fault);
        }
        let slow = on_link(&self.slow, src, dest);
        let slowed = |nanos: u64| match slow {
            Some(slow) => nanos.saturating_mul(slow.factor.into()).saturating_add(slow.extra),
            None => nanos,
        };
        let mut passage = Passage {
            latency: slowed(nanos),
            copy: None,
            is_delayed: false,
            is_slow: slow.is_some(),
        };
        if let Some(duplicate) = on_link(&self.duplicate, src, dest) {
            let mut stream = draws(Purpose::Duplicate);
            if stream.unit() < duplicate.probability {
                let later = stream.below(duplicate.most.saturating_add(1));
                let own = latency.draw(|| stream) * MILLISECOND;
                passage.copy = Some(slowed(own).saturating_add(later));
            }
        }
        if let Some(reorder) = on_link(&self.reorder, src, dest) {
            let mut stream = draws(Purpose::Reorder);
            if stream.unit() < reorder.probability {
                let held_up = 1 + stream.below(reorder.most.max(1));
                passage.latency = passage.latency.saturating_add(held_up);
                passage.is_delayed = true;
            }
        }
        Fate::Disturbed(passage)
    }
}

impl Engine<'_> {
    /// Notes what faults did to a message, and sends its copy, if that comes, too.
    #[cold]
    pub(super) fn disturbed(&mut self, mut message: InFlight, passage: &Passage) {
        let all = [
            (passage.copy.is_some(), Disturbance::Doubled),
            (passage.is_delayed, Disturbance::Delayed),
            (passage.is_slow, Disturbance::SlowLink),
        ];
        for (_, how) in all.into_iter().filter(|(is_so, _)| *is_so) {
            self.events.tell(self.now, &Event::Disturbed(message.told(), how));
        }
        if let Some(copy) = passage.copy {
            message.due = self.after(copy);
            message.key = Origin::Copy.key(message.key, 0);
            self.travels(message);
        }
    }

    /// The time that a node takes for a message while some nodes are slow.
    #[cold]
    pub(super) fn slowed(&mut self, node: u32, key: u32, service: u64) -> u64 {
        let Some(slow) = &self.slow_nodes else { return service };
        if !slow.places.contains(node as usize) {
            return service;
        }
        let factor = u64::from(slow.factor);
        self.tell_disturbance(key, Disturbance::SlowNode);
        service.saturating_mul(factor)
    }

    /// A message waits at its receiver, which is paused.
    #[cold]
    pub(super) fn waits(&mut self, key: u32) {
        self.tell_disturbance(key, Disturbance::Waited);
    }

    fn tell_disturbance(&mut self, key: u32, how: Disturbance) {
        let message = self.in_flight[key as usize].told();
        self.events.tell(self.now, &Event::Disturbed(message, how));
    }

    pub(super) fn clock_read(&mut self, node: u32, incarnation: u32) {
        if self.is_current(node, incarnation) && self.wrong_clocks.contains(&node) {
            self.events.tell(self.now, &Event::ClockRead(named(&self.names, node)));
        }
    }
}
