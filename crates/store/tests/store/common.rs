//! A small run with every kind of record in it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use glomers_history::journal::DropReason;
use glomers_history::{History, Observer, Op, OpKind, Process, Time, Value};
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
        writer.sent(at, id, "n0", ["n1", "c1", "n2"][id as usize % 3], &json(body));
        match id {
            // The first reply overtakes the first request.
            1 => {
                writer.received(Time(1500), 1);
                writer.received(Time(1600), 0);
            }
            2 => writer.received(Time(2500), 2),
            3 => writer.dropped(Time(3500), 3, DropReason::Loss),
            4 => writer.dropped(Time(4500), 4, DropReason::Partition),
            5 => writer.dropped(Time(5500), 5, DropReason::NodeDown),
            6 => writer.dropped(Time(6500), 6, DropReason::ClientGone),
            _ => {}
        }
        if let Some(op) = operations().into_iter().nth(id as usize) {
            let op = Op { time: at, ..op };
            writer.operation(history.push(op));
        }
        if flush {
            writer.flush();
        }
    }
    writer.marked(Time(7000), "n1", "first-held", &Value::from_json(r#"{"value":7}"#).unwrap());
    writer.marked(Time(7001), "n0", "leader", &Value::Null);
    writer.logged(Time(1_234_567_000), "n1", "hello");
    writer.logged(Time(1_234_567_999), "n1", "again");
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
    let history = play(&mut writer, flush);
    writer.finish().unwrap();
    store.derive(&history).unwrap();
    store.save_results(&results()).unwrap();
    store.save_run(serde_json::Map::new()).unwrap();
    store.log("it ran").unwrap();
    (store, history)
}
