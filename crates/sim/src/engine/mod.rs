//! The event loop. Its parts: `network` (what happens to a message),
//! `links` (loss and latency), `link_counts` (how many there were), `disturbances` (what faults add
//! to that),
//! `nodes` (start, stop, inboxes), `clients` (operations), `finals` (the last of them), `phases` (the course of
//! a run), `starts` (from a process to its `init_ok`), `faults` (their beginnings and
//! ends), `lines` (what live nodes write), `blame` (what nodes do wrong), `replies`
//! (what clients do not wait for), `silence` (what Maelstrom would ignore), `standstill`
//! (too many events at one instant), `held` (messages that a test holds back).

mod blame;
mod clients;
mod disturbances;
mod faults;
mod finals;
mod held;
mod inspect;
mod lines;
mod link_counts;
mod links;
mod network;
mod nodes;
mod phases;
mod replies;
mod silence;
mod standstill;
mod starts;

use std::collections::VecDeque;
use std::time::Duration;

use glomers_history::journal::DropReason;
use glomers_history::{Ended, Endpoint, Event, Node, Observer, Op, OpKind, Process, Time, Value};
use glomers_node::{Effect, NodeId};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::chooser::{Chooser, Enabled, EnabledKind};
use crate::disk::DiskCondition;
use crate::driving::{Command, DISK_TROUBLE, Input, LOST_WRITES};
use crate::faults::{LEADER, leads};
use crate::outcome::Outcome;
use crate::partition::Barrier;
use crate::plan::{Plan, PlanError};
use crate::queue::{Due, EventQueue};
use crate::recorder::Recorder;
use crate::services::Services;
use crate::statistics::NetStatistics;
use crate::workload::Workload;

use clients::{ClientSlot, Worker};
pub use held::{Hold, Messages};
use links::LinkTable;
use network::InFlight;
use nodes::NodeState;
use phases::Phase;

/// What a node did, later than at the moment of the step that it did it in.
#[derive(Debug)]
enum Deferred {
    Effect(Effect, u64),
    Line(Box<[u8]>, Option<u64>),
}

/// A run under way.
pub struct Engine<'a> {
    plan: Plan,
    workload: &'a mut dyn Workload,
    events: Events<'a>,
    chooser: Option<Box<dyn Chooser>>,

    now: Time,
    /// When all nodes were initialised; operations count from here.
    origin: Option<Time>,
    /// When operations began.
    main_start: Time,
    /// Until when the cluster must serve again, where it is asked.
    serve_until: Time,
    /// When final operations began.
    final_start: Time,
    phase: Phase,
    ended: Ended,

    queue: EventQueue,
    commands: VecDeque<Command>,
    deferred: Slab<(u32, u32, Deferred)>,

    names: Vec<NodeId>,
    /// What names add to keys.
    name_keys: Vec<u64>,
    places: FxHashMap<NodeId, u32>,
    nodes: Vec<NodeState>,
    in_flight: Slab<InFlight>,
    next_message_id: u64,
    /// Whether messages may have to be held back, and which were.
    holds: bool,
    held: Vec<held::Held>,
    /// Of those, the ones that are let go though others like them are not.
    let_go: Vec<u32>,
    links: LinkTable,
    barrier: Barrier,
    services: Services,

    clients: Vec<ClientSlot>,
    /// The places of workers' clients by their numbers, and the first of these.
    worker_clients: FxHashMap<u32, u32>,
    first_worker_client: u32,
    workers: Vec<Worker>,
    /// The order of turns in this round.
    turns: Vec<u32>,
    /// The place in it after the worker that began the last operation.
    next_turn: usize,
    round: u64,
    /// Workers with an operation under way, or waiting in a list.
    busy_workers: u32,
    generated: u64,
    generator_waits: bool,
    rpc_timeout: Duration,

    faults: faults::Faults,
    /// How many times as long each node takes for a message; `None`: all as ever.
    slow_nodes: Option<Vec<u64>>,
    /// How wrong each node's clock is: its jump and its drift.
    clocks: Vec<(i64, i64)>,
    /// What is wrong with each node's disk.
    disks: Vec<Option<DiskCondition>>,
    standstill: standstill::Standstill,
    setup: Vec<crate::workload::SetupRequest>,
    all_ids: Option<std::sync::Arc<[NodeId]>>,
}

