//! The event loop: it routes what happens to components, each of which owns its state.
//!
//! | component | what it owns | what the engine does with it |
//! |---|---|---|
//! | `Course` (`phases`) | the phase, when operations count from, the set-up | `phases`, `finals`: from the start to the end |
//! | `Cluster` | names, nodes' states, slow nodes, clocks, disks | `nodes`: lives and inboxes; `starts`: from a process to its `init_ok`; `lines`: what live nodes write |
//! | `Network` | what is on its way, links, partitions | `network`: from sending to arrival; `links`, `link_counts`, `disturbances`: latency, loss and what faults add |
//! | `Holding` (`held`) | what a test holds back | before an arrival |
//! | `Clients` | addresses, requests that wait | `clients`: requests, answers, time-outs; `replies`: what clients do not wait for |
//! | `Workers` | turns, operations under way | `workers`: operations from invocation to end |
//! | `Faults` | the faults that are on | `faults`: beginnings and ends |
//! | `Events` | the recorder, the observer | told all that happens, in order |
//!
//! The order of calls: a driver takes [`Engine::next_deadline`], calls [`Engine::advance`] until
//! nothing is due, carries out each [`Engine::next_command`], and hands what comes of it to
//! [`Engine::input`]. A message goes `send` → `post` (told as sent, its key and fate drawn) →
//! `travels` → queue → `arrive` → held back, or `client_receives`, `service_receives` or
//! `node_receives` → `deliver` (told as received, a command). An operation goes `generate` →
//! `invoke` → `step` → `request` → … → `complete`. `blame` is what nodes do wrong, `silence` what
//! Maelstrom would ignore, `standstill` too many events at one instant.

mod blame;
mod clients;
mod cluster;
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
mod workers;

use std::collections::VecDeque;
use std::time::Duration;

use glomers_history::journal::DropReason;
use glomers_history::{Ended, Endpoint, Event, Observer, Op, OpKind, Process, Time, Value};
use glomers_node::Effect;
use slab::Slab;

use crate::chooser::{Chooser, Enabled, EnabledKind};
use crate::driving::{Command, DISK_TROUBLE, Input, LOST_WRITES};
use crate::faults::{LEADER, leads};
use crate::outcome::Outcome;
use crate::plan::{Plan, PlanError};
use crate::queue::{Due, EventQueue};
use crate::recorder::Recorder;
use crate::services::Services;
use crate::statistics::NetStatistics;
use crate::workload::Workload;

use clients::Clients;
use cluster::Cluster;
use held::Holding;
pub use held::{Hold, Messages};
use network::{InFlight, Network};
use phases::Course;
use workers::Workers;

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
    course: Course,
    queue: EventQueue,
    commands: VecDeque<Command>,
    deferred: Slab<(u32, u32, Deferred)>,

    cluster: Cluster,
    network: Network,
    holding: Holding,
    services: Services,
    clients: Clients,
    workers: Workers,
    faults: faults::Faults,
    standstill: standstill::Standstill,
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
        let rpc_timeout = plan.rpc_timeout_of(workload);
        let recorder = Recorder::new(plan, workload);
        let mut engine = Engine {
            plan: plan.clone(),
            workload,
            events: Events { observer, recorder },
            chooser: None,
            now: Time::ZERO,
            course: Course::new(),
            queue: EventQueue::default(),
            commands: VecDeque::new(),
            deferred: Slab::new(),
            cluster: Cluster::new(&plan.nodes),
            network: Network::new(plan),
            holding: Holding::default(),
            services: Services::new(plan.seed),
            clients: Clients::default(),
            workers: Workers::new(plan, rpc_timeout),
            faults: faults::Faults::default(),
            standstill: standstill::Standstill::new(plan.nodes.len()),
        };
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
        if self.course.origin.is_none() {
            return (Duration::ZERO, limit);
        }
        (self.now.since(self.course.main_start).min(limit), limit)
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
        self.cluster.is_current(node, incarnation)
    }

    /// Whether the run is over and all commands have been taken.
    pub fn is_finished(&self) -> bool {
        self.course.is_over() && self.commands.is_empty()
    }

    /// The key of a step in which a node that speaks in bytes is woken.
    pub fn wake_key(&self, node: u32) -> u64 {
        crate::draws::Origin::Wake.key(self.cluster.key(node), self.now.0)
    }

    /// In real time: a moment to write what has gathered.
    pub fn tick(&mut self, now: Time) {
        self.events.tell(now, &Event::Tick);
    }

    /// A live node logged a line, or something that still runs did when the run was
    /// over.
    pub fn logged(&mut self, now: Time, node: u32, line: &str) {
        let is_early = !self.has_begun();
        let state = &mut self.cluster.nodes[node as usize];
        if is_early || state.init_client.is_some() {
            state.rare.early_log.push(line);
        }
        let node = self.cluster.named(node);
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
        if self.course.is_over() {
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
                    Due::Arrive(key) => match self.network.in_flight.get(key as usize) {
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
        self.queue.take(chosen)
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
            Due::LatencyStep { index } => self.network.links.take_step(index),
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
        if self.course.is_over() {
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

    /// A node wants something done now, in a step that `cause` is the key of.
    pub(crate) fn effect(&mut self, node: u32, incarnation: u32, effect: Effect, cause: u64) {
        if self.course.is_over() || !self.is_current(node, incarnation) {
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

    /// As [`Input::NextWake`], which every step has.
    #[inline]
    pub(crate) fn wants_wake(&mut self, node: u32, incarnation: u32, at: Option<Time>) {
        if !self.course.is_over() {
            self.next_wake(node, incarnation, at);
        }
    }

    fn mark(&mut self, node: u32, label: &str, value: &Value) {
        if label == LEADER {
            self.cluster.nodes[node as usize].leads = leads(value);
        }
        let node = self.cluster.named(node);
        self.events.tell(self.now, &Event::Marked { node, label, value });
    }

    /// The present moment as histories count.
    fn history_time(&self) -> Time {
        Time(self.now.0 - self.course.origin.unwrap_or(self.now).0)
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
        self.events.tell(self.now, &Event::Ended(self.course.ended));
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
