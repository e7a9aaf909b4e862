//! Clients: requests, replies, time-outs.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::journal::DropReason;
use glomers_history::{Endpoint, Event, Time};
use glomers_node::{Body, NodeId, Payload};
use rustc_hash::FxHashMap;

use super::Engine;
use super::network::InFlight;
use super::replies::Requests;
use crate::queue::Due;
use crate::workload::Failure;

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// It initialises a node.
    Init(u32),
    /// It asks a node the k-th question of the set-up.
    Setup(u32),
    /// It works for a worker.
    Worker(u32),
    /// Its worker has gone on with another.
    Nobody,
}

/// One client: an address in the network.
pub(super) struct ClientSlot {
    pub(super) name: NodeId,
    pub(super) owner: Owner,
    /// The last id it used; ids count from 1.
    last_msg_id: u64,
    /// The request it waits for.
    awaits: Option<u64>,
    deadline: Time,
    /// When the time-out is due that is in the queue, so that there is one at most, unless
    /// a request has less patience than the one before it.
    timeout_at: Time,
    /// Its last requests, as nodes got and answered them.
    pub(super) requests: Requests,
}

/// All clients, by their places.
pub(super) struct Clients {
    pub(super) slots: Vec<ClientSlot>,
    /// The places of workers' clients by their numbers, and the first of these.
    of_workers: FxHashMap<u32, u32>,
    first_of_workers: u32,
}

impl Default for Clients {
    fn default() -> Clients {
        Clients { slots: Vec::new(), of_workers: FxHashMap::default(), first_of_workers: u32::MAX }
    }
}

impl Clients {
    /// Makes the client of this number, by which it is called; its place.
    fn make(&mut self, owner: Owner, number: u32) -> u32 {
        let place = self.slots.len() as u32;
        self.slots.push(ClientSlot {
            name: NodeId::from(format!("c{number}")),
            owner,
            last_msg_id: 0,
            awaits: None,
            deadline: Time::MAX,
            timeout_at: Time::MAX,
            requests: Requests::default(),
        });
        place
    }

    /// Makes a client of the start or the set-up: these come first, and their numbers
    /// are their places.
    pub(super) fn make_first(&mut self, owner: Owner) -> u32 {
        self.make(owner, self.slots.len() as u32)
    }

    /// Those that are made from now on are clients of workers.
    pub(super) fn begin_workers(&mut self) {
        self.first_of_workers = self.slots.len() as u32;
    }

    /// Makes the client that a worker sends by from now on. Its number follows from the
    /// worker's process, not from who else has sent something before, so that an
    /// operation less leaves the others' names.
    pub(super) fn make_for_worker(&mut self, worker: u32, process: u32) -> u32 {
        let number = self.first_of_workers + process;
        let place = self.make(Owner::Worker(worker), number);
        self.of_workers.insert(number, place);
        place
    }

    /// The place of the client of this name.
    pub(super) fn place(&self, name: &str) -> Option<u32> {
        let number: u32 = name.strip_prefix('c')?.parse().ok()?;
        let place = match number < self.first_of_workers.min(self.slots.len() as u32) {
            true => number,
            false => *self.of_workers.get(&number)?,
        };
        // `c007` is nobody.
        (*self.slots[place as usize].name == *name).then_some(place)
    }
}

