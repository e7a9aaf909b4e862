//! What nodes do wrong, without the run ending.

use glomers_history::{OpKind, SECOND, Value};
use glomers_node::{Cx, Incoming, Input, NodeId, Payload};
use glomers_sim::{Ended, Pause, Plan};

use super::common::{Ran, Tell, answer, asks, at, faults, node, over, plan, run};

/// A cluster whose nodes do something with each request, and then answer it.
fn naughty(plan: &Plan, f: fn(&Incoming, &mut Cx)) -> Ran {
    run(plan, move |_| {
        node(move |input, cx| {
            if let Input::Message(message) = &input {
                f(message, cx);
            }
            answer(&input, cx);
        })
    })
}

fn plan_with_asks(count: u64) -> Plan {
    let mut plan = plan(1, 2);
    plan.operations = asks((0..count).map(|k| (k, 0)));
    plan.time_limit = 60 * SECOND;
    plan
}

fn text(ran: &Ran) -> String {
    // Who replies wrongly and then rightly has replied twice, too.
    let mut findings = ran.findings();
    findings.retain(|finding| finding.name != "replied-twice");
    assert!(findings.iter().all(|finding| finding.name == "node-error"));
    assert!(findings.iter().all(|finding| finding.node.as_deref() == Some("n0")));
    findings[0].to_string()
}

#[test]
fn an_unknown_destination_is_an_error_and_only_that_message_is_dropped() {
    for dest in ["n7", "", "c99", "c007", "lin-kw", "N0"] {
        let plan = plan_with_asks(3);
        let ran = run(&plan, move |_| {
            node(move |input, cx| {
                if answer(&input, cx).is_some() {
                    cx.send(&NodeId::new(dest), Tell { what: 5 });
                }
            })
        });
        let text = text(&ran);
        assert!(text.contains(&format!("{dest:?}, which does not exist")), "{text}");
        assert!(text.contains("n0 … n1") && text.contains(r#"{"type":"tell","what":5}"#));
        assert_eq!(ran.findings().len(), 3);
        assert_eq!(ran.ops_of(OpKind::Ok).len(), 3);
        assert_eq!(ran.outcome.ended, Ended::Completed);
    }
}

fn note(ran: &Ran) -> &str {
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    assert_eq!(ran.outcome.notes.len(), 1, "{:?}", ran.outcome.notes);
    &ran.outcome.notes[0].summary
}

#[test]
fn a_message_to_a_client_that_does_not_wait_for_it_is_a_note() {
    let ran = naughty(&plan_with_asks(3), |message, cx| {
        if message.header.kind() == "ask" {
            cx.send_payload(&message.src, Payload::typed(Tell { what: 1 }, None, Some(77)));
        }
    });
    assert!(note(&ran).contains("in reply to message 77, which the client never sent"));
    assert_eq!(ran.ops_of(OpKind::Ok).len(), 3);
    let ran = naughty(&plan_with_asks(3), |message, cx| {
        if message.header.kind() == "ask" {
            cx.send(&message.src, Tell { what: 1 });
        }
    });
    assert!(note(&ran).contains("without \"in_reply_to\""));
    assert_eq!(ran.ops_of(OpKind::Ok).len(), 3);
}

#[test]
fn answering_twice_is_an_error_and_only_the_first_answer_counts() {
    let ran = naughty(&plan_with_asks(3), |message, cx| {
        if message.header.kind() == "ask" {
            let error = glomers_node::RpcError::not_supported("ask");
            cx.reply_error(message, error);
        }
    });
    assert!(ran.findings().iter().all(|finding| finding.name == "replied-twice"));
    assert_eq!((ran.findings().len(), ran.ops_of(OpKind::Fail).len()), (3, 3));
}

#[test]
fn a_reply_of_the_wrong_form_is_an_error_and_the_operation_unknown() {
    let ran = naughty(&plan_with_asks(2), |message, cx| {
        cx.reply(message, Tell { what: 1 });
    });
    let text = text(&ran);
    assert!(text.contains("its reply to ask (op 0) is not of the form"), "{text}");
    let unknown = ran.ops_of(OpKind::Info);
    assert_eq!(unknown.len(), 2);
    let error = unknown[0].error.as_ref().unwrap().to_string();
    assert!(error.contains("indeterminate") && error.contains("malformed reply"), "{error}");
}

#[test]
fn an_error_reply_without_a_code_is_one_of_an_unknown_code() {
    let ran = naughty(&plan_with_asks(1), |message, cx| {
        if message.header.kind() == "ask" {
            let id = message.header.msg_id.unwrap();
            let body = format!(r#"{{"type":"error","in_reply_to":{id},"text":"so"}}"#);
            cx.send_payload(&message.src, Payload::from_json(body).unwrap());
        }
    });
    assert_eq!(ran.ops_of(OpKind::Info).len(), 1);
    assert!(ran.outcome.notes[0].summary.contains("the error has no code"));
}

#[test]
fn at_most_a_hundred_errors_a_node_are_told() {
    let ran = naughty(&plan_with_asks(150), |_, cx| {
        cx.send(&NodeId::new("nobody"), Tell { what: 1 });
        cx.send(&NodeId::new("nobody"), Tell { what: 2 });
    });
    assert_eq!(ran.findings().len(), 100);
    assert!(ran.findings()[99].to_string().contains("not listed"));
    assert_eq!(ran.ops_of(OpKind::Ok).len(), 150);
}

#[test]
fn a_late_answer_to_a_client_that_has_gone_is_no_error() {
    let mut plan = plan_with_asks(1);
    plan.faults = faults([at(0, Pause::nodes(vec![0])), over(8_000, Pause::nodes(vec![0]))]);
    let ran = naughty(&plan, |_, _| {});
    assert_eq!(ran.ops_of(OpKind::Info)[0].error, Some(Value::keyword("net-timeout")));
    let last = ran.watch.messages.last().unwrap();
    assert_eq!(last.dropped.unwrap().1.name(), "client-gone");
    assert!(ran.findings().is_empty());
}
