//! What the kernel offers to a tracer, as safe functions: `ptrace` (stops,
//! registers), `memory` (of other processes), `spawn` (a process under a filter),
//! `filter` (which calls stop),
//! `affinity` (one processor for all), `wake` (a watch), `page` (memory shared with a node), `procfs`.
//!
//! Nothing here knows what a node is.

pub(crate) mod affinity;
pub(crate) mod filter;
pub(crate) mod memory;
pub(crate) mod page;
pub(crate) mod procfs;
pub(crate) mod ptrace;
pub(crate) mod spawn;
pub(crate) mod wake;

/// The kernel's number of a thread.
pub(crate) type Tid = i32;
