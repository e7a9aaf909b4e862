//! Every node sends what its clients broadcast to every other node itself, in
//! batches: one hop, the lowest latency there is.
//!
//! A node holds its first new value for a time H and sends all that has come by
//! then. The latest value arrives at H + L (L: the latency of a link). A node
//! whose clients broadcast μ values a second sends a batch every H + 1/μ, so n
//! nodes send n(n − 1)/(H + 1/μ) messages a second. For latencies below 2L, where
//! every pair must speak directly, nobody can do with fewer.
//!
//! Batches acknowledge what came the other way; who has had nothing to send for a
//! while acknowledges by a message of its own. What stays unacknowledged is sent
//! again, more rarely while the other is silent, and acknowledged at once.
//!
//! With a wanted latency D (`--max-latency`) the node measures L and sets
//! H = D − L; until it has, it holds nothing. Where latencies vary, L is the time after
//! which 99 of 100 values have come to all others (`spread`).
//!
//! Measured (25 nodes, 100 ms, D = 200 ms, 50 values a second): 11.6 messages per
//! operation where the formula says 10.0, as clients take turns, so that two values
//! of one node within H are rarer than by chance. For the arrivals of these very
//! runs nobody can do with fewer than 11.3.
//!
//! Source: spec of this project, section 3.1 (T5); the timers are those of delayed
//! acknowledgements in TCP.

use std::collections::VecDeque;
use std::time::Duration;

use glomers_node::{Cx, Incoming, Input, Message, Process, Time, TimerId};
use serde::{Deserialize, Serialize};

use super::arguments::{Arguments, milliseconds};
use super::clients::{Served, from_node, serve};
use super::latency::{RoundTrips, Stamp, micros};
use super::repair::{Delta, MESSAGE_LIMIT, Repair, Which};
use super::spread::Reach;
use super::storage::Run;

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long new values are held; `None`: as `max_latency` allows.
    pub hold: Option<Duration>,
    /// When the last node is to have a value, in 99 of 100 cases where latencies vary.
    pub max_latency: Duration,
    /// How long an acknowledgement waits for a batch to ride on.
    pub acknowledge: Duration,
}

impl Options {
    /// Reads `--hold MS`, `--max-latency MS` and `--acknowledge MS`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let known = &["--hold MS", "--max-latency MS", "--acknowledge MS"];
        let mut pairs = Arguments::new(arguments, known);
        let mut options = Options {
            hold: None,
            max_latency: Duration::from_millis(200),
            acknowledge: Duration::from_secs(2),
        };
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--hold" => options.hold = Some(milliseconds(name, value, 0)?),
                "--max-latency" => options.max_latency = milliseconds(name, value, 1)?,
                _ => options.acknowledge = milliseconds(name, value, 1)?,
            }
        }
        Ok(options)
    }
}

/// A batch, an acknowledgement, or both.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(type = "direct")]
struct Batch {
    stamp: Stamp,
    delta: Delta,
}

/// The node.
#[derive(Debug)]
pub struct Direct {
    options: Options,
    repair: Repair,
    round_trips: RoundTrips,
    reach: Reach,
    /// When the values at hand are to be sent.
    flush: Option<TimerId>,
    /// The next look at what is owed and what is unacknowledged.
    look: Option<(Time, TimerId)>,
    /// Since when an acknowledgement is owed to each node.
    owed_since: Vec<Option<Time>>,
    /// How often was repeated to each node what it has not acknowledged; if it was heard
    /// meanwhile and still lacks some, 1.
    repeated: Vec<u32>,
    /// The messages to each node whose values it has not acknowledged: when each was sent,
    /// and the number behind its last value.
    unacknowledged: Vec<VecDeque<(Time, u64)>>,
}

/// Pauses between repetitions to a silent node do not grow beyond this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A repetition is acknowledged at once, so the pause after the first is short.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

