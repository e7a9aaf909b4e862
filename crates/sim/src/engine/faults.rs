//! The beginnings and ends of faults. The history has each twice: what the
//! nemesis is about to do, and what it did.

use std::sync::Arc;

use glomers_history::{OpKind, Process, Value};

use super::Engine;
use super::nodes::NodeState;
use super::phases::Phase;
use crate::disk::DiskCondition;
use crate::driving::{Command, Stop};
use crate::faults::{Change, Effect, Fault, LinkSet, Links, Marked, Targets, Whom};
use crate::partition::{Barrier, Cut};

/// A fault that is on.
#[derive(Debug)]
struct On {
    id: u32,
    fault: Fault,
    /// Whom it has hit.
    nodes: Vec<u32>,
    /// What it cuts, if it cuts links.
    cut: Cut,
    /// What the history says that it did.
    did: Value,
}

/// The faults that are on, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<On>);

impl Faults {
    /// Those that hit a node, the last to begin first.
    fn of_node(&self, node: u32) -> impl Iterator<Item = Effect<'_>> {
        let all = self.0.iter().rev();
        all.filter(move |on| on.nodes.contains(&node)).map(|on| on.fault.effect())
    }

    /// Whether a node's wall clock is wrong.
    pub(super) fn has_wrong_clock(&self, node: u32) -> bool {
        self.of_node(node).any(|effect| matches!(effect, Effect::Clock { .. }))
    }

    /// How wrong it is: by how much it jumped, and how much it is too fast.
    fn clock(&self, node: u32) -> (i64, i64) {
        let clock = self.of_node(node).find_map(|effect| match effect {
            Effect::Clock { jump, drift } => Some((jump, drift)),
            _ => None,
        });
        clock.unwrap_or_default()
    }

    /// What is wrong with a node's disk.
    fn disk(&self, node: u32) -> Option<DiskCondition> {
        self.of_node(node).find_map(|effect| match effect {
            Effect::Disk(condition) => Some(condition),
            _ => None,
        })
    }

    /// How many times as long each node takes for a message; `None`: all as ever.
    fn slowness(&self, nodes: usize) -> Option<Vec<u64>> {
        let mut factors = vec![1_u64; nodes];
        let mut is_slow = false;
        for on in &self.0 {
            let Effect::ServiceTime(factor) = on.fault.effect() else { continue };
            is_slow = true;
            for &node in &on.nodes {
                let all = &mut factors[node as usize];
                *all = all.saturating_mul(factor.into());
            }
        }
        is_slow.then_some(factors)
    }

    fn cuts(&self) -> impl Iterator<Item = &Cut> {
        let cuts = self.0.iter().filter(|on| matches!(on.fault.effect(), Effect::Cut(_)));
        cuts.map(|on| &on.cut)
    }
}

