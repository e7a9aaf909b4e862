use std::ops::Range;
use std::time::Duration;

use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::{Cut, DiskCondition, Fault, FaultEvent, PartitionKind};

/// A fault with its time: what [`Partition`], [`Kill`] and [`Pause`] make.
#[derive(Debug, Clone)]
pub struct FaultSpec {
    what: What,
    between: Range<Duration>,
}

#[derive(Debug, Clone)]
enum What {
    Drawn(PartitionKind),
    Groups(Vec<Vec<u32>>),
    OneWay(Vec<(u32, u32)>),
    Kill(Vec<u32>),
    Pause(Vec<u32>),
    Disk(Vec<u32>, DiskCondition),
}

/// Cuts links between nodes.
#[derive(Debug, Clone)]
pub struct Partition(What);

impl Partition {
    /// Random halves.
    pub fn halves() -> Partition {
        Partition(What::Drawn(PartitionKind::Majority))
    }

    /// A random node alone.
    pub fn one() -> Partition {
        Partition(What::Drawn(PartitionKind::One))
    }

    /// A random third of the nodes, rounded down, cut off from the others.
    pub fn minority_third() -> Partition {
        Partition(What::Drawn(PartitionKind::MinorityThird))
    }

    /// Every node hears a majority, but no two the same.
    pub fn majorities_ring() -> Partition {
        Partition(What::Drawn(PartitionKind::MajoritiesRing))
    }

    /// Groups of nodes, given by their places, that hear only themselves.
    pub fn groups<const N: usize>(groups: [&[u32]; N]) -> Partition {
        Partition(What::Groups(groups.into_iter().map(<[u32]>::to_vec).collect()))
    }

    /// Single directions `(from, to)`: what `from` sends does not reach `to`.
    pub fn one_way(links: impl IntoIterator<Item = (u32, u32)>) -> Partition {
        Partition(What::OneWay(links.into_iter().collect()))
    }

    /// When links are cut and when they are mended.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: self.0, between }
    }
}

/// Kills nodes and starts them again, with nothing in memory.
#[derive(Debug, Clone)]
pub struct Kill(Vec<u32>);

impl Kill {
    /// Nodes by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>) -> Kill {
        Kill(nodes.into_iter().collect())
    }

    /// When they are killed and when they are started again.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: What::Kill(self.0), between }
    }
}

/// Stops nodes where they are and lets them go on.
#[derive(Debug, Clone)]
pub struct Pause(Vec<u32>);

impl Pause {
    /// Nodes by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>) -> Pause {
        Pause(nodes.into_iter().collect())
    }

    /// When they are stopped and when they go on.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: What::Pause(self.0), between }
    }
}

/// Has something wrong with the disks of nodes.
#[derive(Debug, Clone)]
pub struct DiskTrouble(Vec<u32>, DiskCondition);

impl DiskTrouble {
    /// What is wrong with the disks of these nodes, given by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>, condition: DiskCondition) -> DiskTrouble {
        DiskTrouble(nodes.into_iter().collect(), condition)
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: What::Disk(self.0, self.1), between }
    }
}

impl FaultSpec {
    /// The events of this fault. `number` is its place among those of the run,
    /// so that two of a kind are not drawn alike.
    pub(crate) fn events(&self, seed: u64, number: u64, nodes: u32) -> [FaultEvent; 2] {
        let by_hand = |cut| Fault::StartPartition { kind: PartitionKind::ByHand, cut };
        let (begin, end) = match &self.what {
            What::Drawn(kind) => {
                let mut draws = Draws::keyed(seed, Purpose::Nemesis, 100, number, 0);
                let cut = kind.draw(nodes, &mut draws);
                (Fault::StartPartition { kind: *kind, cut }, Fault::StopPartition)
            }
            What::Groups(groups) => (by_hand(Cut::components(groups)), Fault::StopPartition),
            What::OneWay(links) => {
                let cut = Cut::links(links.iter().map(|&(from, to)| (to, from)));
                (by_hand(cut), Fault::StopPartition)
            }
            What::Kill(nodes) => {
                (Fault::Kill { nodes: nodes.clone() }, Fault::Start { nodes: nodes.clone() })
            }
            What::Disk(nodes, condition) => {
                let begin = Fault::StartDisk { nodes: nodes.clone(), condition: *condition };
                (begin, Fault::StopDisk)
            }
            What::Pause(nodes) => {
                (Fault::Pause { nodes: nodes.clone() }, Fault::Resume { nodes: nodes.clone() })
            }
        };
        let nanos = |moment: Duration| u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX);
        [
            FaultEvent { at: nanos(self.between.start), fault: begin },
            FaultEvent { at: nanos(self.between.end), fault: end },
        ]
    }
}
