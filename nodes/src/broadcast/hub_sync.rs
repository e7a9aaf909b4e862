//! A hub with one schedule: it passes on what it has at T, T + P, T + 2P …, and
//! leaves send so as to arrive just before. So waiting at the leaf and waiting at
//! the hub overlap instead of adding up, and that is the whole gain over
//! [`hub_timer`](super::hub_timer).
//!
//! The last node has a value after at most P + guard + 2L (L: the latency of a
//! link), half of all after P/2 + 2L. With n nodes whose clients broadcast μ values
//! a second each (λ in all) that takes (n − 1)[(1 − e^(−μP)) + (1 − e^(−λP))]/P
//! messages a second, which is within 13 % of what any algorithm with one hub
//! needs. Nobody sends who has no news.
//!
//! Measured (25 nodes, 100 ms, 100 operations a second, ideal inbox): 0.98 messages
//! per operation at a true maximum of 609 ms, 0.58 at 1009 ms, where the formula
//! says 0.93 and 0.54: it takes arrivals to be random, but clients take turns, so
//! more leaves have news in a period. The least that a clairvoyant hub could do for
//! the arrivals of these very runs is 1.15 and 1.17 times less.
//!
//! How leaves learn the schedule: see [`schedule`](super::schedule). Until a leaf
//! knows it, it sends at once, and the hub's first moment is P after its first
//! news, so that even the first values are not later than the rest.
//!
//! The same program runs a tree of two levels ([`tree_sync`](super::tree_sync)):
//! a sub-hub is a hub to its leaves, whose moments are the slots in which it sends
//! to the hub itself.
//!
//! Nothing is repeated: values are lost when messages are. `hub-ft` is the one for
//! a network with faults.
//!
//! Source: spec of this project, sections 3.2 and 4.4.

use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Message, Process, Time, TimerId};
use serde::{Deserialize, Serialize};

use super::arguments::{Arguments, milliseconds, number};
use super::clients::{Served, from_node, serve};
use super::latency::micros;
use super::repair::{Delta, Repair, Which};
use super::schedule::{Feedback, Grid, Slot};

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The time between two moments of the hub.
    pub period: Duration,
    /// How much before its latest moment a message is sent.
    pub guard: Duration,
    /// How many sub-hubs there are; without any, leaves send to the hub itself.
    pub sub_hubs: usize,
}

impl Options {
    /// Reads `--period MS`, `--guard MS`, and `--sub-hubs N` for a tree.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String], is_tree: bool) -> Result<Options, String> {
        let known: &[&str] = match is_tree {
            true => &["--period MS", "--guard MS", "--sub-hubs N"],
            false => &["--period MS", "--guard MS"],
        };
        let mut pairs = Arguments::new(arguments, known);
        let mut options = Options {
            period: Duration::from_millis(400),
            guard: Duration::from_millis(10),
            sub_hubs: if is_tree { 32 } else { 0 },
        };
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--period" => options.period = milliseconds(name, value, 1)?,
                "--guard" => options.guard = milliseconds(name, value, 0)?,
                _ => options.sub_hubs = number(name, value, 1, 100_000)? as usize,
            }
        }
        if options.guard >= options.period {
            return Err("--guard must be shorter than --period".to_owned());
        }
        Ok(options)
    }
}

/// News for who collects it.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "up")]
struct Up {
    /// When the sender's clock sent it, in microseconds.
    stamp: u64,
    delta: Delta,
}

/// News for all.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "down")]
struct Down {
    /// About the receiver's last message.
    feedback: Option<Feedback>,
    delta: Delta,
}

/// The node.
#[derive(Debug)]
pub struct HubSync {
    options: Options,
    repair: Repair,
    /// To whom this node sends news; none if it is the hub.
    parent: Option<usize>,
    /// Who sends news to this node.
    children: Vec<usize>,
    /// When the hub passes news on, once it had some.
    grid: Option<Grid>,
    /// When others do.
    slot: Slot,
    flush: Option<TimerId>,
    /// The last message of each child that no feedback was given about: its stamp,
    /// and when it came.
    heard: Vec<Option<(u64, Time)>>,
    /// What is to be said about each child's last message.
    feedback: Vec<Option<Feedback>>,
}

