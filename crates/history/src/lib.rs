//! What a run leaves to be judged: operations and the records of messages.
//!
//! Knows neither nodes nor network; reads and writes bytes it is handed, never
//! files. [`Op`] and [`History`] are what checkers see; [`journal`] is what the
//! network saw; [`edn`] and [`jsonl`] are their forms as text.

pub mod edn;
pub mod journal;
pub mod jsonl;
mod observer;
mod op;
mod read;
mod time;

pub use glomers_protocol::{List, Value};
pub use observer::{Observer, Unobserved};
pub use op::{History, Op, OpKind, Process};
pub use read::{ReadError, ReadFromError, read, read_consistent, read_from, read_value};
pub use time::{MILLISECOND, SECOND, Time};
