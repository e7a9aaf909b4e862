//! Tests of the workload of logs.

use glomers_history::{OpKind, Process};
use glomers_protocol::Payload;
use glomers_protocol::rpc::kafka::{
    CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, Poll, PollOk,
    Send, SendOk,
};
use glomers_protocol::{Body, Message};
use glomers_sim::Step;
use glomers_sim::draws::Purpose;

use super::*;

fn op(kind: OpKind, operation: NextOperation, is_final: bool) -> Op {
    Op {
        index: 0,
        time: Time::ZERO,
        process: Process::Client(0),
        kind,
        f: operation.f,
        value: operation.value,
        error: None,
        is_final,
    }
}

fn keys(names: &[&str]) -> NextOperation {
    let keys: Vec<Key> = names.iter().map(|&name| Arc::from(name)).collect();
    assign(keys.iter())
}

fn invoke(client: &mut dyn Client, operation: NextOperation) -> Step {
    client.invoke(&op(OpKind::Invoke, operation, false))
}

fn asked<M: Message>(step: Step) -> M {
    let Step::Request(body) = step else { panic!("no request") };
    let payload = Payload::shared(body as Arc<dyn Body>, None, None);
    payload.downcast_ref::<M>().expect("another request").clone()
}

fn answer(client: &mut dyn Client, json: bool, reply: impl Message) -> Step {
    let payload = Payload::typed(reply, None, Some(1));
    client.reply(&if json { payload.into_json() } else { payload })
}

fn value(step: Step) -> String {
    let Step::Ok(value) = step else { panic!("not ok") };
    glomers_history::edn::to_string(&value)
}

/// A client among others, who have committed these offsets.
fn client_after(commits: &[(&str, i64)]) -> KafkaClient {
    let all = Rc::new(RefCell::new(Commits::default()));
    all.borrow_mut().begin(&offsets(commits));
    KafkaClient::new(all)
}

fn offsets(pairs: &[(&str, i64)]) -> glomers_protocol::rpc::kafka::Offsets {
    pairs.iter().map(|(key, offset)| ((*key).to_owned(), *offset)).collect()
}

fn logs(key: &str, log: &[(i64, i64)]) -> PollOk {
    let log = log.iter().map(|(offset, message)| (*offset, Value::Int(*message))).collect();
    PollOk { msgs: [(key.to_owned(), log)].into_iter().collect() }
}

#[test]
fn polls_go_on_where_the_last_ended_and_commit() {
    for json in [false, true] {
        let client = &mut client_after(&[("b", 6), ("a", 1)]);
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[]));
        assert_eq!(value(answer(client, json, PollOk { msgs: [].into() })), "[[:poll {}]]");

        let listed: ListCommittedOffsets = asked(invoke(client, keys(&["a", "b"])));
        assert_eq!(listed.keys, ["a", "b"]);
        let committed = ListCommittedOffsetsOk { offsets: offsets(&[("b", 6)]) };
        assert!(matches!(answer(client, json, committed), Step::Done));
        let all = offsets(&[("a", 0), ("b", 6)]);
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, all);

        let commit: CommitOffsets = asked(answer(client, json, logs("a", &[(0, 1), (4, 2)])));
        assert_eq!(commit.offsets, offsets(&[("a", 4)]));
        let done = answer(client, json, CommitOffsetsOk {});
        assert_eq!(value(done), r#"[[:poll {"a" [[0 1] [4 2]]}]]"#);
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[("a", 5), ("b", 6)]));

        // A key that stays keeps its place whatever was committed.
        let _ = invoke(client, keys(&["a", "c"]));
        let committed = ListCommittedOffsetsOk { offsets: offsets(&[("a", 1)]) };
        assert!(matches!(answer(client, json, committed), Step::Done));
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[("a", 5), ("c", 0)]));
    }
}

