//! What happens to a message from its sending to its arrival.

use glomers_history::journal::DropReason;
use glomers_history::{Endpoint, Event, MILLISECOND, Message, Time};
use glomers_node::{NodeId, Payload};

use super::Engine;
use super::clients::ClientSlot;
use super::disturbances::{Disturbances, Touched};
use super::link_counts::{LinkCounts, Place};
use crate::draws::{Draws, Origin, Purpose, message_key};
use crate::driving::Command;
use crate::plan::{
    Distribution, Inbox, Latency, MessageName, MessageOverride, OverrideAction, Plan, Wire,
};
use crate::queue::Due;
use crate::services::{SERVICES, Services};

/// A message on its way.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: u64,
    pub(super) src: Endpoint,
    /// What draws about it are keyed by, and what it causes.
    pub(super) key: u64,
    /// In whose name: that of `src`, unless a node speaks for another.
    pub(super) name: Endpoint,
    pub(super) dest: Endpoint,
    pub(super) due: Time,
    /// Which incarnation of the receiver it was sent to: what is on its way to a
    /// node when that is killed does not reach the next. Of a message to a service
    /// which incarnation of a node sent it.
    pub(super) incarnation: u32,
    /// A service's answer to what this very incarnation asked.
    pub(super) is_asked_for: bool,
    pub(super) payload: Payload,
}

impl InFlight {
    /// As events tell of it.
    pub(super) fn told(&self) -> Message<'_> {
        Message { id: self.id, src: self.src, dest: self.dest, payload: &self.payload }
    }
}

/// What the Plan says about links, and how many messages each carried.
pub(super) struct LinkTable {
    seed: u64,
    latency: Latency,
    loss: f64,
    nodes: u32,
    /// Whether the links of services are as those between nodes.
    has_services: bool,
    rules: Vec<crate::plan::LinkRule>,
    overrides: Vec<MessageOverride>,
    /// Unless faults are on, all messages between nodes take the same time.
    is_plain: bool,
    pub(super) counts: LinkCounts,
    pub(super) disturbances: Disturbances,
}

/// What is in store for one message; the latency in ns.
pub(super) enum Fate {
    Arrives(u64),
    Lost(DropReason),
    Disturbed(Touched),
}

impl LinkTable {
    pub(super) fn new(plan: &Plan) -> LinkTable {
        let is_plain = plan.latency.distribution == Distribution::Constant
            && plan.loss <= 0.0
            && plan.links.is_empty()
            && plan.overrides.is_empty();
        LinkTable {
            seed: plan.seed,
            latency: plan.latency,
            loss: plan.loss,
            nodes: plan.nodes.len() as u32,
            has_services: plan.fault_services,
            is_plain,
            rules: plan.links.clone(),
            overrides: plan.overrides.clone(),
            counts: LinkCounts::new(plan.nodes.len()),
            disturbances: Disturbances::default(),
        }
    }

    /// As [`LinkTable::fate`], where one end is a service.
    fn fate_of_service(&self, src: u32, dest: u32, key: u64, of_all: u64) -> Fate {
        if self.has_services { self.fate(src, dest, key, of_all) } else { self.latency(key) }
    }

    /// The place of somebody on the network, from its number in the keys of links.
    fn place(&self, key: u32) -> u32 {
        match u32::MAX - key {
            service if service < SERVICES.len() as u32 => self.nodes + service,
            _ => key,
        }
    }

    /// As [`LinkTable::fate`], for links that lose nothing.
    fn latency(&self, key: u64) -> Fate {
        let draws = || Draws::keyed(self.seed, Purpose::Latency, key, 0, 0);
        Fate::Arrives(self.latency.draw(draws) * MILLISECOND)
    }

    /// What becomes of a message: `key` is its own, and its link has carried `of_all`
    /// before it.
    #[inline]
    fn fate(&self, src: u32, dest: u32, key: u64, of_all: u64) -> Fate {
        if !self.is_plain || self.disturbances.are_on() {
            return self.drawn(src, dest, key, of_all);
        }
        Fate::Arrives(self.latency.mean_ms * MILLISECOND)
    }

    /// What a message draws. Not inlined: most runs draw nothing, and `send` is shorter
    /// without it.
    #[inline(never)]
    fn drawn(&self, src: u32, dest: u32, key: u64, of_all: u64) -> Fate {
        let exception = self.overrides.iter().find(|one| match one.message {
            MessageName::Nth { src: from, dest: to, count } => {
                (from, to, count) == (src, dest, of_all)
            }
            MessageName::Key(other) => other == key,
        });
        match exception.map(|one| one.action) {
            Some(OverrideAction::Drop) => return Fate::Lost(DropReason::Override),
            Some(OverrideAction::Delay(nanos)) => return Fate::Arrives(nanos),
            None => {}
        }
        let (mut latency, mut loss) = (self.latency, self.loss);
        for rule in &self.rules {
            let fits = |place: Option<u32>, node| place.is_none_or(|place| place == node);
            if fits(rule.src, src) && fits(rule.dest, dest) {
                latency = rule.latency.unwrap_or(latency);
                loss = rule.loss.unwrap_or(loss);
            }
        }
        let draws =
            |purpose, fault: u32| Draws::keyed(self.seed, purpose, key, u64::from(fault), 0);
        if loss > 0.0 && draws(Purpose::Loss, 0).unit() < loss {
            return Fate::Lost(DropReason::Loss);
        }
        let nanos = latency.draw(|| draws(Purpose::Latency, 0)) * MILLISECOND;
        if !self.disturbances.are_on() {
            return Fate::Arrives(nanos);
        }
        let (src, dest) = (self.place(src), self.place(dest));
        self.disturbances.fate(src, dest, nanos, latency, &draws)
    }
}

