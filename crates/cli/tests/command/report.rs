//! `glomers report`, `--report` and `glomers export`.

use std::collections::BTreeMap;
use std::fs;

use crate::support::Place;
use serde_json::Value as Json;

const FLOOD: [&str; 11] = [
    "test",
    "-w",
    "broadcast",
    "--node",
    "flood",
    "--nemesis",
    "partition",
    "--time-limit",
    "20",
    "--rate=10",
    "--seed=7",
];

/// An element of the page with its content.
fn script<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<script id=\"{id}\"")).expect("it is there");
    let start = start + page[start..].find('>').unwrap() + 1;
    &page[start..start + page[start..].find("</script>").unwrap()]
}

#[test]
fn a_single_run_that_is_invalid_has_a_page_of_itself() {
    let place = Place::new();
    let said = place.run(&FLOOD).shows(1, &["To see it in a browser, open store/broadcast/"]);
    let file = place.latest().join("report.html");
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.len() < 250_000, "{} bytes", page.len());
    for part in [
        ">invalid</span>",
        "9 values were lost",
        "<a href=\"#op-29\">op 29</a>",
        "<a href=\"#value-4\">4</a> was acknowledged",
        "Content-Security-Policy",
        "glomers test -w broadcast --node flood --nemesis partition",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The evidence names a message; it leads to the one that was cut there.
    let meta: Json = serde_json::from_str(script(&page, "meta")).unwrap();
    assert_eq!(meta["nodes"].as_array().unwrap().len(), 5);
    let link = page.split("was cut at 0.957 s (<a href=\"#message-").nth(1).expect("a link");
    let id: u64 = link[..link.find('"').unwrap()].parse().unwrap();
    let around = format!("message {id}");
    place.run(&["trace", "--around", &around]).shows(0, &["partitioned"]);
    // Made again it is the same, and it is no part of what is compared.
    drop(said);
    place.run(&["report"]).shows(0, &["Wrote store/latest/report.html", "Open it in a browser"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), page);
    place.run(&["replay"]).shows(0, &["byte for byte"]);
}

#[test]
fn a_valid_run_has_a_page_if_asked_and_many_have_none_unless_asked() {
    let place = Place::new();
    let valid = ["test", "-w", "echo", "--time-limit", "2", "--seed", "1"];
    place.run(&valid).shows(0, &[]);
    assert!(!place.latest().join("report.html").exists());
    place.run(&[&valid[..], &["--report"]].concat()).shows(0, &[]);
    let page = fs::read_to_string(place.latest().join("report.html")).unwrap();
    assert!(page.contains(">valid</span>") && page.contains("Nothing wrong was found"));
    place.run(&[&FLOOD[..], &["--test-count", "2"]].concat()).shows(1, &[]);
    assert!(!place.latest().join("report.html").exists());
}

#[test]
fn the_page_goes_where_it_is_asked_to() {
    let place = Place::new();
    place.run(&["test", "-w", "echo", "--time-limit", "2", "--seed", "1"]).shows(0, &[]);
    let said = place.run(&["report", "store/latest", "--out", "-"]).shows(0, &[]);
    assert!(said.out.starts_with("<!DOCTYPE html>"));
    place.run(&["report", "--out", "a.html"]).shows(0, &["Wrote a.html"]);
    place
        .run(&["report", "--out", "no/such/a.html"])
        .shows(255, &["no/such/a.html cannot be written", "--out names another file"]);
    place.run(&["report", "nowhere"]).shows(254, &["nowhere is not there"]);
    place.run(&["export", "gnuplot"]).shows(254, &["perfetto, shiviz, ndjson"]);
}

#[test]
fn a_store_that_was_cut_short_or_damaged_says_what_is_missing() {
    let place = Place::new();
    place.run(&FLOOD).shows(1, &[]);
    let journal = place.latest().join("journal.bin");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() / 2]).unwrap();
    let page = place.run(&["report", "--out", "-"]).shows(0, &[]).out;
    assert!(page.contains("This is not the whole run") && page.contains("journal.bin"), "cut");
    let mut changed = bytes;
    let middle = changed.len() / 2;
    changed[middle] ^= 0xff;
    fs::write(&journal, &changed).unwrap();
    let page = place.run(&["report", "--out", "-"]).shows(0, &[]).out;
    assert!(page.contains("The store is damaged"), "damaged");
    fs::remove_file(&journal).unwrap();
    place.run(&["report", "--out", "-"]).shows(254, &["journal.bin"]);
}

