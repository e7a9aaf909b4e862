//! What faults do to messages between nodes, besides cutting their links. Cold: the
//! code that runs for every message is faster when this stands apart.

use glomers_history::Event;
use glomers_history::journal::{Disturbance, DropReason};

use super::Engine;
use super::links::Fate;
use super::network::InFlight;
use crate::draws::{Draws, Origin, Purpose};
use crate::faults::{Fault, LinkSet, Passage};
use crate::latency::Latency;

/// Which faults of messages are on, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Disturbances(Vec<(u32, Fault, LinkSet)>);

/// How a message that faults touched and did not lose gets through. Times in ns.
pub(super) struct Touched {
    pub(super) latency: u64,
    /// A copy comes, too, and takes so long.
    pub(super) copy: Option<u64>,
    disturbances: Vec<Disturbance>,
}

impl Fate {
    /// The same with a copy that takes so long, unless there is nothing to copy.
    pub(super) fn doubled(self, copy: u64) -> Fate {
        let (latency, mut disturbances) = match self {
            Fate::Arrives(latency) => (latency, Vec::new()),
            Fate::Disturbed(touched) => (touched.latency, touched.disturbances),
            lost @ Fate::Lost(_) => return lost,
        };
        disturbances.push(Disturbance::Doubled);
        Fate::Disturbed(Touched { latency, copy: Some(copy), disturbances })
    }
}

impl Disturbances {
    pub(super) fn are_on(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn begin(&mut self, id: u32, fault: Fault, links: LinkSet) {
        self.0.push((id, fault, links));
    }

    /// A fault is over, if it is one of these.
    pub(super) fn end(&mut self, id: u32) {
        self.0.retain(|(of, ..)| *of != id);
    }

    /// What becomes of a message that would take `nanos`. `latency` is the rule
    /// of its link, `draws` gives the streams of this message for each fault.
    #[cold]
    pub(super) fn fate(
        &self,
        src: u32,
        dest: u32,
        nanos: u64,
        latency: Latency,
        draws: &dyn Fn(Purpose, u32) -> Draws,
    ) -> Fate {
        let mut passage = Passage::new(nanos, latency, draws);
        for (id, fault, _) in self.0.iter().filter(|(.., links)| links.contains(src, dest)) {
            passage.fault = *id;
            fault.pass(&mut passage);
            if passage.is_lost {
                return Fate::Lost(DropReason::Fault);
            }
        }
        let latency = passage.latency.saturating_add(passage.held_up);
        let copy = passage.copy.map(|copy| copy.saturating_add(passage.copy_held_up));
        let disturbances = passage.disturbances;
        if disturbances.is_empty() {
            return Fate::Arrives(latency);
        }
        Fate::Disturbed(Touched { latency, copy, disturbances })
    }
}

impl Engine<'_> {
    /// Notes what faults did to a message, and sends its copy, if that comes, too.
    #[cold]
    pub(super) fn disturbed(&mut self, mut message: InFlight, touched: &Touched) {
        for &how in &touched.disturbances {
            self.events.tell(self.now, &Event::Disturbed(message.told(), how));
        }
        if let Some(copy) = touched.copy {
            message.due = self.after(copy);
            message.key = Origin::Copy.key(message.key, 0);
            self.travels(message);
        }
    }

    /// The time that a node takes for a message while some nodes are slow.
    #[cold]
    pub(super) fn slowed(&mut self, node: u32, key: u32, service: u64) -> u64 {
        let factor = self.cluster.slow.as_ref().map_or(1, |factors| factors[node as usize]);
        if factor == 1 {
            return service;
        }
        self.tell_disturbance(key, Disturbance::SlowNode);
        service.saturating_mul(factor)
    }

    /// A message waits at its receiver, which is paused.
    #[cold]
    pub(super) fn waits(&mut self, key: u32) {
        self.tell_disturbance(key, Disturbance::Waited);
    }

    fn tell_disturbance(&mut self, key: u32, how: Disturbance) {
        let message = self.network.in_flight[key as usize].told();
        self.events.tell(self.now, &Event::Disturbed(message, how));
    }

    pub(super) fn clock_read(&mut self, node: u32, incarnation: u32) {
        if self.is_current(node, incarnation) && self.faults.has_wrong_clock(node) {
            self.events.tell(self.now, &Event::ClockRead(self.cluster.named(node)));
        }
    }
}