impl Engine<'_> {
    /// Ends all faults.
    pub(super) fn heal(&mut self) {
        let rank = |on: &On| match on.fault.effect() {
            // Nodes come back to a network that is whole.
            Effect::Down => 2,
            Effect::Paused => 1,
            _ => 0,
        };
        let mut ids: Vec<(u32, u32)> = self.faults.0.iter().map(|on| (rank(on), on.id)).collect();
        ids.sort_by_key(|(rank, _)| *rank);
        ids.into_iter().for_each(|(_, id)| self.end_fault(id));
    }

    fn places_where(&self, test: impl Fn(&NodeState) -> bool) -> Vec<u32> {
        (0..)
            .zip(&self.cluster.nodes)
            .filter(|(_, node)| test(node))
            .map(|(place, _)| place)
            .collect()
    }

    /// A fault of the Plan is due to begin or to end. Cold, so that the code for all
    /// other events is faster when this is elsewhere.
    #[cold]
    pub(super) fn fault(&mut self, index: u32) {
        if self.course.phase != Phase::Main && self.course.phase != Phase::Draining {
            return;
        }
        match self.plan.faults[index as usize].change.clone() {
            Change::Begin { id, fault } => self.begin_fault(id, fault),
            Change::End { id } => self.end_fault(id),
        }
    }

    fn begin_fault(&mut self, id: u32, fault: Fault) {
        let begin = fault.words().begin;
        let announced = match fault.whom() {
            Whom::Nodes(nodes) => nodes.to_value(&self.plan.nodes),
            Whom::Links(links) => links.to_value(&self.plan.place_names()),
            Whom::Cut => Value::Null,
        };
        self.nemesis(begin, fault.to_value(announced));
        let mut on = On { id, nodes: Vec::new(), cut: Cut::default(), did: Value::Null, fault };
        let whom = match on.fault.whom() {
            Whom::Nodes(nodes) => {
                on.nodes = self.resolve(nodes);
                self.names_value(&on.nodes)
            }
            Whom::Links(links) => {
                let (found, set) = self.resolve_links(links);
                self.network.links.disturbances.begin(id, on.fault.clone(), set);
                found.to_value(&self.plan.place_names())
            }
            Whom::Cut => {
                on.cut = match on.fault.effect() {
                    Effect::Cut(Some(cut)) => cut.clone(),
                    _ => self.cut_around_leaders(),
                };
                on.cut.to_value(&self.plan.place_names())
            }
        };
        let done = match on.fault.effect() {
            Effect::Down => self.states_value(&on.nodes, "killed"),
            Effect::Paused => self.states_value(&on.nodes, "paused"),
            _ => on.fault.to_value(whom),
        };
        on.did = done.clone();
        let nodes = on.nodes.clone();
        self.faults.0.push(on);
        match self.faults.0.last().expect("just pushed").fault.effect() {
            Effect::Down => nodes.iter().for_each(|&node| self.stop_node(node, Stop::Kill)),
            Effect::Paused => nodes.iter().for_each(|&node| self.pause_node(node)),
            _ => self.take_effect(&nodes),
        }
        self.nemesis(begin, done);
    }

    /// Ends a fault, unless it is over already.
    fn end_fault(&mut self, id: u32) {
        let Some(place) = self.faults.0.iter().position(|on| on.id == id) else { return };
        let on = self.faults.0.remove(place);
        let words = on.fault.words();
        match on.fault.effect() {
            Effect::Down => self.start_again(&on.nodes),
            Effect::Paused => self.resume(&on.nodes),
            _ => {
                // Which it is needs to be said only if there are several.
                let is_like = |other: &On| other.fault.name() == on.fault.name();
                let which = self.faults.0.iter().any(is_like).then(|| on.did.clone());
                self.nemesis(words.end, which.unwrap_or(Value::Null));
                self.network.links.disturbances.end(id);
                self.take_effect(&on.nodes);
                self.nemesis(words.end, Value::keyword(words.mended));
            }
        }
    }

    /// Lets links, and what these nodes have, be as the faults that are on want it.
    fn take_effect(&mut self, nodes: &[u32]) {
        self.network.barrier = Barrier::new(self.faults.cuts(), self.plan.place_names().len());
        self.cluster.slow = self.faults.slowness(self.cluster.names.len());
        for &node in nodes {
            let (jump, drift) = self.faults.clock(node);
            if self.cluster.clocks[node as usize] != (jump, drift) {
                self.cluster.clocks[node as usize] = (jump, drift);
                self.commands.push_back(Command::SetClock { node, jump, drift });
            }
            let condition = self.faults.disk(node);
            if self.cluster.disks[node as usize] != condition {
                self.cluster.disks[node as usize] = condition;
                let incarnation = self.cluster.nodes[node as usize].incarnation;
                self.commands.push_back(Command::Disk { node, incarnation, condition });
            }
        }
    }

    /// The nodes that a fault hits now.
    fn resolve(&self, targets: &Targets) -> Vec<u32> {
        match targets {
            Targets::Nodes(nodes) => nodes.clone(),
            Targets::Marked(Marked::Leader) => self.places_where(|node| node.leads),
        }
    }

    /// The links that a fault hits now.
    fn resolve_links(&self, links: &Links) -> (Links, LinkSet) {
        match links {
            Links::All => (Links::All, LinkSet::All),
            Links::Single(pairs) => (links.clone(), LinkSet::Single(pairs.clone())),
            Links::Around(targets) => {
                let nodes = self.resolve(targets);
                let set = LinkSet::around(&nodes);
                (Links::Around(nodes.into()), set)
            }
        }
    }

    /// Those that say they lead, each alone.
    fn cut_around_leaders(&self) -> Cut {
        let leaders = self.resolve(&Targets::LEADER);
        let mut others = self.places_where(|node| !node.leads);
        if self.plan.fault_services {
            // They stand with those who can still agree on something.
            others.extend(self.cluster.names.len() as u32..self.plan.place_names().len() as u32);
        }
        let alone = leaders.into_iter().map(|leader| vec![leader]);
        Cut::components(&alone.chain([others]).collect::<Vec<Vec<u32>>>())
    }

    /// Starts those of the nodes again that no other fault keeps down.
    fn start_again(&mut self, nodes: &[u32]) {
        let is_kept =
            |node: u32| self.faults.of_node(node).any(|effect| matches!(effect, Effect::Down));
        let nodes: Vec<u32> = nodes.iter().copied().filter(|&node| !is_kept(node)).collect();
        self.nemesis("start", self.names_value(&nodes));
        for &node in &nodes {
            if !self.cluster.nodes[node as usize].is_up {
                self.start_node(node);
            }
        }
        self.nemesis("start", self.states_value(&nodes, "started"));
    }

    /// Lets those of the nodes go on that no other fault stops.
    fn resume(&mut self, nodes: &[u32]) {
        let is_kept =
            |node: u32| self.faults.of_node(node).any(|effect| matches!(effect, Effect::Paused));
        let nodes: Vec<u32> = nodes.iter().copied().filter(|&node| !is_kept(node)).collect();
        self.nemesis("resume", self.names_value(&nodes));
        for &node in &nodes {
            self.resume_node(node);
        }
        self.nemesis("resume", self.states_value(&nodes, "resumed"));
    }

    fn nemesis(&mut self, f: &str, value: Value) {
        self.record(Process::Nemesis, OpKind::Info, Arc::from(f), value, None, false);
    }

    fn names_value(&self, nodes: &[u32]) -> Value {
        Value::list(nodes.iter().map(|&node| Value::string(self.cluster.name(node))))
    }

    fn states_value(&self, nodes: &[u32], state: &str) -> Value {
        let state = Value::keyword(state);
        Value::map(
            nodes.iter().map(|&node| (Value::string(self.cluster.name(node)), state.clone())),
        )
    }
}