impl<'a> Engine<'a> {
    /// A run that has not begun.
    ///
    /// # Errors
    /// If the Plan is invalid.
    pub fn new(
        plan: &Plan,
        workload: &'a mut dyn Workload,
        observer: &'a mut dyn Observer,
    ) -> Result<Engine<'a>, PlanError> {
        plan.validate()?;
        let names: Vec<NodeId> = plan.nodes.iter().map(NodeId::new).collect();
        let places = names.iter().cloned().zip(0..).collect();
        let rpc_timeout = plan.rpc_timeout_of(workload);
        let recorder = Recorder::new(plan, workload);
        let mut engine = Engine {
            plan: plan.clone(),
            workload,
            events: Events { observer, recorder },
            chooser: None,
            now: Time::ZERO,
            origin: None,
            main_start: Time::ZERO,
            serve_until: Time::MAX,
            final_start: Time::ZERO,
            phase: Phase::Before,
            ended: Ended::Completed,
            queue: EventQueue::default(),
            commands: VecDeque::new(),
            deferred: Slab::new(),
            nodes: names.iter().map(|_| NodeState::default()).collect(),
            places,
            in_flight: Slab::new(),
            next_message_id: 0,
            holds: false,
            held: Vec::new(),
            let_go: Vec::new(),
            links: LinkTable::new(plan),
            barrier: Barrier::default(),
            services: Services::new(plan.seed),
            clients: Vec::new(),
            worker_clients: FxHashMap::default(),
            first_worker_client: u32::MAX,
            workers: Vec::new(),
            turns: (0..plan.concurrency).collect(),
            next_turn: 0,
            round: 0,
            busy_workers: 0,
            generated: 0,
            generator_waits: false,
            rpc_timeout,
            faults: faults::Faults::default(),
            slow_nodes: None,
            clocks: vec![(0, 0); names.len()],
            disks: vec![None; names.len()],
            standstill: standstill::Standstill::new(names.len()),
            setup: Vec::new(),
            all_ids: None,
            name_keys: names.iter().map(|name| glomers_node::key::of_name(name)).collect(),
            names,
        };
        engine.make_workers();
        engine.begin_workload()?;
        Ok(engine)
    }

    /// Lets somebody else choose what happens next.
    pub fn set_chooser(&mut self, chooser: Option<Box<dyn Chooser>>) {
        self.chooser = chooser;
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.now
    }

    /// How far the run is: (moment of the main phase, its length), for progress.
    pub fn progress(&self) -> (Duration, Duration) {
        let limit = Duration::from_nanos(self.plan.time_limit);
        if self.origin.is_none() {
            return (Duration::ZERO, limit);
        }
        (self.now.since(self.main_start).min(limit), limit)
    }

    /// Messages counted so far.
    pub fn net(&self) -> &NetStatistics {
        self.events.recorder.net()
    }

    /// When something happens next, if nothing comes from outside before.
    pub fn next_deadline(&self) -> Option<Time> {
        self.queue.next_time()
    }

    /// Whether this is the incarnation of the node that lives.
    pub fn is_current(&self, node: u32, incarnation: u32) -> bool {
        let state = &self.nodes[node as usize];
        state.is_up && state.incarnation == incarnation
    }

    /// Whether the run is over and all commands have been taken.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Over && self.commands.is_empty()
    }

    /// The key of a step in which a node that speaks in bytes is woken.
    pub fn wake_key(&self, node: u32) -> u64 {
        crate::draws::Origin::Wake.key(self.name_keys[node as usize], self.now.0)
    }

    /// In real time: a moment to write what has gathered.
    pub fn tick(&mut self, now: Time) {
        self.events.tell(now, &Event::Tick);
    }

    /// A live node logged a line, or something that still runs did when the run was
    /// over.
    pub fn logged(&mut self, now: Time, node: u32, line: &str) {
        let node = named(&self.names, node);
        self.events.tell(now, &Event::Logged { node, line });
    }

    /// The next thing to do.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// Lets the earliest event happen, if it is due at `now`; whether there was
    /// one. A driver calls this until it is false, and carries out the commands
    /// after each call.
    ///
    /// # Panics
    /// If `now` is before an earlier `now`.
    pub fn advance(&mut self, now: Time) -> bool {
        assert!(now >= self.now, "time cannot go back");
        if self.phase == Phase::Over {
            return false;
        }
        if self.queue.next_time().is_none_or(|next| next > now) {
            self.now = now;
            return false;
        }
        let entry = if self.chooser.is_some() { self.choose() } else { self.queue.pop() };
        let Some(entry) = entry else { return false };
        // In real time an event may be handled late, and what follows from it
        // counts from when it really happened. A chooser may have taken an event
        // from the future.
        let before = self.now;
        self.now = if self.chooser.is_some() { entry.time.max(self.now) } else { now };
        if self.now > before {
            self.standstill.goes_on();
        } else if self.standstill.is_too_much() {
            self.stands_still(entry.due);
        }
        self.happen(entry.due);
        true
    }

    fn choose(&mut self) -> Option<crate::queue::Entry> {
        let entries = self.queue.in_order();
        let enabled: Vec<Enabled> = entries
            .iter()
            .map(|entry| Enabled {
                time: entry.time,
                kind: match entry.due {
                    Due::Arrive(key) => match self.in_flight.get(key as usize) {
                        Some(InFlight {
                            src: Endpoint::Node(src),
                            dest: Endpoint::Node(dest),
                            ..
                        }) => EnabledKind::Message { src: *src, dest: *dest },
                        _ => EnabledKind::Other,
                    },
                    Due::Wake { node, .. } => EnabledKind::Timer { node },
                    _ => EnabledKind::Other,
                },
            })
            .collect();
        let chosen = self.chooser.as_mut()?.choose(&enabled);
        let entry = *entries.get(chosen)?;
        self.queue.remove(entry.number);
        Some(entry)
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Arrive(key) => self.arrive(key),
            Due::Held { node, incarnation } => self.held(node, incarnation),
            Due::Served { node, incarnation } => self.served(node, incarnation),
            Due::Wake { node, incarnation } => self.wake(node, incarnation),
            Due::Generate => self.generate(),
            Due::Listed { index } => self.begin_listed(index),
            Due::NextFinal { worker } => self.next_final(worker),
            Due::Timeout { client } => self.timeout(client),
            Due::Woken { worker } => self.client_woken(worker),
            Due::Fault { index } => self.fault(index),
            Due::LatencyStep { index } => self.links.take_step(index),
            Due::PhaseEnd { phase } => self.phase_end(phase),
            Due::Deferred(key) => {
                let (node, incarnation, deferred) = self.deferred.remove(key as usize);
                match deferred {
                    Deferred::Effect(effect, cause) => {
                        self.effect(node, incarnation, effect, cause);
                    }
                    Deferred::Line(line, cause) => self.line(node, incarnation, &line, cause),
                }
            }
        }
    }

    fn schedule(&mut self, at: Time, due: Due) {
        self.queue.push(self.now, at, due);
    }

    /// Tells the engine what came from outside.
    pub fn input(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.phase == Phase::Over {
            return;
        }
        match input {
            Input::Started { node, incarnation } => self.started(node, incarnation),
            Input::Effect { node, incarnation, offset, cause, effect } => {
                if offset.is_zero() {
                    self.effect(node, incarnation, effect, cause);
                } else {
                    self.defer(node, incarnation, offset, Deferred::Effect(effect, cause));
                }
            }
            Input::NextWake { node, incarnation, at } => self.next_wake(node, incarnation, at),
            Input::ReadClock { node, incarnation } => self.clock_read(node, incarnation),
            Input::DiskTrouble { node, count } => {
                self.mark(node, DISK_TROUBLE, &Value::from(count));
            }
            Input::Line { node, incarnation, offset, cause, line } => {
                if offset.is_zero() {
                    self.line(node, incarnation, line, cause);
                } else {
                    let line = Deferred::Line(line.into(), cause);
                    self.defer(node, incarnation, offset, line);
                }
            }
            Input::Exited { node, incarnation, how, output } => {
                self.exited(node, incarnation, &how, &output);
            }
            Input::Broke { node, incarnation, name, how, output } => {
                self.broke(node, incarnation, name, &how, &output);
            }
            Input::Machine { node, incarnation, waited, machine } => {
                self.machine_was_busy(node, incarnation, waited, machine);
            }
            Input::Stopped { node, lost_writes } if lost_writes > 0 => {
                self.mark(node, LOST_WRITES, &Value::from(lost_writes));
            }
            Input::Stopped { .. } => {}
            Input::Interrupt => self.end_early(Ended::Interrupted),
        }
    }

    fn defer(&mut self, node: u32, incarnation: u32, offset: Duration, what: Deferred) {
        let key = self.deferred.insert((node, incarnation, what));
        self.schedule(self.now + offset, Due::Deferred(key as u32));
    }

    fn effect(&mut self, node: u32, incarnation: u32, effect: Effect, cause: u64) {
        if !self.is_current(node, incarnation) {
            return;
        }
        match effect {
            Effect::Send { dest, payload } => self.node_sends(node, &dest, payload, cause),
            Effect::Mark { label, value } => self.mark(node, &label, &value),
            Effect::Log(line) => self.logged(self.now, node, &line),
            // A new kind of effect has to be handled here before a host may
            // hand it on.
            other => unreachable!("the engine does not know the effect {other:?}"),
        }
    }

    fn mark(&mut self, node: u32, label: &str, value: &Value) {
        if label == LEADER {
            self.nodes[node as usize].leads = leads(value);
        }
        let node = named(&self.names, node);
        self.events.tell(self.now, &Event::Marked { node, label, value });
    }

    /// The present moment as histories count.
    fn history_time(&self) -> Time {
        Time(self.now.0 - self.origin.unwrap_or(self.now).0)
    }

    fn record(
        &mut self,
        process: Process,
        kind: OpKind,
        f: std::sync::Arc<str>,
        value: Value,
        error: Option<Value>,
        is_final: bool,
    ) -> Op {
        let (time, index) = (self.history_time(), self.events.recorder.history().len() as u64);
        let op = Op { index, time, process, kind, f, value, error, is_final };
        self.events.tell(self.now, &Event::Operation(&op));
        op
    }

    fn drop_message(&mut self, message: InFlight, reason: DropReason) {
        self.events.tell(self.now, &Event::Dropped(message.told(), reason));
    }

    /// What the run leaves.
    ///
    /// # Panics
    /// If the run is not over.
    pub fn finish(mut self) -> Outcome {
        assert!(self.is_finished(), "the run goes on");
        self.events.tell(self.now, &Event::Ended(self.ended));
        self.events.recorder.finish(&self.plan)
    }
}

/// Who is told what happens: what makes the outcome, and who watches.
struct Events<'a> {
    observer: &'a mut dyn Observer,
    recorder: Recorder,
}

impl Events<'_> {
    #[inline]
    fn tell(&mut self, now: Time, event: &Event<'_>) {
        self.recorder.event(now, event);
        self.observer.event(now, event);
    }
}

/// A node as events tell of it.
fn named(names: &[NodeId], node: u32) -> Node<'_> {
    Node { place: node, name: &names[node as usize] }
}
