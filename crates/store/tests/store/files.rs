//! What stands in the files of a finished run.

use std::fs::{self, File};

use crate::common::finished;
use glomers_store::{Recovered, compare, derive};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Row;

fn rows(path: &std::path::Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let created_by = reader.metadata().file_metadata().created_by();
    assert_eq!(created_by, Some("glomers"));
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_was_streamed_is_read_back() {
    let root = tempfile::tempdir().unwrap();
    let (store, history) = finished(root.path(), false);
    let recovered = Recovered::open(store.directory()).unwrap();
    assert!(recovered.is_complete());
    assert_eq!(recovered.losses(), []);
    assert_eq!(recovered.replay(), crate::common::REPLAY);
    assert_eq!(*recovered.history(), history);

    let messages = recovered.messages().unwrap();
    let told: Vec<String> = messages
        .iter()
        .map(|m| {
            let received = m.received_at.map(|time| time.nanos());
            let (src, dest, fate) = (&m.src, &m.dest, m.fate.name());
            format!("{} {} {received:?} {src}→{dest} {:?} {fate}", m.id, m.sent_at.nanos(), m.kind)
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"0 0 Some(1600) n0→n1 Some("broadcast") delivered"#,
            r#"1 1000 Some(1500) n0→c1 Some("broadcast_ok") delivered"#,
            r#"2 2000 Some(2500) n0→n2 Some("gossip") delivered"#,
            r#"3 3000 None n0→n1 Some("gossip") lost"#,
            r#"4 4000 None n0→c1 None partitioned"#,
            r#"5 5000 None n0→n2 Some("gossip") node-down"#,
            r#"6 6000 None n0→n1 Some("gossip") client-gone"#,
            r#"7 7000 None n0→c1 Some("gossip") in-flight"#,
        ]
    );
    // Cut before the character that does not fit.
    assert_eq!((messages[2].body.len(), messages[2].body_length), (4095, 6031));

    let marks = recovered.marks().unwrap();
    assert_eq!((&*marks[0].node, &*marks[0].label), ("n1", "first-held"));
    assert_eq!((&*marks[0].value, &*marks[1].value), (r#"{"value":7}"#, "null"));
}

#[test]
fn the_tables_can_be_read_without_us() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = finished(root.path(), false);
    let messages = rows(&store.directory().join("messages.parquet"));
    assert_eq!(messages.len(), 8);
    assert_eq!(
        messages[0].to_string(),
        r#"{id: 0, sent_at_ns: 0, received_at_ns: 1600, src: "n0", dest: "n1", type: "broadcast", body: "{"type":"broadcast","message":7,"msg_id":1}", body_length: 43, fate: "delivered", faults: null}"#
    );
    assert_eq!(
        messages[4].to_string(),
        r#"{id: 4, sent_at_ns: 4000, received_at_ns: null, src: "n0", dest: "c1", type: null, body: "{"no type":true}", body_length: 16, fate: "partitioned", faults: null}"#
    );
    let marks = rows(&store.directory().join("marks.parquet"));
    assert_eq!(
        marks[0].to_string(),
        r#"{time_ns: 7000, node: "n1", label: "first-held", value: "{"value":7}"}"#
    );
}

#[test]
fn the_texts_have_their_forms() {
    let root = tempfile::tempdir().unwrap();
    let (mut store, _) = finished(root.path(), false);
    let read = |name: &str| fs::read_to_string(store.directory().join(name)).unwrap();
    assert_eq!(
        read("history.edn").lines().nth(1).unwrap(),
        r#"{:index 1, :time 1000, :type :info, :process :nemesis, :f :start-partition, :value [:isolated {"n0" #{"n1"}}]}"#
    );
    assert_eq!(
        read("history.txt").lines().last().unwrap(),
        "0\t:info\t:read\t[1 7 300]\t[:timeout \"no \\\"answer\\\"\\n\"]"
    );
    assert_eq!(read("results.edn"), "{:stats {:count 2}, :lost #{1 2}, :valid? :unknown}\n");
    assert_eq!(
        read("results.json"),
        "{\n  \"schema_version\": 1,\n  \"stats\": {\n    \"count\": 2\n  },\n  \"lost\": [\n    1,\n    2\n  ],\n  \"valid?\": \"unknown\"\n}\n"
    );
    assert_eq!(read("node-logs/n1.log"), "1.234567 hello\n1.234567 again\n");
    assert!(read("run.json").contains(r#""started": "2026-11-22T20:30:15.123Z""#));
    assert_eq!(read("run.log"), "it ran\n");
    store.log("and ended").unwrap();
    assert_eq!(
        fs::read_to_string(store.directory().join("run.log")).unwrap(),
        "it ran\nand ended\n"
    );
}

#[test]
fn derived_again_the_files_are_the_same() {
    let root = tempfile::tempdir().unwrap();
    let (a, _) = finished(root.path(), false);
    let (b, _) = finished(root.path(), false);
    for name in ["history.edn", "history.txt", "messages.parquet", "marks.parquet"] {
        fs::remove_file(b.directory().join(name)).unwrap();
    }
    let recovered = derive(b.directory()).unwrap();
    recovered.save_results(&crate::common::results()).unwrap();
    assert_eq!(compare(a.directory(), b.directory()).unwrap(), None);
}

#[test]
fn messages_sent_out_of_order_come_in_order() {
    use glomers_history::{History, Time};
    let root = tempfile::tempdir().unwrap();
    let store = glomers_store::Store::create(root.path(), "echo", crate::common::now()).unwrap();
    let mut writer = store.writer(b"{}").unwrap();
    for id in [5, 3, 9, 1] {
        crate::common::sent(&mut writer, Time(id), id, "n0", "n1", &crate::common::json("{}"));
        crate::common::received(&mut writer, Time(id + 10), id);
    }
    let written = writer.finish().unwrap();
    store.derive(&History::new(), written).unwrap();
    let told: Vec<String> = rows(&store.directory().join("messages.parquet"))
        .iter()
        .map(|row| row.to_string().chars().take(42).collect())
        .collect();
    assert_eq!(told[0], "{id: 1, sent_at_ns: 1, received_at_ns: 11,");
    assert_eq!(told[3], "{id: 9, sent_at_ns: 9, received_at_ns: 19,");
    assert!(!store.directory().join("marks.parquet").exists());
}

#[test]
fn a_table_of_several_row_groups_has_every_row_right() {
    use glomers_history::{History, Time};
    use parquet::record::RowAccessor;

    const COUNT: u64 = 70_000;
    let root = tempfile::tempdir().unwrap();
    let store = glomers_store::Store::create(root.path(), "echo", crate::common::now()).unwrap();
    let mut writer = store.writer(b"{}").unwrap();
    for id in 0..COUNT {
        let body = if id % 3 == 0 {
            format!("{{\"x\":{id}}}")
        } else {
            format!("{{\"x\":{id},\"type\":\"t{}\"}}", id % 5)
        };
        crate::common::sent(&mut writer, Time(id), id, "n0", "n1", &crate::common::json(&body));
        if id >= 100 && id % 7 != 0 {
            crate::common::received(&mut writer, Time(id), id - 100);
        }
    }
    let written = writer.finish().unwrap();
    store.derive(&History::new(), written).unwrap();
    let rows = rows(&store.directory().join("messages.parquet"));
    assert_eq!(rows.len() as u64, COUNT);
    for (row, id) in rows.iter().zip(0..) {
        let body = row.get_string(6).unwrap();
        let kind = (id % 3 != 0).then(|| format!("t{}", id % 5));
        assert_eq!(row.get_long(0).unwrap(), id as i64);
        assert_eq!(row.get_string(5).ok(), kind.as_ref());
        assert!(body.starts_with(&format!("{{\"x\":{id}")), "{body}");
        let received = (id + 100 < COUNT && (id + 100) % 7 != 0).then_some(id as i64 + 100);
        assert_eq!(row.get_long(2).ok(), received);
        let fate = ["in-flight", "delivered"][usize::from(received.is_some())];
        assert_eq!(row.get_string(8).unwrap(), fate);
    }
}
