//! Registers that are really those of the service `lin-kv`.
//!
//! A read is a read there. A write and a compare-and-set are each a change that is made
//! once (see [`once`]), whatever happens on the way to the service: passed
//! on as they are, a write that the network doubles would undo what others wrote in
//! between. If the service does not answer for long, nobody knows whether a change was
//! made, and the answer says so. Survives everything that the service survives.

use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::{ErrorCode, Node, RpcError, Value};

use crate::once;

/// The node.
pub fn node() -> Node<()> {
    Node::new()
        .on(async |cx, Read { key }| {
            let value = once::read(&cx, &cx.lin_kv(), key).await?;
            Ok(ReadOk { value: value.ok_or_else(no_key)? })
        })
        .on(async |cx, Write { key, value }| {
            let write = |_: Option<&Value>| Ok(Some(value.clone()));
            once::change(&cx, &cx.lin_kv(), key, once::number(&cx), write).await?;
            Ok(WriteOk {})
        })
        .on(async |cx, Cas { key, from, to, create_if_not_exists }| {
            let swap = |old: Option<&Value>| match old {
                None if !create_if_not_exists => Err(no_key()),
                Some(old) if *old != from => Err(RpcError::new(
                    ErrorCode::PRECONDITION_FAILED,
                    format!("current value {old} is not {from}"),
                )),
                _ => Ok(Some(to.clone())),
            };
            once::change(&cx, &cx.lin_kv(), key, once::number(&cx), swap).await?;
            Ok(CasOk {})
        })
}

fn no_key() -> RpcError {
    RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, "key does not exist")
}
