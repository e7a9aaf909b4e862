//! Clients' requests: forwarded, sent again, applied once, answered once.

use std::sync::Arc;

use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::testing::{Sent, TestNode};
use glomers_node::{RpcError, Value};
use glomers_nodes::raft::machine::{Known, Machine};
use glomers_nodes::raft::message::{Answer, Command, Forward, Forwarded, Request, RequestId};
use glomers_nodes::raft::{Flaw, Options, node};

use crate::one::*;

fn request(number: u64, floor: u64, value: u64) -> Arc<Request> {
    let id = RequestId { origin: 1, session: 9, number };
    let command = Command::Write { key: Value::from(1u64), value: Value::from(value) };
    Arc::new(Request { id, floor, command })
}

#[test]
fn a_node_alone_serves_as_the_protocol_says() {
    let mut node = TestNode::start(node(Options::default()), "n1", &["n1"]);
    node.advance(2000 * MS);
    let mut id = 0;
    let mut call = |node: &mut TestNode, body: &str| {
        id += 1;
        let mut sent = node.json_from("c1", &body.replace("ID", &id.to_string()));
        sent.extend(node.advance(2 * MS));
        let answer: Vec<&Sent> = sent.iter().filter_map(|sent| sent.reply_to(id)).collect();
        assert_eq!(answer.len(), 1);
        answer[0].clone()
    };
    let error = |sent: Sent| {
        let RpcError { code, text } = sent.body();
        (code.0, text)
    };
    let missing = (20, "key does not exist".to_owned());
    assert_eq!(error(call(&mut node, r#"{"type":"read","msg_id":ID,"key":"k"}"#)), missing);
    let cas = r#"{"type":"cas","msg_id":ID,"key":"k","from":1,"to":2}"#;
    assert_eq!(error(call(&mut node, cas)), missing);
    call(&mut node, r#"{"type":"write","msg_id":ID,"key":"k","value":1}"#).body::<WriteOk>();
    call(&mut node, cas).body::<CasOk>();
    assert_eq!(error(call(&mut node, cas)), (22, "current value 2 is not 1".to_owned()));
    let read = call(&mut node, r#"{"type":"read","msg_id":ID,"key":"k"}"#).body::<ReadOk>();
    assert_eq!(read.value, Value::from(2u64));
    assert_eq!(error(call(&mut node, r#"{"type":"read","msg_id":ID}"#)).0, 12);
    assert_eq!(error(call(&mut node, r#"{"type":"frob","msg_id":ID}"#)).0, 10);
    let create = Cas {
        key: Value::from(5u64),
        from: Value::Null,
        to: Value::from(1u64),
        create_if_not_exists: true,
    };
    node.request_from("c1", 99, create);
    assert!(node.advance(2 * MS)[0].is::<CasOk>());
}

#[test]
fn without_a_leader_a_request_waits_and_is_refused_in_the_end() {
    let mut node = n1(Flaw::None);
    assert!(node.request_from("c1", 3, write(1)).is_empty());
    let sent = node.advance(Options::default().patience + 200 * MS);
    let answers: Vec<&Sent> = sent.iter().filter_map(|sent| sent.reply_to(3)).collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].body::<RpcError>().code.0, 11);
    // The leader that comes now gets nothing of it.
    let sent = node.send_from("n2", append(1, (0, 0), Vec::new()));
    assert!(of::<Forward>(&sent).is_empty());
}

#[test]
fn a_request_is_forwarded_again_under_the_same_name_and_answered_once() {
    let mut node = n1(Flaw::None);
    node.request_from("c1", 3, write(1));
    let sent = of::<Forward>(&node.send_from("n2", append(1, (0, 0), Vec::new())));
    let (dest, Forward { request }) = &sent[0];
    assert_eq!(dest, "n2");
    // Another leader.
    let sent = of::<Forward>(&node.send_from("n3", append(2, (0, 0), Vec::new())));
    assert_eq!(sent[0].0, "n3");
    assert_eq!(sent[0].1.request, *request);
    // The same, and silent.
    let sent = of::<Forward>(&node.advance(Options::default().resend_after() + 150 * MS));
    assert_eq!(sent[0].1.request, *request);
    let done = Forwarded { id: request.id, term: 2, answer: Some(Answer::Written) };
    let sent = node.send_from("n3", done.clone());
    assert!(sent[0].reply_to(3).unwrap().is::<WriteOk>());
    assert!(node.send_from("n3", done.clone()).is_empty());
    assert!(node.send_from("n2", done).is_empty());
}

#[test]
fn what_may_have_happened_is_not_refused() {
    let mut node = n1(Flaw::None);
    node.send_from("n2", append(1, (0, 0), Vec::new()));
    assert_eq!(of::<Forward>(&node.request_from("c1", 3, write(1))).len(), 1);
    let sent = node.advance(10_000 * MS);
    assert!(sent.iter().all(|sent| sent.reply_to(3).is_none()));
}

#[test]
fn a_node_that_does_not_lead_says_so_and_the_request_waits_for_who_does() {
    let mut node = n1(Flaw::None);
    let sent = node.send_from("n3", Forward { request: request(1, 1, 5) });
    assert_eq!(of::<Forwarded>(&sent)[0].1.answer, None);

    node.send_from("n2", append(1, (0, 0), Vec::new()));
    let sent = of::<Forward>(&node.request_from("c1", 3, Read { key: Value::from(1u64) }));
    let refusal = Forwarded { id: sent[0].1.request.id, term: 1, answer: None };
    assert!(node.send_from("n2", refusal).is_empty());
    let sent = node.send_from("n3", append(2, (0, 0), Vec::new()));
    assert_eq!(of::<Forward>(&sent)[0].0, "n3");
}

#[test]
fn a_leader_takes_a_request_once_however_often_it_comes() {
    for (flaw, copies) in [(Flaw::None, 1), (Flaw::AppliesTwice, 2)] {
        let mut node = n1(flaw);
        let (term, _) = elect(&mut node);
        node.send_from("n2", Forward { request: request(1, 1, 5) });
        node.send_from("n2", Forward { request: request(1, 1, 5) });
        let message = to_n2(&node.advance(2 * MS));
        assert_eq!(message.entries.len(), 1 + copies);
        let last = 1 + copies as u64;
        node.send_from("n4", has(term, last, message.round));
        let sent = node.send_from("n5", has(term, last, message.round));
        assert_eq!(of::<Forwarded>(&sent).len(), copies);
        if flaw == Flaw::None {
            let sent = node.send_from("n2", Forward { request: request(1, 1, 5) });
            let answer = of::<Forwarded>(&sent).remove(0).1.answer;
            assert_eq!(answer, Some(Answer::Written), "known without the log");
        }
    }
}

#[test]
fn the_node_that_took_a_request_answers_when_it_applies_it() {
    let mut node = n1(Flaw::None);
    node.send_from("n2", append(1, (0, 0), Vec::new()));
    let body = Write { key: Value::from(1u64), value: Value::from(4u64) };
    let sent = of::<Forward>(&node.request_from("c1", 3, body));
    let entry =
        glomers_nodes::raft::message::Entry { term: 1, request: Some(sent[0].1.request.clone()) };
    let mut message = append(1, (0, 0), vec![entry]);
    message.committed = 1;
    // n2's own answer is lost.
    let sent = node.send_from("n2", message);
    assert!(sent[0].reply_to(3).unwrap().is::<WriteOk>());
}

#[test]
fn the_machine_applies_each_name_once_and_forgets_what_nobody_waits_for() {
    let mut machine = Machine::default();
    let cas = |number, floor| Request {
        id: RequestId { origin: 0, session: 1, number },
        floor,
        command: Command::Cas {
            key: Value::from(1u64),
            from: Value::from(1u64),
            to: Value::from(2u64),
            create: true,
        },
    };
    assert_eq!(machine.apply(&cas(1, 1)), Some(Answer::Swapped));
    assert_eq!(machine.apply(&cas(1, 1)), Some(Answer::Swapped), "not a mismatch");
    assert_eq!(machine.known(cas(1, 1).id), Known::Applied(Answer::Swapped));
    let mismatch = Answer::mismatch(&Value::from(2u64), &Value::from(1u64));
    assert_eq!(machine.apply(&cas(2, 2)), Some(mismatch));
    assert_eq!(machine.known(cas(1, 1).id), Known::Stale);
    assert_eq!(machine.apply(&cas(1, 1)), None);
    assert_eq!(machine.known(cas(3, 2).id), Known::New);
}
