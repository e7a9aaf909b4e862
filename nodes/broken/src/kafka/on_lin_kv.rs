//! Logs in the service lin-kv: `log/KEY` is the list of a key's messages.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Messages,
    Offsets, Poll, PollOk, Send, SendOk,
};
use glomers_node::{Context, ErrorCode, Node, RpcError, Value};

/// How long a client is kept waiting.
const PATIENCE: Duration = Duration::from_millis(40);

type Log = Option<Vec<Value>>;

/// What a node knows: what was sent and is not in the service yet.
pub type Buffer = BTreeMap<String, Vec<Value>>;

fn from(log: &[Value], offset: i64) -> Messages {
    (0..).zip(log.iter().cloned()).filter(|(at, _)| *at >= offset).collect()
}

fn base<S: Default + 'static>() -> Node<S> {
    Node::<S>::new()
        .on(async |cx, Poll { offsets }| {
            let mut msgs = BTreeMap::new();
            for (key, offset) in offsets {
                let log: Log = cx.lin_kv().get(format!("log/{key}")).await?;
                msgs.insert(key, from(&log.unwrap_or_default(), offset));
            }
            Ok(PollOk { msgs })
        })
        .on(async |cx, CommitOffsets { offsets }| {
            for (key, offset) in offsets {
                let later = |known: Option<i64>| known.map_or(offset, |known| known.max(offset));
                cx.lin_kv().update(format!("committed/{key}"), later).await?;
            }
            Ok(CommitOffsetsOk {})
        })
        .on(async |cx, ListCommittedOffsets { keys }| {
            let mut offsets = Offsets::new();
            for key in keys {
                let offset: Option<i64> = cx.lin_kv().get(format!("committed/{key}")).await?;
                offsets.extend(offset.map(|offset| (key, offset)));
            }
            Ok(ListCommittedOffsetsOk { offsets })
        })
}

fn append(message: Value) -> impl FnMut(Log) -> Vec<Value> {
    move |log| {
        let mut log = log.unwrap_or_default();
        log.push(message.clone());
        log
    }
}

/// Reads, appends and writes.
pub fn without_cas() -> Node<()> {
    base().on(async |cx, Send { key, msg }| {
        let log: Log = cx.lin_kv().get(format!("log/{key}")).await?;
        let log = append(msg)(log);
        // Wrong: another node may have appended since.
        cx.lin_kv().write(format!("log/{key}"), &log).await?;
        Ok(SendOk { offset: log.len() as i64 - 1 })
    })
}

/// Keeps nobody waiting.
pub fn shows_failed() -> Node<()> {
    base().on(async |cx, Send { key, msg }| {
        let kv = cx.lin_kv().timeout(PATIENCE);
        match kv.update(format!("log/{key}"), append(msg)).await {
            Ok(log) => Ok(SendOk { offset: log.len() as i64 - 1 }),
            // Wrong: this error says that nothing has happened, but nobody knows
            // whether the compare-and-set was done.
            Err(error) => Err(RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, error.text)),
        }
    })
}

/// Acknowledges at once and writes a little later. For a cluster of one.
pub fn write_behind() -> Node<Buffer> {
    base::<Buffer>()
        .on_start(async |cx| cx.every(Duration::from_millis(250), async |cx| flush(&cx).await))
        .on(async |cx, Send { key, msg }| {
            let log: Log = cx.lin_kv().get(format!("log/{key}")).await?;
            let stored = log.unwrap_or_default().len();
            // Wrong: an acknowledged message is in memory alone.
            let offset = cx.with(|buffer| {
                let waiting = buffer.entry(key).or_default();
                waiting.push(msg);
                stored + waiting.len() - 1
            });
            Ok(SendOk { offset: offset as i64 })
        })
}

async fn flush(cx: &Context<Buffer>) -> Result<(), RpcError> {
    for (key, messages) in cx.with(std::mem::take) {
        let all = |log: Log| {
            let mut log = log.unwrap_or_default();
            log.extend(messages.iter().cloned());
            log
        };
        cx.lin_kv().update(format!("log/{key}"), all).await?;
    }
    Ok(())
}
