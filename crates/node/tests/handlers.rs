//! Which handler gets a message, in which order, and what happens to messages
//! that nobody can handle.

use std::time::Duration;

use glomers_node::testing::TestNode;
use glomers_node::{ErrorCode, Identity, Message, Node, RpcError};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
#[message(reply = AddOk)]
struct Add {
    number: u64,
}

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct AddOk {
    sum: u64,
}

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
#[message(type = "a note!")]
struct Note {
    text: String,
}

fn adder() -> Node<u64> {
    Node::new()
        .on(async |cx, Add { number }| {
            if number == 0 {
                return Err(RpcError::new(ErrorCode::ABORT, "adding nothing"));
            }
            let sum = cx.with(|sum| {
                *sum += number;
                *sum
            });
            Ok(AddOk { sum })
        })
        .on_message(async |cx, Note { text }| {
            if text.is_empty() {
                return Err(RpcError::new(ErrorCode::ABORT, "an empty note"));
            }
            cx.log(format!("{} notes {text}", cx.src()));
            Ok(())
        })
}

fn started() -> TestNode {
    TestNode::start(adder(), "n1", &["n1", "n2"])
}

#[test]
fn requests_are_answered_and_share_the_state() {
    let mut node = started();
    assert_eq!(node.call(Add { number: 2 }).unwrap().sum, 2);
    let sent = node.json_from("c1", r#"{"type":"add","msg_id":5,"number":3}"#);
    assert_eq!(sent[0].dest, "c1");
    assert_eq!(sent[0].json(), r#"{"type":"add_ok","in_reply_to":5,"sum":5}"#);
}

#[test]
fn a_request_without_msg_id_is_handled_and_not_answered() {
    let mut node = started();
    assert!(node.send_from("c1", Add { number: 2 }).is_empty());
    assert_eq!(node.call(Add { number: 1 }).unwrap().sum, 3);
    assert!(node.send_from("c1", Add { number: 0 }).is_empty());
    assert!(node.take_logs()[0].contains("adding nothing"));
}

#[test]
fn an_err_becomes_an_error_body() {
    let mut node = started();
    let error = node.call(Add { number: 0 }).unwrap_err();
    assert_eq!(error, RpcError::new(ErrorCode::ABORT, "adding nothing"));
}

#[test]
fn messages_without_reply_log_their_errors() {
    let mut node = started();
    let text = "hello".to_owned();
    assert!(node.send_from("n2", Note { text }).is_empty());
    assert_eq!(node.take_logs(), ["n2 notes hello"]);
    node.json_from("n2", r#"{"type":"a note!","msg_id":1,"text":""}"#);
    assert_eq!(node.take_logs(), ["a note!: error 14 (abort): an empty note"]);
}

#[test]
fn an_unknown_type_is_not_supported() {
    let mut node = started();
    let sent = node.json_from("c1", r#"{"type":"divide","msg_id":1}"#);
    let error: RpcError = sent[0].body();
    assert_eq!(error.code, ErrorCode::NOT_SUPPORTED);
    assert_eq!(error.text, "no handler for messages of type \"divide\"");

    assert!(node.json_from("c1", r#"{"type":"divide"}"#).is_empty());
    assert!(node.json_from("c1", r#"{"x":1}"#).is_empty());
    let logs = node.take_logs();
    assert!(logs[0].contains("type \"divide\" from c1"), "{logs:?}");
    assert_eq!(logs.len(), 2);
}

#[test]
fn a_bad_body_is_malformed_and_the_node_goes_on() {
    let mut node = started();
    for body in [r#"{"type":"add","msg_id":1}"#, r#"{"type":"add","msg_id":1,"number":"two"}"#] {
        let error: RpcError = node.json_from("c1", body)[0].body();
        assert_eq!(error.code, ErrorCode::MALFORMED_REQUEST);
        assert!(error.text.contains("number") || error.text.contains("two"));
    }
    assert!(node.json_from("c1", r#"{"type":"add"}"#).is_empty());
    assert_eq!(node.take_logs().len(), 1);
    assert_eq!(node.call(Add { number: 2 }).unwrap().sum, 2);
}

#[test]
fn messages_before_init_are_held_back() {
    let mut node = TestNode::new(adder());
    assert!(node.request_from("n2", 1, Add { number: 1 }).is_empty());
    assert!(node.request_from("n2", 2, Add { number: 1 }).is_empty());
    let sent = node.init("n1", &["n1", "n2"]);
    assert_eq!(sent[0].body::<AddOk>().sum, 1);
    assert_eq!(sent[1].body::<AddOk>().sum, 2);
}

#[test]
fn a_second_init_does_not_start_the_node_again() {
    let mut node = started();
    node.call(Add { number: 2 }).unwrap();
    let same = r#"{"type":"init","msg_id":9,"node_id":"n1","node_ids":["n1","n2"]}"#;
    let other = r#"{"type":"init","msg_id":9,"node_id":"n7","node_ids":["n7"]}"#;
    assert_eq!(node.json_from("c0", same)[0].header().kind(), "init_ok");
    assert_eq!(node.json_from("c0", other)[0].header().kind(), "error");
    assert_eq!(node.call(Add { number: 2 }).unwrap().sum, 4);
}

#[test]
fn a_bad_init_is_malformed_and_a_good_one_may_follow() {
    let mut node = TestNode::new(adder());
    let sent = node.json_from("c0", r#"{"type":"init","msg_id":1}"#);
    assert_eq!(sent[0].body::<RpcError>().code, ErrorCode::MALFORMED_REQUEST);
    node.init("n1", &["n1"]);
    assert_eq!(node.call(Add { number: 2 }).unwrap().sum, 2);
}

#[test]
fn on_start_runs_before_messages_and_init_ok_does_not_wait_for_it() {
    let node = Node::<Vec<&str>>::new()
        .on_start(async |cx| {
            cx.with(|seen| seen.push("start"));
            assert_eq!((&**cx.id(), &**cx.src()), ("n1", "n1"));
            assert_eq!(cx.others().count(), 1);
            cx.sleep(Duration::from_secs(1)).await;
            cx.with(|seen| seen.push("later"));
        })
        .on_start(async |cx| {
            cx.with(|seen| seen.push("second"));
            Err::<(), _>(RpcError::new(ErrorCode::ABORT, "no luck"))
        })
        .on_message(async |cx, Note { .. }| {
            cx.with(|seen| seen.push("note"));
            cx.log(cx.with(|seen| seen.join(" ")));
        });
    let mut node = TestNode::start(node, "n1", &["n1", "n2"]);
    assert_eq!(node.take_logs(), ["on_start: error 14 (abort): no luck"]);
    node.send_from("n2", Note { text: "".into() });
    node.advance(Duration::from_secs(2));
    node.send_from("n2", Note { text: "".into() });
    assert_eq!(node.take_logs(), ["start second note", "start second note later note"]);
}

/// Notes "begin n", waits at an `.await` that is ready, notes "end n".
#[test]
fn messages_are_handled_in_the_order_they_arrive() {
    let node = Node::<()>::new().on(async |cx, Add { number }| {
        cx.log(format!("begin {number}"));
        if number % 2 == 1 {
            cx.sleep(Duration::from_millis(number)).await;
        }
        cx.log(format!("end {number}"));
        Ok(AddOk { sum: 0 })
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    for number in [5, 2, 3] {
        node.request_from("c1", number, Add { number });
    }
    let sent = node.advance(Duration::from_secs(1));
    assert_eq!(node.take_logs(), ["begin 5", "begin 2", "end 2", "begin 3", "end 3", "end 5"]);
    assert!(sent[0].reply_to(3).is_some() && sent[1].reply_to(5).is_some());
}

#[test]
fn spawned_tasks_run_in_order_after_the_handler() {
    let node = Node::<()>::new().on_message(async |cx, Note { .. }| {
        for number in 0..3 {
            let cx2 = cx.clone();
            cx.spawn(async move { cx2.log(format!("task {number}")) });
        }
        cx.spawn(async { Err(RpcError::new(ErrorCode::ABORT, "no luck")) });
        cx.log("handler");
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    node.send_from("n2", Note { text: "".into() });
    let logs = node.take_logs();
    assert_eq!(logs[..4], ["handler", "task 0", "task 1", "task 2"]);
    assert_eq!(logs[4], "a spawned task: error 14 (abort): no luck");
}

#[test]
#[should_panic(expected = "two handlers")]
fn a_type_has_one_handler() {
    let _ = adder().on_message(async |_cx, Note { .. }| {});
}

#[test]
#[should_panic(expected = "inside the closure of another cx.with")]
fn state_is_not_borrowed_twice() {
    let node = Node::<u64>::new()
        .on_message(async |cx, Note { .. }| cx.with(|_| cx.with(|sum| *sum += 1)));
    TestNode::start(node, "n1", &["n1"]).send_from("n2", Note { text: "".into() });
}

#[test]
#[should_panic(expected = "broken")]
fn a_panic_in_a_spawned_task_reaches_the_driver() {
    let node = Node::<()>::new().on_message(async |cx, Note { .. }| {
        cx.clone().spawn(async move {
            let mut rounds = 0;
            loop {
                cx.sleep(Duration::from_secs(1)).await;
                rounds += 1;
                assert!(rounds < 3, "broken");
            }
        });
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    node.send_from("n2", Note { text: "".into() });
    node.advance(Duration::from_secs(3));
}

#[test]
fn a_node_that_is_dropped_frees_its_tasks_and_state() {
    struct Noisy(std::rc::Rc<()>);
    let witness = std::rc::Rc::new(());
    let node = Node::with_state(Noisy(witness.clone())).on_start(async |cx| {
        let held = cx.with(|state| state.0.clone());
        let cx2 = cx.clone();
        cx.spawn(async move {
            cx2.sleep(Duration::from_secs(1)).await;
            drop(held);
        });
        cx.every(Duration::from_secs(1), async |_cx| {});
    });
    let node = TestNode::start(node, "n1", &["n1"]);
    assert_eq!(std::rc::Rc::strong_count(&witness), 3);
    drop(node);
    assert_eq!(std::rc::Rc::strong_count(&witness), 1);
}

#[test]
fn randomness_comes_from_the_seed() {
    let numbers = |seed| {
        let node = Node::<()>::new().on(async |cx, Add { number }| {
            let sum = cx.random_below(number) + cx.with_rng(|rng| rng.below(number));
            Ok(AddOk { sum })
        });
        let incarnation = Some(0);
        let mut node = TestNode::with_identity(node, Identity { seed, incarnation });
        node.init("n1", &["n1"]);
        let number = 1 << 40;
        [0; 4].map(|_| node.call(Add { number }).unwrap().sum)
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}

#[test]
fn marks_reach_the_driver() {
    let node = Node::<()>::new().on_message(async |cx, Note { text }| cx.mark("holds", text));
    let mut node = TestNode::start(node, "n1", &["n1"]);
    node.send_from("n2", Note { text: "x".into() });
    assert_eq!(node.take_marks(), [("holds".into(), "x".into())]);
}
