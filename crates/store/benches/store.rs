//! What storing a run costs: each record while it goes on, the files at its end.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use divan::Bencher;
use divan::counter::ItemsCount;
use glomers_history::{
    Endpoint, Event, History, Message, Observer, Op, OpKind, Process, Time, Value,
};
use glomers_protocol::rpc::broadcast::Broadcast;
use glomers_protocol::{Body, Payload};
use glomers_store::{Recovered, Store, StoreWriter, Written, compare};
use tempfile::TempDir;

fn main() {
    divan::main();
}

const MESSAGES: u64 = 25_000;

fn store() -> (TempDir, Store, StoreWriter) {
    let root = tempfile::tempdir().unwrap();
    let store = Store::create(root.path(), "bench", SystemTime::UNIX_EPOCH).unwrap();
    let writer = store.writer(b"{}").unwrap();
    (root, store, writer)
}

/// Deliveries alone: records without bodies.
#[divan::bench]
fn stream_receive(bencher: Bencher<'_, '_>) {
    let (_root, _store, mut writer) = store();
    let mut id = 0;
    bencher.counter(ItemsCount::new(1000_usize)).bench_local(|| {
        for _ in 0..1000 {
            id += 1;
            received(&mut writer, id * 12_345, id);
        }
    });
}

/// A typed message of some 50 bytes sent and delivered: two records.
#[divan::bench]
fn stream_send_and_receive(bencher: Bencher<'_, '_>) {
    let (_root, _store, mut writer) = store();
    let mut id = 0;
    bencher.counter(ItemsCount::new(2000_usize)).bench_local(|| {
        for _ in 0..1000 {
            id += 1;
            send(&mut writer, id);
            received(&mut writer, id * 12_345 + 999, id);
        }
    });
}

/// The same message as text.
#[divan::bench]
fn stream_json_send_and_receive(bencher: Bencher<'_, '_>) {
    let (_root, _store, mut writer) = store();
    let payload =
        Payload::from_json(r#"{"type":"broadcast","msg_id":17,"message":12345}"#).unwrap();
    let mut id = 0;
    bencher.counter(ItemsCount::new(2000_usize)).bench_local(|| {
        for _ in 0..1000 {
            id += 1;
            sent(&mut writer, id, &payload);
            received(&mut writer, id * 12_345 + 999, id);
        }
    });
}

fn name(id: u64) -> &'static str {
    ["n0", "n1", "n2", "n3", "n4", "c1", "c17"][(id % 7) as usize]
}

fn send(writer: &mut StoreWriter, id: u64) {
    let body: Arc<dyn Body> = Arc::new(Broadcast { message: Value::Int(id as i64) });
    let payload = Payload::shared(body, Some(id), None);
    sent(writer, id, &payload);
}

fn message(id: u64, payload: &Payload) -> Message<'_> {
    Message { id, src: Endpoint::Node(0), dest: Endpoint::Node(1), key: 0, payload }
}

fn sent(writer: &mut StoreWriter, id: u64, payload: &Payload) {
    let (src, dest) = (name(id), name(id / 7));
    let event = Event::Sent { message: message(id, payload), src, dest };
    writer.event(Time(id * 12_345), &event);
}

fn received(writer: &mut StoreWriter, nanos: u64, id: u64) {
    let payload = Payload::Json(Arc::from(serde_json::value::RawValue::NULL.to_owned()));
    writer.event(Time(nanos), &Event::Received(message(id, &payload)));
}

fn messages_run() -> (TempDir, Store) {
    let (root, store, mut writer) = store();
    for id in 0..MESSAGES {
        send(&mut writer, id);
        if id >= 10 {
            received(&mut writer, id * 12_345 + 99, id - 10);
        }
    }
    writer.finish().unwrap();
    (root, store)
}

/// `messages.parquet` of 25,000 messages, the journal read again.
#[divan::bench]
fn parquet_25k_messages(bencher: Bencher<'_, '_>) {
    let (_root, store) = messages_run();
    let history = History::new();
    bencher.bench_local(|| store.derive(&history, Written::default()).unwrap());
}

/// The journal of 25,000 messages alone.
#[divan::bench]
fn read_25k_messages(bencher: Bencher<'_, '_>) {
    let (_root, store) = messages_run();
    bencher.bench_local(|| {
        let recovered = Recovered::open(store.directory()).unwrap();
        recovered.for_each(|_| Ok(())).unwrap();
    });
}

/// 2,000 operations, half of them reads of 500 integers.
fn reads() -> History {
    let read: Vec<i64> = (0..500).map(|i| i * 37 % 5000).collect();
    (0..2000)
        .map(|index| Op {
            index,
            time: Time(index * 5_000_000),
            process: Process::Client((index % 5) as u32),
            kind: [OpKind::Invoke, OpKind::Ok][(index % 2) as usize],
            f: "read".into(),
            value: [Value::Null, Value::integers(&read)][(index % 2) as usize].clone(),
            error: None,
            is_final: false,
        })
        .collect()
}

/// `history.edn` and `history.txt` of these.
#[divan::bench]
fn texts_2k_operations(bencher: Bencher<'_, '_>) {
    let (_root, store, writer) = store();
    writer.finish().unwrap();
    let history = reads();
    bencher.bench_local(|| store.derive(&history, Written::default()).unwrap());
}

/// `history.jsonl` of these, while the run goes on.
#[divan::bench]
fn stream_2k_operations(bencher: Bencher<'_, '_>) {
    let (_root, _store, mut writer) = store();
    let history = reads();
    bencher.counter(ItemsCount::new(history.len())).bench_local(|| {
        let ops = history.ops().iter();
        ops.for_each(|op| writer.event(op.time, &Event::Operation(op)));
    });
}

/// Two equal directories.
#[divan::bench]
fn compare_runs(bencher: Bencher<'_, '_>) {
    let (_root, store) = messages_run();
    let path: &Path = store.directory();
    bencher.bench_local(|| assert!(compare(path, path).unwrap().is_none()));
}
