//! A small run with every kind of record in it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use glomers_history::journal::DropReason;
use glomers_history::{
    Endpoint, Event, History, Message, Node, Observer, Op, OpKind, Process, Time, Value,
};
use glomers_protocol::Payload;
use glomers_store::{Store, StoreWriter};

pub(crate) const REPLAY: &[u8] = b"{\"seed\":42}\n";

/// A moment, the same in every test.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_379_415_123)
}

pub(crate) fn op(process: Process, kind: OpKind, f: &str, value: Value) -> Op {
    Op { index: 0, time: Time(0), process, kind, f: f.into(), value, error: None, is_final: false }
}

pub(crate) fn operations() -> Vec<Op> {
    let client = Process::Client(0);
    vec![
        op(client, OpKind::Invoke, "broadcast", Value::Int(7)),
        op(
            Process::Nemesis,
            OpKind::Info,
            "start-partition",
            Value::list([
                Value::keyword("isolated"),
                Value::map([(Value::string("n0"), Value::set([Value::string("n1")]))]),
            ]),
        ),
        op(client, OpKind::Ok, "broadcast", Value::Int(7)),
        op(client, OpKind::Invoke, "read", Value::Null),
        Op {
            error: Some(Value::list([Value::keyword("timeout"), Value::string("no \"answer\"\n")])),
            is_final: true,
            ..op(client, OpKind::Info, "read", Value::integers(&[1, 7, 300]))
        },
    ]
}

pub(crate) fn json(text: &str) -> Payload {
    Payload::from_json(text).unwrap()
}

/// A node by its name.
fn named(name: &str) -> Node<'_> {
    Node { place: name[1..].parse().unwrap(), name }
}

/// Who has a name.
pub(crate) fn end(name: &str) -> Endpoint {
    let number = name[1..].parse().unwrap();
    if name.starts_with('c') { Endpoint::Client(number) } else { Endpoint::Node(number) }
}

/// Tells the writer that a message was sent.
pub(crate) fn sent(
    writer: &mut StoreWriter,
    time: Time,
    id: u64,
    src: &str,
    dest: &str,
    payload: &Payload,
) {
    let message = Message { id, src: end(src), dest: end(dest), key: 0, payload };
    writer.event(time, &Event::Sent { message, src, dest });
}

/// Tells the writer that a message was delivered.
pub(crate) fn received(writer: &mut StoreWriter, time: Time, id: u64) {
    let (src, dest, payload) = (end("n0"), end("n1"), &json("{}"));
    writer.event(time, &Event::Received(Message { id, src, dest, key: 0, payload }));
}

fn dropped(writer: &mut StoreWriter, time: Time, id: u64, reason: DropReason) {
    let (src, dest, payload) = (end("n0"), end("n1"), &json("{}"));
    writer.event(time, &Event::Dropped(Message { id, src, dest, key: 0, payload }, reason));
}

/// Plays the run: seven messages with all fates, two marks, two log lines.
pub(crate) fn play(writer: &mut StoreWriter, flush: bool) -> History {
    let mut history = History::new();
    let long = format!("{{\"messages\":\"{}\",\"type\":\"gossip\"}}", "é".repeat(3000));
    let bodies = [
        r#"{"type":"broadcast","message":7,"msg_id":1}"#,
        r#"{ "type" : "broadcast_ok", "in_reply_to":1}"#,
        &long,
        r#"{"type":"gossip","x":[1,2,3]}"#,
        r#"{"no type":true}"#,
        r#"{"type":"gossip"}"#,
        r#"{"type":"gossip"}"#,
        r#"{"type":"gossip"}"#,
    ];
    for (id, body) in bodies.iter().enumerate() {
        let id = id as u64;
        let at = Time(1000 * id);
        sent(writer, at, id, "n0", ["n1", "c1", "n2"][id as usize % 3], &json(body));
        match id {
            // The first reply overtakes the first request.
            1 => {
                received(writer, Time(1500), 1);
                received(writer, Time(1600), 0);
            }
            2 => received(writer, Time(2500), 2),
            3 => dropped(writer, Time(3500), 3, DropReason::Loss),
            4 => dropped(writer, Time(4500), 4, DropReason::Partition),
            5 => dropped(writer, Time(5500), 5, DropReason::NodeDown),
            6 => dropped(writer, Time(6500), 6, DropReason::ClientGone),
            _ => {}
        }
        if let Some(op) = operations().into_iter().nth(id as usize) {
            let op = Op { time: at, ..op };
            let op = history.push(op);
            writer.event(at, &Event::Operation(op));
        }
        if flush {
            writer.flush();
        }
    }
    let value = Value::from_json(r#"{"value":7}"#).unwrap();
    let mark = |node, label, value| Event::Marked { node: named(node), label, value };
    writer.event(Time(7000), &mark("n1", "first-held", &value));
    writer.event(Time(7001), &mark("n0", "leader", &Value::Null));
    for (nanos, line) in [(1_234_567_000, "hello"), (1_234_567_999, "again")] {
        writer.event(Time(nanos), &Event::Logged { node: named("n1"), line });
    }
    history
}

pub(crate) fn results() -> Value {
    Value::record([
        ("stats", Value::record([("count", Value::Int(2))])),
        ("lost", Value::set([Value::Int(1), Value::Int(2)])),
        ("valid?", Value::keyword("unknown")),
    ])
}

/// A finished run with all its files.
pub(crate) fn finished(root: &Path, flush: bool) -> (Store, History) {
    let mut store = Store::create(root, "broadcast", now()).unwrap();
    let mut writer = store.writer(REPLAY).unwrap();
    writer.remember();
    let history = play(&mut writer, flush);
    let written = writer.finish().unwrap();
    store.derive(&history, written).unwrap();
    store.save_results(&results()).unwrap();
    store.save_run(serde_json::Map::new()).unwrap();
    store.log("it ran").unwrap();
    (store, history)
}