impl Direct {
    /// A node.
    pub fn new(options: Options) -> Direct {
        Direct {
            options,
            repair: Repair::direct(),
            round_trips: RoundTrips::pooled(),
            reach: Reach::default(),
            flush: None,
            look: None,
            owed_since: Vec::new(),
            repeated: Vec::new(),
            unacknowledged: Vec::new(),
        }
    }

    fn hold(&self) -> Duration {
        self.options.hold.unwrap_or_else(|| self.reach.spare(self.options.max_latency))
    }

    /// How long after a batch its acknowledgement must have come. That of the first may
    /// ride on a batch that comes late.
    fn patience(&self, peer: usize) -> Duration {
        match self.repeated[peer] {
            0 => self.options.acknowledge + self.round_trips.patience(peer) + self.hold(),
            times => {
                let first = FIRST_PAUSE.max(self.round_trips.patience(peer));
                (first * (1 << (times - 1).min(10))).min(LONGEST_PAUSE)
            }
        }
    }

    fn send(&mut self, peer: usize, which: Which, cx: &mut Cx) {
        let now = cx.now();
        // Somebody silent is only probed, so that a dead node costs little.
        let silent = self.repair.peer(peer).unanswered > 5;
        let limit = if silent { 20 } else { MESSAGE_LIMIT };
        let delta = self.repair.delta(peer, which, limit, now);
        let stamp = self.round_trips.stamp(peer, now);
        if let Some(Run(_, first, values)) = delta.items.last() {
            if which == Which::Unacknowledged {
                self.unacknowledged[peer].clear();
            }
            self.unacknowledged[peer].push_back((now, first + values.len() as u64));
        }
        self.owed_since[peer] = None;
        cx.send(self.repair.name(peer), Batch { stamp, delta });
    }

    fn flush(&mut self, cx: &mut Cx) {
        for peer in self.repair.others() {
            if self.repair.has_unsent(peer) {
                self.send(peer, Which::Unsent, cx);
            }
        }
        self.plan_look(cx);
    }

    fn receive(&mut self, peer: usize, batch: &Batch, cx: &mut Cx) {
        let now = cx.now();
        let Some(received) = self.repair.receive(peer, &batch.delta, cx) else {
            return;
        };
        if received.reborn {
            self.round_trips.forget(peer);
        }
        self.round_trips.heard(peer, batch.stamp, now);
        self.reach.learn(&self.round_trips, self.repair.nodes() - 1, false);
        let is_behind = self.repair.is_behind(peer);
        self.repeated[peer] = self.repeated[peer].min(is_behind.into());
        if received.items > 0 {
            self.owed_since[peer].get_or_insert(now);
        }
        let sent = &mut self.unacknowledged[peer];
        while sent.front().is_some_and(|&(_, end)| self.repair.holds_own(peer, end)) {
            sent.pop_front();
        }
        // It has heard a later message than one that it lacks. One that was overtaken
        // comes twice then.
        let has_lost = sent.front().zip(batch.stamp.echo);
        let has_lost = has_lost.is_some_and(|(&(sent_at, _), echo)| micros(sent_at) < echo);
        // After a part of what a silent node lacks comes the rest.
        let has_part = sent.is_empty() && is_behind && !self.repair.has_unsent(peer);
        if (has_lost || has_part) && !received.reborn {
            self.send(peer, Which::Unacknowledged, cx);
        } else if received.items > 0 && (received.new == 0 || received.gap) {
            // The acknowledgement was lost, or comes too late; or there is something to
            // send again.
            self.send(peer, Which::Nothing, cx);
        } else if batch.delta.more || received.reborn {
            let which = if received.reborn { Which::Unacknowledged } else { Which::Nothing };
            self.send(peer, which, cx);
        } else if self.repair.has_unsent(peer) && self.flush.is_none() {
            // It was silent, or a message was longer than allowed: go on at once.
            self.send(peer, Which::Unsent, cx);
        }
        self.plan_look(cx);
    }