impl HubSync {
    /// A node.
    pub fn new(options: Options) -> HubSync {
        HubSync {
            options,
            repair: Repair::without_repair(),
            parent: None,
            children: Vec::new(),
            grid: None,
            slot: Slot::new(options.period, options.guard),
            flush: None,
            heard: Vec::new(),
            feedback: Vec::new(),
        }
    }

    fn start(&mut self, cx: &mut Cx) {
        self.repair.start(cx);
        let (me, nodes) = (self.repair.me, self.repair.nodes());
        self.heard = vec![None; nodes];
        self.feedback = vec![None; nodes];
        // Node 0 is the hub and 1 to s are the sub-hubs, among which the others
        // are dealt out.
        let sub_hubs = self.options.sub_hubs;
        let parent_of = |place: usize| match place {
            0 => None,
            _ if sub_hubs == 0 || place <= sub_hubs => Some(0),
            _ => Some((place - 1) % sub_hubs + 1),
        };
        self.parent = parent_of(me);
        self.children = (0..nodes).filter(|&place| parent_of(place) == Some(me)).collect();
    }

    /// The next moment to pass news on, and its epoch; none if the schedule is not
    /// known yet.
    fn moment(&self, now: Time) -> Option<(i64, Time)> {
        match self.parent {
            None => self.grid.map(|grid| grid.next(now)),
            Some(_) => self.slot.next(now),
        }
    }

    fn news(&mut self, cx: &mut Cx) {
        if self.flush.is_some() {
            return;
        }
        let now = cx.now();
        if self.parent.is_none() && self.grid.is_none() {
            self.grid = Some(Grid::new(now + self.options.period, self.options.period));
        }
        let at = self.moment(now).map_or(now, |(_, at)| at);
        self.flush = Some(cx.set_timer(at.since(now)));
    }

    fn flush(&mut self, cx: &mut Cx) {
        let now = cx.now();
        if let Some((epoch, at)) = self.moment(now) {
            for child in self.children.clone() {
                if let Some((stamp, came)) = self.heard[child].take() {
                    self.feedback[child] = Some(Feedback::new(stamp, came, epoch, at));
                }
            }
        }
        match self.parent {
            None => self.send_down(cx),
            Some(parent) => {
                if self.repair.has_unsent(parent) {
                    let delta = self.repair.delta(parent, Which::Unsent, usize::MAX, now);
                    cx.send(self.repair.name(parent), Up { stamp: micros(now), delta });
                }
            }
        }
    }

    fn send_down(&mut self, cx: &mut Cx) {
        for child in self.children.clone() {
            // A sub-hub passes on its leaves' news to its other leaves when it hears
            // from the hub, which therefore always answers it.
            let is_sub_hub = self.options.sub_hubs > 0 && self.parent.is_none();
            let is_waiting = is_sub_hub && self.feedback[child].is_some();
            if self.repair.has_unsent(child) || is_waiting {
                let delta = self.repair.delta(child, Which::Unsent, usize::MAX, cx.now());
                let feedback = self.feedback[child].take();
                cx.send(self.repair.name(child), Down { feedback, delta });
            }
        }
    }

    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        if let Some((child, up)) = from_node::<Up>(message, &self.repair) {
            self.heard[child] = Some((up.stamp, cx.now()));
            self.repair.receive(child, &up.delta, cx);
            self.news(cx);
        } else if let Some((parent, down)) = from_node::<Down>(message, &self.repair) {
            self.repair.receive(parent, &down.delta, cx);
            if let Some(feedback) = down.feedback {
                self.slot.learn(feedback);
            }
            // What comes from above needs no waiting: all of it is old enough.
            self.send_down(cx);
        } else if serve(message, &mut self.repair, cx) == Served::Accepted {
            self.news(cx);
        }
    }
}

impl Process for HubSync {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => self.start(cx),
            Input::Message(message) => self.message(&message, cx),
            Input::Timer(timer) if self.flush == Some(timer) => {
                self.flush = None;
                self.flush(cx);
            }
            _ => {}
        }
    }
}
