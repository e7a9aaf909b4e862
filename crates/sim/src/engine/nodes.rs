//! Nodes: their lives, and how messages wait for them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use glomers_history::journal::DropReason;
use glomers_history::{Event, MILLISECOND, StopReason, Time};

use super::Engine;
use super::network::InFlight;
use super::starts::Patience;
use crate::draws::{Draws, Purpose};
use crate::driving::{Command, Stop};
use crate::last_lines::LastLines;
use crate::plan::{Inbox, ServiceTime};
use crate::queue::Due;

/// A node as the engine sees it.
#[derive(Debug, Default)]
pub(super) struct NodeState {
    /// Between the command to start it and its end.
    pub(super) is_up: bool,
    /// It was up when the run ended, which stopped it.
    pub(super) was_up_at_end: bool,
    pub(super) is_paused: bool,
    pub(super) has_started: bool,
    pub(super) incarnation: u32,
    /// Messages that have arrived, in order.
    inbox: VecDeque<u32>,
    /// The message that the node is at, and until when.
    serving: Option<u32>,
    /// The service ended during a pause.
    served_while_paused: bool,
    /// Maelstrom's queue: by due time, then by message.
    maelstrom: BinaryHeap<Reverse<(Time, u64, u32)>>,
    /// The message for which Maelstrom's delivery thread sleeps.
    held: Option<u32>,
    /// When the node wants to be woken.
    wanted_wake: Option<Time>,
    /// The wake-up that is in the queue.
    scheduled_wake: Option<Time>,
    /// The client that initialises this incarnation.
    pub(super) init_client: Option<u32>,
    /// What messages have nothing to do with, elsewhere: a large cluster's states should
    /// be near each other.
    pub(super) rare: Box<Rare>,
    /// From which message on Maelstrom would not hear this incarnation.
    pub(super) silent_from: Option<u64>,
    /// It has ended by itself, and the run with it.
    pub(super) has_crashed: bool,
    /// Whether its last mark `leader` says that it leads.
    pub(super) leads: bool,
}

/// What the start of a node and its mistakes need.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// When the client that initialises this incarnation began to.
    pub(super) init_since: Time,
    /// What it logged until it served, in this incarnation.
    pub(super) early_log: LastLines,
    /// Messages that wait for this incarnation's `init_ok`, in order.
    pub(super) waiting: VecDeque<u32>,
    pub(super) patience: Patience,
    pub(super) record: Record,
}

/// What was said about a node, in all its incarnations.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) errors: u32,
    pub(super) notes: Vec<&'static str>,
}

