//! The traced host: nodes that are programs of any kind, unmodified, in virtual time.
//!
//! Each node is a tree of processes under `ptrace`. One thread of a node runs at a
//! time; calls that would wait do not reach the kernel but are done here, against
//! the node's own clock; and what is random or belongs to the machine is drawn from
//! the node's seed. When no thread of a node can go on, the node is quiet, and the
//! engine hears what it wrote and when it wants to be woken.
//!
//! Linux on x86-64 only: elsewhere [`TracedHost::new`] says so.
//!
//! Layers, from below: `sys` (what the kernel offers), `arch` (what depends on the
//! processor), `tree` (the processes of one node, their threads, who runs), `calls`
//! (system calls that are done here), `host` (lines, incarnations). This crate knows
//! no workloads, no clients and no network.

mod lines;
mod options;
mod report;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod arch;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod calls;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod environment;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod folders;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod host;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod limits;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod pins;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod record;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod sys;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tree;

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod elsewhere;

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub use elsewhere::{TracedHost, probe};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use host::TracedHost;
pub use options::{Pin, Pins, TracedOptions, WarpError};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use pins::probe;
pub use report::{Guarantee, Note, Probe, Report};
