//! Clusters of real processes in real time.
//!
//! [`run_real`] runs a Plan whose nodes are executables that speak the line
//! protocol on their standard input and output. It is the driver that waits for
//! the clock; network, clients, faults and history are those of the engine in
//! `glomers-sim`, the same as under virtual time.
//!
//! One thread does it all: it waits for the engine's next deadline or for a pipe
//! that can be read, hands the engine every line as it lies in the buffer,
//! collects what each node is to be sent, and writes that with one call a node.
//! All pipes are non-blocking and bounded, so that no node can stop the run or
//! exhaust the machine, whatever it does.
//!
//! No process outlives a run: each node leads a process group of its own, all
//! carry a mark in their environment, and a watchdog (a second process, see
//! [`watchdog_main`]) cleans up if this one is killed.
//!
//! This crate renders nothing, judges nothing, and is tested on Linux. It is
//! written to run on macOS too, with two gaps there: processes that leave their
//! group (`setsid`) are not found again, and nobody has tested it.

mod clock;
mod cluster;
mod command;
mod driver;
mod error;
mod groups;
mod interrupt;
mod limits;
mod lines;
mod machine;
mod options;
mod outgoing;
mod process;
mod program;
mod watchdog;

pub use command::{Why, run_until};
pub use driver::run_real;
pub use error::BenchError;
pub use interrupt::{Guard, Interrupt};
pub use options::{Note, Progress, RealOptions};
pub use program::check_program;
pub use watchdog::{WATCHDOG_ARGUMENT, WatchdogProgram, watchdog_main};
