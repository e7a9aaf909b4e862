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
        let client = &mut KafkaClient::default();
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[]));
        assert_eq!(value(answer(client, json, PollOk { msgs: [].into() })), "[[:poll {}]]");

        let listed: ListCommittedOffsets = asked(invoke(client, keys(&["a", "b"])));
        assert_eq!(listed.keys, ["a", "b"]);
        let committed = ListCommittedOffsetsOk { offsets: offsets(&[("b", 6)]) };
        assert!(matches!(answer(client, json, committed), Step::Done));
        let all = offsets(&[("a", 0), ("b", 7)]);
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, all);

        let commit: CommitOffsets = asked(answer(client, json, logs("a", &[(0, 1), (4, 2)])));
        assert_eq!(commit.offsets, offsets(&[("a", 4)]));
        let done = answer(client, json, CommitOffsetsOk {});
        assert_eq!(value(done), r#"[[:poll {"a" [[0 1] [4 2]]}]]"#);
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[("a", 5), ("b", 7)]));

        // A key that stays keeps its place whatever was committed.
        let _ = invoke(client, keys(&["a", "c"]));
        let committed = ListCommittedOffsetsOk { offsets: offsets(&[("a", 1)]) };
        assert!(matches!(answer(client, json, committed), Step::Done));
        assert_eq!(asked::<Poll>(invoke(client, poll())).offsets, offsets(&[("a", 5), ("c", 0)]));
    }
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
        r#"the field "offset" of "send_ok" must be an integer of 64 bits, but it is a string"#
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
    // A new client has to begin anew.
    assert_eq!(next(OpKind::Info, poll(), 5).unwrap().1, all);
    assert!(next(OpKind::Ok, rest, 6).is_some());
    assert!(next(OpKind::Fail, poll(), 6).is_some());
    assert!(next(OpKind::Fail, poll(), 10).is_none());
    assert!(next(OpKind::Ok, some, 7).is_none());
}