#[test]
fn two_runs_stand_side_by_side() {
    let place = Place::new();
    for seed in ["1", "2"] {
        let test = ["test", "-w", "echo", "--time-limit", "2", "--seed", seed, "--store", seed];
        place.run(&test).shows(0, &[]);
    }
    place.run(&["report", "1/latest", "2/latest"]).shows(0, &["Wrote side-by-side.html"]);
    let page = fs::read_to_string(place.path("side-by-side.html")).unwrap();
    for (id, seed) in [("meta", 1), ("meta-b", 2)] {
        let meta: Json = serde_json::from_str(script(&page, id)).unwrap();
        assert!(meta["title"].as_str().unwrap().ends_with(&format!("seed {seed}")), "{meta}");
    }
}

/// Every other line a clock, as ShiViz takes logs apart, and its rules hold.
#[test]
fn clocks_of_shiviz_are_sound() {
    let place = Place::new();
    place.run(&FLOOD).shows(1, &[]);
    let log = place.run(&["export", "shiviz", "--out", "-"]).shows(0, &[]).out;
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.len() > 2000 && lines.len().is_multiple_of(2), "{}", lines.len());
    let (mut merged, mut clocks) = (0, BTreeMap::<String, BTreeMap<String, u64>>::new());
    for pair in lines.chunks(2) {
        let (host, clock) = pair[0].split_once(' ').unwrap();
        assert!(!pair[1].is_empty() && !host.is_empty());
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).unwrap();
        let own = counted.entry(host.to_owned()).or_default();
        *own += 1;
        assert_eq!(clock[host], *own, "{host} counts its own events from 1");
        for (other, known) in &clock {
            let has = counted.get(other).copied().unwrap_or_default();
            assert!(
                *known <= has && *known > 0,
                "{host} knows {known} of {other}, which has {has}"
            );
        }
        let before = clocks.insert(host.to_owned(), clock.clone()).unwrap_or_default();
        assert!(before.iter().all(|(name, count)| clock[name] >= *count), "a clock went back");
        merged += u64::from(clock.len() > before.len());
    }
    assert!(merged > 10, "nobody learned of others");
}

#[test]
fn every_line_of_ndjson_is_an_event_in_order() {
    let place = Place::new();
    place.run(&FLOOD).shows(1, &[]);
    let text = place.run(&["export", "ndjson", "--out", "-"]).shows(0, &[]).out;
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<i64> = lines.iter().map(|line| line["time"].as_i64().unwrap()).collect();
    assert!(times.is_sorted());
    let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!((count("send"), count("lose"), count("receive")), (933, 129, 804));
    assert_eq!((count("invoke"), count("ok")), (197, 197));
    assert_eq!((count("fault-begins"), count("fault-ends")), (1, 1));
    let first = lines.iter().find(|line| line["event"] == "send" && line["type"] == "broadcast");
    assert!(first.unwrap()["body"]["message"].is_i64());
}

/// One field of a message in the encoding of protocol buffers.
#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Takes a message apart, by the rules of the encoding.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => {
                let (number, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Number(u64::from_le_bytes(number.try_into().unwrap()))
            }
            2 => {
                let length = varint(&mut bytes) as usize;
                let (inner, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(inner)
            }
            other => panic!("wire type {other} is none of ours"),
        };
        found.push((key >> 3, field));
    }
    found
}

fn number(fields: &[(u64, Field<'_>)], wanted: u64) -> Option<u64> {
    fields.iter().find_map(|(field, value)| match value {
        Field::Number(number) if *field == wanted => Some(*number),
        _ => None,
    })
}

fn bytes<'a>(fields: &[(u64, Field<'a>)], wanted: u64) -> Option<&'a [u8]> {
    fields.iter().find_map(|(field, value)| match value {
        Field::Bytes(bytes) if *field == wanted => Some(*bytes),
        _ => None,
    })
}

