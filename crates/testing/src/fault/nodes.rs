//! Faults of nodes, and of links around them.

use std::ops::Range;
use std::time::Duration;

use glomers_sim::{
    BadDisks, DiskCondition, Fault, Links, SlowLinks, SlowNodes, Targets, WrongClocks,
};

use super::{FaultSpec, nanos};

fn places(nodes: impl IntoIterator<Item = u32>) -> Targets {
    Targets::Nodes(nodes.into_iter().collect())
}

/// Kills nodes and starts them again, with nothing in memory.
#[derive(Debug, Clone)]
pub struct Kill(Targets);

impl Kill {
    /// Nodes by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>) -> Kill {
        Kill(places(nodes))
    }

    /// Those that say they lead when it begins.
    pub fn leader() -> Kill {
        Kill(Targets::LEADER)
    }

    /// When they are killed and when they are started again.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(glomers_sim::Kill { nodes: self.0 }, between)
    }
}

/// Stops nodes where they are and lets them go on.
#[derive(Debug, Clone)]
pub struct Pause(Targets);

impl Pause {
    /// Nodes by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>) -> Pause {
        Pause(places(nodes))
    }

    /// Those that say they lead when it begins.
    pub fn leader() -> Pause {
        Pause(Targets::LEADER)
    }

    /// When they are stopped and when they go on.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(glomers_sim::Pause { nodes: self.0 }, between)
    }
}

/// Makes links or nodes slow.
#[derive(Debug, Clone)]
pub struct Slow(Fault);

impl Slow {
    /// All links between nodes: so many times their latency, and `extra`.
    pub fn links(factor: u32, extra: Duration) -> Slow {
        Slow::these(factor, extra, Links::All)
    }

    /// Only the links to and from these nodes, given by their places.
    pub fn links_around(
        nodes: impl IntoIterator<Item = u32>,
        factor: u32,
        extra: Duration,
    ) -> Slow {
        Slow::these(factor, extra, Links::Around(places(nodes)))
    }

    fn these(factor: u32, extra: Duration, links: Links) -> Slow {
        Slow(SlowLinks { factor, extra: nanos(extra), links }.into())
    }

    /// Nodes, given by their places: so many times their service time.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>, factor: u32) -> Slow {
        Slow(SlowNodes { factor, nodes: places(nodes) }.into())
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}

/// Makes wall clocks wrong (`cx.wall_clock()`; what nodes measure with `cx.now()`
/// stays right).
#[derive(Debug, Clone)]
pub struct Clock(WrongClocks);

impl Clock {
    /// The clocks of these nodes, given by their places, jump ahead.
    pub fn ahead(nodes: impl IntoIterator<Item = u32>, by: Duration) -> Clock {
        Clock(WrongClocks { jump: signed(by), drift: 0, nodes: places(nodes) })
    }

    /// They jump back.
    pub fn behind(nodes: impl IntoIterator<Item = u32>, by: Duration) -> Clock {
        Clock(WrongClocks { jump: -signed(by), drift: 0, nodes: places(nodes) })
    }

    /// They run too fast by so many millionths; too slow, if that is negative.
    pub fn drift(nodes: impl IntoIterator<Item = u32>, millionths: i64) -> Clock {
        Clock(WrongClocks { jump: 0, drift: millionths, nodes: places(nodes) })
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}

fn signed(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Has something wrong with the disks of nodes.
#[derive(Debug, Clone)]
pub struct DiskTrouble(BadDisks);

impl DiskTrouble {
    /// What is wrong with the disks of these nodes, given by their places.
    pub fn nodes(nodes: impl IntoIterator<Item = u32>, condition: DiskCondition) -> DiskTrouble {
        DiskTrouble(BadDisks { nodes: places(nodes), condition })
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}
