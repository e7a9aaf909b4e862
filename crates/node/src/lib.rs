//! Write distributed nodes in Rust: once, for the wire and for virtual time.
//!
//! Two layers. The **kernel** is [`Process`]: one function from an [`Input`] to
//! effects that collect in a [`Cx`]; no I/O, no clock, no threads. On top of it
//! `Node` takes async handlers, one for each message type.
//!
//! A node never knows what drives it: the stdio driver (`run`), or a simulated
//! cluster in virtual time, both through [`Runtime`].

mod cx;
mod disk;
mod effect;
mod process;
mod rng;
mod runtime;
mod timers;

pub use cx::Cx;
pub use disk::{Disk, DiskError, Unsupported};
pub use effect::Effect;
pub use glomers_history::Time;
pub use glomers_protocol as protocol;
pub use glomers_protocol::{
    Body, ErrorCode, Header, List, Message, NodeId, Payload, Request, RpcError, Value,
};
pub use process::{Incoming, Input, Process, SyncId, TimerId};
pub use rng::Rng;
pub use runtime::{Identity, Runtime, WallClock};
