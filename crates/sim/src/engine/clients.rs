//! Workers and their clients: operations, requests, replies.

use std::sync::Arc;
use std::time::Duration;

use glomers_check::malformed_reply;
use glomers_history::journal::DropReason;
use glomers_history::{Endpoint, Event, MILLISECOND, Op, OpKind, Process, Time, Value};
use glomers_node::key::mix;
use glomers_node::{Body, NodeId, Payload, RpcError};

use super::Engine;
use super::network::InFlight;
use super::phases::Phase;
use super::replies::Requests;
use crate::draws::{Draws, Origin, Purpose};
use crate::plan::{Operations, PlanError, Rate};
use crate::queue::Due;
use crate::workload::{Client, ClusterSize, Failure, NextOperation, Step};

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

/// One worker: does one operation at a time.
pub(super) struct Worker {
    node: u32,
    process: u32,
    client: Option<u32>,
    machine: Option<Box<dyn Client>>,
    pub(super) draws: Draws,
    /// Operations of the main phase that it has begun, and others.
    begun: u64,
    begun_final: u64,
    /// The key of the operation under way, and how many requests it has sent.
    cause: u64,
    requests: u64,
    /// The operation under way.
    pub(super) current: Option<Op>,
    /// The node that the operation under way asks, if not the worker's own.
    asks: u32,
    /// Operations of a list that wait for this worker.
    listed: std::collections::VecDeque<u32>,
    /// The final operation that it begins next.
    pub(super) next_final: Option<NextOperation>,
}

