//! The clients of the services.

use std::time::Duration;

use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::testing::TestNode;
use glomers_node::{ErrorCode, Message, Node, RpcError, Value};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct Go {}

fn error(code: ErrorCode) -> RpcError {
    RpcError::new(code, "")
}

#[test]
fn reads_and_writes_are_typed() {
    let node = Node::<()>::new().on_message(async |cx, Go {}| {
        let kv = cx.seq_kv();
        kv.write("k", vec![1u64, 2]).await?;
        let list: Vec<u64> = kv.read("k").await?;
        cx.log(format!("{list:?} {:?}", kv.get::<u64>(5u64).await?));
        cx.log(kv.read::<String>("k").await.unwrap_err().to_string());
        kv.cas("k", 1, 2).await?;
        kv.create("k", "x").await
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    let sent = node.send_from("c1", Go {});
    assert_eq!(sent[0].dest, "seq-kv");
    assert_eq!(sent[0].body::<Write>().value, Value::integers(&[1, 2]));
    let sent = node.reply(&sent[0], WriteOk {});
    let value = Value::integers(&[1, 2]);
    let sent = node.reply(&sent[0], ReadOk { value });
    assert_eq!(sent[0].body::<Read>().key, Value::Int(5));
    let sent = node.reply(&sent[0], error(ErrorCode::KEY_DOES_NOT_EXIST));
    let sent = node.reply(&sent[0], ReadOk { value: 1u64.into() });
    let sent = {
        assert!(!sent[0].body::<Cas>().create_if_not_exists);
        node.reply(&sent[0], CasOk {})
    };
    assert!(sent[0].body::<Cas>().create_if_not_exists);
    node.reply(&sent[0], error(ErrorCode::PRECONDITION_FAILED));
    let logs = node.take_logs();
    assert_eq!(logs[0], "[1, 2] None");
    assert!(logs[1].contains("another type"), "{logs:?}");
    assert_eq!(logs[2], "go: error 22 (precondition-failed)");
}

#[test]
fn update_creates_then_repeats_after_a_collision() {
    let node = Node::<()>::new().on_message(async |cx, Go {}| {
        let sum = cx.lin_kv().update("sum", |old| old.unwrap_or(0) + 5).await?;
        cx.log(format!("{sum}"));
        Ok(())
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    let sent = node.send_from("c1", Go {});
    let sent = node.reply(&sent[0], error(ErrorCode::KEY_DOES_NOT_EXIST));
    let cas: Cas = sent[0].body();
    assert!(cas.create_if_not_exists && cas.to == Value::Int(5));
    let sent = node.reply(&sent[0], error(ErrorCode::PRECONDITION_FAILED));
    assert!(sent.is_empty(), "a pause comes first");
    let sent = node.advance(Duration::from_millis(2));
    let sent = node.reply(&sent[0], ReadOk { value: 3u64.into() });
    let cas: Cas = sent[0].body();
    assert_eq!((cas.from, cas.to), (Value::Int(3), Value::Int(8)));
    assert!(!cas.create_if_not_exists);
    node.reply(&sent[0], CasOk {});
    assert_eq!(node.take_logs(), ["8"]);
    assert_eq!(node.next_wake(), None);
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let node = Node::<()>::new().on_message(async |cx, Go {}| {
        let same = cx.lin_kv().update("k", |old: Option<u64>| old.unwrap_or(0)).await;
        cx.log(format!("{same:?}"));
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    let sent = node.send_from("c1", Go {});
    assert!(node.reply(&sent[0], ReadOk { value: 3u64.into() }).is_empty());
    assert_eq!(node.take_logs(), ["Ok(3)"]);
}

#[test]
fn timestamps_come_from_lin_tso() {
    let node = Node::<()>::new().on_message(async |cx, Go {}| {
        cx.log(format!("{:?}", cx.lin_tso().timestamp().await));
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    let sent = node.send_from("c1", Go {});
    assert_eq!((&*sent[0].dest, &*sent[0].json()), ("lin-tso", r#"{"type":"ts","msg_id":1}"#));
    node.json_from("lin-tso", r#"{"type":"ts_ok","in_reply_to":1,"ts":7}"#);
    assert_eq!(node.take_logs(), ["Ok(7)"]);
}