/// The name of somebody.
pub(super) fn name_in<'a>(
    names: &'a [NodeId],
    clients: &'a [ClientSlot],
    services: &'a Services,
    end: Endpoint,
) -> &'a NodeId {
    match end {
        Endpoint::Node(place) => &names[place as usize],
        Endpoint::Client(number) => &clients[number as usize].name,
        Endpoint::Service(place) => &services.names[place as usize],
    }
}

/// The number of a service in the keys of links, where it must not be that of a
/// node.
fn service_key(service: u32) -> u32 {
    u32::MAX - service
}

impl Latency {
    /// A latency in whole ms.
    pub(crate) fn draw(self, draws: impl FnOnce() -> Draws) -> u64 {
        if self.mean_ms == 0 {
            return 0;
        }
        match self.distribution {
            Distribution::Constant => self.mean_ms,
            Distribution::Uniform => draws().below(2 * self.mean_ms),
            Distribution::Exponential => draws().exponential(self.mean_ms as f64) as u64,
        }
    }
}

impl Engine<'_> {
    /// A node sends something to somebody it knows by name, in a step that `cause` is
    /// the key of.
    pub(super) fn node_sends(&mut self, node: u32, dest: &NodeId, payload: Payload, cause: u64) {
        match self.endpoint(dest) {
            Some(dest) => self.send(Endpoint::Node(node), dest, payload, cause),
            None => self.blame_destination(node, dest, &payload),
        }
    }

    /// Who has this name, if anybody has or had.
    pub(super) fn endpoint(&self, name: &str) -> Option<Endpoint> {
        if let Some(number) = name.strip_prefix('c') {
            let client = self.client_of(number.parse().ok()?)?;
            // `c007` is nobody.
            return (*self.clients[client as usize].name == *name)
                .then_some(Endpoint::Client(client));
        }
        // Nearly all names are n and the place.
        if let Some(place) = name.strip_prefix('n').and_then(|place| place.parse::<u32>().ok())
            && self.names.get(place as usize).is_some_and(|at| **at == *name)
        {
            return Some(Endpoint::Node(place));
        }
        if let Some(&place) = self.places.get(name) {
            return Some(Endpoint::Node(place));
        }
        Services::place(name).map(Endpoint::Service)
    }

    /// Sends a message; `cause` is the key of the step that does.
    pub(super) fn send(&mut self, src: Endpoint, dest: Endpoint, payload: Payload, cause: u64) {
        self.post(src, src, dest, payload, cause, false);
    }

    /// What the receivers of messages add to their keys.
    fn receiver_key(&self, dest: Endpoint) -> u64 {
        match dest {
            Endpoint::Node(node) => self.name_keys[node as usize],
            Endpoint::Client(client) => 1 << 32 | u64::from(client),
            Endpoint::Service(service) => 1 << 33 | u64::from(service),
        }
    }

    /// What caused a message of a process that does not say so itself: what it replies
    /// to, or else all that it sent there before.
    pub(super) fn cause_of_line(&self, src: u32, payload: &Payload) -> u64 {
        let own = self.name_keys[src as usize];
        match payload.header().in_reply_to {
            Some(id) => Origin::Reply.key(own, id),
            None => Origin::Line.key(own, 0),
        }
    }

    /// Sends a message in the name of another.
    pub(super) fn send_as(
        &mut self,
        src: Endpoint,
        name: Endpoint,
        dest: Endpoint,
        payload: Payload,
        cause: u64,
    ) {
        self.post(src, name, dest, payload, cause, false);
    }

    fn post(
        &mut self,
        src: Endpoint,
        name_of: Endpoint,
        dest: Endpoint,
        payload: Payload,
        cause: u64,
        is_asked_for: bool,
    ) {
        let payload = match self.plan.wire {
            Wire::Typed => payload,
            Wire::Json => payload.into_json(),
        };
        let id = self.next_message_id;
        self.next_message_id += 1;
        let name = |end| name_in(&self.names, &self.clients, &self.services, end);
        let (src_name, dest_name) = (name(src), name(dest));
        let message = Message { id, src, dest, payload: &payload };
        let sent = Event::Sent { message, src: src_name, dest: dest_name };
        self.events.tell(self.now, &sent);

        let receiver = self.receiver_key(dest);
        let (key, fate) = match (src, dest) {
            (Endpoint::Node(src), Endpoint::Node(dest)) => {
                let Place { of_all, of_cause } = self.links.counts.count(src, dest, cause);
                let key = message_key(cause, receiver, of_cause);
                (key, self.links.fate(src, dest, key, of_all))
            }
            (Endpoint::Node(src), Endpoint::Service(dest)) => {
                let dest = service_key(dest);
                let Place { of_all, of_cause } = self.links.counts.count(src, dest, cause);
                let key = message_key(cause, receiver, of_cause);
                (key, self.links.fate_of_service(src, dest, key, of_all))
            }
            (Endpoint::Service(src), Endpoint::Node(dest)) => {
                let src = service_key(src);
                let Place { of_all, of_cause } = self.links.counts.count(src, dest, cause);
                let key = message_key(cause, receiver, of_cause);
                (key, self.links.fate_of_service(src, dest, key, of_all))
            }
            // Clients sit beside their node.
            _ => (message_key(cause, receiver, 0), Fate::Arrives(0)),
        };
        let incarnation = match dest {
            Endpoint::Node(node) if self.nodes[node as usize].is_up => {
                self.nodes[node as usize].incarnation
            }
            // What is sent to a node that is down does not reach a later one.
            Endpoint::Node(_) => u32::MAX,
            Endpoint::Service(_) => match src {
                Endpoint::Node(node) => self.nodes[node as usize].incarnation,
                _ => 0,
            },
            Endpoint::Client(_) => 0,
        };
        let message = |due, payload| InFlight {
            id,
            src,
            key,
            name: name_of,
            dest,
            due,
            incarnation,
            is_asked_for,
            payload,
        };
        let latency = match fate {
            Fate::Arrives(latency) => latency,
            Fate::Lost(reason) => return self.drop_message(message(self.now, payload), reason),
            Fate::Disturbed(touched) => {
                self.disturbed(message(self.now, payload.clone()), &touched);
                touched.latency
            }
        };
        self.travels(message(self.after(latency), payload));
    }

    /// When something is due that takes so many ns.
    pub(super) fn after(&self, nanos: u64) -> Time {
        Time(self.now.0.saturating_add(nanos))
    }

    /// A message is on its way until it is due. Always inlined, so that `send`
    /// makes the message where it stays instead of copying it there.
    #[inline(always)]
    pub(super) fn travels(&mut self, message: InFlight) {
        let (due, dest) = (message.due, message.dest);
        if let (Inbox::Maelstrom, Endpoint::Node(node)) = (self.plan.inbox, dest) {
            return self.queue_as_maelstrom(node, message);
        }
        let key = self.in_flight.insert(message) as u32;
        self.schedule(due, Due::Arrive(key));
    }

    pub(super) fn arrive(&mut self, key: u32) {
        match self.in_flight[key as usize].dest {
            Endpoint::Client(client) => {
                let message = self.in_flight.remove(key as usize);
                self.client_receives(client, message);
            }
            Endpoint::Node(node) => self.node_receives(node, key),
            Endpoint::Service(service) => self.service_receives(service, key),
        }
    }

    /// A service answers at once; the answer travels as any message does.
    fn service_receives(&mut self, service: u32, key: u32) {
        if self.is_cut(key) {
            return self.drop_key(key, DropReason::Partition);
        }
        let message = self.in_flight.remove(key as usize);
        self.events.tell(self.now, &Event::Received(message.told()));
        let answer = self.services.answer(service, message.name, &message.payload, message.key);
        let Some(answer) = answer else {
            return;
        };
        let is_asked_for = match message.name {
            Endpoint::Node(node) => {
                message.name == message.src && self.is_current(node, message.incarnation)
            }
            _ => false,
        };
        self.post(message.dest, message.dest, message.name, answer, message.key, is_asked_for);
    }

    /// Hands a message to its node: the moment of delivery.
    pub(super) fn deliver(&mut self, node: u32, key: u32) {
        let message = self.in_flight.remove(key as usize);
        self.events.tell(self.now, &Event::Received(message.told()));
        let src = name_in(&self.names, &self.clients, &self.services, message.name).clone();
        if let Endpoint::Client(client) = message.name {
            self.request_delivered(client, node, &message.payload);
        }
        self.commands.push_back(Command::Deliver {
            node,
            incarnation: message.incarnation,
            id: message.id,
            key: message.key,
            src,
            payload: message.payload,
        });
    }

    /// Whether a partition keeps this message from its receiver at present.
    pub(super) fn is_cut(&self, key: u32) -> bool {
        match (self.in_flight[key as usize].src, self.in_flight[key as usize].dest) {
            (Endpoint::Node(src), Endpoint::Node(dest)) => self.barrier.cuts(src, dest),
            (Endpoint::Client(_), _) | (_, Endpoint::Client(_)) => false,
            (src, dest) => match (src.place(self.names.len()), dest.place(self.names.len())) {
                (Some(src), Some(dest)) => self.barrier.cuts(src, dest),
                _ => false,
            },
        }
    }
}
