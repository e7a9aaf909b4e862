//! The beginnings and ends of faults. The history has each twice: what the
//! nemesis is about to do, and what it did.

use std::sync::Arc;

use fixedbitset::FixedBitSet;
use glomers_history::{OpKind, Process, Value};

use super::Engine;
use super::nodes::NodeState;
use super::phases::Phase;
use crate::disk::DiskCondition;
use crate::driving::{Command, Stop};
use crate::faults::{BadDisks, Fault, LinkSet, Links, Marked, SlowNodes, Targets, WrongClocks};
use crate::partition::{Barrier, Cut, PartitionKind};

/// Whom the last faults of leaders hit, so that their ends find them.
#[derive(Debug, Default)]
pub(super) struct Struck {
    killed: Vec<u32>,
    paused: Vec<u32>,
}

/// Nodes that are slow.
#[derive(Debug)]
pub(super) struct SlowPlaces {
    pub(super) factor: u32,
    pub(super) places: FixedBitSet,
}

impl Engine<'_> {
    /// Ends all faults.
    pub(super) fn heal(&mut self) {
        if self.is_partitioned {
            self.stop_partition();
        }
        let disturbances = &self.links.disturbances;
        let ends = [
            (disturbances.loss.is_some(), Fault::StopLoss),
            (disturbances.duplicate.is_some(), Fault::StopDuplicate),
            (disturbances.reorder.is_some(), Fault::StopReorder),
            (disturbances.slow.is_some(), Fault::StopSlowLinks),
            (self.slow_nodes.is_some(), Fault::StopSlowNodes),
            (!self.wrong_clocks.is_empty(), Fault::StopClock),
        ];
        for (_, end) in ends.into_iter().filter(|(is_on, _)| *is_on) {
            self.disturb(end);
        }
        if self.has_bad_disks {
            self.stop_disk();
        }
        let paused: Vec<u32> = self.places_where(|node| node.is_paused);
        if !paused.is_empty() {
            self.resume(&paused);
        }
        let down: Vec<u32> = self.places_where(|node| !node.is_up);
        if !down.is_empty() {
            self.start_again(&down);
        }
    }

    fn places_where(&self, test: impl Fn(&NodeState) -> bool) -> Vec<u32> {
        (0..).zip(&self.nodes).filter(|(_, node)| test(node)).map(|(place, _)| place).collect()
    }

    /// A fault of the Plan is due. Cold, so that the code for all other events is
    /// faster without this in its midst.
    #[cold]
    pub(super) fn fault(&mut self, index: u32) {
        if self.phase != Phase::Main && self.phase != Phase::Draining {
            return;
        }
        match self.plan.faults[index as usize].fault.clone() {
            Fault::StartPartition { kind, cut } => self.start_partition(kind, cut),
            Fault::StopPartition => self.stop_partition(),
            Fault::Kill { nodes } => {
                self.nemesis("kill", nodes.to_value(&self.plan.nodes));
                let hit = self.resolve(&nodes);
                for &node in &hit {
                    self.stop_node(node, Stop::Kill);
                }
                self.nemesis("kill", self.states_value(&hit, "killed"));
                if let Targets::Marked(_) = nodes {
                    self.struck.killed = hit;
                }
            }
            Fault::Start { nodes } => {
                let nodes = match nodes {
                    Targets::Nodes(nodes) => nodes,
                    Targets::Marked(_) => std::mem::take(&mut self.struck.killed),
                };
                self.start_again(&nodes);
            }
            Fault::Pause { nodes } => {
                self.nemesis("pause", nodes.to_value(&self.plan.nodes));
                let hit = self.resolve(&nodes);
                for &node in &hit {
                    self.pause_node(node);
                }
                self.nemesis("pause", self.states_value(&hit, "paused"));
                if let Targets::Marked(_) = nodes {
                    self.struck.paused = hit;
                }
            }
            Fault::Resume { nodes } => {
                let nodes = match nodes {
                    Targets::Nodes(nodes) => nodes,
                    Targets::Marked(_) => std::mem::take(&mut self.struck.paused),
                };
                self.resume(&nodes);
            }
            Fault::StartDisk(bad) => self.start_disk(&bad),
            Fault::StopDisk => self.stop_disk(),
            other => self.disturb(other),
        }
    }

    /// Begins or ends what does not cut links nor stop nodes.
    fn disturb(&mut self, fault: Fault) {
        match fault {
            Fault::StartLoss(loss) => {
                let links = self.announce("start-loss", &loss.links, |v| loss.to_value(v));
                self.links.disturbances.loss = Some((loss, links));
            }
            Fault::StartDuplicate(duplicate) => {
                let links =
                    self.announce("start-duplicate", &duplicate.links, |v| duplicate.to_value(v));
                self.links.disturbances.duplicate = Some((duplicate, links));
            }
            Fault::StartReorder(reorder) => {
                let links = self.announce("start-reorder", &reorder.links, |v| reorder.to_value(v));
                self.links.disturbances.reorder = Some((reorder, links));
            }
            Fault::StartSlowLinks(slow) => {
                let links = self.announce("start-slow-links", &slow.links, |v| slow.to_value(v));
                self.links.disturbances.slow = Some((slow, links));
            }
            Fault::StartSlowNodes(slow) => self.slow_down(&slow),
            Fault::StartClock(clocks) => self.set_clocks_wrong(&clocks),
            Fault::StopLoss => {
                self.links.disturbances.loss = None;
                self.mended("stop-loss");
            }
            Fault::StopDuplicate => {
                self.links.disturbances.duplicate = None;
                self.mended("stop-duplicate");
            }
            Fault::StopReorder => {
                self.links.disturbances.reorder = None;
                self.mended("stop-reorder");
            }
            Fault::StopSlowLinks => {
                self.links.disturbances.slow = None;
                self.mended("stop-slow-links");
            }
            Fault::StopSlowNodes => {
                self.slow_nodes = None;
                self.mended("stop-slow-nodes");
            }
            Fault::StopClock => {
                self.set_clocks_right();
                self.mended("stop-clock");
            }
            other => unreachable!("{other:?} is handled with its like"),
        }
    }

    fn mended(&mut self, f: &str) {
        self.nemesis(f, Value::Null);
        self.nemesis(f, Value::keyword("mended"));
    }

    /// Says that a fault of links begins, before and after they are found.
    fn announce(&mut self, f: &str, links: &Links, show: impl Fn(Value) -> Value) -> LinkSet {
        let names = self.plan.place_names();
        let announced = show(links.to_value(&names));
        self.nemesis(f, announced);
        let (found, set) = match links {
            Links::All => (Links::All, LinkSet::All),
            Links::Single(pairs) => (links.clone(), LinkSet::Single(pairs.clone())),
            Links::Around(targets) => {
                let nodes = self.resolve(targets);
                let set = LinkSet::around(&nodes);
                (Links::Around(nodes.into()), set)
            }
        };
        let done = show(found.to_value(&self.plan.place_names()));
        self.nemesis(f, done);
        set
    }

    fn slow_down(&mut self, slow: &SlowNodes) {
        self.nemesis("start-slow-nodes", slow.to_value(slow.nodes.to_value(&self.plan.nodes)));
        let nodes = self.resolve(&slow.nodes);
        let mut places = FixedBitSet::with_capacity(self.names.len());
        places.extend(nodes.iter().map(|&node| node as usize));
        self.slow_nodes = Some(SlowPlaces { factor: slow.factor, places });
        self.nemesis("start-slow-nodes", slow.to_value(self.names_value(&nodes)));
    }

    fn set_clocks_wrong(&mut self, clocks: &WrongClocks) {
        self.nemesis("start-clock", clocks.to_value(clocks.nodes.to_value(&self.plan.nodes)));
        self.set_clocks_right();
        let nodes = self.resolve(&clocks.nodes);
        let (jump, drift) = (clocks.jump, clocks.drift);
        self.commands.extend(nodes.iter().map(|&node| Command::SetClock { node, jump, drift }));
        self.nemesis("start-clock", clocks.to_value(self.names_value(&nodes)));
        self.wrong_clocks = nodes;
    }

    fn start_disk(&mut self, bad: &BadDisks) {
        let condition = bad.condition;
        self.nemesis("start-disk", bad.to_value(bad.nodes.to_value(&self.plan.nodes)));
        let nodes = self.resolve(&bad.nodes);
        for node in 0..self.names.len() as u32 {
            let condition = nodes.contains(&node).then_some(condition);
            self.set_disk(node, condition);
        }
        self.has_bad_disks = true;
        self.nemesis("start-disk", bad.to_value(self.names_value(&nodes)));
    }

    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>) {
        let incarnation = self.nodes[node as usize].incarnation;
        self.commands.push_back(Command::Disk { node, incarnation, condition });
    }

    fn stop_disk(&mut self) {
        self.nemesis("stop-disk", Value::Null);
        for node in 0..self.names.len() as u32 {
            self.set_disk(node, None);
        }
        self.has_bad_disks = false;
        self.nemesis("stop-disk", Value::keyword("disks-healed"));
    }

    fn set_clocks_right(&mut self) {
        let nodes = std::mem::take(&mut self.wrong_clocks);
        self.commands.extend(nodes.into_iter().map(|node| Command::SetClock {
            node,
            jump: 0,
            drift: 0,
        }));
    }

    /// The nodes that a fault hits now.
    fn resolve(&self, targets: &Targets) -> Vec<u32> {
        match targets {
            Targets::Nodes(nodes) => nodes.clone(),
            Targets::Marked(Marked::Leader) => self.places_where(|node| node.leads),
        }
    }

    fn start_partition(&mut self, kind: PartitionKind, cut: Cut) {
        self.nemesis("start-partition", Value::keyword(kind.name()));
        let cut = match kind {
            PartitionKind::Leader => {
                let leaders = self.resolve(&Targets::LEADER);
                let mut others = self.places_where(|node| !node.leads);
                if self.plan.fault_services {
                    // They stand with those who can still agree on something.
                    others.extend(self.names.len() as u32..self.plan.place_names().len() as u32);
                }
                let alone = leaders.into_iter().map(|leader| vec![leader]);
                Cut::components(&alone.chain([others]).collect::<Vec<Vec<u32>>>())
            }
            _ => cut,
        };
        let names = self.plan.place_names();
        self.barrier = Barrier::new(&cut, names.len());
        let isolated = Value::list([Value::keyword("isolated"), cut.to_value(&names)]);
        self.nemesis("start-partition", isolated);
        self.is_partitioned = true;
    }

    fn stop_partition(&mut self) {
        self.nemesis("stop-partition", Value::Null);
        self.barrier = Barrier::default();
        self.nemesis("stop-partition", Value::keyword("network-healed"));
        self.is_partitioned = false;
    }

    fn start_again(&mut self, nodes: &[u32]) {
        self.nemesis("start", self.names_value(nodes));
        for &node in nodes {
            if !self.nodes[node as usize].is_up {
                self.start_node(node);
            }
        }
        self.nemesis("start", self.states_value(nodes, "started"));
    }

    fn resume(&mut self, nodes: &[u32]) {
        self.nemesis("resume", self.names_value(nodes));
        for &node in nodes {
            self.resume_node(node);
        }
        self.nemesis("resume", self.states_value(nodes, "resumed"));
    }

    fn nemesis(&mut self, f: &str, value: Value) {
        self.record(Process::Nemesis, OpKind::Info, Arc::from(f), value, None, false);
    }

    fn names_value(&self, nodes: &[u32]) -> Value {
        Value::list(nodes.iter().map(|&node| Value::string(&*self.names[node as usize])))
    }

    fn states_value(&self, nodes: &[u32], state: &str) -> Value {
        let state = Value::keyword(state);
        Value::map(
            nodes.iter().map(|&node| (Value::string(&*self.names[node as usize]), state.clone())),
        )
    }
}
