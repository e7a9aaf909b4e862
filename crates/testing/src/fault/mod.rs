//! Faults as tests write them.

mod network;
mod nodes;

use std::ops::Range;
use std::time::Duration;

use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::{Cut, Fault, FaultList, PartitionKind, SERVICES};

pub use network::{Duplicate, Loss, Reorder};
pub use nodes::{Clock, DiskTrouble, Kill, Pause, Slow};

/// A fault with its time: what [`Partition`], [`Kill`], [`Loss`] and the others
/// make. Any number may be on at once.
#[derive(Debug, Clone)]
pub struct FaultSpec {
    what: What,
    between: Range<Duration>,
}

#[derive(Debug, Clone)]
enum What {
    Drawn(PartitionKind),
    /// These nodes are cut off from all services.
    FromServices(Vec<u32>),
    Written(Box<Fault>),
}

impl What {
    fn cut(cut: Cut) -> What {
        What::Written(Box::new(glomers_sim::Partition::by_hand(cut).into()))
    }
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

    /// Random halves, and one node that hears and is heard by both.
    pub fn bridge() -> Partition {
        Partition(What::Drawn(PartitionKind::Bridge))
    }

    /// Two random nodes do not hear each other.
    pub fn single_link() -> Partition {
        Partition(What::Drawn(PartitionKind::SingleLink))
    }

    /// Those that say they lead when it begins (by a mark `leader` that is neither
    /// null nor false), each alone. Their clients still reach them.
    pub fn leader() -> Partition {
        Partition(What::Drawn(PartitionKind::Leader))
    }

    /// Groups of nodes, given by their places, that hear only themselves.
    pub fn groups<const N: usize>(groups: [&[u32]; N]) -> Partition {
        let groups: Vec<Vec<u32>> = groups.into_iter().map(<[u32]>::to_vec).collect();
        Partition(What::cut(Cut::components(&groups)))
    }

    /// Nodes, given by their places, do not reach the services, nor these them. Needs
    /// [`Simulation::fault_services`](crate::Simulation::fault_services).
    pub fn from_services(nodes: impl IntoIterator<Item = u32>) -> Partition {
        Partition(What::FromServices(nodes.into_iter().collect()))
    }

    /// Single directions `(from, to)`: what `from` sends does not reach `to`.
    pub fn one_way(links: impl IntoIterator<Item = (u32, u32)>) -> Partition {
        Partition(What::cut(Cut::links(links.into_iter().map(|(from, to)| (to, from)))))
    }

    /// When links are cut and when they are mended.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: self.0, between }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl FaultSpec {
    /// A fault of any kind, from when until when.
    pub fn new(fault: impl Into<Fault>, between: Range<Duration>) -> FaultSpec {
        FaultSpec { what: What::Written(Box::new(fault.into())), between }
    }

    /// Why it is never on, if its time is none.
    pub(crate) fn why_empty(&self) -> Option<String> {
        let Range { start, end } = &self.between;
        (start >= end).then(|| {
            let (start, end) = (start.as_secs_f64(), end.as_secs_f64());
            format!("a fault is never on: its time, from {start} s to {end} s, is empty")
        })
    }

    /// Adds this fault to a list. `number` is its place among those of the run, so that
    /// two of a kind are not drawn alike; `services` is how many there are that faults
    /// touch.
    pub(crate) fn write(
        &self,
        list: &mut FaultList,
        seed: u64,
        number: u64,
        nodes: u32,
        services: u32,
    ) {
        let fault = match &self.what {
            What::Drawn(kind) => {
                let mut draws = Draws::keyed(seed, Purpose::Nemesis, 100, number, 0);
                let mut cut = kind.draw(nodes, &mut draws);
                if services > 0 && *kind != PartitionKind::Leader {
                    cut = cut.with_services(nodes, services, &mut draws);
                }
                glomers_sim::Partition { kind: *kind, cut }.into()
            }
            What::FromServices(apart) => {
                let all = (nodes..nodes + SERVICES.len() as u32).collect();
                glomers_sim::Partition::by_hand(Cut::components(&[apart.clone(), all])).into()
            }
            What::Written(fault) => (**fault).clone(),
        };
        list.during(nanos(self.between.start), nanos(self.between.end), fault);
    }
}