    /// When to repeat what a peer has not acknowledged.
    fn repeat_at(&self, peer: usize) -> Option<Time> {
        let sent_at = self.unacknowledged[peer].front().map(|&(sent_at, _)| sent_at);
        let sent_at = sent_at.or(self.repair.peer(peer).sent_at);
        let sent_at = sent_at.filter(|_| self.repair.is_behind(peer));
        sent_at.map(|sent_at| sent_at + self.patience(peer))
    }

    /// When something must be done for a peer, if nothing happens before.
    fn due(&self, peer: usize) -> Option<Time> {
        let owed = self.owed_since[peer].map(|since| since + self.options.acknowledge);
        owed.into_iter().chain(self.repeat_at(peer)).min()
    }

    fn plan_look(&mut self, cx: &mut Cx) {
        let Some(due) = self.repair.others().filter_map(|peer| self.due(peer)).min() else {
            return;
        };
        if self.look.is_none_or(|(at, _)| due < at) {
            if let Some((_, timer)) = self.look {
                cx.cancel_timer(timer);
            }
            let timer = cx.set_timer(due.since(cx.now()));
            self.look = Some((due, timer));
        }
    }

    fn look(&mut self, cx: &mut Cx) {
        let now = cx.now();
        for peer in self.repair.others() {
            if self.due(peer).is_none_or(|due| due > now) {
                continue;
            }
            if self.repeat_at(peer).is_some_and(|at| at <= now) {
                self.repeated[peer] += 1;
                self.send(peer, Which::Unacknowledged, cx);
            } else {
                self.send(peer, Which::Unsent, cx);
            }
        }
        self.plan_look(cx);
    }

    fn message(&mut self, message: &Incoming, cx: &mut Cx) {
        if let Some((peer, batch)) = from_node::<Batch>(message, &self.repair) {
            self.receive(peer, &batch, cx);
        } else if serve(message, &mut self.repair, cx) == Served::Accepted && self.flush.is_none() {
            self.flush = Some(cx.set_timer(self.hold()));
        }
    }
}

impl Process for Direct {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        match input {
            Input::Start { .. } => {
                self.repair.start(cx);
                self.owed_since = vec![None; self.repair.nodes()];
                self.repeated = vec![0; self.repair.nodes()];
                self.unacknowledged = vec![VecDeque::new(); self.repair.nodes()];
            }
            Input::Message(message) => self.message(&message, cx),
            Input::Timer(timer) if self.flush == Some(timer) => {
                self.flush = None;
                self.flush(cx);
            }
            Input::Timer(timer) if self.look.is_some_and(|(_, look)| look == timer) => {
                self.look = None;
                self.look(cx);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use glomers_node::protocol::rpc::broadcast::Broadcast;
    use glomers_node::testing::TestNode;

    use super::*;

    /// Found by the gallery (seed 916 of all hazards together): pauses of 5 s made
    /// nodes wait 9 s before they repeated what was lost.
    #[test]
    fn a_pause_is_not_taken_for_the_latency_of_a_link() {
        let node = Direct::new(Options::parse(&[]).unwrap());
        let mut node = TestNode::start(node, "n1", &["n1", "n2"]);
        for took in [20, 5_000] {
            let at = micros(node.now());
            node.advance(Duration::from_millis(took));
            node.json_from(
                "n2",
                &format!(
                    r#"{{"type":"direct","stamp":{{"at":0,"echo":{at},"held":0}},"delta":{{
                        "incarnation":5,"to":0,"seen":0,"since":0,"version":0,"more":false,
                        "digest":[],"items":[]}}}}"#
                ),
            );
        }
        node.send_from("c1", Broadcast { message: 7_u64.into() });
        assert_eq!(node.advance(Duration::from_millis(200)).len(), 1, "the batch");
        let again = node.advance(Duration::from_secs(4)).len();
        assert!((1..=3).contains(&again), "again: {again}");
    }
}
