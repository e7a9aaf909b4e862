//! The course of a run.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::{Ended, Event, StopReason, Time};
use glomers_node::Payload;
use glomers_node::protocol::rpc::init::{Init, InitOk};

use super::Engine;
use super::clients::Owner;
use super::nodes::NodeState;
use crate::draws::Origin;
use crate::driving::{Command, Stop};
use crate::last_lines::LastLines;
use crate::plan::{Operations, Rate};
use crate::queue::Due;
use crate::workload::SetupRequest;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    /// Nodes are started and initialised; so many are not ready yet.
    Init {
        missing: u32,
    },
    /// The workload asks its first questions; so many are open.
    Setup {
        missing: u32,
    },
    Main,
    /// No new operations; those under way end.
    Draining,
    /// The cluster is left alone.
    Recovery,
    /// All faults are over; so many workers have not been served since.
    Probing {
        unserved: u32,
    },
    /// Final operations; so many workers are not done with theirs.
    Final {
        unfinished: u32,
    },
    Over,
}

/// How far a run is.
pub(super) struct Course {
    /// When all nodes were initialised; operations count from here.
    pub(super) origin: Option<Time>,
    /// When operations began.
    pub(super) main_start: Time,
    /// Until when the cluster must serve again, where it is asked.
    pub(super) serve_until: Time,
    /// When final operations began.
    pub(super) final_start: Time,
    pub(super) phase: Phase,
    pub(super) ended: Ended,
    /// What is asked before operations begin.
    pub(super) setup: Vec<SetupRequest>,
}

impl Course {
    pub(super) fn new() -> Course {
        Course {
            origin: None,
            main_start: Time::ZERO,
            serve_until: Time::MAX,
            final_start: Time::ZERO,
            phase: Phase::Before,
            ended: Ended::Completed,
            setup: Vec::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }
}

impl Phase {
    /// For events that are about one phase only.
    fn number(self) -> u8 {
        match self {
            Phase::Before => 0,
            Phase::Init { .. } => 1,
            Phase::Setup { .. } => 2,
            Phase::Main => 3,
            Phase::Draining => 4,
            Phase::Recovery => 5,
            Phase::Final { .. } => 6,
            Phase::Over => 7,
            Phase::Probing { .. } => 8,
        }
    }
}

impl NodeState {
    pub(super) fn is_initialised(&self) -> bool {
        self.has_started
    }
}

impl Engine<'_> {
    /// Starts the run: call once, at its beginning.
    pub fn begin(&mut self, now: Time) {
        self.now = now;
        let count = self.plan.nodes.len() as u32;
        self.course.phase = Phase::Init { missing: count };
        // Clients of inits come first and are numbered as the nodes.
        for node in 0..count {
            self.clients.make_first(Owner::Init(node));
        }
        for node in 0..count {
            self.start_node(node);
        }
    }

    /// A node can take messages: it is told who it is.
    pub(super) fn started(&mut self, node: u32, incarnation: u32) {
        if !self.is_current(node, incarnation) {
            return;
        }
        // The same client in all its lives: a late answer to one is none to the next.
        let client = node;
        self.clients.slots[client as usize].owner = Owner::Init(node);
        let state = &mut self.cluster.nodes[node as usize];
        state.init_client = Some(client);
        state.rare.early_log = LastLines::default();
        state.rare.init_since = self.now;
        let init = self.init_body(node);
        let deadline = self.init_deadline(node, self.now);
        let cause = Origin::Init.key(self.cluster.key(node), incarnation.into());
        self.request(client, node, Arc::new(init), deadline, cause);
    }

    fn init_body(&mut self, node: u32) -> Init {
        let node_ids = self.cluster.shared_names();
        Init { node_id: self.cluster.name(node).clone(), node_ids }
    }

    /// Ends the run, with what the node logged so far.
    fn failed_to_start(&mut self, node: u32, finding: &'static str, summary: String) {
        let said = self.cluster.nodes[node as usize].rare.early_log.lines();
        self.break_off(node, finding, summary, &said);
    }