impl Engine<'_> {
    /// Sends a request from a client and starts to wait; `cause` is the key of what it
    /// is for.
    pub(super) fn request(
        &mut self,
        client: u32,
        node: u32,
        body: Arc<dyn Body>,
        timeout: Time,
        cause: u64,
    ) {
        let slot = &mut self.clients.slots[client as usize];
        slot.last_msg_id += 1;
        let id = slot.last_msg_id;
        slot.awaits = Some(id);
        slot.deadline = timeout;
        if timeout < slot.timeout_at {
            slot.timeout_at = timeout;
            self.schedule(timeout, Due::Timeout { client });
        }
        let payload = Payload::shared(body, Some(id), None);
        self.send(Endpoint::Client(client), Endpoint::Node(node), payload, cause);
    }

    pub(super) fn timeout(&mut self, client: u32) {
        let slot = &mut self.clients.slots[client as usize];
        if slot.timeout_at > self.now {
            // Another is in the queue.
            return;
        }
        slot.timeout_at = Time::MAX;
        if slot.awaits.is_none() || slot.owner == Owner::Nobody {
            return;
        }
        if slot.deadline > self.now {
            // The request that this was for has been answered; the present one
            // has a later deadline.
            let deadline = slot.deadline;
            slot.timeout_at = deadline;
            return self.schedule(deadline, Due::Timeout { client });
        }
        if let Owner::Init(node) = slot.owner
            && self.cluster.nodes[node as usize].is_paused
        {
            // It cannot answer now, and that is not its fault: it gets the whole
            // time once more.
            let deadline = self.now + Duration::from_nanos(self.plan.init_timeout);
            (slot.deadline, slot.timeout_at) = (deadline, deadline);
            return self.schedule(deadline, Due::Timeout { client });
        }
        if let Owner::Init(node) = slot.owner {
            let deadline =
                self.init_deadline(node, self.cluster.nodes[node as usize].rare.init_since);
            if deadline > self.now {
                let slot = &mut self.clients.slots[client as usize];
                (slot.deadline, slot.timeout_at) = (deadline, deadline);
                return self.schedule(deadline, Due::Timeout { client });
            }
        }
        let slot = &mut self.clients.slots[client as usize];
        slot.awaits = None;
        match slot.owner {
            Owner::Init(node) => self.init_timed_out(node),
            Owner::Setup(index) => self.setup_failed(index, "it did not answer in time"),
            Owner::Worker(worker) => self.request_failed(worker, &Failure::Timeout),
            Owner::Nobody => {}
        }
    }

    pub(super) fn client_receives(&mut self, client: u32, message: InFlight) {
        let slot = &self.clients.slots[client as usize];
        let (owner, node) = (slot.owner, self.answering_node(slot.owner, message.src));
        if let Endpoint::Node(node) = message.src {
            self.request_answered(client, node, &message.payload);
        }
        if owner == Owner::Nobody {
            return self.drop_message(message, DropReason::ClientGone);
        }
        self.events.tell(self.now, &Event::Received(message.told()));
        let header = message.payload.header();
        let slot = &mut self.clients.slots[client as usize];
        match header.in_reply_to {
            Some(id) if slot.awaits == Some(id) => slot.awaits = None,
            // An answer that comes late, or twice.
            Some(id) if (1..=slot.last_msg_id).contains(&id) => return,
            _ => return self.unawaited(node, &message.payload),
        }
        let is_unheard = match message.src {
            Endpoint::Node(node) => self.is_unheard(node, message.id),
            _ => false,
        };
        match owner {
            Owner::Init(node) => {
                if is_unheard {
                    self.started_unheard(node);
                }
                self.init_answered(node, &message.payload);
            }
            Owner::Setup(index) => {
                if is_unheard {
                    self.started_unheard(node);
                }
                if header.kind() == "error" {
                    self.setup_failed(index, &format!("it answered {:?}", message.payload));
                } else {
                    self.setup_answered(index, node, &message.payload);
                }
            }
            Owner::Worker(worker) => {
                let op = self.workers.current(worker).map(|op| op.index);
                if header.kind() == "error" {
                    self.error_received(worker, node, &message.payload);
                } else {
                    self.worker_receives(worker, node, &message.payload);
                }
                if let Some(op) = op.filter(|_| is_unheard)
                    && self.workers.all[worker as usize]
                        .current
                        .as_ref()
                        .is_none_or(|now| now.index != op)
                {
                    self.ended_unheard(node, op);
                }
            }
            Owner::Nobody => {}
        }
    }

    /// Whose message it is that a client gets: that of the node that sent it, or,
    /// where a service answers a request that was forwarded in the client's name, of
    /// the node that the client asked.
    fn answering_node(&self, owner: Owner, src: Endpoint) -> u32 {
        match (src, owner) {
            (Endpoint::Node(node), _) | (_, Owner::Init(node)) => node,
            (_, Owner::Setup(index)) => self.course.setup[index as usize].node,
            (_, Owner::Worker(worker)) => self.workers.asks(worker),
            (_, Owner::Nobody) => 0,
        }
    }
}
