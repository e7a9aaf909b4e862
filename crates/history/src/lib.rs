//! What happens in a run, and what it leaves to be judged.
//!
//! Knows neither nodes nor network; reads and writes bytes it is handed, never
//! files. An [`Event`] is one thing that happens; [`Op`], [`History`] and [`Context`]
//! are what checkers see, and a [`Checker`] makes a [`CheckResult`] of them; [`journal`] is the form of events in files; [`edn`] and
//! [`jsonl`] are operations as text.

mod context;
pub mod edn;
mod event;
mod found;
mod growing;
pub mod journal;
pub mod jsonl;
mod judging;
mod kinds;
mod op;
mod read;
mod stop;
mod time;

pub use context::{Context, CutMessage, Kept, Service};
pub use event::{Ended, Endpoint, Event, Message, Node, Observer, StopReason, Unobserved};
pub use found::{CircleStep, Finding, Mark};
pub use glomers_protocol::{List, Value};
pub use growing::Growing;
pub use judging::{
    Access, AnsweredCount, CheckResult, Checker, Measured, OperationCounts, Quantiles, Validity,
    WOULD_CRASH, WOULD_IGNORE, WOULD_NOT_HEAR, is_refused, malformed_reply, was_served,
};
pub use kinds::{Concern, FindingKind};
pub use op::{History, Op, OpKind, Process};
pub use read::{ReadError, ReadFromError, read, read_consistent, read_from, read_value};
pub use stop::Stop;
pub use time::{MILLISECOND, SECOND, Time};