    pub(super) fn init_timed_out(&mut self, node: u32) {
        let seconds = Duration::from_nanos(self.plan.init_timeout).as_secs_f64();
        let summary = format!(
            "{} did not answer \"init\" with \"init_ok\" within {seconds} s (--init-timeout).",
            self.cluster.name(node)
        );
        self.failed_to_start(node, "init-failed", summary);
    }

    pub(super) fn init_answered(&mut self, node: u32, reply: &Payload) {
        if reply.header().kind() != "init_ok" || reply.decode::<InitOk>().is_err() {
            let summary = format!(
                "{} answered \"init\" with {reply:?}; \"init_ok\" was expected.",
                self.cluster.name(node)
            );
            return self.failed_to_start(node, "init-failed", summary);
        }
        self.cluster.nodes[node as usize].has_started = true;
        self.cluster.nodes[node as usize].init_client = None;
        self.hand_over_waiting(node);
        let Phase::Init { missing } = &mut self.course.phase else {
            return;
        };
        *missing -= 1;
        if *missing == 0 {
            self.course.origin = Some(self.now);
            self.events.tell(self.now, &Event::Initialised);
            self.begin_setup();
        }
    }

    fn begin_setup(&mut self) {
        self.course.setup = self.workload.setup(&self.cluster.names);
        let missing = self.course.setup.len() as u32;
        self.course.phase = Phase::Setup { missing };
        // As in Maelstrom every node has a client for the set-up, asked or not.
        let count = self.plan.nodes.len() as u32;
        let first = self.clients.slots.len() as u32;
        for _ in 0..count.max(missing) {
            self.clients.make_first(Owner::Nobody);
        }
        self.clients.begin_workers();
        if missing == 0 {
            return self.begin_main();
        }
        for index in 0..missing {
            let client = first + index;
            self.clients.slots[client as usize].owner = Owner::Setup(index);
            let request = &self.course.setup[index as usize];
            let (node, body) = (request.node, request.body.clone());
            // On a machine so slow that nodes may take longer to start, they may to
            // be set up, too.
            let patience =
                self.workers.rpc_timeout.max(Duration::from_nanos(self.plan.init_timeout));
            let cause = Origin::Setup.key(self.cluster.key(node), index.into());
            self.request(client, node, body, self.now + patience, cause);
        }
    }

    pub(super) fn setup_answered(&mut self, index: u32, node: u32, reply: &Payload) {
        let request = &self.course.setup[index as usize];
        if let Err(what) = (request.validate)(reply) {
            let what = format!("its answer is not of the form it must have: {what}");
            let text = reply.to_json();
            self.blame(
                node,
                &what,
                text.get(),
                "expected: exactly the fields of the reply's type (protocol: workloads)",
            );
        }
        let Phase::Setup { missing } = &mut self.course.phase else {
            return;
        };
        *missing -= 1;
        if *missing == 0 {
            self.begin_main();
        }
    }

    pub(super) fn setup_failed(&mut self, index: u32, how: &str) {
        let request = &self.course.setup[index as usize];
        let node = request.node;
        let summary = format!(
            "{} was asked {:?} before operations began, and {how}.",
            self.cluster.name(node),
            request.body.kind()
        );
        self.failed_to_start(node, "setup-failed", summary);
    }

