//! A hub with timers: leaves send to it, it sends to all, and both wait a while
//! so that several values share a message.
//!
//! A leaf sends H after its first new value, the hub G after its first; the last
//! node has a value after at most H + G + 2L (L: the latency of a link). With n
//! nodes whose clients broadcast μ values a second each (λ in all, λ′ = λ − μ)
//! that takes (n − 1)[1/(H + 1/μ) + 1/(G + 1/λ′)] messages a second. Best is
//! H = 0, all of the wait at the hub, as long as that is below half a second.
//!
//! Nothing is repeated: values are lost when messages are. `hub-ft` is the one for
//! a network with faults.
//!
//! Source: spec of this project, section 3.2.

use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Message, Process, TimerId};
use serde::{Deserialize, Serialize};

use super::arguments::{Arguments, milliseconds};
use super::clients::{Served, from_node, serve};
use super::latency::{RoundTrips, Stamp};
use super::repair::{Delta, Repair, Which};
use super::spread::Reach;

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a leaf waits.
    pub hold: Duration,
    /// How long the hub waits; `None`: as `max_latency` allows.
    pub hub_hold: Option<Duration>,
    /// When the last node is to have a value, in 99 of 100 cases where latencies vary.
    pub max_latency: Duration,
}

impl Options {
    /// Reads `--hold MS`, `--hub-hold MS` and `--max-latency MS`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let known = &["--hold MS", "--hub-hold MS", "--max-latency MS"];
        let mut pairs = Arguments::new(arguments, known);
        let mut options = Options {
            hold: Duration::ZERO,
            hub_hold: None,
            max_latency: Duration::from_millis(400),
        };
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--hold" => options.hold = milliseconds(name, value, 0)?,
                "--hub-hold" => options.hub_hold = Some(milliseconds(name, value, 0)?),
                _ => options.max_latency = milliseconds(name, value, 1)?,
            }
        }
        Ok(options)
    }
}

/// A batch, up to the hub or down from it.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "hub_timer")]
struct Batch {
    stamp: Stamp,
    delta: Delta,
}

/// The place of the hub.
const HUB: usize = 0;

/// The node.
#[derive(Debug)]
pub struct HubTimer {
    options: Options,
    repair: Repair,
    round_trips: RoundTrips,
    reach: Reach,
    flush: Option<TimerId>,
}

impl HubTimer {
    /// A node.
    pub fn new(options: Options) -> HubTimer {
        HubTimer {
            options,
            repair: Repair::without_repair(),
            round_trips: RoundTrips::default(),
            reach: Reach::default(),
            flush: None,
        }
    }

    fn is_hub(&self) -> bool {
        self.repair.me == HUB
    }

    /// How long values wait here.
    fn wait(&self) -> Duration {
        if !self.is_hub() {
            return self.options.hold;
        }
        let spare = || self.reach.spare(self.options.max_latency);
        self.options.hub_hold.unwrap_or_else(|| spare().saturating_sub(self.options.hold))
    }

    fn news(&mut self, cx: &mut Cx) {
        if self.flush.is_none() {
            self.flush = Some(cx.set_timer(self.wait()));
        }
    }

    fn flush(&mut self, cx: &mut Cx) {
        let hub = HUB..=HUB;
        let receivers = if self.is_hub() { 1..=self.repair.nodes() - 1 } else { hub };
        for peer in receivers.filter(|&peer| self.repair.has_unsent(peer)).collect::<Vec<_>>() {
            let delta = self.repair.delta(peer, Which::Unsent, usize::MAX, cx.now());
            let stamp = self.round_trips.stamp(peer, cx.now());
            cx.send(self.repair.name(peer), Batch { stamp, delta });
        }
    }

    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        if let Some((peer, batch)) = from_node::<Batch>(message, &self.repair) {
            self.round_trips.heard(peer, batch.stamp, cx.now());
            // A value comes from one leaf and goes to the others.
            let others = self.repair.nodes().saturating_sub(2);
            self.reach.learn(&self.round_trips, others, true);
            let received = self.repair.receive(peer, &batch.delta, cx);
            if self.is_hub() && received.is_some_and(|received| received.new > 0) {
                self.news(cx);
            }
        } else if serve(message, &mut self.repair, cx) == Served::Accepted {
            self.news(cx);
        }
    }
}

impl Process for HubTimer {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => self.repair.start(cx),
            Input::Message(message) => self.message(&message, cx),
            Input::Timer(timer) if self.flush == Some(timer) => {
                self.flush = None;
                self.flush(cx);
            }
            _ => {}
        }
    }
}