/// Perfetto's published schema: Trace.packet = 1; TracePacket: timestamp = 8,
/// `trusted_packet_sequence_id` = 10, `track_event` = 11, `track_descriptor` = 60;
/// TrackDescriptor: uuid = 1, name = 2, `parent_uuid` = 5; TrackEvent: type = 9,
/// `track_uuid` = 11, name = 23, `flow_ids` = 47, `terminating_flow_ids` = 48.
#[test]
fn perfettos_schema_reads_the_trace_back() {
    let place = Place::new();
    place.run(&FLOOD).shows(1, &[]);
    place.run(&["export", "perfetto"]).shows(0, &["Wrote run.pftrace", "ui.perfetto.dev"]);
    let trace = fs::read(place.path("run.pftrace")).unwrap();
    let (mut tracks, mut open) = (BTreeMap::new(), BTreeMap::<u64, i64>::new());
    let (mut begun, mut ended, mut last) = (Vec::new(), Vec::new(), 0);
    for (field, packet) in fields(&trace) {
        let (1, Field::Bytes(packet)) = (field, packet) else { panic!("only packets") };
        let packet = fields(packet);
        assert!(number(&packet, 10).is_some_and(|sequence| sequence != 0));
        if let Some(descriptor) = bytes(&packet, 60) {
            let descriptor = fields(descriptor);
            let name = std::str::from_utf8(bytes(&descriptor, 2).unwrap()).unwrap();
            let parent = number(&descriptor, 5);
            assert!(parent.is_none_or(|parent| tracks.contains_key(&parent)), "{name}");
            assert!(tracks.insert(number(&descriptor, 1).unwrap(), name.to_owned()).is_none());
            continue;
        }
        let event = fields(bytes(&packet, 11).expect("a descriptor or an event"));
        let time = number(&packet, 8).unwrap();
        assert!(time >= last);
        last = time;
        let track = number(&event, 11).unwrap();
        assert!(tracks.contains_key(&track), "an event of track {track}");
        match number(&event, 9).unwrap() {
            1 => *open.entry(track).or_default() += 1,
            2 => {
                let open = open.entry(track).or_default();
                *open -= 1;
                assert!(*open >= 0, "an end without a beginning");
                continue;
            }
            3 => {}
            other => panic!("type {other}"),
        }
        assert!(bytes(&event, 23).is_some_and(|name| std::str::from_utf8(name).is_ok()));
        begun.extend(number(&event, 47));
        ended.extend(number(&event, 48));
    }
    assert!(open.values().all(|open| *open == 0), "{open:?}");
    for name in ["faults", "partition", "n0", "n4", "client 0"] {
        assert!(tracks.values().any(|track| track == name), "{name}: {tracks:?}");
    }
    assert_eq!((begun.len(), ended.len()), (933, 804));
    assert!(ended.iter().all(|flow| begun.contains(flow)));
}

#[test]
fn a_store_that_is_cut_short_has_a_page_that_says_what_is_missing() {
    let place = Place::new();
    place.run(&FLOOD).shows(1, &[]);
    let store = place.latest();
    // As a kill leaves it.
    for (name, part) in [("history.jsonl", 2), ("journal.bin", 3)] {
        let bytes = fs::read(store.join(name)).unwrap();
        fs::write(store.join(name), &bytes[..bytes.len() / part]).unwrap();
    }
    place.run(&["report", "--out", "cut.html"]).shows(0, &["Wrote cut.html"]);
    let page = fs::read_to_string(place.path("cut.html")).unwrap();
    for part in ["This is not the whole run", "history.jsonl was cut off", "journal.bin"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains(">valid</span>"), "nobody can say that");
}

#[test]
fn a_history_alone_has_a_page_that_says_what_is_missing() {
    let place = Place::new();
    let caches = ["test", "-w", "lin-kv", "--node", "broken/proxy-caches", "--node-count", "3"];
    let load = ["--concurrency", "6", "--rate", "100", "--time-limit", "10", "--seed", "1"];
    place.run(&[&caches[..], &load].concat()).shows(1, &[]);
    let check = ["check", "-w", "lin-kv", "store/latest/history.edn", "--report", "h.html"];
    place.run(&check).shows(1, &["Wrote h.html. Open it in a browser."]);
    let page = fs::read_to_string(place.path("h.html")).unwrap();
    for part in [
        "This is not the whole run",
        "There are no messages here, no marks",
        ">invalid</span>",
        "<a href=\"#op-21\">",
        "21: returned 1",
        "glomers check -w lin-kv store/latest/history.edn --report h.html",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("The run is stored in") && !page.contains("id=\"links\""));
    place
        .run(&["check", "-w", "lin-kv", "store/latest/history.edn", "--report", "no/h.html"])
        .shows(254, &["no/h.html cannot be written"]);
}