    fn begin_main(&mut self) {
        self.course.phase = Phase::Main;
        self.course.main_start = self.now;
        self.events.tell(self.now, &Event::MainBegan);
        let start = self.now.0;
        let limit = self.plan.time_limit;
        let times: Vec<u64> = self.plan.faults.iter().map(|event| event.at).collect();
        for (index, at) in (0..).zip(times).filter(|(_, at)| *at < limit) {
            self.schedule(Time(start + at), Due::Fault { index });
        }
        let steps: Vec<u64> = self.plan.latency_steps.iter().map(|step| step.at).collect();
        for (index, at) in (0..).zip(steps).filter(|(_, at)| *at < limit) {
            self.schedule(Time(start + at), Due::LatencyStep { index });
        }
        let listed: Option<Vec<u64>> = match &self.plan.operations {
            Operations::Generated => None,
            Operations::Listed(list) => Some(list.iter().map(|listed| listed.at).collect()),
        };
        match listed {
            Some(times) => {
                for (index, at) in (0..).zip(times).filter(|(_, at)| *at < limit) {
                    self.schedule(Time(start + at), Due::Listed { index });
                }
            }
            None if self.plan.rate == Rate::Max || self.plan.rate.longest_gap().is_some() => {
                self.schedule(self.now, Due::Generate);
            }
            None => {}
        }
        let end = Time(start.saturating_add(limit));
        self.schedule(end, Due::PhaseEnd { phase: Phase::Main.number() });
    }

    pub(super) fn phase_end(&mut self, phase: u8) {
        if phase != self.course.phase.number() {
            return;
        }
        match self.course.phase {
            Phase::Main => {
                self.course.phase = Phase::Draining;
                self.all_done_if_idle();
            }
            Phase::Recovery => {
                self.begin_final();
            }
            _ => {}
        }
    }

    /// Goes on to the next phase once no operation is under way.
    pub(super) fn all_done_if_idle(&mut self) {
        if !self.workers.are_idle() {
            return;
        }
        match self.course.phase {
            Phase::Draining if self.workload.final_operation().is_some() && self.has_final() => {
                self.heal();
                self.course.phase = Phase::Recovery;
                let end = Time(self.now.0.saturating_add(self.plan.recovery));
                self.schedule(end, Due::PhaseEnd { phase: Phase::Recovery.number() });
            }
            Phase::Draining if self.can_probe() => self.begin_probing(),
            Phase::Draining => self.end(),
            _ => {}
        }
    }

    /// Whether the cluster is to be asked if it serves again: where there were
    /// faults and no final operations tell.
    fn can_probe(&self) -> bool {
        self.has_final() && !self.plan.faults.is_empty() && self.net().operations > 0
    }

    /// Ends all faults and has each worker ask until it is served.
    fn begin_probing(&mut self) {
        self.heal();
        let unserved = self.plan.concurrency;
        self.course.phase = Phase::Probing { unserved };
        self.course.serve_until = self.now + self.plan.recovery_bound();
        self.draw_anew();
        for worker in 0..unserved {
            self.probe(worker);
        }
    }

    /// A worker was served, or it is too late for that.
    pub(super) fn probing_is_done(&mut self) {
        let Phase::Probing { unserved } = &mut self.course.phase else {
            return;
        };
        *unserved -= 1;
        if *unserved == 0 {
            self.end();
        }
    }

    /// A worker is done with its final operations.
    pub(super) fn final_is_done(&mut self) {
        let Phase::Final { unfinished } = &mut self.course.phase else {
            return;
        };
        *unfinished -= 1;
        if *unfinished == 0 {
            self.end();
        }
    }

    /// A list of operations is complete in itself.
    fn has_final(&self) -> bool {
        self.plan.operations == Operations::Generated
    }

    /// Ends the run before its time.
    pub(super) fn end_early(&mut self, ended: Ended) {
        if self.course.phase == Phase::Over {
            return;
        }
        self.course.ended = ended;
        self.course.phase = Phase::Over;
        self.abandon_operations();
        self.end();
    }

    fn end(&mut self) {
        self.course.phase = Phase::Over;
        // What is still on its way stays so in the journal: nothing happened to
        // it.
        for node in 0..self.cluster.nodes.len() as u32 {
            let state = &mut self.cluster.nodes[node as usize];
            if std::mem::take(&mut state.is_up) {
                state.was_up_at_end = true;
                let has_crashed = state.has_crashed;
                self.commands.push_back(Command::Stop { node, how: Stop::Kill });
                if !has_crashed {
                    self.node_stopped(node, StopReason::RunEnded);
                }
            }
        }
    }
}
