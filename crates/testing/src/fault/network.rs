//! Faults of links between nodes.

use std::ops::Range;
use std::time::Duration;

use glomers_sim::{Links, Targets};

use super::{FaultSpec, nanos};

/// Which links: the same three ways for each fault of links.
macro_rules! on_links {
    ($fault:ident) => {
        impl $fault {
            /// Only on the links to and from these nodes, given by their places.
            pub fn around(mut self, nodes: impl IntoIterator<Item = u32>) -> $fault {
                self.0.links = Links::Around(Targets::Nodes(nodes.into_iter().collect()));
                self
            }

            /// Only on the links to and from nodes that say they lead when it
            /// begins.
            pub fn around_leader(mut self) -> $fault {
                self.0.links = Links::Around(Targets::LEADER);
                self
            }

            /// Only on these links: `(from, to)`.
            pub fn on(mut self, links: impl IntoIterator<Item = (u32, u32)>) -> $fault {
                self.0.links = Links::Single(links.into_iter().collect());
                self
            }
        }
    };
}

/// Messages between nodes get lost for a while.
#[derive(Debug, Clone)]
pub struct Loss(glomers_sim::Loss);

/// Messages between nodes are delivered twice.
#[derive(Debug, Clone)]
pub struct Duplicate(glomers_sim::Duplicate);

/// Messages between nodes overtake each other.
#[derive(Debug, Clone)]
pub struct Reorder(glomers_sim::Reorder);

on_links!(Loss);
on_links!(Duplicate);
on_links!(Reorder);

impl Loss {
    /// Each message with this probability, on all links.
    pub fn of(probability: f64) -> Loss {
        Loss(glomers_sim::Loss { probability, links: Links::All })
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}

impl Duplicate {
    /// Each message with this probability, on all links; the copy takes a latency
    /// of its own and up to `most` longer.
    pub fn of(probability: f64, most: Duration) -> Duplicate {
        Duplicate(glomers_sim::Duplicate { probability, most: nanos(most), links: Links::All })
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}

impl Reorder {
    /// Each message with this probability is held up, for up to `most`, on all
    /// links.
    pub fn of(probability: f64, most: Duration) -> Reorder {
        Reorder(glomers_sim::Reorder { probability, most: nanos(most), links: Links::All })
    }

    /// From when until when.
    pub fn between(self, between: Range<Duration>) -> FaultSpec {
        FaultSpec::new(self.0, between)
    }
}