/// Assigns keys, says what was committed, and tells from where the client then
/// polls, and the error of the assignment.
fn start(client: &mut KafkaClient, said: &str) -> (String, Option<String>) {
    let _ = invoke(client, keys(&["a", "b"]));
    let said =
        format!(r#"{{"type":"list_committed_offsets_ok","in_reply_to":1,"offsets":{said}}}"#);
    let error = match client.reply(&Payload::from_json(said).unwrap()) {
        Step::Done => None,
        Step::DoneBut(error) => Some(glomers_history::edn::to_string(&error)),
        Step::BadReply(what) => return (what, None),
        _ => panic!("not assigned"),
    };
    let asked: Poll = asked(invoke(client, poll()));
    (format!("{:?}", asked.offsets), error)
}

#[test]
fn a_consumer_begins_at_what_was_committed_whatever_nodes_say_where_nothing_was() {
    let zeros = || (r#"{"a": 0, "b": 0}"#.to_owned(), None);
    // The key is missing, or 0, or below.
    for said in ["{}", r#"{"a":0,"b":0}"#, r#"{"a":-1,"b":0}"#] {
        assert_eq!(start(&mut client_after(&[]), said), zeros(), "{said}");
    }
    // Not one behind it; a node that lags behind may say less.
    let client = || client_after(&[("a", 4)]);
    assert_eq!(start(&mut client(), r#"{"a":4}"#), (r#"{"a": 4, "b": 0}"#.to_owned(), None));
    assert_eq!(start(&mut client(), r#"{"a":2,"b":0}"#).0, r#"{"a": 2, "b": 0}"#);
    assert_eq!(start(&mut client(), "{}"), zeros());
    // Keys that were not asked for do not matter.
    assert_eq!(start(&mut client(), r#"{"c":9}"#), zeros());
    // Offsets may be the time in ns.
    let now = 1_764_258_011_123_456_789;
    let asked = start(&mut client_after(&[("a", now)]), &format!(r#"{{"a":{now}}}"#));
    assert_eq!(asked, (format!(r#"{{"a": {now}, "b": 0}}"#), None));
}

#[test]
fn no_consumer_begins_behind_what_anybody_can_have_committed() {
    let (asked, error) = start(&mut client_after(&[("a", 4)]), r#"{"a":5,"b":1}"#);
    assert_eq!(asked, r#"{"a": 4, "b": 0}"#);
    assert_eq!(error.unwrap(), r#"[:commit-too-far {"a" [5 4], "b" [1 nil]}]"#);
    // A commit that is on its way may be known already.
    let client = &mut client_after(&[]);
    let _ = start(client, "{}");
    let _: CommitOffsets = asked_commit(client);
    let (_, error) = start(client, r#"{"a":3}"#);
    assert_eq!(error, None);
}

fn asked_commit(client: &mut KafkaClient) -> CommitOffsets {
    let _ = invoke(client, poll());
    asked(answer(client, true, logs("a", &[(3, 1)])))
}

#[test]
fn polls_may_hold_null_for_an_empty_list_and_keys_that_nobody_asked_for() {
    let client = &mut client_after(&[]);
    let _ = start(client, "{}");
    let polled = |client: &mut KafkaClient, msgs: &str| {
        let _ = invoke(client, poll());
        let text = format!(r#"{{"type":"poll_ok","in_reply_to":1,"msgs":{msgs}}}"#);
        match client.reply(&Payload::from_json(text).unwrap()) {
            Step::Ok(value) => glomers_history::edn::to_string(&value),
            Step::Request(_) => value(answer(client, true, CommitOffsetsOk {})),
            Step::BadReply(what) => what,
            _ => panic!("another step"),
        }
    };
    assert_eq!(polled(client, r#"{"a":null,"b":[]}"#), r#"[[:poll {"a" [], "b" []}]]"#);
    assert_eq!(polled(client, r#"{"b":[[2,1]],"z":null}"#), r#"[[:poll {"b" [[2 1]], "z" []}]]"#);
    assert_eq!(polled(client, r#"{"z":[[7,1]]}"#), r#"[[:poll {"z" [[7 1]]}]]"#);
    let asked: Poll = asked(invoke(client, poll()));
    assert_eq!(asked.offsets, offsets(&[("a", 0), ("b", 3)]));
    let nil = polled(client, "null");
    assert!(nil.ends_with("an empty map is {}; a nil map in Go becomes null"), "{nil}");
    let (nil, _) = start(client, "null");
    assert!(nil.ends_with("an empty map is {}; a nil map in Go becomes null"), "{nil}");
}

#[test]
fn what_could_not_be_committed_is_polled_again() {
    let client = &mut KafkaClient::default();
    let _ = invoke(client, keys(&["a"]));
    let _ = answer(client, false, ListCommittedOffsetsOk { offsets: offsets(&[]) });
    let _ = invoke(client, poll());
    let _: CommitOffsets = asked(answer(client, false, logs("a", &[(0, 1)])));
    assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[("a", 0)]));
}

#[test]
fn sends_show_their_offset_and_replies_are_looked_into() {
    let send = || NextOperation {
        f: Arc::from("send"),
        value: Value::from_json(r#"[["send","k",3]]"#).unwrap(),
    };
    let client = &mut KafkaClient::default();
    let request: Send = asked(invoke(client, send()));
    assert_eq!((&*request.key, request.msg), ("k", Value::Int(3)));
    assert_eq!(value(answer(client, true, SendOk { offset: 8 })), r#"[[:send "k" [8 3]]]"#);

    let said = |client: &mut KafkaClient, reply: &str| match client
        .reply(&Payload::from_json(reply).unwrap())
    {
        Step::BadReply(what) => what,
        _ => panic!("the reply was taken"),
    };
    let _ = invoke(client, send());
    let text = said(client, r#"{"type":"send_ok","in_reply_to":1,"offset":"8"}"#);
    assert_eq!(
        text,
        r#"the field "offset" of "send_ok" must be an integer of 64 bits, but it is "8": numbers came back as strings"#
    );
    let _ = invoke(client, poll());
    let text = said(client, r#"{"type":"poll_ok","in_reply_to":1,"msgs":{"k":[7]}}"#);
    assert!(text.contains(r#"the field "msgs" of "poll_ok""#), "{text}");
    let _ = invoke(client, send());
    let text = said(client, r#"{"type":"send_ok","offset":99999999999999999999}"#);
    assert!(text.ends_with("an integer of 64 bits, but it is 99999999999999999999"), "{text}");
}

#[test]
fn the_generator_mixes_as_maelstroms_does() {
    let mut draws = Draws::keyed(3, Purpose::Worker, 0, 0, 0);
    let mut workload = Kafka::default();
    workload.begin(ClusterSize { nodes: 2, concurrency: 4 }).unwrap();
    let mut counts = std::collections::BTreeMap::<Arc<str>, u32>::new();
    let mut crashes = Vec::new();
    for ms in 0..64_000 {
        let next = workload.generate_at(Time(ms * 1_000_000), 0, &mut draws);
        if &*next.f == "crash" {
            crashes.push(ms);
        }
        *counts.entry(next.f).or_default() += 1;
    }
    assert!((850..1150).contains(&counts["assign"]), "one in 64: {counts:?}");
    assert!(counts["send"].abs_diff(counts["poll"]) < 1000, "half and half: {counts:?}");
    assert!(crashes[0] < 10, "one of the first: {crashes:?}");
    assert!(crashes.windows(2).all(|pair| pair[1] - pair[0] <= 15_001), "{crashes:?}");
    assert!((5..20).contains(&crashes.len()), "every 7.5 s: {crashes:?}");
}

#[test]
fn workers_end_when_they_have_seen_all_or_after_ten_seconds() {
    let mut workload = Kafka::default();
    let draws = &mut Draws::keyed(3, Purpose::Worker, 0, 0, 0);
    let operation = |f: &str, value: &str| NextOperation {
        f: Arc::from(f),
        value: Value::from_json(value).unwrap(),
    };
    for key in ["a", "b"] {
        let sent = operation("send", &format!(r#"[["send","{key}",[2,1]]]"#));
        workload.observe(&op(OpKind::Ok, sent, false));
    }
    let mut next = |kind, operation: NextOperation, seconds| {
        let op = op(kind, operation, true);
        workload.observe(&op);
        let elapsed = Duration::from_secs(seconds);
        workload.next_final(&FinalEnd { worker: 0, op: &op, elapsed }, draws)
    };
    let all = keys(&["a", "b"]);
    assert_eq!(next(OpKind::Info, crash(), 0), Some((Duration::ZERO, all.clone())));
    assert_eq!(next(OpKind::Ok, all.clone(), 0), Some((Duration::ZERO, poll())));
    let some = operation("poll", r#"[["poll",{"a":[[0,1],[2,2]]}]]"#);
    let rest = operation("poll", r#"[["poll",{"b":[[2,1]]}]]"#);
    let (pause, again) = next(OpKind::Ok, some.clone(), 1).unwrap();
    assert!(again == poll() && pause <= Duration::from_millis(400));
    assert!(next(OpKind::Ok, rest.clone(), 6).is_none());
    // A new client has to begin anew, and a node that did not answer is asked for less.
    assert_eq!(next(OpKind::Info, poll(), 5).unwrap().1, keys(&["a"]));
    assert_eq!(next(OpKind::Ok, keys(&["a"]), 5), Some((Duration::ZERO, poll())));
    assert!(next(OpKind::Fail, poll(), 6).is_some());
    assert_eq!(next(OpKind::Ok, some, 7).unwrap().1, keys(&["b"]));
    assert_eq!(next(OpKind::Ok, keys(&["b"]), 7), Some((Duration::ZERO, poll())));
    assert!(next(OpKind::Fail, poll(), 10).is_none());
    assert!(next(OpKind::Ok, rest, 8).is_none());
    assert!(next(OpKind::Info, poll(), 11).is_none(), "it does not answer even that");
}

#[test]
fn a_worker_that_gets_on_may_take_longer() {
    let mut workload = Kafka::default();
    let draws = &mut Draws::keyed(3, Purpose::Worker, 0, 0, 0);
    let operation = |f: &str, value: String| NextOperation {
        f: Arc::from(f),
        value: Value::from_json(&value).unwrap(),
    };
    let sent = operation("send", r#"[["send","a",[99,1]]]"#.to_owned());
    workload.observe(&op(OpKind::Ok, sent, false));
    let mut next = |offset: i64, seconds| {
        let polled = operation("poll", format!(r#"[["poll",{{"a":[[{offset},1]]}}]]"#));
        let op = op(OpKind::Ok, polled, true);
        let elapsed = Duration::from_secs(seconds);
        workload.next_final(&FinalEnd { worker: 0, op: &op, elapsed }, draws).is_some()
    };
    assert!((1..40).all(|offset| next(offset, offset as u64)));
    assert!(!next(39, 40), "nothing new");
    assert!(next(40, 41) && !next(41, 60), "too long");
    assert!(!next(99, 20), "all is there");
}
