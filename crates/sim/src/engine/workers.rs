//! Workers: their turns and operations.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::{MILLISECOND, Op, OpKind, Process, Time, Value, malformed_reply};
use glomers_node::key::mix;
use glomers_node::{Body, Payload, RpcError};

use super::Engine;
use super::clients::Owner;
use super::phases::Phase;
use crate::draws::{Draws, Origin, Purpose};
use crate::plan::{Operations, Plan, PlanError, Rate};
use crate::queue::Due;
use crate::workload::{Client, ClusterSize, Failure, NextOperation, Step};

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

/// All workers, and whose turn it is.
pub(super) struct Workers {
    pub(super) all: Vec<Worker>,
    seed: u64,
    /// The order of turns in this round.
    turns: Vec<u32>,
    /// The place in it after the worker that began the last operation.
    next_turn: usize,
    round: u64,
    /// Workers with an operation under way, or waiting in a list.
    busy: u32,
    generated: u64,
    generator_waits: bool,
    pub(super) rpc_timeout: Duration,
}

impl Workers {
    pub(super) fn new(plan: &Plan, rpc_timeout: Duration) -> Workers {
        let nodes = plan.nodes.len() as u32;
        let worker = |number: u32| Worker {
            node: number % nodes,
            process: number,
            client: None,
            machine: None,
            draws: Draws::keyed(plan.seed, Purpose::Worker, number.into(), 0, 0),
            begun: 0,
            begun_final: 0,
            cause: 0,
            requests: 0,
            current: None,
            asks: number % nodes,
            listed: std::collections::VecDeque::new(),
            next_final: None,
        };
        Workers {
            all: (0..plan.concurrency).map(worker).collect(),
            seed: plan.seed,
            turns: (0..plan.concurrency).collect(),
            next_turn: 0,
            round: 0,
            busy: 0,
            generated: 0,
            generator_waits: false,
            rpc_timeout,
        }
    }

    /// Whether none has an operation under way.
    pub(super) fn are_idle(&self) -> bool {
        self.busy == 0
    }

    /// The operation that a worker has under way.
    pub(super) fn current(&self, worker: u32) -> Option<&Op> {
        self.all[worker as usize].current.as_ref()
    }

    /// The node that a worker's operation asks.
    pub(super) fn asks(&self, worker: u32) -> u32 {
        self.all[worker as usize].asks
    }

    /// The free worker whose turn it is. Workers take turns in rounds; the first
    /// goes by number, each later one in an order of its own. (Always by number,
    /// as Maelstrom has it, the reads after a broadcast come from the nodes just
    /// after its own, and the figures depend on how nodes are numbered.)
    fn take_free(&mut self) -> Option<u32> {
        let count = self.all.len() as u32;
        if self.busy >= count {
            return None;
        }
        let is_free = |worker: &u32| self.all[*worker as usize].current.is_none();
        let rest = self.turns.get(self.next_turn..).unwrap_or_default();
        let place = match rest.iter().position(is_free) {
            Some(place) => self.next_turn + place,
            None => {
                self.round += 1;
                let round = self.round;
                Draws::keyed(self.seed, Purpose::Turns, round, 0, 0).shuffle(&mut self.turns);
                self.turns.iter().position(is_free)?
            }
        };
        self.next_turn = place + 1;
        self.turns.get(place).copied()
    }
}

