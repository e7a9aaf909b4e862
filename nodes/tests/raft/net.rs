//! Several nodes and a network that does what it likes, checked after every step
//! for the properties of figure 3.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::kv::{Cas, Write};
use glomers_node::{Cx, Effect, Incoming, Input, NodeId, Payload, Process, Rng, Value};
use glomers_nodes::raft::message::{Entry, Term};
use glomers_nodes::raft::{Flaw, Options, Raft, node_with};

use crate::one::MS;

/// A message on its way.
struct Flying {
    from: usize,
    to: usize,
    payload: Payload,
}

/// The cluster.
pub(crate) struct Net {
    nodes: Vec<Raft>,
    contexts: Vec<Cx>,
    flying: Vec<Flying>,
    /// Nodes of different groups do not hear each other.
    groups: Vec<u64>,
    rng: Rng,
    requests: u64,
    /// Who was elected in each term.
    elected: BTreeMap<Term, usize>,
    /// All that any node took for committed.
    committed: Vec<Entry>,
}

impl Net {
    pub(crate) fn new(seed: u64, count: usize, flaw: Flaw) -> Net {
        let names: Vec<String> = (0..count).map(|place| format!("n{place}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut net = Net {
            nodes: (0..count).map(|_| node_with(flaw, Options::default())).collect(),
            contexts: (0..count)
                .map(|place| Cx::for_test(names[place], &names, seed * 16 + place as u64))
                .collect(),
            flying: Vec::new(),
            groups: vec![0; count],
            rng: Rng::from_seed(seed),
            requests: 0,
            elected: BTreeMap::new(),
            committed: Vec::new(),
        };
        for place in 0..count {
            net.give(place, Input::Start { recovered: false }).unwrap();
        }
        net
    }

    /// How many terms had a leader.
    pub(crate) fn elections(&self) -> usize {
        self.elected.len()
    }

    /// How many entries were committed.
    pub(crate) fn committed(&self) -> usize {
        self.committed.len()
    }

    /// Does something at random; more `wildly`, or less. An error tells which
    /// property does not hold.
    pub(crate) fn step(&mut self, wildly: bool) -> Result<(), String> {
        let (losses, splits) = if wildly { (10, 4) } else { (6, 1) };
        match self.rng.below(120) {
            0..6 if wildly => self.hurry(),
            0..6 => self.pass_time(),
            6..10 if !wildly || self.rng.below(4) == 0 => self.ask(),
            at if (20..20 + losses).contains(&at) => {
                self.take();
                Ok(())
            }
            10..14 => match self.pick() {
                Some(at) => {
                    let Flying { from, to, payload } = &self.flying[at];
                    self.deliver(*from, *to, payload.clone())
                }
                None => Ok(()),
            },
            14 if self.rng.below(4) < splits => {
                self.split();
                Ok(())
            }
            _ => match self.take() {
                Some(Flying { from, to, payload }) => self.deliver(from, to, payload),
                None => self.pass_time(),
            },
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let count = self.flying.len() as u64;
        (count > 0).then(|| self.rng.below(count) as usize)
    }

    /// Takes any message: so messages overtake each other.
    fn take(&mut self) -> Option<Flying> {
        self.pick().map(|at| self.flying.swap_remove(at))
    }

    fn deliver(&mut self, from: usize, to: usize, payload: Payload) -> Result<(), String> {
        if self.groups[from] != self.groups[to] {
            return Ok(());
        }
        let src = NodeId::new(format!("n{from}"));
        let header = payload.header();
        self.give(to, Input::Message(Incoming { src, header, payload }))
    }

    /// Lets up to 100 ms pass; timers that come due fire in a row.
    fn pass_time(&mut self) -> Result<(), String> {
        let time = MS * (1 + self.rng.below(100) as u32);
        (0..self.nodes.len()).try_for_each(|place| self.pass_time_at(place, time))
    }

    /// Much time passes, at all nodes or at one: only promises about times rest
    /// on clocks.
    fn hurry(&mut self) -> Result<(), String> {
        let time = MS * (1 + self.rng.below(450) as u32);
        let count = self.nodes.len();
        match self.rng.below(2 * count as u64) as usize {
            place if place < count => self.pass_time_at(place, time),
            _ => (0..count).try_for_each(|place| self.pass_time_at(place, time)),
        }
    }

    fn pass_time_at(&mut self, place: usize, time: Duration) -> Result<(), String> {
        let now = self.contexts[place].now() + time;
        self.contexts[place].set_now(now);
        while let Some(timer) = self.contexts[place].take_due_timer() {
            self.give(place, Input::Timer(timer))?;
        }
        Ok(())
    }

    /// A client asks some node.
    fn ask(&mut self) -> Result<(), String> {
        let number = self.requests;
        self.requests += 1;
        let key = Value::from(self.rng.below(2));
        let mut value = || Value::from(self.rng.below(3));
        let (from, to) = (value(), value());
        let id = Some(number + 1);
        let payload = match number % 2 {
            0 => Payload::typed(Write { key, value: to }, id, None),
            _ => Payload::typed(Cas { key, from, to, create_if_not_exists: false }, id, None),
        };
        let node = self.rng.below(self.nodes.len() as u64) as usize;
        let (src, header) = (NodeId::new("c1"), payload.header());
        self.give(node, Input::Message(Incoming { src, header, payload }))
    }

    /// Cuts the network, or mends it. Often leaders are alone then, as that is
    /// when it matters.
    fn split(&mut self) {
        let how = self.rng.below(5);
        let newest = self.elected.last_key_value().map(|(_, &leader)| leader);
        for place in 0..self.groups.len() {
            let leads = self.nodes[place].view().is_leader;
            self.groups[place] = match how {
                0 => 0,
                1 => self.rng.below(2),
                2 => u64::from(newest == Some(place)),
                3 => u64::from(leads && newest != Some(place)),
                _ if leads => 1 + place as u64,
                _ => 0,
            };
        }
    }

    fn give(&mut self, to: usize, input: Input) -> Result<(), String> {
        self.nodes[to].handle(input, &mut self.contexts[to]);
        let mut was_elected = false;
        for effect in self.contexts[to].take_effects() {
            match effect {
                Effect::Send { dest, payload } => {
                    let place = dest.strip_prefix('n').and_then(|place| place.parse().ok());
                    if let Some(place) = place {
                        self.flying.push(Flying { from: to, to: place, payload });
                    }
                }
                Effect::Mark { value: Value::Null, .. } => {}
                Effect::Mark { .. } => was_elected = true,
                _ => {}
            }
        }
        // A network that is full loses.
        while self.flying.len() > 200 {
            self.take();
        }
        if was_elected {
            self.check_election(to)?;
        }
        self.check_logs(to)?;
        self.check_machine(to)
    }

    /// Election safety, and leader completeness.
    fn check_election(&mut self, leader: usize) -> Result<(), String> {
        let store = self.nodes[leader].view().store;
        let before = *self.elected.entry(store.term()).or_insert(leader);
        if before != leader {
            return Err(format!("n{before} and n{leader} lead in term {}", store.term()));
        }
        // The entry at its end may be its own and new.
        let has = |(at, entry): (usize, &Entry)| store.log().get(at) == Some(entry);
        match self.committed.iter().enumerate().all(has) {
            true => Ok(()),
            false => Err(format!("n{leader} leads and lacks a committed entry")),
        }
    }

    /// Log matching.
    fn check_logs(&self, changed: usize) -> Result<(), String> {
        let log = self.nodes[changed].view().store.log();
        for (other, node) in self.nodes.iter().enumerate() {
            let theirs = node.view().store.log();
            let same = log.iter().zip(theirs).rposition(|(a, b)| a.term == b.term);
            if let Some(last) = same
                && log[..=last] != theirs[..=last]
            {
                return Err(format!("n{changed} and n{other} differ before entry {}", last + 1));
            }
        }
        Ok(())
    }

    /// State machine safety: nobody takes another entry for committed than
    /// others, and who has applied as much is in the same state.
    fn check_machine(&mut self, changed: usize) -> Result<(), String> {
        let view = self.nodes[changed].view();
        let count = view.committed as usize;
        let Some(applied) = view.store.log().get(..count) else {
            return Err(format!("n{changed} has cut off committed entries"));
        };
        let shared = count.min(self.committed.len());
        if applied[..shared] != self.committed[..shared] {
            return Err(format!("n{changed} took other entries for committed than others"));
        }
        self.committed.extend_from_slice(&applied[shared..]);
        for (other, node) in self.nodes.iter().enumerate() {
            let theirs = node.view();
            if theirs.committed == view.committed && theirs.machine != view.machine {
                return Err(format!("n{changed} and n{other} applied the same to another effect"));
            }
        }
        Ok(())
    }
}
