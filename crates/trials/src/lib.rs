//! What the nodes of this repository are put through.
//!
//! - [`EMBEDDED`]: the reference nodes and the broken ones, by name;
//! - [`scenario`]: a run as a text that says what happens and what comes of it;
//! - [`gallery`]: broken nodes that must be found out, right ones that must not;
//! - [`frontier`]: what a broadcast costs at which latency.

mod embedded;
pub mod frontier;
pub mod gallery;
mod run;
pub mod scenario;

pub use embedded::{AllNodes, EMBEDDED, embedded_factory, make_embedded};
pub use run::run_plan;
