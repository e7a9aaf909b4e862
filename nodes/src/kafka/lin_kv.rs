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
//! partitions, loss between nodes, pauses and kills; and faults on the way to the
//! service, too: each message is stored with a number, by which its node knows whether
//! it is there already, so that it can be sent again if there is no answer (see
//! `once`).

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Poll, PollOk,
    Send, SendOk,
};
use glomers_node::{Context, ErrorCode, Kv, Node, RpcError, Value, join_all};

use super::log::from;
use crate::once;

/// A message of a log, and the number of the change that brought it.
type Entry = (i64, Value);

/// The node.
pub fn node() -> Node<()> {
    Node::new()
        .on(async |cx, Send { key, msg }| {
            let number = once::number(&cx);
            let append = |log: Option<&Vec<Entry>>| {
                let mut log = log.cloned().unwrap_or_default();
                log.push((number, msg.clone()));
                Ok(Some(log))
            };
            let log = once::change(&cx, &cx.lin_kv(), format!("log/{key}"), number, append).await?;
            let place = log.iter().rposition(|(own, _)| *own == number);
            let lost = || RpcError::new(ErrorCode::CRASH, "the message is not in the log");
            Ok(SendOk { offset: place.ok_or_else(lost)? as i64 })
        })
        .on(async |cx, Poll { offsets }| {
            let kv = cx.lin_kv();
            let polls = offsets.into_iter().map(async |(key, offset)| {
                let log: Option<Vec<Entry>> = once::read(&cx, &kv, format!("log/{key}")).await?;
                let log = log.unwrap_or_default();
                let messages: Vec<Value> = log.into_iter().map(|(_, message)| message).collect();
                Ok::<_, RpcError>((key, from(&messages, offset)))
            });
            let msgs = join_all(polls).await.into_iter().collect::<Result<_, _>>()?;
            Ok(PollOk { msgs })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            let kv = cx.lin_kv();
            let commits = offsets.into_iter().map(|(key, offset)| commit(&cx, &kv, key, offset));
            join_all(commits).await.into_iter().collect::<Result<(), _>>()?;
            Ok(CommitOffsetsOk {})
        })
        .on(async |cx, ListCommittedOffsets { keys }| {
            let kv = cx.lin_kv();
            let reads = keys.into_iter().map(async |key| {
                let offset: Option<i64> = once::read(&cx, &kv, format!("committed/{key}")).await?;
                Ok::<_, RpcError>(offset.map(|offset| (key, offset)))
            });
            let offsets = join_all(reads).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(ListCommittedOffsetsOk { offsets: offsets.into_iter().flatten().collect() })
        })
}

/// Notes how far a log was committed; never less far than before.
async fn commit(cx: &Context<()>, kv: &Kv, key: String, offset: i64) -> Result<(), RpcError> {
    let later =
        |known: Option<&i64>| Ok(known.is_none_or(|known| *known < offset).then_some(offset));
    let number = once::number(cx);
    once::change(cx, kv, format!("committed/{key}"), number, later).await.map(|_| ())
}
