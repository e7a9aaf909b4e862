//! The smallest node: answers each `echo` with the same value.

use std::process::ExitCode;

use glomers_node::Node;
use glomers_node::protocol::rpc::echo::{Echo, EchoOk};

fn main() -> ExitCode {
    Node::<()>::new().on(async |_cx, Echo { echo }| Ok(EchoOk { echo })).run()
}
