//! Write distributed nodes in Rust: once, for the wire and for virtual time.
//!
//! The same value runs by `.run()` on stdin and stdout, under Maelstrom or
//! Glomers, and inside a simulated cluster in virtual time, where one seed always
//! gives one run. A node never knows what drives it.
//!
//! # A node
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use glomers_node::{Message, Node};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! #[message(reply = EchoOk)]
//! struct Echo {
//!     echo: String,
//! }
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! struct EchoOk {
//!     echo: String,
//! }
//!
//! fn main() -> ExitCode {
//!     Node::<()>::new().on(async |_cx, Echo { echo }| Ok(EchoOk { echo })).run()
//! }
//! ```
//!
//! # One that tolerates faults
//!
//! Broadcast: every value reaches every node, although messages are lost and the
//! network splits.
//!
//! ```
//! use std::collections::BTreeSet;
//! use std::time::Duration;
//!
//! use glomers_node::{Message, Node, Retry};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! #[message(reply = BroadcastOk)]
//! struct Broadcast {
//!     message: u64,
//! }
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! struct BroadcastOk {}
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! #[message(reply = ReadOk)]
//! struct Read {}
//! #[derive(Serialize, Deserialize, Clone, Message)]
//! struct ReadOk {
//!     messages: BTreeSet<u64>,
//! }
//!
//! fn node() -> Node<BTreeSet<u64>> {
//!     Node::<BTreeSet<u64>>::new()
//!         .on(async |cx, Broadcast { message }| {
//!             let new = cx.with(|seen| seen.insert(message));
//!             let from_client = cx.src().is_client();
//!             for peer in cx.others().filter(|_| new && from_client) {
//!                 let limit = Duration::from_millis(500);
//!                 let rpc = cx.rpc(peer, Broadcast { message }).timeout(limit);
//!                 cx.spawn(async { rpc.retry(Retry::forever()).await.map(|_| ()) });
//!             }
//!             Ok(BroadcastOk {})
//!         })
//!         .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|seen| seen.clone()) }))
//! }
//!
//! // A unit test of it.
//! use glomers_node::testing::TestNode;
//!
//! let mut node = TestNode::start(node(), "n1", &["n1", "n2"]);
//! let sent = node.request_from("c1", 1, Broadcast { message: 7 });
//! assert!(sent[0].is::<BroadcastOk>());
//! assert_eq!(sent[1].dest, "n2");
//! let again = node.advance(Duration::from_secs(1)); // n2 did not answer.
//! assert_eq!(again[0].body::<Broadcast>().message, 7);
//! node.reply(&again[0], BroadcastOk {});
//! assert!(node.advance(Duration::from_secs(60)).is_empty());
//! assert!(node.call(Read {}).unwrap().messages.contains(&7));
//! ```
//!
//! # Two layers
//!
//! The **kernel** is [`Process`]: one function from an [`Input`] to effects that
//! collect in a [`Cx`]; no I/O, no clock, no threads. Algorithms that are state
//! machines (Raft, say) implement it directly. On top of it [`Node`] takes async
//! handlers and runs them on a small executor of its own. Either becomes a
//! program by [`run`], and is driven by a [`Runtime`] elsewhere.

// So that code made by the derive macro compiles in unit tests, too.
#[cfg(test)]
extern crate self as glomers_node;

mod call;
pub mod collections;
mod combine;
mod context;
mod cx;
mod disk;
mod effect;
mod executor;
mod exposed;
pub mod key;
mod kv;
mod node;
mod outcome;
mod process;
mod retry;
mod rng;
mod runtime;
mod shared;
mod sleep;
mod stdio;
mod synced;
pub mod testing;
mod timers;
mod tso;

pub use call::{Call, DEFAULT_TIMEOUT, Rpc};
pub use collections::{Map, Set};
pub use combine::{Either, join, join_all, join_first, select};
pub use context::Context;
pub use cx::Cx;
pub use disk::{Disk, DiskCall, DiskError, DiskFault, MemoryDisk, Unsupported};
pub use effect::Effect;
pub use exposed::EXPOSED;
pub use glomers_history::Time;
/// Makes a struct a message body.
///
/// The body's `type` is the struct's name in snake case (`EchoOk` becomes
/// `echo_ok`) unless `#[message(type = "…")]` names another. With
/// `#[message(reply = EchoOk)]` the message is a [`Request`] that is answered by
/// an `EchoOk`. The struct must also derive serde's `Serialize` and
/// `Deserialize`, and `Clone`.
///
/// ```compile_fail
/// #[derive(serde::Serialize, serde::Deserialize, Clone, glomers_node::Message)]
/// struct Read; // A message is a JSON object: write `struct Read {}`.
/// ```
pub use glomers_node_derive::Message;
// For glomers-testing, whose users need not depend on this crate.
#[doc(hidden)]
pub use glomers_node_derive::TestingMessage;
pub use glomers_protocol as protocol;
pub use glomers_protocol::{
    Body, ErrorCode, GrowingList, Header, List, Message, NodeId, Payload, Request, RpcError, Value,
};
pub use kv::Kv;
pub use node::{IntoProcess, Node};
pub use outcome::Outcome;
pub use process::{Incoming, Input, Process, SyncId, TimerId};
pub use retry::Retry;
pub use rng::Rng;
pub use runtime::{Identity, Runtime, WallClock};
pub use serde;
pub use sleep::Sleep;
pub use stdio::run;
pub use tso::Tso;
