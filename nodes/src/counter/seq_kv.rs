//! A counter in the service `seq-kv`. (Challenge 4.)
//!
//! Each node has a key of its own, the sum of all that its clients added, and
//! changes it by compare-and-set; the value is the sum of all keys. So nodes
//! never collide, only the requests of one node's clients do, and those are
//! tried again.
//!
//! `seq-kv` may answer a read from an old state: it promises only that all see
//! changes in one order and nobody goes back in it. A node's own key it never
//! sees old, as all changes of that are its own; but the others' keys it may, for
//! ever even. So before a node reads, it writes something that was never written
//! before to a key that nobody reads. That write has a place in the order after
//! everything that was acknowledged by then, and what the node reads afterwards
//! has a place after that.
//!
//! Additions are safe in the service, so this survives partitions, loss between
//! nodes (which never talk), pauses and kills; and faults on the way to the service,
//! too, as each addition has a number by which it is made once (see
//! `once`).

use glomers_node::protocol::rpc::counter::{Add, AddOk, Read, ReadOk};
use glomers_node::{Node, join_all};

use crate::once;

/// What an incarnation remembers.
#[derive(Debug, Default)]
pub struct State {
    incarnation_bits: u64,
    reads: u64,
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new()
        .on_start(async |cx| {
            let bits = cx.with_rng(|rng| rng.bits());
            cx.with(|state| state.incarnation_bits = bits);
        })
        .on(async |cx, Add { delta }| {
            let add = |sum: Option<&i64>| Ok(Some(sum.unwrap_or(&0) + delta));
            let number = once::number(&cx);
            once::change(&cx, &cx.seq_kv(), cx.id().as_str(), number, add).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| {
            let never_written = cx.with(|state| {
                state.reads += 1;
                format!("{:016x}-{}", state.incarnation_bits, state.reads)
            });
            let kv = cx.seq_kv();
            // Written again if need be: the first time counts.
            once::write(&cx, &kv, format!("read-by-{}", cx.id()), never_written).await?;
            let sums = cx.peers().iter().map(|node| once::read::<_, i64>(&cx, &kv, node.as_str()));
            let mut value = 0;
            for sum in join_all(sums).await {
                value += sum?.unwrap_or(0);
            }
            Ok(ReadOk { value })
        })
}