impl Engine<'_> {
    /// Tells the workload what it will work with.
    pub(super) fn begin_workload(&mut self) -> Result<(), PlanError> {
        if self.plan.operations != Operations::Generated {
            return Ok(());
        }
        let nodes = self.plan.nodes.len() as u32;
        let size = ClusterSize { nodes, concurrency: self.plan.concurrency };
        self.workload.begin(size).map_err(PlanError::Value)
    }

    pub(super) fn error_received(&mut self, worker: u32, node: u32, reply: &Payload) {
        let (error, odd) = RpcError::lenient(reply);
        if let Some(odd) = odd {
            let summary = format!(
                "{}: {odd}. As with any code that is not known, the operation is then indeterminate.",
                self.cluster.name(node)
            );
            let text = reply.to_json();
            self.remark(node, "note-error-code", summary, text.get());
        }
        self.request_failed(worker, &Failure::Error(error));
    }

    pub(super) fn worker_receives(&mut self, worker: u32, node: u32, reply: &Payload) {
        let now = self.history_time();
        let Some(machine) = &mut self.workers.all[worker as usize].machine else {
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
        let asked = self.workers.all[worker as usize]
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
    pub(super) fn request_failed(&mut self, worker: u32, failure: &Failure) {
        let now = self.history_time();
        let state = &mut self.workers.all[worker as usize];
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
            Step::Request(body) => self.worker_requests(worker, body, self.workers.rpc_timeout),
            Step::RequestTo { node, body, timeout } => {
                self.workers.all[worker as usize].asks = node;
                self.worker_requests(worker, body, timeout.unwrap_or(self.workers.rpc_timeout));
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
        let client = match self.workers.all[worker as usize].client {
            Some(client) => client,
            None => {
                let process = self.workers.all[worker as usize].process;
                let client = self.clients.make_for_worker(worker, process);
                self.workers.all[worker as usize].client = Some(client);
                client
            }
        };
        let state = &mut self.workers.all[worker as usize];
        let (node, cause) = (state.asks, mix(state.cause, state.requests));
        state.requests += 1;
        self.request(client, node, body, self.now + timeout, cause);
    }

    /// A client has waited for as long as it wanted.
    pub(super) fn client_woken(&mut self, worker: u32) {
        let now = self.history_time();
        let state = &mut self.workers.all[worker as usize];
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
        let state = &mut self.workers.all[worker as usize];
        state.cause = Origin::Operation.key(worker.into(), number.unwrap_or(state.begun));
        state.begun += 1;
        self.invoke(worker, next, false);
    }

    /// An operation after the main phase begins.
    pub(super) fn invoke_final(&mut self, worker: u32, next: NextOperation, number: Option<u64>) {
        let state = &mut self.workers.all[worker as usize];
        state.cause = Origin::Final.key(worker.into(), number.unwrap_or(state.begun_final));
        state.begun_final += 1;
        self.invoke(worker, next, true);
    }

    /// An operation begins.
    fn invoke(&mut self, worker: u32, next: NextOperation, is_final: bool) {
        let state = &mut self.workers.all[worker as usize];
        state.requests = 0;
        let process = Process::Client(state.process);
        self.workers.busy += 1;
        let op = self.record(process, OpKind::Invoke, next.f, next.value, None, is_final);
        self.workload.observe(&op);
        let machine =
            self.workers.all[worker as usize].machine.get_or_insert_with(|| self.workload.client());
        machine.at(op.time);
        let step = machine.invoke(&op);
        self.workers.all[worker as usize].current = Some(op);
        self.step(worker, step);
    }

    /// An operation ends. Without a value the invocation's is repeated.
    fn complete(&mut self, worker: u32, kind: OpKind, value: Option<Value>, error: Option<Value>) {
        let state = &mut self.workers.all[worker as usize];
        let Some(op) = state.current.take() else {
            return;
        };
        state.asks = state.node;
        self.workers.busy -= 1;
        let value = value.unwrap_or(op.value);
        let ended = self.record(op.process, kind, op.f, value, error, op.is_final);
        self.workload.observe(&ended);
        if kind == OpKind::Info {
            let state = &mut self.workers.all[worker as usize];
            state.process += self.plan.concurrency;
            if !self.workload.keeps_client() {
                state.machine = None;
                if let Some(client) = state.client.take() {
                    self.clients.slots[client as usize].owner = Owner::Nobody;
                }
            }
        }
        self.worker_is_free(worker);
    }

    fn worker_is_free(&mut self, worker: u32) {
        match self.course.phase {
            Phase::Main => {
                if let Some(index) = self.workers.all[worker as usize].listed.pop_front() {
                    self.begin_listed(index);
                } else if self.workers.generator_waits {
                    self.workers.generator_waits = false;
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
        if self.course.phase != Phase::Main || self.plan.operations != Operations::Generated {
            return;
        }
        loop {
            let Some(worker) = self.workers.take_free() else {
                // The schedule slips: the next gap counts from when this
                // operation begins.
                self.workers.generator_waits = true;
                return;
            };
            let next = self.generate_for(worker);
            self.invoke_main(worker, next, None);
            if self.plan.rate == Rate::Max {
                if self.workers.all[worker as usize].current.is_none() {
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
            let mut draws =
                Draws::keyed(self.plan.seed, Purpose::Gap, self.workers.generated, 0, 0);
            self.workers.generated += 1;
            let gap = (draws.unit() * longest) as u64;
            return self.schedule(Time(self.now.0.saturating_add(gap)), Due::Generate);
        }
    }

    /// An operation of a list begins, or waits for its worker.
    pub(super) fn begin_listed(&mut self, index: u32) {
        let Operations::Listed(list) = &self.plan.operations else {
            return;
        };
        if self.course.phase != Phase::Main {
            return;
        }
        let Some(listed) = list.get(index as usize) else {
            return;
        };
        let worker = listed.worker;
        let state = &mut self.workers.all[worker as usize];
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
        let mut draws = self.workers.all[worker as usize].draws.clone();
        let next = self.workload.generate_at(self.history_time(), worker, &mut draws);
        self.workers.all[worker as usize].draws = draws;
        next
    }

    /// Ends all operations under way: nobody will know.
    pub(super) fn abandon_operations(&mut self) {
        for worker in 0..self.plan.concurrency {
            if self.workers.all[worker as usize].current.is_some() {
                let error = Value::keyword("run-ended");
                self.complete(worker, OpKind::Info, None, Some(error));
            }
        }
    }
}