impl Engine<'_> {
    pub(super) fn make_workers(&mut self) {
        let nodes = self.plan.nodes.len() as u32;
        self.workers = (0..self.plan.concurrency)
            .map(|number| Worker {
                node: number % nodes,
                process: number,
                client: None,
                machine: None,
                draws: Draws::keyed(self.plan.seed, Purpose::Worker, number.into(), 0, 0),
                begun: 0,
                begun_final: 0,
                cause: 0,
                requests: 0,
                current: None,
                asks: number % nodes,
                listed: std::collections::VecDeque::new(),
                next_final: None,
            })
            .collect();
    }

    /// Tells the workload what it will work with.
    pub(super) fn begin_workload(&mut self) -> Result<(), PlanError> {
        if self.plan.operations != Operations::Generated {
            return Ok(());
        }
        let nodes = self.plan.nodes.len() as u32;
        let size = ClusterSize { nodes, concurrency: self.plan.concurrency };
        self.workload.begin(size).map_err(PlanError::Value)
    }

    /// Makes the client of this number, by which it is called; its place.
    fn make_client(&mut self, owner: Owner, number: u32) -> u32 {
        let place = self.clients.len() as u32;
        self.clients.push(ClientSlot {
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
    pub(super) fn new_client(&mut self, owner: Owner) -> u32 {
        self.make_client(owner, self.clients.len() as u32)
    }

    /// Makes the client that a worker sends by from now on. Its number follows from the
    /// worker's process, not from who else has sent something before, so that an
    /// operation less leaves the others' names.
    fn new_client_of_worker(&mut self, worker: u32) -> u32 {
        let number = self.first_worker_client + self.workers[worker as usize].process;
        let place = self.make_client(Owner::Worker(worker), number);
        self.worker_clients.insert(number, place);
        place
    }

    /// The place of the client of this number.
    pub(super) fn client_of(&self, number: u32) -> Option<u32> {
        if number < self.first_worker_client.min(self.clients.len() as u32) {
            return Some(number);
        }
        self.worker_clients.get(&number).copied()
    }

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
        let slot = &mut self.clients[client as usize];
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
        let slot = &mut self.clients[client as usize];
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
            && self.nodes[node as usize].is_paused
        {
            // It cannot answer now, and that is not its fault: it gets the whole
            // time once more.
            let deadline = self.now + Duration::from_nanos(self.plan.init_timeout);
            (slot.deadline, slot.timeout_at) = (deadline, deadline);
            return self.schedule(deadline, Due::Timeout { client });
        }
        if let Owner::Init(node) = slot.owner {
            let deadline = self.init_deadline(node, self.nodes[node as usize].init_since);
            if deadline > self.now {
                let slot = &mut self.clients[client as usize];
                (slot.deadline, slot.timeout_at) = (deadline, deadline);
                return self.schedule(deadline, Due::Timeout { client });
            }
        }
        let slot = &mut self.clients[client as usize];
        slot.awaits = None;
        match slot.owner {
            Owner::Init(node) => self.init_timed_out(node),
            Owner::Setup(index) => self.setup_failed(index, "it did not answer in time"),
            Owner::Worker(worker) => self.request_failed(worker, &Failure::Timeout),
            Owner::Nobody => {}
        }
    }

    pub(super) fn client_receives(&mut self, client: u32, message: InFlight) {
        let slot = &self.clients[client as usize];
        let (owner, node) = (slot.owner, self.answering_node(slot.owner, message.src));
        if let Endpoint::Node(node) = message.src {
            self.request_answered(client, node, &message.payload);
        }
        if owner == Owner::Nobody {
            return self.drop_message(message, DropReason::ClientGone);
        }
        self.events.tell(self.now, &Event::Received(message.told()));
        let header = message.payload.header();
        let slot = &mut self.clients[client as usize];
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
                let op = self.workers[worker as usize].current.as_ref().map(|op| op.index);
                if header.kind() == "error" {
                    self.error_received(worker, node, &message.payload);
                } else {
                    self.worker_receives(worker, node, &message.payload);
                }
                if let Some(op) = op.filter(|_| is_unheard)
                    && self.workers[worker as usize]
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
            (_, Owner::Setup(index)) => self.setup[index as usize].node,
            (_, Owner::Worker(worker)) => self.workers[worker as usize].asks,
            (_, Owner::Nobody) => 0,
        }
    }

    fn error_received(&mut self, worker: u32, node: u32, reply: &Payload) {
        let (error, odd) = RpcError::lenient(reply);
        if let Some(odd) = odd {
            let summary = format!(
                "{}: {odd}. As with any code that is not known, the operation is then indeterminate.",
                self.names[node as usize]
            );
            let text = reply.to_json();
            self.remark(node, "note-error-code", summary, text.get());
        }
        self.request_failed(worker, &Failure::Error(error));
    }

    fn worker_receives(&mut self, worker: u32, node: u32, reply: &Payload) {
        let now = self.history_time();
        let Some(machine) = &mut self.workers[worker as usize].machine else {
            return;
        };
        machine.at(now);
        match machine.reply(reply) {
            Step::BadReply(what) => self.bad_reply(worker, node, &what, reply),
            step => self.step(worker, step),
        }
    }

    /// A reply of the wrong form: nobody knows what happened, and the node is to
    /// blame.
    fn bad_reply(&mut self, worker: u32, node: u32, what: &str, reply: &Payload) {
        let text = reply.to_json();
        let asked = self.workers[worker as usize]
            .current
            .as_ref()
            .map_or_else(String::new, |op| format!(" to {} (op {})", op.f, op.index));
        self.blame(
            node,
            &format!("its reply{asked} is not of the form it must have: {what}"),
            text.get(),
            "expected: exactly the fields of the reply's type (protocol: workloads)",
        );
        self.complete(worker, OpKind::Info, None, Some(malformed_reply(what)));
    }

    /// The usual rule for a request without a result.
    fn request_failed(&mut self, worker: u32, failure: &Failure) {
        let now = self.history_time();
        let state = &mut self.workers[worker as usize];
        let own = state.machine.as_mut().and_then(|machine| {
            machine.at(now);
            machine.failed(failure)
        });
        if let Some(step) = own {
            return self.step(worker, step);
        }
        let Some(op) = &state.current else { return };
        let idempotent = self.workload.is_idempotent(&op.f);
        let (definite, error) = match failure {
            Failure::Timeout => (false, Value::keyword("net-timeout")),
            Failure::Error(error) => (error.code.is_definite(), Self::error_value(error)),
        };
        let kind = if definite || idempotent { OpKind::Fail } else { OpKind::Info };
        self.complete(worker, kind, None, Some(error));
    }

    fn step(&mut self, worker: u32, step: Step) {
        match step {
            Step::Request(body) => self.worker_requests(worker, body, self.rpc_timeout),
            Step::RequestTo { node, body, timeout } => {
                self.workers[worker as usize].asks = node;
                self.worker_requests(worker, body, timeout.unwrap_or(self.rpc_timeout));
            }
            Step::Wait(length) => self.schedule(self.now + length, Due::Woken { worker }),
            Step::Done => self.complete(worker, OpKind::Ok, None, None),
            Step::DoneBut(error) => self.complete(worker, OpKind::Ok, None, Some(error)),
            Step::Ok(value) => self.complete(worker, OpKind::Ok, Some(value), None),
            Step::Fail(error) => self.complete(worker, OpKind::Fail, None, Some(error)),
            Step::Info(error) => self.complete(worker, OpKind::Info, None, Some(error)),
            Step::Crashed => self.complete(worker, OpKind::Info, None, None),
            Step::BadReply(what) => {
                self.complete(worker, OpKind::Info, None, Some(malformed_reply(&what)));
            }
        }
    }

    /// A worker's client asks the node that its operation is about.
    fn worker_requests(&mut self, worker: u32, body: Arc<dyn Body>, timeout: Duration) {
        let client = match self.workers[worker as usize].client {
            Some(client) => client,
            None => {
                let client = self.new_client_of_worker(worker);
                self.workers[worker as usize].client = Some(client);
                client
            }
        };
        let state = &mut self.workers[worker as usize];
        let (node, cause) = (state.asks, mix(state.cause, state.requests));
        state.requests += 1;
        self.request(client, node, body, self.now + timeout, cause);
    }

    /// A client has waited for as long as it wanted.
    pub(super) fn client_woken(&mut self, worker: u32) {
        let now = self.history_time();
        let state = &mut self.workers[worker as usize];
        if state.current.is_none() {
            return;
        }
        let Some(machine) = &mut state.machine else { return };
        machine.at(now);
        let step = machine.woken();
        self.step(worker, step);
    }

    /// An operation of the main phase begins, which is this one of its worker in a run
    /// that others may have been taken out of.
    fn invoke_main(&mut self, worker: u32, next: NextOperation, number: Option<u64>) {
        let state = &mut self.workers[worker as usize];
        state.cause = Origin::Operation.key(worker.into(), number.unwrap_or(state.begun));
        state.begun += 1;
        self.invoke(worker, next, false);
    }

    /// An operation after the main phase begins.
    pub(super) fn invoke_final(&mut self, worker: u32, next: NextOperation, number: Option<u64>) {
        let state = &mut self.workers[worker as usize];
        state.cause = Origin::Final.key(worker.into(), number.unwrap_or(state.begun_final));
        state.begun_final += 1;
        self.invoke(worker, next, true);
    }

    /// An operation begins.
    fn invoke(&mut self, worker: u32, next: NextOperation, is_final: bool) {
        let state = &mut self.workers[worker as usize];
        state.requests = 0;
        let process = Process::Client(state.process);
        self.busy_workers += 1;
        let op = self.record(process, OpKind::Invoke, next.f, next.value, None, is_final);
        self.workload.observe(&op);
        let machine =
            self.workers[worker as usize].machine.get_or_insert_with(|| self.workload.client());
        machine.at(op.time);
        let step = machine.invoke(&op);
        self.workers[worker as usize].current = Some(op);
        self.step(worker, step);
    }

    /// An operation ends. Without a value the invocation's is repeated.
    fn complete(&mut self, worker: u32, kind: OpKind, value: Option<Value>, error: Option<Value>) {
        let state = &mut self.workers[worker as usize];
        let Some(op) = state.current.take() else {
            return;
        };
        state.asks = state.node;
        self.busy_workers -= 1;
        let value = value.unwrap_or(op.value);
        let ended = self.record(op.process, kind, op.f, value, error, op.is_final);
        self.workload.observe(&ended);
        if kind == OpKind::Info {
            let state = &mut self.workers[worker as usize];
            state.process += self.plan.concurrency;
            if !self.workload.keeps_client() {
                state.machine = None;
                if let Some(client) = state.client.take() {
                    self.clients[client as usize].owner = Owner::Nobody;
                }
            }
        }
        self.worker_is_free(worker);
    }

    fn worker_is_free(&mut self, worker: u32) {
        match self.phase {
            Phase::Main => {
                if let Some(index) = self.workers[worker as usize].listed.pop_front() {
                    self.begin_listed(index);
                } else if self.generator_waits {
                    self.generator_waits = false;
                    self.schedule(self.now, Due::Generate);
                }
            }
            Phase::Draining => self.all_done_if_idle(),
            Phase::Final { .. } => self.plan_next_final(worker),
            Phase::Probing { .. } => self.probed(worker),
            _ => {}
        }
    }

    /// Begins operations: one, or at rate `max` as many as there are free
    /// workers.
    pub(super) fn generate(&mut self) {
        if self.phase != Phase::Main || self.plan.operations != Operations::Generated {
            return;
        }
        loop {
            let Some(worker) = self.take_free_worker() else {
                // The schedule slips: the next gap counts from when this
                // operation begins.
                self.generator_waits = true;
                return;
            };
            let next = self.generate_for(worker);
            self.invoke_main(worker, next, None);
            if self.plan.rate == Rate::Max {
                if self.workers[worker as usize].current.is_none() {
                    // An operation that needs no message takes no time. Without a
                    // pause such operations would keep time from going on.
                    let pause = Time(self.now.0 + MILLISECOND);
                    return self.schedule(pause, Due::Generate);
                }
                continue;
            }
            let Some(longest) = self.plan.rate.longest_gap() else {
                return;
            };
            let mut draws = Draws::keyed(self.plan.seed, Purpose::Gap, self.generated, 0, 0);
            self.generated += 1;
            let gap = (draws.unit() * longest) as u64;
            return self.schedule(Time(self.now.0.saturating_add(gap)), Due::Generate);
        }
    }

    /// The free worker whose turn it is. Workers take turns in rounds; the first
    /// goes by number, each later one in an order of its own. (Always by number,
    /// as Maelstrom has it, the reads after a broadcast come from the nodes just
    /// after its own, and the figures depend on how nodes are numbered.)
    fn take_free_worker(&mut self) -> Option<u32> {
        let count = self.plan.concurrency;
        if self.busy_workers >= count {
            return None;
        }
        let is_free = |worker: &u32| self.workers[*worker as usize].current.is_none();
        let rest = self.turns.get(self.next_turn..).unwrap_or_default();
        let place = match rest.iter().position(is_free) {
            Some(place) => self.next_turn + place,
            None => {
                self.round += 1;
                let round = self.round;
                Draws::keyed(self.plan.seed, Purpose::Turns, round, 0, 0).shuffle(&mut self.turns);
                self.turns.iter().position(is_free)?
            }
        };
        self.next_turn = place + 1;
        self.turns.get(place).copied()
    }

    /// An operation of a list begins, or waits for its worker.
    pub(super) fn begin_listed(&mut self, index: u32) {
        let Operations::Listed(list) = &self.plan.operations else {
            return;
        };
        if self.phase != Phase::Main {
            return;
        }
        let Some(listed) = list.get(index as usize) else {
            return;
        };
        let worker = listed.worker;
        let state = &mut self.workers[worker as usize];
        if state.current.is_some() {
            state.listed.push_back(index);
            return;
        }
        state.asks = listed.node.unwrap_or(state.node);
        let next = NextOperation { f: Arc::from(&*listed.f), value: listed.value.clone() };
        let (number, is_final) = (listed.number, listed.is_final);
        match is_final {
            false => self.invoke_main(worker, next, number),
            true => self.invoke_final(worker, next, number),
        }
    }

    pub(super) fn generate_for(&mut self, worker: u32) -> NextOperation {
        let mut draws = self.workers[worker as usize].draws.clone();
        let next = self.workload.generate_at(self.history_time(), worker, &mut draws);
        self.workers[worker as usize].draws = draws;
        next
    }

    /// Ends all operations under way: nobody will know.
    pub(super) fn abandon_operations(&mut self) {
        for worker in 0..self.plan.concurrency {
            if self.workers[worker as usize].current.is_some() {
                let error = Value::keyword("run-ended");
                self.complete(worker, OpKind::Info, None, Some(error));
            }
        }
    }
}
