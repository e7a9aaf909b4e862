//! Requests between nodes.

use std::time::Duration;

use glomers_node::testing::{Sent, TestNode};
use glomers_node::{
    Either, ErrorCode, Identity, Message, Node, Retry, RpcError, join, join_all, join_first, select,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
#[message(reply = AskOk)]
struct Ask {
    question: u64,
}

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct AskOk {
    answer: u64,
}

/// Makes the node do something.
#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct Go {}

const SECOND: Duration = Duration::from_secs(1);
const PEERS: [&str; 4] = ["n1", "n2", "n3", "n4"];

fn start(node: Node<()>) -> TestNode {
    TestNode::start(node, "n1", &PEERS)
}

/// Asks n2 with a timeout of a second and logs what comes of it.
fn asker(retry: Option<Retry>) -> Node<()> {
    Node::new().on_message(async move |cx, Go {}| {
        let rpc = cx.rpc(&cx.peers()[1], Ask { question: 7 }).timeout(SECOND);
        let result = match retry {
            Some(retry) => rpc.retry(retry).await,
            None => rpc.await,
        };
        cx.log(match result {
            Ok(AskOk { answer }) => format!("{answer}"),
            Err(error) => format!("{error}"),
        });
    })
}

fn question(sent: &[Sent]) -> u64 {
    sent[0].body::<Ask>().question
}

#[test]
fn a_reply_ends_the_wait_and_leaves_nothing() {
    let mut node = start(asker(None));
    let sent = node.send_from("c1", Go {});
    assert_eq!((&*sent[0].dest, question(&sent)), ("n2", 7));
    assert_eq!(sent[0].header().msg_id, Some(1));
    assert!(node.next_wake().is_some());
    node.reply(&sent[0], AskOk { answer: 8 });
    assert_eq!(node.take_logs(), ["8"]);
    assert_eq!(node.next_wake(), None, "an idle node holds no timers");
    // A second reply to the same request.
    node.reply(&sent[0], AskOk { answer: 9 });
    assert!(node.take_logs().is_empty());
}

#[test]
fn a_timed_out_request_is_forgotten() {
    let mut node = start(asker(None));
    let sent = node.send_from("c1", Go {});
    node.advance(SECOND);
    assert_eq!(node.take_logs(), ["error 0 (timeout): n2 did not answer \"ask\" within 1s"]);
    assert!(node.reply(&sent[0], AskOk { answer: 9 }).is_empty());
    assert!(node.take_logs().is_empty());
    assert_eq!(node.next_wake(), None);
}

#[test]
fn a_reply_to_no_request_does_not_reach_handlers() {
    let mut node = start(Node::new().on_message(async |cx, Go {}| cx.log("went")));
    node.json_from("n2", r#"{"type":"go","in_reply_to":77}"#);
    assert!(node.take_logs().is_empty());
}

#[test]
fn errors_and_wrong_replies_are_errors() {
    let mut node = start(asker(None));
    let mut say = |body: &str| {
        let sent = node.send_from("c1", Go {});
        let id = sent[0].header().msg_id.unwrap();
        node.json_from("n2", &body.replace("ID", &id.to_string()));
        node.take_logs().pop().unwrap()
    };
    assert_eq!(
        say(r#"{"type":"error","in_reply_to":ID,"code":11,"text":"busy"}"#),
        "error 11 (temporarily-unavailable): busy"
    );
    assert_eq!(
        say(r#"{"type":"go","in_reply_to":ID}"#),
        "error 13 (crash): n2 answered \"ask\" with \"go\", but \"ask_ok\" was expected"
    );
    assert!(say(r#"{"type":"ask_ok","in_reply_to":ID}"#).contains("a bad body"));
    assert!(say(r#"{"type":"error","in_reply_to":ID}"#).contains("a bad body"));
}

#[test]
fn a_repeated_request_has_another_id_and_an_end() {
    let retry = Retry::times(2).backoff(Duration::from_millis(10), SECOND);
    let mut node = start(asker(Some(retry)));
    let first = node.send_from("c1", Go {});
    let second = node.advance(Duration::from_millis(1010));
    assert_eq!(question(&second), 7);
    assert_ne!(first[0].header().msg_id, second[0].header().msg_id);
    // A late reply to the first attempt does not count.
    node.reply(&first[0], AskOk { answer: 1 });
    assert!(node.take_logs().is_empty());
    assert_eq!(node.advance(10 * SECOND).len(), 1);
    assert_eq!(node.take_logs().len(), 1);
    assert_eq!(node.next_wake(), None);
}

#[test]
fn definite_errors_are_not_repeated() {
    let mut node = start(asker(Some(Retry::forever())));
    let sent = node.send_from("c1", Go {});
    let busy = RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, "busy");
    assert!(node.reply(&sent[0], busy).is_empty());
    let sent = node.advance(SECOND);
    assert_eq!(sent.len(), 1);
    node.reply(&sent[0], RpcError::new(ErrorCode::ABORT, "no"));
    assert_eq!(node.take_logs(), ["error 14 (abort): no"]);
    assert!(node.advance(10 * SECOND).is_empty());
}

#[test]
fn ids_of_later_incarnations_begin_elsewhere() {
    let first = |incarnation| {
        let identity = Identity { seed: 5, incarnation };
        let mut node = TestNode::with_identity(asker(None), identity);
        node.init("n1", &PEERS);
        node.send_from("c1", Go {})[0].header().msg_id.unwrap()
    };
    assert_eq!(first(Some(0)), 1);
    assert!(first(Some(1)) > 1 << 32);
    assert!(first(None) > 1 << 32);
}

#[test]
fn two_requests_are_answered_out_of_order() {
    let mut node = start(Node::new().on_message(async |cx, Go {}| {
        let ask = |question| cx.rpc(&cx.peers()[1], Ask { question });
        let (a, b) = join(ask(1), ask(2)).await;
        cx.log(format!("{} {}", a.unwrap().answer, b.unwrap().answer));
    }));
    let sent = node.send_from("c1", Go {});
    assert_eq!((question(&sent), question(&sent[1..])), (1, 2));
    node.reply(&sent[1], AskOk { answer: 20 });
    node.reply(&sent[0], AskOk { answer: 10 });
    assert_eq!(node.take_logs(), ["10 20"]);
}

#[test]
fn join_all_keeps_the_order_of_its_futures() {
    let mut node = start(Node::new().on_message(async |cx, Go {}| {
        let asks = cx.others().map(|peer| cx.rpc(peer, Ask { question: 0 }));
        let answers = join_all(asks).await;
        let answers: Vec<u64> = answers.into_iter().map(|a| a.unwrap().answer).collect();
        cx.log(format!("{answers:?}"));
        cx.log(format!("{}", join_all(Vec::<glomers_node::Sleep>::new()).await.len()));
    }));
    let sent = node.send_from("c1", Go {});
    let dests: Vec<&str> = sent.iter().map(|sent| &*sent.dest).collect();
    assert_eq!(dests, PEERS[1..]);
    for (index, request) in sent.iter().enumerate().rev() {
        let answer = index as u64;
        node.reply(request, AskOk { answer });
    }
    assert_eq!(node.take_logs(), ["[0, 1, 2]", "0"]);
}

#[test]
fn join_first_gives_up_the_others() {
    let mut node = start(Node::new().on_message(async |cx, Go {}| {
        let asks = cx.others().map(|peer| cx.rpc(peer, Ask { question: 0 }));
        let first = join_first(2, asks).await;
        let first: Vec<usize> = first.into_iter().map(|(index, _)| index).collect();
        cx.log(format!("{first:?}"));
    }));
    let sent = node.send_from("c1", Go {});
    node.reply(&sent[2], AskOk { answer: 0 });
    node.reply(&sent[1], AskOk { answer: 0 });
    assert_eq!(node.take_logs(), ["[2, 1]"]);
    assert_eq!(node.next_wake(), None, "the third request is forgotten");
}

#[test]
fn select_prefers_the_first_and_drops_the_other() {
    let mut node = start(Node::new().on_message(async |cx, Go {}| {
        for (a, b) in [(1, 2), (2, 1), (1, 1)] {
            match select(cx.sleep(a * SECOND), cx.sleep(b * SECOND)).await {
                Either::First(()) => cx.log("first"),
                Either::Second(()) => cx.log("second"),
            }
        }
    }));
    node.send_from("c1", Go {});
    node.advance(3 * SECOND);
    assert_eq!(node.take_logs(), ["first", "second", "first"]);
    assert_eq!(node.next_wake(), None);
}
