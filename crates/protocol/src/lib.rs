//! The words that Glomers' nodes, clients and engine exchange.
//!
//! This crate knows what a message looks like, and nothing about how or when
//! one travels: no I/O, no time, no randomness. It holds
//!
//! - [`Value`]: any JSON value, compact, totally ordered and hashable (with the
//!   keywords and sets of EDN, which histories need);
//! - [`Message`] and [`Request`]: Rust types that are message bodies;
//! - [`Payload`]: a body on its way, typed or as JSON text;
//! - [`Line`]: one line of the Maelstrom wire protocol;
//! - [`printable`]: what strangers wrote, so that a terminal only shows it;
//! - [`ErrorCode`] and [`RpcError`];
//! - [`rpc`]: the request and reply types of the standard workloads.

mod error;
mod id;
mod json;
mod line;
mod list;
mod message;
mod payload;
mod printable;
pub mod rpc;
pub mod schema;
mod text;
mod value;

pub use error::{ErrorCode, RpcError};
pub use id::NodeId;
pub use json::{JsonError, MAX_DEPTH};
pub use line::{Line, LineError};
pub use list::{GrowingList, List, SmallIntegers};
pub use message::{Body, Header, Message, Request};
pub use payload::{DecodeError, Payload};
pub use printable::{printable, printable_lines};
pub use serde_json::value::RawValue;
pub use text::shared_text;
pub use value::Value;
