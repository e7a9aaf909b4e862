//! What one does with Plans and stores.
//!
//! - [`Session`] runs a Plan on the host that it names, judges the run and stores it;
//! - [`many`] does something for many seeds, on several threads;
//! - [`open`] opens a store, [`recover`] judges what is in it and derives its files;
//! - [`Comparison`] tells a replay from the run that it repeats;
//! - [`trace`] is a stored run as events in order of time.
//!
//! Nothing here knows flags, colours or pictures, nor which nodes there are: those of
//! this program come by way of [`Embedded`]. Without the feature `processes` only
//! these are run.

mod comparison;
mod embedded;
mod error;
mod fingerprint;
mod host;
mod job;
mod judge;
mod keep;
mod many;
mod pace;
mod quiet;
mod recover;
mod replay_file;
mod results;
mod run;
mod scratch;
mod tee;
pub mod trace;

pub use comparison::Comparison;
pub use embedded::{Embedded, NoNodes, UnknownNode};
pub use error::SessionError;
pub use fingerprint::check as check_files;
#[cfg(feature = "processes")]
pub use glomers_bench::{Guard, Interrupt};
pub use job::Traced;
pub use judge::{RunOptions, RunReport, judge_outcome};
pub use keep::{Kept, Test, WANTED_RUN, WANTED_STORE};
pub use many::{all, many};
pub use quiet::{Quiet, node_panicked};
pub use recover::{Recovery, judged, just_over, losses, open, recover};
pub use replay_file::{BUILD, ReplayFile, ReplayFileError};
pub use results::results;
pub use run::{Executed, Session};
pub use scratch::Scratch;
