//! What a broadcast costs at which latency: many nodes, many seeds, and what no
//! node can beat.
//!
//! - [`Bounds`]: how many messages any algorithm must send, computed;
//! - [`CANDIDATES`]: the nodes to be measured, and how a wanted latency becomes
//!   their arguments;
//! - [`Setting`] and [`measure`]: one run, and its [`Figures`];
//! - [`Summary`]: the figures of many seeds.
//!
//! Nothing here is parallel: the runs of a sweep do not depend on one another, so
//! that the caller may run them on as many threads as it likes.

mod bounds;
mod candidates;
mod figures;
mod meter;
mod setting;
mod summary;

pub use bounds::Bounds;
pub use candidates::{CANDIDATES, Candidate, Knob, UnknownCandidate, candidate};
pub use figures::{Figures, Quantiles, client_latency_ms, measure};
pub use meter::Meter;
pub use setting::Setting;
pub use summary::{Summary, median};
