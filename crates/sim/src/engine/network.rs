//! What happens to a message from its sending to its arrival.

use glomers_history::journal::DropReason;
use glomers_history::{Endpoint, Event, Message, Time};
use glomers_node::{NodeId, Payload};
use slab::Slab;

use super::Engine;
use super::clients::Clients;
use super::cluster::Cluster;
use super::link_counts::Place;
use super::links::{Fate, LinkTable, Parcel};
use crate::draws::{Origin, message_key};
use crate::driving::Command;
use crate::partition::Barrier;
use crate::plan::{Inbox, Plan, Wire};
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
        let InFlight { id, src, dest, key, ref payload, .. } = *self;
        Message { id, src, dest, key, payload }
    }
}

/// All that is on its way, and the links that it takes.
pub(super) struct Network {
    pub(super) in_flight: Slab<InFlight>,
    next_id: u64,
    pub(super) links: LinkTable,
    pub(super) barrier: Barrier,
}

impl Network {
    pub(super) fn new(plan: &Plan) -> Network {
        Network {
            in_flight: Slab::new(),
            next_id: 0,
            links: LinkTable::new(plan),
            barrier: Barrier::default(),
        }
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// The id of the message that is sent next.
    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }

    /// Whether a partition keeps a message from its receiver at present, in a cluster of so
    /// many nodes.
    fn is_cut(&self, key: u32, nodes: usize) -> bool {
        let message = &self.in_flight[key as usize];
        match (message.src, message.dest) {
            (Endpoint::Node(src), Endpoint::Node(dest)) => self.barrier.cuts(src, dest),
            (Endpoint::Client(_), _) | (_, Endpoint::Client(_)) => false,
            (src, dest) => match (src.place(nodes), dest.place(nodes)) {
                (Some(src), Some(dest)) => self.barrier.cuts(src, dest),
                _ => false,
            },
        }
    }
}

/// The name of somebody.
#[inline]
pub(super) fn name_in<'a>(cluster: &'a Cluster, clients: &'a Clients, end: Endpoint) -> &'a str {
    match end {
        Endpoint::Node(place) => cluster.text(place),
        Endpoint::Client(number) => &clients.slots[number as usize].name,
        Endpoint::Service(place) => SERVICES[place as usize],
    }
}

/// The number of an end in the keys of links, where services must not have those of
/// nodes.
fn link_end(end: Endpoint) -> u32 {
    match end {
        Endpoint::Node(place) | Endpoint::Client(place) => place,
        Endpoint::Service(service) => u32::MAX - service,
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
    #[inline]
    pub(super) fn endpoint(&self, name: &NodeId) -> Option<Endpoint> {
        let client = || self.clients.place(name).map(Endpoint::Client);
        let node = || self.cluster.place(name).map(Endpoint::Node);
        let service = || Services::place(name).map(Endpoint::Service);
        node().or_else(client).or_else(service)
    }

    /// Sends a message; `cause` is the key of the step that does.
    pub(super) fn send(&mut self, src: Endpoint, dest: Endpoint, payload: Payload, cause: u64) {
        self.post(src, src, dest, payload, cause, false);
    }

    /// What the receivers of messages add to their keys.
    fn receiver_key(&self, dest: Endpoint) -> u64 {
        match dest {
            Endpoint::Node(node) => self.cluster.key(node),
            Endpoint::Client(client) => 1 << 32 | u64::from(client),
            Endpoint::Service(service) => 1 << 33 | u64::from(service),
        }
    }

    /// What caused a message of a process that does not say so itself: what it replies
    /// to, or else all that it sent there before.
    pub(super) fn cause_of_line(&self, src: u32, payload: &Payload) -> u64 {
        let own = self.cluster.key(src);
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
        let id = self.network.new_id();
        let (key, fate) = self.dispatch(src, dest, &payload, cause);
        let name = |end| name_in(&self.cluster, &self.clients, end);
        let (src_name, dest_name) = (name(src), name(dest));
        let message = Message { id, src, dest, key, payload: &payload };
        let sent = Event::Sent { message, src: src_name, dest: dest_name };
        self.events.tell(self.now, &sent);

        let incarnation = match dest {
            Endpoint::Node(node) => self.cluster.receiving(node),
            Endpoint::Service(_) => match src {
                Endpoint::Node(node) => self.cluster.nodes[node as usize].incarnation,
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

    /// Counts a message on its link: its key, and what is in store for it.
    #[inline]
    fn dispatch(
        &mut self,
        src: Endpoint,
        dest: Endpoint,
        payload: &Payload,
        cause: u64,
    ) -> (u64, Fate) {
        let receiver = self.receiver_key(dest);
        let is_service =
            matches!(src, Endpoint::Service(_)) || matches!(dest, Endpoint::Service(_));
        let (from, to) = match (src, dest) {
            // Clients sit beside their node.
            (Endpoint::Client(_), _) | (_, Endpoint::Client(_)) => {
                return (message_key(cause, receiver, 0), Fate::Arrives(0));
            }
            (src, dest) => (link_end(src), link_end(dest)),
        };
        let Place { of_all, of_cause } = self.network.links.counts.count(from, to, cause);
        let key = message_key(cause, receiver, of_cause);
        let bytes =
            if self.network.links.counts_bytes() { self.length(src, dest, payload) } else { 0 };
        let parcel = Parcel { src: from, dest: to, key, of_all, now: self.now, bytes };
        let fate = if is_service {
            self.network.links.fate_of_service(&parcel)
        } else {
            self.network.links.fate(&parcel)
        };
        (key, fate)
    }

    /// How many bytes a message has as a line.
    #[cold]
    fn length(&self, src: Endpoint, dest: Endpoint, payload: &Payload) -> u64 {
        let name = |end| name_in(&self.cluster, &self.clients, end).len();
        // {"id":1,"src":"","dest":"","body":} and the end of the line.
        let frame = 35 + name(src) + name(dest);
        (frame + payload.to_json().get().len()) as u64
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
        let key = self.network.in_flight.insert(message) as u32;
        self.schedule(due, Due::Arrive(key));
    }

    pub(super) fn arrive(&mut self, key: u32) {
        if self.keeps_back(key) {
            return;
        }
        match self.network.in_flight[key as usize].dest {
            Endpoint::Client(client) => {
                let message = self.network.in_flight.remove(key as usize);
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
        let message = self.network.in_flight.remove(key as usize);
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
        let message = self.network.in_flight.remove(key as usize);
        self.events.tell(self.now, &Event::Received(message.told()));
        let src = match message.name {
            Endpoint::Node(place) => self.cluster.name(place).clone(),
            Endpoint::Client(number) => self.clients.slots[number as usize].name.clone(),
            Endpoint::Service(place) => self.services.names[place as usize].clone(),
        };
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
        self.network.is_cut(key, self.cluster.names.len())
    }
}