impl Engine<'_> {
    pub(super) fn start_node(&mut self, node: u32) {
        let state = &mut self.cluster.nodes[node as usize];
        state.is_up = true;
        let incarnation = state.incarnation;
        self.commands.push_back(Command::Start { node, incarnation });
        let node = self.cluster.named(node);
        self.events.tell(self.now, &Event::Started { node, incarnation });
    }

    /// Ends a node: what it had and what waits for it is gone.
    pub(super) fn stop_node(&mut self, node: u32, how: Stop) {
        let state = &mut self.cluster.nodes[node as usize];
        if !state.is_up {
            return;
        }
        let record = std::mem::take(&mut state.rare.record);
        let old = std::mem::take(state);
        // Messages that are still under way carry the old incarnation and will
        // be dropped when they arrive.
        state.incarnation = old.incarnation + 1;
        state.rare.record = record;
        if let Some(client) = old.init_client {
            self.clients.slots[client as usize].owner = super::clients::Owner::Nobody;
        }
        self.commands.push_back(Command::Stop { node, how });
        self.node_stopped(node, StopReason::Killed);
        let waiting =
            old.inbox.into_iter().chain(old.serving).chain(old.held).chain(old.rare.waiting);
        let queued = old.maelstrom.into_iter().map(|Reverse((_, _, key))| key);
        for key in waiting.chain(queued).collect::<Vec<u32>>() {
            self.drop_key(key, DropReason::NodeDown);
        }
    }

    /// A node has ended.
    pub(super) fn node_stopped(&mut self, node: u32, why: StopReason) {
        let node = self.cluster.named(node);
        self.events.tell(self.now, &Event::Stopped { node, why });
    }

    pub(super) fn pause_node(&mut self, node: u32) {
        let state = &mut self.cluster.nodes[node as usize];
        if state.is_up && !state.is_paused {
            state.is_paused = true;
            let waiting: Vec<u32> = state.serving.iter().chain(&state.inbox).copied().collect();
            self.commands.push_back(Command::Pause { node });
            waiting.into_iter().for_each(|key| self.waits(key));
        }
    }

    pub(super) fn resume_node(&mut self, node: u32) {
        let state = &mut self.cluster.nodes[node as usize];
        if !state.is_paused {
            return;
        }
        state.is_paused = false;
        self.commands.push_back(Command::Resume { node });
        let (incarnation, served) = (state.incarnation, state.served_while_paused);
        state.served_while_paused = false;
        let wake = state.scheduled_wake.filter(|&at| at <= self.now);
        if served {
            self.served(node, incarnation);
        } else {
            self.serve_next(node);
        }
        if wake.is_some() {
            self.wake(node, incarnation);
        }
    }

    pub(super) fn drop_key(&mut self, key: u32, reason: DropReason) {
        let message = self.network.in_flight.remove(key as usize);
        self.drop_message(message, reason);
    }

    /// Whether the receiver of a message is the one it was sent to.
    fn is_receiver_alive(&self, node: u32, key: u32) -> bool {
        self.is_current(node, self.network.in_flight[key as usize].incarnation)
    }

    /// A message is due at a node with an ideal inbox.
    pub(super) fn node_receives(&mut self, node: u32, key: u32) {
        if !self.is_receiver_alive(node, key) {
            return self.drop_key(key, DropReason::NodeDown);
        }
        let state = &self.cluster.nodes[node as usize];
        if !state.has_started && self.must_wait(node, &self.network.in_flight[key as usize]) {
            return self.cluster.nodes[node as usize].rare.waiting.push_back(key);
        }
        self.enter(node, key);
    }

    /// A message enters Maelstrom's queue, when it is sent.
    pub(super) fn queue_as_maelstrom(&mut self, node: u32, message: InFlight) {
        let incarnation = message.incarnation;
        let must_wait = self.must_wait(node, &message);
        let key = self.network.in_flight.insert(message) as u32;
        if !self.is_current(node, incarnation) {
            return self.drop_key(key, DropReason::NodeDown);
        }
        if must_wait {
            return self.cluster.nodes[node as usize].rare.waiting.push_back(key);
        }
        self.enters_maelstroms_queue(node, key);
    }

    pub(super) fn enters_maelstroms_queue(&mut self, node: u32, key: u32) {
        let InFlight { due, id, .. } = self.network.in_flight[key as usize];
        self.cluster.nodes[node as usize].maelstrom.push(Reverse((due, id, key)));
        self.poll_as_maelstrom(node);
    }

    /// Maelstrom's delivery thread takes what is due first, tests the partition,
    /// and sleeps the whole milliseconds until then.
    fn poll_as_maelstrom(&mut self, node: u32) {
        loop {
            let state = &mut self.cluster.nodes[node as usize];
            if state.held.is_some() {
                return;
            }
            let Some(Reverse((due, _, key))) = state.maelstrom.pop() else {
                return;
            };
            let incarnation = state.incarnation;
            if self.is_cut(key) {
                self.drop_key(key, DropReason::Partition);
                continue;
            }
            let sleep = due.0.saturating_sub(self.now.0) / MILLISECOND * MILLISECOND;
            if sleep == 0 {
                self.enter(node, key);
            } else {
                self.cluster.nodes[node as usize].held = Some(key);
                self.schedule(Time(self.now.0 + sleep), Due::Held { node, incarnation });
            }
        }
    }

    pub(super) fn held(&mut self, node: u32, incarnation: u32) {
        if !self.is_current(node, incarnation) {
            return;
        }
        if let Some(key) = self.cluster.nodes[node as usize].held.take() {
            self.enter(node, key);
        }
        self.poll_as_maelstrom(node);
    }

    /// A message has come to a node, and waits for its turn.
    fn enter(&mut self, node: u32, key: u32) {
        let state = &mut self.cluster.nodes[node as usize];
        if state.is_paused {
            state.inbox.push_back(key);
            return self.waits(key);
        }
        if state.serving.is_none() && state.inbox.is_empty() {
            return self.serve(node, key);
        }
        state.inbox.push_back(key);
        self.serve_next(node);
    }

    /// Lets a node that is idle take the next message.
    fn serve_next(&mut self, node: u32) {
        loop {
            let state = &mut self.cluster.nodes[node as usize];
            if state.serving.is_some() || state.is_paused {
                return;
            }
            let Some(key) = state.inbox.pop_front() else {
                return;
            };
            self.serve(node, key);
        }
    }

    /// Lets a node that is idle take a message.
    #[inline]
    fn serve(&mut self, node: u32, key: u32) {
        // With an ideal inbox a partition takes effect here, when the receiver takes the
        // message; Maelstrom's thread has tested before.
        if self.plan.inbox == Inbox::Ideal && self.is_cut(key) {
            return self.drop_key(key, DropReason::Partition);
        }
        let ServiceTime::Exponential { mean } = self.plan.service_time else {
            return self.deliver(node, key);
        };
        let message = self.network.in_flight[key as usize].key;
        let mut draws = Draws::keyed(self.plan.seed, Purpose::Service, message, 0, 0);
        let mut service = draws.exponential(mean as f64) as u64;
        if self.cluster.slow.is_some() {
            service = self.slowed(node, key, service);
        }
        let state = &mut self.cluster.nodes[node as usize];
        state.serving = Some(key);
        let incarnation = state.incarnation;
        let until = Time(self.now.0 + service);
        self.schedule(until, Due::Served { node, incarnation });
    }

    pub(super) fn served(&mut self, node: u32, incarnation: u32) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let state = &mut self.cluster.nodes[node as usize];
        if state.is_paused {
            state.served_while_paused = true;
            return;
        }
        if let Some(key) = state.serving.take() {
            self.deliver(node, key);
        }
        self.serve_next(node);
    }

    pub(super) fn next_wake(&mut self, node: u32, incarnation: u32, at: Option<Time>) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let state = &mut self.cluster.nodes[node as usize];
        state.wanted_wake = at;
        let Some(at) = at else { return };
        // A wake-up that is in the queue already and comes earlier will look
        // again.
        if state.scheduled_wake.is_none_or(|scheduled| at < scheduled) {
            state.scheduled_wake = Some(at);
            self.schedule(at, Due::Wake { node, incarnation });
        }
    }

    pub(super) fn wake(&mut self, node: u32, incarnation: u32) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let now = self.now;
        let state = &mut self.cluster.nodes[node as usize];
        // Of several in the queue only the one that was scheduled last counts.
        if state.is_paused || state.scheduled_wake.is_none_or(|scheduled| scheduled > now) {
            return;
        }
        state.scheduled_wake = None;
        match state.wanted_wake {
            Some(wanted) if wanted <= now => {
                state.wanted_wake = None;
                self.commands.push_back(Command::Wake { node, incarnation });
            }
            Some(wanted) => {
                state.scheduled_wake = Some(wanted);
                self.schedule(wanted, Due::Wake { node, incarnation });
            }
            None => {}
        }
    }
}
