//! Storage: what is visible, what is durable, what a crash leaves.

use glomers_node::testing::TestNode;
use glomers_node::{
    Disk, DiskCall, DiskError, Identity, IntoProcess, MemoryDisk, Message, Node, Runtime, Time,
    WallClock,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = KeepOk)]
struct Keep {
    text: String,
}

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct KeepOk {}

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = KeptOk)]
struct Kept {}

#[derive(Serialize, Deserialize, Clone, Message)]
struct KeptOk {
    text: String,
}

/// Keeps texts, and says so when they are durable.
fn keeper() -> Node {
    Node::new()
        .on(async |cx, Keep { text }| {
            cx.disk(|disk| disk.append("texts", text.as_bytes()))??;
            cx.sync().await?;
            Ok(KeepOk {})
        })
        .on(async |cx, Kept {}| {
            let bytes = cx.disk(|disk| disk.get("texts"))??.unwrap_or_default();
            Ok(KeptOk { text: String::from_utf8(bytes).unwrap() })
        })
}

fn identity(incarnation: u32) -> Identity {
    Identity { seed: 0, incarnation: Some(incarnation) }
}

fn text(node: &mut TestNode) -> String {
    node.call(Kept {}).unwrap().text
}

#[test]
fn writes_are_visible_at_once_and_acknowledged_when_durable() {
    let mut node = TestNode::start(keeper(), "n1", &["n1"]);
    node.sync_by_hand();
    assert!(node.request_from("c1", 1, Keep { text: "a".into() }).is_empty());
    assert_eq!(text(&mut node), "a");
    assert_eq!(node.disk().unsynced(), 1);
    assert!(node.request_from("c1", 2, Keep { text: "b".into() }).is_empty());
    let sent = node.sync();
    assert_eq!(node.disk().unsynced(), 0);
    assert!(sent[0].reply_to(1).is_some() && sent[1].reply_to(2).is_some());
}

#[test]
fn the_next_incarnation_finds_what_was_durable() {
    let mut node = TestNode::start(keeper(), "n1", &["n1"]);
    node.request_from("c1", 1, Keep { text: "ab".into() });
    node.sync_by_hand();
    node.request_from("c1", 2, Keep { text: "cd".into() });
    node.request_from("c1", 3, Keep { text: "ef".into() });
    for (survivors, torn, left) in [(1, 0, "abcd"), (0, 0, "abcd"), (2, 0, "abcd")] {
        // A second crash finds nothing more to take.
        node.disk().crash(survivors, torn);
        let disk = node.disk().clone();
        node = TestNode::with_disk(keeper(), identity(1), disk);
        node.init("n1", &["n1"]);
        assert_eq!(text(&mut node), left);
    }
}

#[test]
fn the_last_append_that_is_left_may_be_torn_a_put_never_is() {
    let mut disk = MemoryDisk::new();
    disk.append("log", b"one").unwrap();
    disk.append("log", b"two").unwrap();
    disk.crash(1, 2);
    assert_eq!(disk.get("log").unwrap().unwrap(), b"onetw");
    disk.put("log", b"new").unwrap();
    disk.crash(0, 2);
    assert_eq!(disk.get("log").unwrap().unwrap(), b"onetw");
    disk.put("log", b"new").unwrap();
    disk.crash(1, 0);
    assert_eq!(disk.get("log").unwrap().unwrap(), b"new");
}

#[test]
fn a_sync_is_about_what_was_written_before_it() {
    let mut disk = MemoryDisk::new();
    disk.append("log", b"1").unwrap();
    let first = disk.sync().unwrap();
    disk.append("log", b"2").unwrap();
    let second = disk.sync().unwrap();
    disk.append("log", b"3").unwrap();
    assert_eq!(disk.take_syncs(), [first, second]);
    assert!(disk.take_syncs().is_empty());
    disk.complete(first);
    assert_eq!(disk.unsynced(), 2);
    // The second includes all before it.
    disk.complete(second);
    assert_eq!(disk.unsynced(), 1);
    disk.crash(0, 0);
    assert_eq!(disk.get("log").unwrap().unwrap(), b"12");
}

#[test]
fn a_full_disk_is_an_error_of_the_call_and_changes_nothing() {
    let mut disk = MemoryDisk::new();
    disk.set_fault(Some(Box::new(|call| match call {
        DiskCall::Append | DiskCall::Put => Some(DiskError::Full),
        _ => None,
    })));
    assert_eq!(disk.append("log", b"1"), Err(DiskError::Full));
    assert_eq!(disk.get("log"), Ok(None));
    disk.set_fault(None);
    assert_eq!(disk.append("log", b"1"), Ok(()));
    let mut node = TestNode::start(keeper(), "n1", &["n1"]);
    node.disk().set_fault(Some(Box::new(|_| Some(DiskError::Full))));
    let error = node.call(Keep { text: "a".into() }).unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
}

#[test]
fn names_that_some_driver_cannot_store_are_refused_by_all() {
    let mut disk = MemoryDisk::new();
    for name in ["", ".hidden", "a/b", "ä", &"x".repeat(101)] {
        assert!(disk.put(name, b"").unwrap_err().to_string().contains("name of a file"));
    }
    disk.put("log-1.txt", b"").unwrap();
    assert_eq!(disk.list().unwrap(), ["log-1.txt"]);
}

#[test]
fn without_a_disk_the_call_is_an_error() {
    let mut runtime = Runtime::new(keeper().into_process(), identity(0), Time::ZERO);
    let mut deliver = |json: &str| {
        let payload = glomers_node::Payload::from_json(json).unwrap();
        runtime.message(Time::ZERO, WallClock(0), glomers_node::NodeId::new("c1"), payload);
        format!("{:?}", std::mem::take(runtime.effects()))
    };
    deliver(r#"{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}"#);
    let answer = deliver(r#"{"type":"keep","msg_id":2,"text":"a"}"#);
    assert!(answer.contains("not available"), "{answer}");
}
