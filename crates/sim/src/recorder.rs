//! What a run amounts to: a fold over its events. The engine feeds it while the run
//! goes on, and a stored run feeds it again.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{
    Context, CutMessage, Ended, Endpoint, Event, Finding, History, Kept, Mark, Message, Observer,
    Op, OpKind, Service, Time, Value,
};
use rustc_hash::FxHashMap;

use crate::faults::{Harm, Touch, never_began, reports_from};
use crate::outcome::{Asked, NOTE, Outcome};
use crate::plan::Plan;
use crate::services::SERVICES;
use crate::statistics::NetStatistics;
use crate::workload::Workload;

/// Collects what the events of a run tell.
pub struct Recorder {
    nodes: usize,
    /// Whether the checker looks into messages that faults kept from their receivers.
    keeps_messages: bool,
    rpc_timeout: Duration,
    /// When all nodes were initialised.
    origin: Option<Time>,
    /// When operations began.
    main_start: Time,
    /// When the last event was.
    now: Time,
    ended: Option<Ended>,
    history: History,
    net: NetStatistics,
    context: Context,
    labels: FxHashMap<Box<str>, Arc<str>>,
    findings: Vec<Finding>,
    notes: Vec<Finding>,
    touches: Vec<Touch>,
    /// How many requests of nodes reached each service.
    requests: [u64; SERVICES.len()],
}

impl Recorder {
    /// For a run of this Plan.
    pub fn new(plan: &Plan, workload: &dyn Workload) -> Recorder {
        Recorder {
            nodes: plan.nodes.len(),
            keeps_messages: workload.looks_into_kept_messages(),
            rpc_timeout: plan.rpc_timeout_of(workload),
            origin: None,
            main_start: Time::ZERO,
            now: Time::ZERO,
            ended: None,
            history: History::new(),
            net: NetStatistics::default(),
            context: Context {
                nodes: plan.nodes.clone(),
                concurrency: plan.concurrency,
                ..Context::default()
            },
            labels: FxHashMap::default(),
            findings: Vec::new(),
            notes: Vec::new(),
            touches: Vec::new(),
            requests: [0; SERVICES.len()],
        }
    }

    /// The operations so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Messages counted so far.
    pub fn net(&self) -> &NetStatistics {
        &self.net
    }

    /// A moment of the run as histories count.
    pub fn history_time(&self, time: Time) -> Time {
        Time(time.0.saturating_sub(self.origin.unwrap_or(time).0))
    }

    /// What the run leaves. One that has no end was interrupted.
    pub fn finish(self, plan: &Plan) -> Outcome {
        let (history, mut context) = (self.history, self.context);
        let faults = reports_from(&history, &plan.nodes, &context.marks, &self.touches);
        let services = SERVICES.iter().zip(self.requests);
        context.services = services
            .map(|(name, requests)| Service { name: (*name).to_owned(), requests })
            .collect();
        context.asked = plan.operations.asked(&history, plan.concurrency);
        Outcome {
            asked: Asked::of(plan),
            never_began: never_began(plan, &history),
            left_out: plan.left_out.clone(),
            recovery_bound: plan.recovery_bound(),
            steady_loss: plan.steady_loss(),
            context,
            history,
            net: self.net,
            findings: self.findings,
            notes: self.notes,
            rpc_timeout: self.rpc_timeout,
            faults,
            ended: self.ended.unwrap_or(Ended::Interrupted),
            length: self.now,
            origin: self.origin.unwrap_or_default(),
            main_start: Time(self.main_start.0.saturating_sub(self.origin.unwrap_or_default().0)),
        }
    }

    fn counts(&mut self, message: &Message<'_>) -> &mut crate::statistics::Counts {
        if message.is_of_client() { &mut self.net.clients } else { &mut self.net.servers }
    }

    fn received(&mut self, message: &Message<'_>) {
        self.counts(message).received += 1;
        if let (Endpoint::Service(service), false) = (message.dest, message.is_of_client()) {
            self.requests[service as usize] += 1;
        }
    }

    /// Cold: most messages arrive.
    #[cold]
    fn dropped(&mut self, time: Time, message: &Message<'_>, reason: DropReason) {
        let ends = (message.src.place(self.nodes), message.dest.place(self.nodes));
        let (Some(src), Some(dest)) = ends else { return };
        if let Some(how) = Kept::by(reason) {
            self.keep(time, message, src, dest, how);
        }
        if let Some(harm) = Harm::of_drop(reason) {
            self.touched(time, dest, harm);
        }
    }

    #[cold]
    fn disturbed(&mut self, time: Time, message: &Message<'_>, how: Disturbance) {
        let Some(dest) = message.dest.place(self.nodes) else { return };
        self.touched(time, dest, Harm::of(how));
        if let (Disturbance::Waited, Some(src)) = (how, message.src.place(self.nodes)) {
            self.keep(time, message, src, dest, Kept::Paused);
        }
    }

    /// A fault keeps a message from its receiver, or from reaching it in time. Its body
    /// stays what it is, and is shared with who sent it.
    fn keep(&mut self, time: Time, message: &Message<'_>, src: u32, dest: u32, how: Kept) {
        if self.keeps_messages {
            let time = self.history_time(time);
            self.context.cut.push(CutMessage { time, id: message.id, src, dest, how });
            self.context.bodies.entry(message.id).or_insert_with(|| message.payload.clone());
        }
    }

    /// A fault did something to a message for this place, or to the node there.
    fn touched(&mut self, time: Time, node: u32, harm: Harm) {
        let time = self.history_time(time);
        self.touches.push(Touch { time, node, harm });
    }

    fn marked(&mut self, time: Time, node: u32, label: &str, value: &Value) {
        let label = match self.labels.get(label) {
            Some(label) => label.clone(),
            None => {
                let shared: Arc<str> = label.into();
                self.labels.insert(label.into(), shared.clone());
                shared
            }
        };
        let time = self.history_time(time);
        self.context.marks.push(Mark { time, node, label, value: value.clone() });
    }
}

fn is_begun_by_client(op: &Op) -> bool {
    op.kind == OpKind::Invoke && op.process.is_client()
}

impl Observer for Recorder {
    #[inline]
    fn event(&mut self, time: Time, event: &Event<'_>) {
        self.now = time;
        match *event {
            Event::Sent { message, .. } => self.counts(&message).sent += 1,
            Event::Received(message) => self.received(&message),
            Event::Dropped(message, reason) => self.dropped(time, &message, reason),
            Event::Disturbed(message, how) => self.disturbed(time, &message, how),
            Event::Operation(op) => {
                self.net.operations += u64::from(is_begun_by_client(op));
                self.history.push(op.clone());
            }
            Event::Marked { node, label, value } => self.marked(time, node.place, label, value),
            Event::ClockRead(node) => self.touched(time, node.place, Harm::ClockRead),
            Event::Found(finding) => {
                let is_note = finding.name.starts_with(NOTE);
                let all = if is_note { &mut self.notes } else { &mut self.findings };
                all.push(finding.clone());
            }
            Event::Initialised => {
                self.origin = Some(time);
                self.main_start = time;
            }
            Event::MainBegan => self.main_start = time,
            Event::Ended(how) => self.ended = Some(how),
            Event::Started { .. } | Event::Stopped { .. } | Event::Logged { .. } | Event::Tick => {}
        }
    }
}
