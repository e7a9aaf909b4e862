//! Logs in the service `lin-kv`, the plain way. (Challenge 5b.)
//!
//! The log of key `k` is one value, the list of its messages, under `log/k`, and
//! how far it was committed is under `committed/k`. Whoever sends reads the list,
//! appends, and sets it by compare-and-set, again and again until nobody else was
//! faster. So a message is in the log exactly when its offset is known, and a
//! poll is a read.
//!
//! Right, and dear: a send costs four messages and two more for each collision,
//! a poll two for each key, and a commit four for each key; and the whole log
//! travels each time. See [`fast`](super::fast) for a better way.
//!
//! Nodes remember nothing and never talk to each other, so this survives
//! partitions, loss between nodes, pauses and kills. A send whose
//! compare-and-set is not answered is answered with an error that leaves open
//! whether it happened: sent again, the message could be there twice.

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Poll, PollOk,
    Send, SendOk,
};
use glomers_node::{Kv, Node, RpcError, Value, join_all};

use super::log::from;

/// The node.
pub fn node() -> Node<()> {
    Node::new()
        .on(async |cx, Send { key, msg }| {
            let append = |log: Option<Vec<Value>>| {
                let mut log = log.unwrap_or_default();
                log.push(msg.clone());
                log
            };
            let log = cx.lin_kv().update(format!("log/{key}"), append).await?;
            Ok(SendOk { offset: log.len() as i64 - 1 })
        })
        .on(async |cx, Poll { offsets }| {
            let kv = cx.lin_kv();
            let polls = offsets.into_iter().map(async |(key, offset)| {
                let log: Option<Vec<Value>> = kv.get(format!("log/{key}")).await?;
                Ok::<_, RpcError>((key, from(&log.unwrap_or_default(), offset)))
            });
            let msgs = join_all(polls).await.into_iter().collect::<Result<_, _>>()?;
            Ok(PollOk { msgs })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            let kv = cx.lin_kv();
            let commits = offsets.into_iter().map(|(key, offset)| commit(&kv, key, offset));
            join_all(commits).await.into_iter().collect::<Result<(), _>>()?;
            Ok(CommitOffsetsOk {})
        })
        .on(async |cx, ListCommittedOffsets { keys }| {
            let kv = cx.lin_kv();
            let reads = keys.into_iter().map(async |key| {
                let offset: Option<i64> = kv.get(format!("committed/{key}")).await?;
                Ok::<_, RpcError>(offset.map(|offset| (key, offset)))
            });
            let offsets = join_all(reads).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(ListCommittedOffsetsOk { offsets: offsets.into_iter().flatten().collect() })
        })
}

/// Notes how far a log was committed; never less far than before.
async fn commit(kv: &Kv, key: String, offset: i64) -> Result<(), RpcError> {
    let later = |known: Option<i64>| known.map_or(offset, |known| known.max(offset));
    kv.update(format!("committed/{key}"), later).await.map(|_| ())
}
